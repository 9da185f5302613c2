"""A stretch of pressure readings as bins of equal length: what every method works on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis.noisemodel import Ints
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

DAY_S = 86400.0
_SAME = 1e-9

BINS = 128
"""At most so many: slopes lose a part in 10^4 of their information, and matrices stay small."""


@dataclass(frozen=True, eq=False)
class Series:
    """Means over bins of `bin_s` seconds, in order; a bin without samples is not there.

    `position` counts bins from the start; `share` of each bin's samples was present. Absolute
    pressure and temperature as measured, and the pressure `y_pa` normalised to the reference
    temperature, K and Pa. `start_utc_s` is None where no clock told.
    """

    position: Ints
    bin_s: float
    share: Floats
    p_pa: Floats
    temperature_k: Floats
    y_pa: Floats
    start_utc_s: float | None = None

    def __len__(self) -> int:
        return len(self.position)

    @property
    def t_s(self) -> Floats:
        """Middle of each bin, seconds from the start (`start_utc_s`)."""
        return np.asarray((self.position + 0.5) * self.bin_s, np.float64)

    @property
    def length_s(self) -> float:
        """From the first bin's begin to the last one's end."""
        return float(self.position[-1] - self.position[0] + 1) * self.bin_s

    @property
    def present(self) -> float:
        """Share of the length for which there are samples."""
        return float(self.share.sum()) * self.bin_s / self.length_s

    @property
    def centred_s(self) -> Floats:
        """Times about the middle of the series."""
        middle = (self.position[0] + self.position[-1] + 1) / 2
        return np.asarray((self.position + 0.5 - middle) * self.bin_s, np.float64)

    def between(self, start_s: float, past_s: float) -> Series:
        """The bins that lie within two times, seconds from the start."""
        begin = self.position * self.bin_s
        return self.chosen((begin >= start_s - 1e-9) & (begin + self.bin_s <= past_s + 1e-9))

    def chosen(self, keep: np.typing.NDArray[np.bool_]) -> Series:
        """The bins for which `keep` is true."""
        return replace(
            self, position=self.position[keep], share=self.share[keep], p_pa=self.p_pa[keep],
            temperature_k=self.temperature_k[keep], y_pa=self.y_pa[keep],
        )  # fmt: skip

    def coarser(self, most: int = BINS) -> Series:
        """The same in at most `most` bins, each a whole number of these; thin ones are left out.

        A bin with less than half of its samples says little and where is not known. Bins longer
        than a quarter of a day are whole days where that is possible: the day's cycle is then the
        same in each.
        """
        if not len(self):
            return self
        factor = -(-int(self.position[-1] - self.position[0] + 1) // most)
        if factor == 1:
            return self
        a_day = round(DAY_S / self.bin_s)
        if factor > a_day / 4 and abs(a_day * self.bin_s / DAY_S - 1) < _SAME:
            factor = -(-factor // a_day) * a_day
        group = self.position // factor
        starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
        weight = np.add.reduceat(self.share, starts)

        def mean(values: Floats) -> Floats:
            found: Floats = np.add.reduceat(values * self.share, starts) / weight
            return found

        new = Series(
            group[starts], self.bin_s * factor, weight / factor, mean(self.p_pa),
            mean(self.temperature_k), mean(self.y_pa), self.start_utc_s,
        )  # fmt: skip
        return new.chosen(new.share >= 0.5)


def of_readings(
    t_s: ArrayLike, p_pa: ArrayLike, temperature_k: ArrayLike, y_pa: ArrayLike | None = None
) -> Series:
    """From single readings at nearly equal spacing; `y_pa`: pressure at one temperature.

    InputError for readings that are none: not finite, not positive, times that do not increase.
    """
    times, p, temperature = (np.asarray(x, np.float64) for x in (t_s, p_pa, temperature_k))
    y = p if y_pa is None else np.asarray(y_pa, np.float64)
    if not (times.ndim == 1 and len(times) >= 2 and times.shape == p.shape == temperature.shape):
        raise InputError("readings are rows of numbers", "time, pressure, temperature: 2 or more")
    if not all(np.isfinite(x).all() for x in (times, p, temperature, y)):
        raise InputError("a reading is no finite number", "leave it out")
    if not ((p > 0).all() and (temperature > 0).all()):
        raise InputError("a pressure or temperature is not positive", "absolute: Pa and K")
    steps = np.diff(times)
    if not (steps > 0).all():
        raise InputError("the times of the readings do not increase", "sort, leave out repeats")
    step = float(np.median(steps))
    bins = np.rint((times - times[0]) / step).astype(np.int64)
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    count = np.diff(starts, append=len(bins))

    def mean(values: Floats) -> Floats:
        found: Floats = np.add.reduceat(values, starts) / count
        return found

    return Series(
        bins[starts], step, np.ones(len(starts)), mean(p), mean(temperature), mean(y)
    )  # fmt: skip
