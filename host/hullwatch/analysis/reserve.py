"""Reserve time: how long until the pressure has fallen to a limit, linear and choked.

Linear: (P − P_limit)/r with the loss rate r held. Choked: the flow through an opening is
proportional to the absolute pressure inside as long as that is above 1.89 × the pressure outside,
so P falls exponentially and t = P/r · ln(P/P_limit). The choked form is the longer one; both hold
only while the opening does not grow. Rates come with their 95 % interval: the shortest time, from
its upper bound, is the one to act on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hullwatch.errors import InputError

CHOKED_RATIO = 1.89
"""P_in/P_out above which air through an orifice is choked: ((γ + 1)/2)^(γ/(γ − 1)), γ = 1.4."""


@dataclass(frozen=True)
class ReserveTime:
    """Seconds to the limit: best value, and from both bounds of the loss; inf where none falls."""

    seconds: float
    shortest_s: float
    longest_s: float


def linear(pressure: float, limit: float, slope: float, u95: float) -> ReserveTime:
    """Reserve time with the present loss rate held.

    Absolute pressures in one unit; dP/dt (falling = negative) and the half-width of its interval in
    that unit per second. All 0 at or below the limit. InputError for what is no measurement.
    """
    _check(pressure, limit, slope, u95)
    return _times(max(0.0, pressure - limit), slope, u95)


def choked(
    pressure: float,
    limit: float,
    slope: float,
    u95: float,
    outside: float,
    ratio: float = CHOKED_RATIO,
) -> ReserveTime:
    """Reserve time of a leak that is choked all the way down to the limit; arguments as `linear`.

    InputError, with the reason, where the limit is not above `ratio` × the pressure outside: from
    there on the leak slows down by a law that depends on the opening.
    """
    _check(pressure, limit, slope, u95)
    if not (0 <= outside < math.inf and ratio > 1):
        raise InputError(f"{outside} outside, ratio {ratio}", "absolute pressure; ratio above 1")
    if not limit > ratio * outside:
        raise InputError(
            f"the flow is not choked down to {limit:g}: that takes more than {ratio * outside:g}, "
            f"{ratio:g} times the pressure outside",
            "use the linear form, which is the shorter one",
        )
    return _times(pressure * math.log(pressure / limit) if pressure > limit else 0.0, slope, u95)


def _check(pressure: float, limit: float, slope: float, u95: float) -> None:
    if not (0 <= pressure < math.inf and 0 < limit < math.inf):
        raise InputError(f"pressure {pressure}, limit {limit}", "absolute, the limit above zero")
    if not (math.isfinite(slope) and 0 <= u95 < math.inf):
        raise InputError(f"slope {slope} ± {u95}", "a reserve time needs the slope's interval")


def _times(fall: float, slope: float, u95: float) -> ReserveTime:
    return ReserveTime(_time(fall, -slope), _time(fall, u95 - slope), _time(fall, -slope - u95))


def _time(fall: float, loss: float) -> float:
    if fall == 0:
        return 0.0
    return fall / loss if loss > 0 else math.inf
