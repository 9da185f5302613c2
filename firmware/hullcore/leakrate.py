"""From exact sums to slope and leak rate, in integers, each rounded once to its last unit.

slope [pPa/s] = b · 10^18 / (256 · period_us), b in 1/256 Pa per sample.
Q_L = −V · dy/dt at T_ref, positive = gas leaving the chamber, in fPa·m³/s (10^-15).
"""

from hullcore.compat import const
from hullcore.intmath import div_round

_PPA_S = const(3906250000000000)  # 10^18 / 256
_NK_S = const(15258789063)  # 10^15 / 65536, rounded: 5e-11 relative
_UL_TO_FPA = const(1000000)  # pPa/s · µL = 10^-21 Pa·m³/s


def slope_ppa_s(num: int, den: int, period_us: int) -> int:
    """Slope in 10^-12 Pa/s from numerator and denominator per sample; den > 0."""
    return div_round(num * _PPA_S, den * period_us)


def rate_nk_s(num: int, den: int, period_us: int) -> int:
    """Temperature slope in 10^-9 K/s from numerator and denominator per sample in 1/65536 K."""
    return div_round(num * _NK_S, den * period_us)


def resolution_ppa_s(lsb_q8: int, samples: int, period_us: int) -> int:
    """1.5 · LSB / T in 10^-12 Pa/s: bound of a slope's quantisation error, rounded up.

    Holds 99–100 % of the time whatever the noise (simulated); T = samples · period.
    """
    return -(-3 * lsb_q8 * _PPA_S // (2 * samples * period_us))


def leak_rate_fpa_m3_s(slope: int, volume_ul: int, ref: int, actual: int) -> int:
    """−V · slope · ref / actual in 10^-15 Pa·m³/s.

    `ref / actual` is 1/1 for a slope already normalised to T_ref and T_ref / T_mean for an
    uncompensated one, so that both are amounts of gas at T_ref.
    """
    return div_round(-slope * volume_ul * ref, _UL_TO_FPA * actual)
