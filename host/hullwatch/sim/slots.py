"""From the uneven times of a file to the slots of an even grid."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median

from hullwatch.errors import InputError

PERIOD_MIN_US = 10_000
"""100 Hz: the fastest a node samples."""

# How much of a row's deviation from the grid the grid follows. Small enough that a row
# written late does not move it, large enough that a clock 5 % off stays within a fifth of
# a slot for ever.
_FOLLOW = 0.2
_STRAY = 0.35  # a row this much of a period off its slot does not fit an even grid
_STRAY_SHARE_MAX = 0.1


def even_slots(times_s: Sequence[float], name: str) -> tuple[int, list[int]]:
    """Grid spacing in us and the slot of every row, rising from 0.

    ``times_s`` rise strictly. The spacing is the mean of the ordinary distances: gaps do
    not enter, and rounded time stamps (5, 5, 6, 5 s) average out. Slots are counted against
    a grid that slowly follows the file's clock, so a clock running steadily fast or slow
    invents no gap, and two rows never meet in one slot: where they would, the earlier one
    was written late and takes the slot before. InputError when the rows are faster than
    100 Hz or too uneven for any grid.
    """
    steps_s = [after - before for before, after in pairwise(times_s)]
    period_s = _ordinary_mean(steps_s, _ordinary_mean(steps_s, median(steps_s)))
    period_us = round(period_s * 1e6)
    if period_us < PERIOD_MIN_US:
        raise InputError(
            f"{name}: {1e6 / max(period_us, 1):.6g} rows a second",
            "at most 100 Hz can be replayed: thin the file out",
        )
    slots = [0]
    grid_s = times_s[0]  # where the current slot is on the file's clock
    strays = 0
    for t_s in times_s[1:]:
        taken = round((t_s - grid_s) / period_s)
        off_s = t_s - (grid_s + taken * period_s)
        grid_s = t_s - (1.0 - _FOLLOW) * off_s
        strays += abs(off_s) > _STRAY * period_s
        slots.append(slots[-1] + taken)
    if strays > _STRAY_SHARE_MAX * len(times_s):
        raise InputError(
            f"{name}: {strays} of {len(times_s)} rows do not fit a grid of {period_s:.6g} s",
            "resample the file to even spacing; missing rows may stay missing",
        )
    for at in range(len(slots) - 2, -1, -1):
        slots[at] = min(slots[at], slots[at + 1] - 1)
    first = slots[0]
    return period_us, [slot - first for slot in slots]


def _ordinary_mean(steps_s: Sequence[float], guess_s: float) -> float:
    """Mean of the steps within half of ``guess_s`` around it; the guess if there are none."""
    ordinary = [step for step in steps_s if 0.5 * guess_s < step < 1.5 * guess_s]
    return fmean(ordinary) if ordinary else guess_s
