"""Half-width of a slope's 95 % interval from a noise profile, quantisation included.

var(b) = σ²·n/(nΣj² − (Σj)²)/Δ² + q·6(N² + 1)/(5N(N² − 1)Δ): the exact variance of a least-squares
slope under white noise (with gaps) and under a random walk (N samples, spacing Δ), which for long
windows are the 12σ²/(f·T³) and 1.2·q/T of the metrology page. t(0.975, ν) with ν = 2v²/u²(v) from
the covariance of the profile (Welch–Satterthwaite).

Quantisation: where the noise within the window (σ, or √(qT)) reaches half an LSB it dithers, and
LSB²/12 joins σ²; below that the error is no noise and 1.5·LSB/T is added to the half-width.
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up
from hullcore.leakrate import resolution_ppa_s
from hullcore.student import T95_SCALE, t95

_PPM = const(1000000)
_WHITE = const(1000000000000000000000000000)  # 10^27: fPa²·s per µs³ to (pPa/s)²
_WALK = const(1000000000000000)  # 10^15: fPa²/s per µs to (pPa/s)²
_FPA2_PER_Q16 = const(15258789062)  # 10^15 / 65536, fPa² of one (1/256 Pa)²
_MOST_DOF = const(1000000)


def slope_factors(n: int, den: int, samples: int, period_us: int) -> tuple:
    """(α, β) as numerators over 10^6: var(b) in (pPa/s)² = (α·S + β·q) / 10^6.

    n samples present with nΣj² − (Σj)² = den, in a window of `samples` at `period_us`.
    """
    white = _PPM * n * _WHITE // (den * period_us * period_us * period_us)
    big = samples * samples
    walk = _PPM * 6 * (big + 1) * _WALK // (5 * samples * (big - 1) * period_us)
    return white, walk


def variance_and_dof(profile, white: int, walk: int) -> tuple:
    """(var(b) in (pPa/s)², its degrees of freedom ≥ 1) for factors from `slope_factors`."""
    v = white * profile.white + walk * profile.walk
    a = white * profile.sd_white
    b = walk * profile.sd_walk
    uncertain = a * a + b * b + 2 * a * b * profile.correlation_ppm // _PPM
    if uncertain <= 0:
        return v // _PPM, _MOST_DOF
    return v // _PPM, max(1, min(_MOST_DOF, 2 * v * v // uncertain))


def dithered(profile, lsb_q8: int, samples: int, period_us: int) -> bool:
    """Whether the window's own noise reaches half an LSB: σ ≥ LSB/2 or √(qT) ≥ LSB/2."""
    quarter = lsb_q8 * lsb_q8 * _FPA2_PER_Q16 // 4
    sigma2 = profile.white * _PPM // period_us
    return sigma2 >= quarter or profile.walk * samples * period_us // _PPM >= quarter


def half_width(profile, n: int, den: int, samples: int, period_us: int, lsb_q8: int) -> tuple:
    """(U95 of the slope in pPa/s rounded up, dof, resolution limited) from a profile."""
    white, walk = slope_factors(n, den, samples, period_us)
    v, dof = variance_and_dof(profile, white, walk)
    extra = 0
    limited = not dithered(profile, lsb_q8, samples, period_us)
    if limited:
        extra = resolution_ppa_s(lsb_q8, samples, period_us)
    else:
        lsb2_12 = lsb_q8 * lsb_q8 * _FPA2_PER_Q16 // 12  # fPa²
        v += white * (lsb2_12 * period_us // _PPM) // _PPM
    t = t95(dof)
    return isqrt_up(-(-t * t * v // (T95_SCALE * T95_SCALE))) + extra, dof, limited
