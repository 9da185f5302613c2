"""Numbers as a person reads them: value and uncertainty to the same digit, with the unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hullwatch.store import DeviceClock
from hullwatch.store.clocktime import CLOCK, UNKNOWN
from hullwatch.units.instants import utc
from hullwatch.units.rounding import with_uncertainty

__all__ = ["LEAK_UNIT", "When", "utc", "with_uncertainty"]

LEAK_UNIT = "Pa·m³/s"
_TOLD_ANYWAY = "NOISE_ONLY"  # the kind of interval says it


@dataclass(frozen=True)
class When:
    """A device time as UTC limits in µs, None where there is none; `source` as `DeviceClock`."""

    earliest_us: int | None
    latest_us: int | None
    source: str

    @classmethod
    def of(cls, clock: DeviceClock, device_ms: int) -> When:
        """From the clock of its boot."""
        low, high = (int(one[0]) for one in clock.limits_us(np.array([device_ms * 1000], np.int64)))
        return cls(None if low == UNKNOWN else low, None if high == UNKNOWN else high, clock.source)

    def _middle_us(self) -> tuple[int, int] | None:
        if self.earliest_us is None or self.latest_us is None:
            return None
        return (self.earliest_us + self.latest_us) // 2, (
            self.latest_us - self.earliest_us + 1
        ) // 2

    def __str__(self) -> str:
        """`22 Nov 06:04:05`; unknown, with what bounds it, where no clock told."""
        middle = self._middle_us()
        if middle is not None and self.source == CLOCK:
            return _minutes(middle[0])
        if self.latest_us is None:
            return "unknown"
        if self.earliest_us is None:
            return f"unknown, before {_minutes(self.latest_us)}"
        return f"unknown, {_minutes(self.earliest_us)} to {_minutes(self.latest_us)}"

    def as_json(self) -> dict[str, object]:
        """`utc` and its bound where a clock told it; the limits in any case."""
        middle = self._middle_us() if self.source == CLOCK else None
        return {
            "utc": utc(middle[0]) if middle else None,
            "utc_bound_s": middle[1] / 1e6 if middle else None,
            "utc_earliest": utc(self.earliest_us),
            "utc_latest": utc(self.latest_us),
            "utc_source": self.source,
        }


def _minutes(utc_us: int) -> str:
    return datetime.fromtimestamp(utc_us / 1e6, UTC).strftime("%d %b %H:%M")


def length(seconds: float) -> str:
    """10 s, 1 min, 1 h, 24 h."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def reference(t_ref_k: float) -> str:
    """The reference temperature, as every leak rate needs it."""
    return f"at {t_ref_k - 273.15:g} °C"


def title(text: str, t_refs_k: Iterable[float]) -> str:
    """A table's title with the unit of its rates and the sign they have."""
    at = " and ".join(sorted({reference(t_ref_k) for t_ref_k in t_refs_k}))
    return f"{text}, {LEAK_UNIT} {at} (positive = gas lost)"


def contents(kind: str, flags: str) -> str:
    """What an interval contains, and what else is to be known of its window."""
    words = [kind.replace("_", " ")]
    words += [
        flag.lower().replace("_", " ")
        for flag in flags.split(",")
        if flag not in ("", _TOLD_ANYWAY)
    ]
    return ", ".join(words)
