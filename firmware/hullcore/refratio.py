"""Normalised pressure y = p · P_ref,0 / P_ref in small ints, without allocation on a 31-bit VM.

As `compensate.normalise`, with the pressure of a sealed reference chamber in place of the
temperature. A pressure may reach 2^30, where the remainder has no room for five more bits: above
131 kPa the quotient is developed bit by bit, with the doubled remainder never formed.
"""

from hullcore.compat import const
from hullcore.compensate import T_MAX_Q16, changed, normalise

_BITS = const(30)


def by_reference(p_q8: int, ref_q8: int, ref0_q8: int) -> int:
    """p_q8 · ref0_q8 / ref_q8 within one unit; −1 when that is 2^30 or more.

    Holds for 0 ≤ p_q8 < 2^30, 0 < ref_q8 < 2^30 and |ref0_q8 − ref_q8| < ref_q8 / 2; the error is
    that of `normalise`.
    """
    if ref_q8 <= T_MAX_Q16:
        return normalise(p_q8, ref_q8, ref0_q8)
    num = ref0_q8 - ref_q8
    negative = num < 0
    if negative:
        num = -num  # < 2^29
    r = 0
    for _ in range(_BITS):
        rest = ref_q8 - num  # 0 < rest < 2^30
        r += r  # at the end < 2^29
        if num >= rest:
            num -= rest  # 2·num − ref_q8
            r += 1
        else:
            num += num  # < ref_q8 < 2^30
    if num >= ref_q8 - num:
        r += 1
    return changed(p_q8, r, negative)
