"""Systematic part of a leak rate's uncertainty, from declared bounds: what no averaging removes.

u_B² = V²·[(P/T)²·u²(dT/dt) + (dT/dt)²·u²(TCO) + u²(drift) + u²(settling)] + Q²·[u²(V) + u²(gain)]
(GUM 5.1.2; bounds ± a count as rectangular, a/√3). Slopes in pPa/s, integers.

Temperature: the gas differs from the sensor by at most D = lag·|dT/dt| + gradient, with the largest
rate seen in the window or its parts. The least-squares slope over T of anything within ± D is at
most 3D/T, so that bounds the false dT/dt.
Settling: a·exp(−t/τ) has slope −τ·(second derivative); with τ ≤ τ_max the slope that is left is at
most τ_max times the upper bound of the curvature of the sub-window slopes.
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up

_PPM = const(1000000)
_DAY_S = const(86400)


def temperature_ppa_s(m, p_mean_q8: int, t_mean_q16: int, rate_nk_s: int, span_us: int) -> int:
    """Bound of the false slope (P/T)·3D/T in pPa/s; rate_nk_s is the largest |dT/dt|, nK/s."""
    d_nk = m.temp_lag_ms * rate_nk_s // 1000 + m.temp_gradient_uk * 1000
    # P/T in Pa/K: (p_q8/256) / (t_q16/65536) = 256·p/t; nK per µs -> 10^-9/10^-6 K/s; pPa 10^12
    return 3 * d_nk * 256 * p_mean_q8 * 1000000000 // (t_mean_q16 * span_us) + 1


def settling_ppa_s(m, curvature_bound: int) -> int:
    """Bound of the slope settling still contributes, pPa/s; curvature in pPa/s per second · 10^3."""
    if m.settling_ms < 0:
        return -1
    return m.settling_ms * curvature_bound // 1000000


def slope_bounds(m, temperature: int, rate_nk_s: int, settling: int) -> int:
    """u² of the slope from bounds, (pPa/s)²: the sum of squares over three."""
    tempco = m.tempco_mpa_k * rate_nk_s  # mPa/K · nK/s = pPa/s
    drift = m.drift_mpa_day * 1000000000 // _DAY_S
    total = temperature * temperature + tempco * tempco + drift * drift
    if settling > 0:
        total += settling * settling
    return (total + 2) // 3


def scale_ppm2(m) -> int:
    """u²(V) + u²(gain), relative, in 10^-12."""
    return m.u_volume_ppm * m.u_volume_ppm + m.u_gain_ppm * m.u_gain_ppm


def standard_ppa_s(m, slope: int, bounds2: int) -> int:
    """u_B expressed on the slope, pPa/s, rounded up: bounds and relative terms together."""
    return isqrt_up(bounds2 + slope * slope * scale_ppm2(m) // (_PPM * _PPM) + 1)
