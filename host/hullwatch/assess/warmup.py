"""Self-heating: a board that has just been started warms its own thermometer.

What is constant of it cancels in a slope; while it comes up, gas and thermometer drift apart. Seen
in the temperature after the start: a line through minutes 10 to 15, drawn back to the start, lies
above what was measured there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hullwatch.store import BootKey, Reader

_START_S, _LINE_S, _END_S = 20.0, 600.0, 900.0
_LEAST_K = 0.02
"""Less than this is within what a room does in a quarter of an hour."""
_SURE = 4.0  # standard errors
_FEWEST = 8


@dataclass(frozen=True)
class WarmUp:
    """The thermometer came up by `excess_k` ± `se_k` (standard error) more than the room did."""

    boot: BootKey
    excess_k: float
    se_k: float

    def said(self, gradient_k: float) -> str:
        """In words; `gradient_k`: the bound on the gas-minus-thermometer difference in force."""
        told = (
            f"after the start of boot {self.boot.boot} its thermometer warmed by"
            f" {self.excess_k:.2g} K more than the room: the board heats it"
        )
        if gradient_k >= self.excess_k:
            return f"{told}; temp_gradient_uk allows for it"
        return (
            f"{told}; leave the first quarter of an hour out, sample more slowly, or set"
            f" temp_gradient_uk to {math.ceil(self.excess_k * 1e6)}"
        )


def warm_up(reader: Reader, boot: BootKey, period_us: int) -> WarmUp | None:
    """What a boot's first quarter of an hour shows; None for less than that, or nothing to see.

    Of samples in K/65536 at a period in µs. A room that warms steadily is not taken for it.
    """
    raw = reader.raw(boot, 0, round((_END_S + _START_S) * 1e6) // period_us)
    if not len(raw.sample) or raw.due_us[0] < 0:
        return None
    t_s = (raw.due_us - raw.due_us[0]) / 1e6
    kelvin = raw.t_q16 / 65536.0
    first, line = t_s < _START_S, (t_s >= _LINE_S) & (t_s < _END_S)
    if first.sum() < 2 or line.sum() < _FEWEST or t_s[-1] < _END_S - 2 * period_us / 1e6:
        return None
    x, y = t_s[line] - t_s[line].mean(), kelvin[line]
    slope = float(x @ y / (x @ x))
    scatter = float(np.sqrt(np.sum((y - y.mean() - slope * x) ** 2) / (len(x) - 2)))
    back_s = float(t_s[line].mean() - t_s[first].mean())
    excess = float(y.mean() - slope * back_s - kelvin[first].mean())
    # the scatter of readings; what of the room is no line stays below _LEAST_K
    se = scatter * math.sqrt(1 / first.sum() + 1 / len(x) + back_s**2 / float(x @ x))
    return WarmUp(boot, excess, se) if excess > max(_LEAST_K, _SURE * se) else None
