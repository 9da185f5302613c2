"""Reserve time: how long until the pressure has fallen to a limit, from the safe side.

Linear form, t = (P − P_limit) / r, with the upper bound of the loss rate r = −dP/dt + U95. It is
the safe one only while the leak does not grow; with a growth rate g of the loss the time solves
P − P_limit = r·t + g·t²/2. Rounded down. The choked (exponential) form belongs to the host.
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up

NEVER = -1  # the upper bound of the loss rate says that the pressure is not falling
LONGEST_S = 0xFFFFFFFF  # 136 years, or longer
_PPA_PER_Q8 = const(3906250000)  # 10^12 / 256
_APA_PER_PPA = const(1000000)


def reserve_s(
    p_q8: int, limit_q8: int, slope_ppa_s: int, half_width_ppa_s: int, growth_apa_s2: int = 0
) -> int:
    """Seconds until `p_q8` has fallen to `limit_q8` (both 1/256 Pa), rounded down.

    `slope_ppa_s`: dP/dt in 10^-12 Pa/s, falling = negative, with the half-width of its 95 %
    interval (≥ 0); `growth_apa_s2`: upper bound of the growth of the loss rate in 10^-18 Pa/s²,
    below 0 counted as 0. Returns 0 at or below the limit, LONGEST_S when as long or longer, NEVER
    when the upper bound says not falling and nothing grows. A half-width below 0 says that it is
    not known, and is refused with ValueError: without it there is no safe side.
    """
    if half_width_ppa_s < 0:
        raise ValueError("reserve time needs the half-width of the slope")
    if p_q8 <= limit_q8:
        return 0
    fall_ppa = (p_q8 - limit_q8) * _PPA_PER_Q8  # < 2^31 · 2^32 = 2^63
    loss_ppa_s = half_width_ppa_s - slope_ppa_s  # < 2^64
    if growth_apa_s2 > 0:
        seconds = _growing_s(fall_ppa * _APA_PER_PPA, loss_ppa_s * _APA_PER_PPA, growth_apa_s2)
    elif loss_ppa_s <= 0:
        return NEVER
    else:
        seconds = fall_ppa // loss_ppa_s
    return min(seconds, LONGEST_S)


def _growing_s(fall_apa: int, loss_apa_s: int, growth_apa_s2: int) -> int:
    """The positive root of growth·t²/2 + loss·t = fall, rounded down; fall, growth > 0.

    fall < 2^83, |loss| < 2^84, growth < 2^63: the discriminant stays below 2^169.
    """
    square = loss_apa_s * loss_apa_s + 2 * growth_apa_s2 * fall_apa
    root = isqrt_up(square)
    if loss_apa_s >= 0:  # the form without cancellation; a larger root is a shorter time
        return 2 * fall_apa // (loss_apa_s + root)
    if root * root > square:
        root -= 1
    return (root - loss_apa_s) // growth_apa_s2
