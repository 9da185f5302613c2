"""White and random-walk noise from Allan variances: non-negative weighted fit, with its covariance.

Model: S = σ²/f, the white variance per second of averaging, and q, the variance a random walk gains
a second. For M differences of neighbouring block means of length τ with their mean removed (which
removes a linear trend exactly)

    E[Σ(D − D̄)²] = S · 2(M − 1/M)/τ + q · τ(2M/3 − 1 + 1/(3M)).

White noise makes neighbouring differences anticorrelated (−1/2), a walk correlates them (+1/4);
both are in these factors. Each level has about 2(M − 1)/3 degrees of freedom and is weighted by
them over its squared expectation, iterated. The levels are treated as independent: simulated, the
stated standard deviations are right after short learning and up to 1.55 too small after long
learning, where their effect on an interval is small. Integers throughout; S in fPa²·s, q in fPa²/s
(10^-15 Pa²·s, 10^-15 Pa²/s).
"""

from hullcore.allan import FRACTION, LEVELS
from hullcore.compat import const
from hullcore.intmath import isqrt_up

_Q = const(32)  # factors of the model carry 32 fractional bits
_UNIT = const(64)  # rows divided by their expectation: 64 more
_ROUNDS = const(6)
_MIN_COUNT = const(3)
LONGEST = 3
SHORTEST = 50
_FEMTO = const(1000000000000000)


class NoiseProfile:
    """What a slope's interval needs to know of the noise; every number fits its record field.

    white_fpa2s and walk_fpa2_s with their standard deviations sd_white, sd_walk in the same units,
    their correlation in parts per million, and the longest lag seen at least three times, µs.
    """

    def __init__(
        self, white: int, walk: int, sd_white: int, sd_walk: int, correlation_ppm: int, lag_us: int
    ) -> None:
        self.white = white
        self.walk = walk
        self.sd_white = sd_white
        self.sd_walk = sd_walk
        self.correlation_ppm = correlation_ppm
        self.lag_us = lag_us


def _rows(levels, tau_us: int, span_us: int) -> list:
    """(Σ(D − D̄)² in fPa² · 2^_Q, white and walk factor, dof in thirds, lag) of usable levels."""
    rows = []
    scale = 2 * FRACTION + 16  # differences are in 2^-FRACTION / 256 Pa
    for k in range(LEVELS):
        m = levels.count[k]
        tau = tau_us << k
        if m < _MIN_COUNT or tau > LONGEST * span_us:
            break
        if tau * SHORTEST < span_us:
            continue
        seen = (levels.spread(k) * _FEMTO << _Q) // (m << (scale + 2 * k))
        white = ((2 * (m * m - 1) * 1000000) << _Q) // (m * tau)
        walk = (((2 * m * m - 3 * m + 1) * tau) << _Q) // (3 * m * 1000000)
        rows.append((seen, white, walk, 2 * (m - 1), tau))
    return rows


def _normal(rows: list, expected: list) -> tuple:
    """Weighted normal equations of the rows divided by their expectation, 2^(2·_UNIT) scaled."""
    aa = ab = bb = ay = by = 0
    for i in range(len(rows)):
        seen, white, walk, dof3, _ = rows[i]
        e = expected[i] if expected[i] > 0 else 1
        a = (white << _UNIT) // e
        b = (walk << _UNIT) // e
        y = (seen << _UNIT) // e
        aa += dof3 * a * a
        ab += dof3 * a * b
        bb += dof3 * b * b
        ay += dof3 * a * y
        by += dof3 * b * y
    return aa, ab, bb, ay, by


def _solve(aa: int, ab: int, bb: int, ay: int, by: int) -> tuple:
    """Non-negative S and q."""
    det = aa * bb - ab * ab
    if det <= 0:
        return ay // aa if aa else 0, 0
    white = (bb * ay - ab * by) // det
    walk = (aa * by - ab * ay) // det
    if walk < 0:
        return ay // aa, 0
    if white < 0:
        return 0, by // bb
    return white, walk


def fit(levels, tau_us: int, span_us: int) -> "NoiseProfile | None":
    """The profile of accumulated Allan levels whose blocks last `tau_us`; None with too few.

    Only lags from span_us / SHORTEST to LONGEST · span_us enter: noise that is neither white nor a
    walk (flicker) is then judged where it matters, around the length of the window.

    At least two levels with three differences each are needed to tell two kinds of noise apart.
    """
    rows = _rows(levels, tau_us, span_us)
    if len(rows) < 2:
        return None
    expected = [row[0] for row in rows]
    for _ in range(_ROUNDS):
        aa, ab, bb, ay, by = _normal(rows, expected)
        white, walk = _solve(aa, ab, bb, ay, by)
        expected = [row[1] * white + row[2] * walk for row in rows]
    aa, ab, bb, ay, by = _normal(rows, expected)
    det = aa * bb - ab * ab
    if det <= 0:
        return None
    # weights are dof/6 of the normal equations: Var(y) = 2/ν, ν = dof3/3
    var_white = (6 * bb << (2 * _UNIT)) // det
    var_walk = (6 * aa << (2 * _UNIT)) // det
    sd_white = isqrt_up(var_white)
    sd_walk = isqrt_up(var_walk)
    cross = isqrt_up(aa * bb)
    correlation = -(ab * 1000000 // cross) if cross else 0
    return NoiseProfile(white, walk, sd_white, sd_walk, correlation, rows[-1][4])
