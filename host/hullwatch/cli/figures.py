"""Numbers as a person reads them: value and uncertainty to the same digit, with the unit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hullwatch.store import DeviceClock
from hullwatch.store.clocktime import CLOCK, UNKNOWN

LEAK_UNIT = "Pa·m³/s"
_TOLD_ANYWAY = "NOISE_ONLY"  # the kind of interval says it


def with_uncertainty(value: float, half: float | None, unit: str = "") -> str:
    """`(1.03 ± 0.15)e-04 Pa·m³/s`: two digits of the uncertainty decide all others.

    Without a unit where it stands in the title of the table.
    """
    end = f" {unit}" if unit else ""
    if half is None or not math.isfinite(half):
        return f"{value:.3g} ± ?{end}"
    if half == 0:
        return f"{value:.6g} ± 0{end}"
    exponent = math.floor(math.log10(max(abs(value), half)))
    digits = max(0, exponent - math.floor(math.log10(half)) + 1)
    scale = 10.0**exponent
    return f"({value / scale:.{digits}f} ± {half / scale:.{digits}f})e{exponent:+03d}{end}"


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


def utc(utc_us: int | None) -> str | None:
    """ISO 8601 to the millisecond; None stays None."""
    if utc_us is None:
        return None
    text = datetime.fromtimestamp(utc_us / 1e6, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


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
