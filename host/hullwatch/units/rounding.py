"""A value and its uncertainty to the same digit: two digits of the uncertainty decide."""

from __future__ import annotations

import math


def rounded(value: float, half: float) -> tuple[str, str, int]:
    """(digits of the value, digits of the half-width, common power of ten); `half` positive.

    GUM 7.2.6: at most two significant digits of the uncertainty, the value to the same place.
    """
    exponent = math.floor(math.log10(max(abs(value), half)))
    digits = max(0, exponent - math.floor(math.log10(half)) + 1)
    scale = 10.0**exponent
    return f"{value / scale:.{digits}f}", f"{half / scale:.{digits}f}", exponent


def with_uncertainty(value: float, half: float | None, unit: str = "") -> str:
    """`(1.03 ± 0.15)e-04 Pa·m³/s`.

    Without a unit where it stands in the title of the table.
    """
    end = f" {unit}" if unit else ""
    if half is None or not math.isfinite(half):
        return f"{value:.3g} ± ?{end}"
    if half == 0:
        return f"{value:.6g} ± 0{end}"
    shown, margin, exponent = rounded(value, half)
    return f"({shown} ± {margin})e{exponent:+03d}{end}"
