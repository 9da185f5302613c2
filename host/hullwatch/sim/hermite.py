"""Cubic through two points with given slopes: smooth values between integration nodes."""

Cubic = tuple[float, float, float, float]
"""c0..c3 of c0 + c1 x + c2 x^2 + c3 x^3 for x in 0..1."""


def cubic(left: float, right: float, left_rise: float, right_rise: float) -> Cubic:
    """The cubic from ``left`` (x = 0) to ``right`` (x = 1).

    The rises are the slopes there times the interval's length.
    """
    rise = right - left
    return (
        left,
        left_rise,
        3.0 * rise - 2.0 * left_rise - right_rise,
        left_rise + right_rise - 2.0 * rise,
    )


def value_at(coefficients: Cubic, x: float) -> float:
    """Value of the cubic at ``x``."""
    c0, c1, c2, c3 = coefficients
    return c0 + x * (c1 + x * (c2 + x * c3))
