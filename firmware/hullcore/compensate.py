"""Normalised pressure y = p · T_ref / T in small ints, without allocation on a 31-bit VM.

y = p + p·(T_ref − T)/T. The quotient r = |T_ref − T|/T is developed to 2^-30 in base 2^5 (six
divisions), then p·r is formed from 15-bit limbs. Error at most one unit of 1/256 Pa (1 + 2^-13 in
the last 10 mbar of p < 2^30, 41.9 bar): r is right to half of 2^-30, worth ≤ 0.5 units, dropped
bits cost ≤ 2^-13, rounding ≤ 0.5.
"""

from hullcore.compat import const

T_MAX_Q16 = const(0x1FFFFFF)  # 511 K: a remainder < T shifted by 5 stays below 2^30
_LOW15 = const(0x7FFF)
_LIMIT = const(0x3FFFFFFF)  # 2^30 − 1


def in_range(t_q16: int, t_ref_q16: int) -> bool:
    """Whether `normalise` holds: T ≤ 511 K and |T_ref − T| < T / 2, so r < 2^29."""
    if t_q16 <= 0 or t_q16 > T_MAX_Q16:
        return False
    d = t_ref_q16 - t_q16
    if d < 0:
        d = -d
    return d + d < t_q16


def normalise(p_q8: int, t_q16: int, t_ref_q16: int) -> int:
    """p_q8 · t_ref_q16 / t_q16 within one unit; −1 when that is 2^30 or more.

    Holds for 0 ≤ p_q8 < 2^30 and `in_range` temperatures.
    """
    num = t_ref_q16 - t_q16
    negative = num < 0
    if negative:
        num = -num  # < 2^24
    # six times the same, not in a loop: a fifth of the time
    num <<= 5  # < 2^29
    r = num // t_q16  # < 2^4
    num = num - r * t_q16 << 5  # < 2^30: the remainder is < T < 2^25
    q = num // t_q16
    r = (r << 5) + q
    num = num - q * t_q16 << 5
    q = num // t_q16
    r = (r << 5) + q
    num = num - q * t_q16 << 5
    q = num // t_q16
    r = (r << 5) + q
    num = num - q * t_q16 << 5
    q = num // t_q16
    r = (r << 5) + q
    num = num - q * t_q16 << 5
    q = num // t_q16
    r = (r << 5) + q  # < 2^29
    num -= q * t_q16
    if num + num >= t_q16:
        r += 1
    return changed(p_q8, r, negative)


def changed(p_q8: int, r: int, negative: bool) -> int:
    """p_q8 · (1 ± r·2^-30) for 0 ≤ p_q8 < 2^30, r < 2^29; −1 when that is 2^30 or more."""
    p_hi = p_q8 >> 15  # < 2^15
    p_lo = p_q8 & _LOW15
    r_hi = r >> 15  # < 2^14
    r_lo = r & _LOW15
    mid = ((p_hi * r_lo) >> 1) + ((p_lo * r_hi) >> 1)  # products < 2^30; in 2^-14
    mid += (p_lo * r_lo) >> 16  # product < 2^30; adds 2^14 at the most
    change = p_hi * r_hi + ((mid + 8192) >> 14)  # mid < 2^30; the sum < 2^29 + 2^16
    if negative:
        return p_q8 - change
    return p_q8 + change if change <= _LIMIT - p_q8 else -1  # the sum itself might not be small
