"""What one window says: a pure function of its sums, the settings and the noise profile named.

Node and `verify` both call `window_body`; nothing else decides a number of a WINDOW record.
"""

from hullcore.compat import const
from hullcore.intmath import div_round, isqrt_up, saturate_i64
from hullcore.leakrate import leak_rate_fpa_m3_s, rate_nk_s, resolution_ppa_s, slope_ppa_s
from hullcore.messages import (
    FLAG_COMPENSATION_WORSE,
    FLAG_CORRELATED,
    FLAG_GAP,
    FLAG_LATE,
    FLAG_NO_DRIVE,
    FLAG_NOISE_ONLY,
    FLAG_RESOLUTION,
    FLAG_SATURATED,
    FLAG_STALE,
    NO_RECORD,
)
from hullcore.scatter import NO_SERIAL
from hullcore.student import T95_SCALE, t95

_PPA = const(3906250000000000)  # 10^18 / 256: see leakrate
_SENSOR = const(1)  # index into COMPENSATIONS; those after it need a second sensor
_ABSOLUTE = const(0)  # index into PRESSURE_KINDS; the others are against the outside
# what an interval comes from; named by hullcore.settings.U95_KINDS
_U95_NONE = const(0)
_U95_SCATTER = const(1)
_U95_RESOLUTION = const(2)
_U95_PROFILE = const(3)
_U95_FULL = const(3)  # added to the kind when systematic terms are in the interval
_NO_RESERVE = const(0xFFFFFFFF)


class Measurement:
    """The settings that decide results, as integers, from a checked configuration.

    `lsb_q8` is the sensor's native resolution, `aux_lsb` that of the second sensor in units of its
    own value; `record` the number of the configuration snapshot. `aux` is what the second sensor
    brings (`hullcore.auxinput`), None without one.
    """

    def __init__(self, config: dict, lsb_q8: int, record: int, aux_lsb: int = 0) -> None:
        from hullcore import settings  # its heap only at the start

        self.period_us = config["period_us"]
        self.volume_ul = config["volume_ul"]
        self.t_ref_mk = config["t_ref_mk"]
        self.t_ref_q16 = div_round(self.t_ref_mk * 65536, 1000)
        self.p_out_q8 = config["p_out_pa"] << 8
        self.gas = settings.GASES.index(config["gas"])
        self.compensation = settings.COMPENSATIONS.index(config["compensation"])
        self.pressure_kind = settings.PRESSURE_KINDS.index(config["pressure_kind"])
        self.temp_lag_ms = config["temp_lag_ms"]
        self.temp_gradient_uk = config["temp_gradient_uk"]
        self.settling_ms = config["settling_ms"]
        self.u_volume_ppm = config["u_volume_ppm"]
        self.u_gain_ppm = config["u_gain_ppm"]
        self.tempco_mpa_k = config["tempco_mpa_k"]
        self.drift_mpa_day = config["drift_mpa_day"]
        self.reserve_limit_q8 = config["reserve_limit_pa"] << 8
        self.lsb_q8 = lsb_q8
        self.record = record
        self.aux = _aux_input(config, aux_lsb) if self.compensation > _SENSOR else None


def _aux_input(config: dict, lsb: int):
    from hullcore import auxinput  # its heap only with a second sensor

    if config["compensation"] == "probe":
        return auxinput.ProbeInput(config, lsb)
    return auxinput.ReferenceInput(config, lsb)


class Known:
    """What is known for windows of one length: a noise profile and the number of its record.

    `worse` has bit k set when compensation raised the Allan variance at lag `block_us` · 2^k.
    """

    def __init__(self, profile, record: int, worse: int, block_us: int) -> None:
        self.profile = profile
        self.record = record
        self.worse = worse
        self.block_us = block_us

    def compensation_worse(self, span_us: int) -> bool:
        """The verdict at the lag nearest below the window's own length."""
        k = 0
        while self.block_us << (k + 1) <= span_us:
            k += 1
        return bool(self.worse >> k & 1)


def _interval(m: Measurement, known, sums, scatter, samples: int) -> tuple:
    """(half-width in pPa/s or −1, kind, degrees of freedom, resolution limited)."""
    lsb_q8 = m.aux.lsb_q8(m.lsb_q8, sums) if m.aux else m.lsb_q8
    if known is not None:
        from hullcore.slopeinterval import half_width  # its heap only where a profile is used

        half, dof, limited = half_width(
            known.profile, sums.n, sums.spread(), samples, m.period_us, lsb_q8
        )
        return half, _U95_PROFILE, dof, limited
    half = scatter.half_width()
    if half < 0:
        return -1, _U95_NONE, 0, False
    bound = resolution_ppa_s(lsb_q8, samples, m.period_us)
    dof = scatter.count - 1
    if half < bound:
        return bound, _U95_RESOLUTION, dof, True
    return half, _U95_SCATTER, dof, False


def _naive(m: Measurement, sums) -> int:
    """Half-width an ordinary fit claims, pPa/s; −1 with fewer than three samples."""
    n = sums.n
    if n < 3:
        return -1
    den = sums.spread()
    # u²(b) = RSS/(n−2)·n/den; residual() = n·den·RSS; t in units of 1/T95_SCALE
    t = t95(n - 2)
    top = sums.residual() * t * t * _PPA * _PPA
    bottom = (n - 2) * den * den * m.period_us * m.period_us * T95_SCALE * T95_SCALE
    return isqrt_up(-(-top // bottom))


def _flags(m: Measurement, known, sums, samples: int, serial: int, count: int) -> int:
    flags = 0
    if sums.n < samples:
        flags |= FLAG_GAP
    if sums.late:
        flags |= FLAG_LATE
    if sums.stale:
        flags |= FLAG_STALE
    if m.compensation and known and known.compensation_worse(samples * m.period_us):
        flags |= FLAG_COMPENSATION_WORSE
    # |r1| beyond two standard errors 1/√k of white residuals
    if serial != NO_SERIAL and serial > 0 and serial * serial * count > 400000000:
        flags |= FLAG_CORRELATED
    drive = abs(_absolute_q8(m, sums) - m.p_out_q8)
    if drive * 1000 < m.p_out_q8:
        flags |= FLAG_NO_DRIVE
    return flags


def _absolute_q8(m: Measurement, sums) -> int:
    mean = div_round(sums.sp, sums.n)
    return mean if m.pressure_kind == _ABSOLUTE else mean + m.p_out_q8


def _settling(m: Measurement, scatter, span_us: int) -> int:
    """Bound of the slope that settling still contributes, pPa/s; −1 when nothing bounds it.

    a·exp(−t/τ) has slope −τ times its curvature; τ ≤ τ_max, the curvature's upper bound is in
    10^-3 pPa/s².
    """
    curvature = scatter.curvature_bound(span_us)
    if m.settling_ms < 0 or curvature < 0:
        return -1
    return m.settling_ms * curvature // 1000000


def _leak(m: Measurement, sums, rate: int, slopes: tuple, span_us: int, settling: int) -> tuple:
    """(leak rate, U95, u_A, u_B) in fPa·m³/s, −1 where there is none; slopes: value, half, dof."""
    slope, half, dof = slopes
    t_mean = div_round(sums.st, sums.n)
    ref, actual = (1, 1) if m.compensation else (m.t_ref_q16, t_mean)

    def amount(slope_ppa_s: int) -> int:
        return leak_rate_fpa_m3_s(-slope_ppa_s, m.volume_ul, ref, actual)

    if half < 0:
        return amount(-slope), -1, -1, -1
    part_a = half * T95_SCALE // t95(dof) + 1
    if m.temp_lag_ms < 0 or (m.aux and not m.aux.bounded()):
        return amount(-slope), amount(half) + 1, amount(part_a) + 1, -1
    from hullcore import systematic  # its heap only where bounds are declared

    p_mean = _absolute_q8(m, sums)
    bound = systematic.temperature_ppa_s(m, p_mean, t_mean, rate, span_us)
    if not m.compensation:
        own = abs(rate_nk_s(sums.slope_t(), sums.spread(), m.period_us))
        bound += systematic.uncorrected_ppa_s(p_mean, t_mean, own)
    part_b, whole = systematic.combined(m, sums, slope, part_a, dof, rate, (bound, settling))
    return amount(-slope), amount(whole) + 1, amount(part_a) + 1, amount(part_b) + 1


def _reserve(
    m: Measurement, flags: int, means: tuple, leak: tuple, span_us: int, growth: int
) -> int:
    """Reserve time of a window whose numbers can be believed; means: p, T; leak: value, U95."""
    if not m.reserve_limit_q8 or leak[1] < 0 or flags & (FLAG_STALE | FLAG_SATURATED):
        return _NO_RESERVE
    from hullcore.reserve import of_window_s  # its heap only where a limit is set

    return of_window_s(m, means[0], means[1], leak[0], leak[1], span_us, growth)


def window_body(
    m: Measurement, length_s: int, first: int, last: int, sums, scatter, due_ms: int, known=None,
    trend=None,
) -> tuple:  # fmt: skip
    """(flags, body values in the order of the WINDOW layout) of one closed window.

    `due_ms` is the device time in ms since boot at which sample `first` was due, `known` the
    `Known` of this window length or None, `trend` its `hullcore.windowtrend.WindowTrend` or None,
    which is fed the window. The slope is the least squares of the samples present, rounded once;
    every field is limited to its range and the limit flagged.
    """
    samples = last - first + 1
    n = sums.n
    den = sums.spread()
    span_us = samples * m.period_us
    slope = slope_ppa_s(sums.slope_y(), den, m.period_us)
    half, kind, dof, limited = _interval(m, known, sums, scatter, samples)
    rate = max(abs(rate_nk_s(sums.slope_t(), den, m.period_us)), scatter.rate_nk_s)
    settling = _settling(m, scatter, span_us)
    serial = scatter.serial_e4(sums)
    leak, u_leak, u_a, u_b = _leak(m, sums, rate, (slope, half, dof), span_us, settling)
    flags = _flags(m, known, sums, samples, serial, scatter.count)
    if u_b < 0:
        flags |= FLAG_NOISE_ONLY
    else:
        kind += _U95_FULL
    if limited:
        flags |= FLAG_RESOLUTION
    values = (slope, slope_ppa_s(sums.slope_p(), den, m.period_us), half, leak, u_leak)
    more = (_naive(m, sums), u_a, u_b, settling)
    kept = tuple([saturate_i64(v) for v in values + more])
    if kept != values + more:
        flags |= FLAG_SATURATED
    head = (
        length_s * 1000, m.record, first, last, n, due_ms >> 30, due_ms & 0x3FFFFFFF,
        div_round(sums.sy, n), div_round(sums.sp, n), div_round(sums.st, n), m.p_out_q8,
    )  # fmt: skip
    used = known.record if known else NO_RECORD
    tail = (m.t_ref_mk, m.gas, m.compensation, kind, m.pressure_kind, scatter.count, used, dof)
    state = growth = 0
    if trend is not None:
        trend.take(flags, used, (first, last), head[8:10], kept[2:4], kept[7])
        state, growth = trend.code(), trend.growth_apa_s2
    reserve = _reserve(m, flags, head[8:10], kept[3:5], span_us, growth)
    aux_mean = m.aux.mean(sums) if m.aux else 0
    return flags, head + kept[:5] + tail + kept[5:] + (serial, aux_mean, reserve, state)
