"""Verdict on a part: a pure function of the measuring window, the recipe and the configuration.

The rate is taken out of the part, with `vacuum_rise` into it. With limit L, guard band g = k·u and
the bound S of what seats and fittings pass:

* PASS when rate + S + g ≤ L, FAIL when rate − S − o − g > L, where o is what of a vacuum's rise may
  be outgassing: it falls with time, so the bound on settling bounds it. RETEST between.
* k is Student's t, one-sided, so that the specific risk of accepting a part exactly at the limit
  (JCGM 106:2012, 7.3 and 8.3.2: a guarded acceptance limit) is at most 2.5 % over all tries
  together: 2.5 % / tries each. With no try left, what is not PASS is FAIL.
* A tight blank has no part: its rate, either way, plus g is the bound S for other recipes.
* INVALID, with reasons, when the measurement cannot carry a verdict: no bound on the temperature
  error, resolution not 10 × or uncertainty not 4 × finer than the limit (ASTM E2930), the driving
  pressure changed by a tenth or was off its target, gas went the wrong way, a pressurised supply
  without a bound on its seat: its leak into the part would hide the part's own.

Imported when a measurement ends, and forgotten again.
"""

from hullcore.compat import const
from hullcore.intmath import div_round, isqrt_up, saturate_i64
from hullcore.leakrate import leak_rate_fpa_m3_s, resolution_ppa_s
from hullcore.messages import FLAG_COMPENSATION_WORSE, FLAG_SATURATED, FLAG_STALE
from hullcore.student import T95_SCALE, t95

PASS = 0
FAIL = 1
RETEST = 2
GROSS = 3
INVALID = 4

NOISE_ONLY = 1 << 0  # hullcore.recipe.REASONS has these in words
NO_INTERVAL = 1 << 1
RESOLUTION = 1 << 2
ACCURACY = 1 << 3
CHANGE = 1 << 4
DRIVE = 1 << 5
GAPS = 1 << 6
SEAT = 1 << 7
REVERSED = 1 << 8
SATURATED = 1 << 9
STALE = 1 << 10
RETESTS = 1 << 17
LAW = 1 << 18
COMPENSATION = 1 << 19

_RISE = const(1)
_BLANK = const(4)
_GAUGE = const(1)
_LAMINAR = const(1)
_MANY = const(1000000)

# one-sided quantiles of Student's t at 1 − 0.025/2 and 1 − 0.025/3, rounded up to 1e-4, as in
# hullcore.student (whose two-sided 95 % is the one-sided 97.5 %)
_T_TWO = (
    254517, 62054, 41766, 34955, 31634, 29687, 28413, 27516, 26851, 26338,
    25931, 25601, 25327, 25096, 24899, 24729, 24581, 24451, 24335, 24232,
    24139, 24055, 23979, 23910, 23847, 23788, 23735, 23685, 23639, 23596,
)  # fmt: skip
_T_THREE = (
    381885, 76489, 48567, 39608, 35342, 32875, 31276, 30158, 29334, 28701,
    28201, 27795, 27460, 27178, 26938, 26731, 26550, 26392, 26252, 26126,
    26014, 25913, 25821, 25737, 25660, 25590, 25525, 25465, 25410, 25358,
)  # fmt: skip

# places in the values of hullcore.measurement.window_body
_FIRST = const(2)
_LAST = const(3)
_N = const(4)
_P_MEAN = const(8)
_SLOPE_P = const(12)
_LEAK = const(14)
_DOF = const(23)
_U_A = const(25)
_U_B = const(26)
_SETTLING = const(27)


class Judged:
    """What a TEST record says of the measurement: verdict, reasons, rates in fPa·m³/s.

    `guard` and `u_a` are −1 where there is no interval, `u_b` where nothing bounds it.
    """

    def __init__(self, verdict: int, reasons: int) -> None:
        self.verdict = verdict
        self.reasons = reasons
        self.rate = 0
        self.guard = self.u_a = self.u_b = -1
        self.outgas = 0
        self.dof = 0


def quantile(tries: int, dof: int) -> int:
    """One-sided t · T95_SCALE for a risk of 2.5 % shared by 1 to 3 tries; dof ≥ 1."""
    if tries == 1:
        return t95(dof)
    return (_T_TWO if tries == 2 else _T_THREE)[min(dof, 30) - 1]


def judge(m, recipe, flags: int, body: tuple, attempt: int, vented: bool) -> Judged:
    """The verdict of attempt number `attempt` from a window; body as `window_body` gives it.

    `m` is the Measurement of the test, with the recipe's volume; `vented` whether nothing pushes
    against the part's valves while measuring.
    """
    out = Judged(INVALID, 0)
    sign = -1 if recipe.kind == _RISE else 1
    up, down = _law(m, recipe, body[_P_MEAN], sign)
    if down <= 0:
        up = down = 1
        out.reasons |= LAW
    rate = abs(body[_LEAK]) if recipe.kind == _BLANK else sign * body[_LEAK]
    guard = seat = 0
    if body[_U_A] < 0:
        out.reasons |= NO_INTERVAL
    elif body[_U_B] < 0:
        out.reasons |= NOISE_ONLY
        out.u_a = _scaled(body[_U_A], up, down)
    else:
        guard, out.dof = _guard(recipe.tries, body)
        out.guard = _scaled(guard, up, down)
        out.u_a = _scaled(body[_U_A], up, down)
        out.u_b = _scaled(body[_U_B], up, down)
    if recipe.seat_fpa_m3_s > 0:
        seat = recipe.seat_fpa_m3_s
    elif recipe.seat_fpa_m3_s < 0 and not vented and recipe.kind != _BLANK:
        out.reasons |= SEAT
    if recipe.kind == _RISE and body[_SETTLING] > 0:
        out.outgas = leak_rate_fpa_m3_s(-body[_SETTLING], m.volume_ul, 1, 1)
    out.reasons |= _validity(m, recipe, flags, body)
    if rate + guard + seat < 0:
        out.reasons |= REVERSED
    _rules(m, recipe, body, (rate, guard, seat), (up, down), out)
    if out.verdict == RETEST and attempt >= recipe.tries:
        out.verdict = FAIL
        out.reasons |= RETESTS
    _keep(out, div_round(rate * up, down))
    return out


def _rules(m, recipe, body: tuple, amounts: tuple, scale: tuple, out: Judged) -> None:
    """Set reasons of size, and the verdict; `amounts` are rate, guard, seat as measured.

    The limit is brought to the pressures of the measurement instead of each rate to those of the
    limit: rounded once, downwards.
    """
    rate, guard, seat = amounts
    limit = recipe.limit_fpa_m3_s * scale[1] // scale[0]
    samples = body[_LAST] - body[_FIRST] + 1
    finest = resolution_ppa_s(m.lsb_q8, samples, m.period_us) * m.volume_ul // 1000000
    if 10 * finest > limit:
        out.reasons |= RESOLUTION
    if 4 * (guard + seat) > limit:
        out.reasons |= ACCURACY
    outgas = out.outgas
    out.outgas = _scaled(outgas, scale[0], scale[1])
    if out.reasons:
        out.verdict = INVALID
    elif rate + seat + guard <= limit:
        out.verdict = PASS
    elif rate - seat - outgas - guard > limit:
        out.verdict = FAIL
    else:
        out.verdict = RETEST


def _guard(tries: int, body: tuple) -> tuple:
    """(k·u, effective degrees of freedom): Welch–Satterthwaite, the systematic part known."""
    a = body[_U_A]
    b = body[_U_B]
    total2 = a * a + b * b
    dof = _MANY
    if a:
        dof = max(1, min(_MANY, body[_DOF] * total2 * total2 // (a * a * a * a)))
    k = quantile(tries, dof)
    return isqrt_up(-(-k * k * total2 // (T95_SCALE * T95_SCALE))), body[_DOF]


def _law(m, recipe, p_mean_q8: int, sign: int) -> tuple:
    """Reference over actual drive of the flow law: what a rate is multiplied by; (1, 1) without."""
    if not recipe.law:
        return 1, 1
    inside = recipe.ref_in_pa << 8
    outside = recipe.ref_out_pa << 8
    if recipe.law == _LAMINAR:  # Q ~ p1² − p2²
        ref = inside * inside - outside * outside
        actual = p_mean_q8 * p_mean_q8 - m.p_out_q8 * m.p_out_q8
    else:  # molecular, Q ~ p1 − p2
        ref = inside - outside
        actual = p_mean_q8 - m.p_out_q8
    return sign * ref, sign * actual


def _validity(m, recipe, flags: int, body: tuple) -> int:
    reasons = 0
    samples = body[_LAST] - body[_FIRST] + 1
    if 10 * body[_N] < 9 * samples:
        reasons |= GAPS
    if flags & FLAG_SATURATED:
        reasons |= SATURATED
    if flags & FLAG_STALE:
        reasons |= STALE
    if flags & FLAG_COMPENSATION_WORSE:
        reasons |= COMPENSATION
    p_mean = body[_P_MEAN]
    if abs(p_mean - (recipe.target_pa << 8)) > recipe.tolerance_pa << 8:
        reasons |= DRIVE
    drive = abs(p_mean) if m.pressure_kind == _GAUGE else abs(p_mean - m.p_out_q8)
    # slope in pPa/s over the window, in 1/256 Pa, against a tenth of the drive
    change = abs(body[_SLOPE_P]) * samples * m.period_us // 1000000 * 256
    if 10 * change >= drive * 1000000000000:
        reasons |= CHANGE
    return reasons


def _scaled(value: int, up: int, down: int) -> int:
    """An uncertainty at the reference pressures, rounded up."""
    return -(-value * up // down)


def _keep(out: Judged, rate: int) -> None:
    """Limit what does not fit a record, and say so."""
    out.rate = saturate_i64(rate)
    out.guard = saturate_i64(out.guard)
    out.u_a = saturate_i64(out.u_a)
    out.u_b = saturate_i64(out.u_b)
    out.outgas = saturate_i64(out.outgas)
    if out.rate != rate:
        out.reasons |= SATURATED
        out.verdict = INVALID
