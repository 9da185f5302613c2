"""Reserve time: how long until the pressure has fallen to a limit, from the safe side.

Linear form, t = (P − P_limit) / r, with the upper bound of the loss rate r = −dP/dt + U95. It is
the safe one only while the leak does not grow; with a growth rate g of the loss the time solves
P − P_limit = r·t + g·t²/2. Rounded down. The choked (exponential) form belongs to the host.
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up

LONGEST_S = 0xFFFFFFFD  # 136 years, or longer
NEVER = 0xFFFFFFFE  # the upper bound of the loss rate says that the pressure is not falling
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


def of_window_s(
    m, p_mean_q8: int, t_mean_q16: int, leak: int, u_leak: int, span_us: int, growth_apa_s2: int
) -> int:
    """Reserve time at the end of a window, at a gas temperature that stays; as `reserve_s`.

    From numbers of its record: `leak` with its half-width ≥ 0 in fPa·m³/s at T_ref, the mean
    pressure, which belongs to the middle of the window, and the growth of the loss at T_ref. The
    pressure falls by the same part as y: dp/dt = Q/V · T/T_ref.
    """
    num = t_mean_q16 * 1000000  # fPa·m³/s per µL = 10^-6 Pa/s = 10^6 pPa/s
    den = m.volume_ul * m.t_ref_q16
    loss = -(-(leak + u_leak) * num // den)
    growth = -(-growth_apa_s2 * t_mean_q16 // m.t_ref_q16)
    seconds = reserve_s(p_mean_q8, m.reserve_limit_q8, -loss, 0, growth)
    if seconds >= LONGEST_S:
        return seconds
    return max(0, seconds + (-span_us // 2000000))


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
