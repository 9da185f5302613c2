"""Systematic part of a leak rate's uncertainty, from declared bounds: what no averaging removes.

u_B² = V²·[(P/T)²·u²(dT/dt) + (dT/dt)²·u²(TCO) + u²(drift) + u²(settling)] + Q²·[u²(V) + u²(gain)]
(GUM 5.1.2; bounds ± a count as rectangular, a/√3). Slopes in pPa/s, integers.

Temperature: the gas differs from the sensor by at most D = lag·|dT/dt| + gradient, with the largest
rate seen in the window or its parts. The least-squares slope over T of anything within ± D is at
most 3D/T, so that bounds the false dT/dt. With a reference chamber the same two settings bound
the difference between the two gases; what both have in common cancels. Without compensation the
temperature's own slope is in the pressure as well, and its whole effect is added to the bound.
Settling: a·exp(−t/τ) has slope −τ·(second derivative); with τ ≤ τ_max the slope that is left is at
most τ_max times the upper bound of the curvature of the sub-window slopes.
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up
from hullcore.student import T95_SCALE, t95

_PPM = const(1000000)
_DAY_S = const(86400)
_MANY = const(1000000)


def temperature_ppa_s(m, p_mean_q8: int, t_mean_q16: int, rate_nk_s: int, span_us: int) -> int:
    """Bound of the false slope (P/T)·3D/T in pPa/s; rate_nk_s is the largest |dT/dt|, nK/s."""
    d_nk = m.temp_lag_ms * rate_nk_s // 1000 + m.temp_gradient_uk * 1000
    return temperature_bound(d_nk, p_mean_q8, t_mean_q16, span_us)


def temperature_bound(d_nk: int, p_mean_q8: int, t_mean_q16: int, span_us: int) -> int:
    """(P/T)·3D/T in pPa/s for a temperature that is off by at most D, nK."""
    # P/T in Pa/K: (p_q8/256) / (t_q16/65536) = 256·p/t; nK per µs -> 10^-9/10^-6 K/s; pPa 10^12
    return 3 * d_nk * 256 * p_mean_q8 * 1000000000 // (t_mean_q16 * span_us) + 1


def uncorrected_ppa_s(p_mean_q8: int, t_mean_q16: int, rate_nk_s: int) -> int:
    """What the temperature's own slope is worth where nothing compensates it: (P/T)·|dT/dt|."""
    return rate_nk_s * 256000 * p_mean_q8 // t_mean_q16 + 1


def slope_bounds(m, sums, temperature: int, rate_nk_s: int, settling: int) -> int:
    """u² of the slope from bounds, (pPa/s)²: the sum of squares over three."""
    tempco = m.tempco_mpa_k * rate_nk_s  # mPa/K · nK/s = pPa/s
    drift = m.drift_mpa_day * 1000000000 // _DAY_S
    total = temperature * temperature + tempco * tempco + drift * drift
    if settling > 0:
        total += settling * settling
    if m.aux:
        total += m.aux.bounds2(tempco, drift, sums)
    return (total + 2) // 3


def scale_ppm2(m) -> int:
    """u²(V) + u²(gain), relative, in 10^-12."""
    return m.u_volume_ppm * m.u_volume_ppm + m.u_gain_ppm * m.u_gain_ppm


def combined(m, sums, slope: int, part_a: int, dof: int, rate_nk_s: int, bounds: tuple) -> tuple:
    """(u_B, U95 of both parts) on the slope, pPa/s, rounded up.

    `part_a` is u_A with `dof` degrees of freedom, `bounds` the temperature and settling bounds.
    The interval uses Student's t with the effective degrees of freedom of Welch–Satterthwaite;
    u_B counts as known (infinitely many).
    """
    bounds2 = slope_bounds(m, sums, bounds[0], rate_nk_s, bounds[1])
    part_b = isqrt_up(bounds2 + slope * slope * scale_ppm2(m) // (_PPM * _PPM) + 1)
    total2 = part_a * part_a + part_b * part_b
    effective = min(_MANY, dof * total2 * total2 // (part_a * part_a * part_a * part_a))
    t = t95(max(1, effective))
    return part_b, isqrt_up(-(-t * t * total2 // (T95_SCALE * T95_SCALE)))
