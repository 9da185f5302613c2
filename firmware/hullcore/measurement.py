"""What one window says: a pure function of its sums and of the measurement's settings.

Node and `verify` both call `window_body`; nothing else decides a number of a WINDOW record.
"""

from hullcore.intmath import div_round, saturate_i64
from hullcore.leakrate import leak_rate_fpa_m3_s, resolution_ppa_s, slope_ppa_s
from hullcore.messages import FLAG_GAP, FLAG_LATE, FLAG_NOISE_ONLY, FLAG_RESOLUTION, FLAG_SATURATED
from hullcore.settings import (
    COMPENSATIONS,
    GASES,
    PRESSURE_KINDS,
    U95_NONE,
    U95_RESOLUTION,
    U95_SCATTER,
)


class Measurement:
    """The settings that decide results, as integers, from a checked configuration.

    `lsb_q8` is the sensor's native resolution; `record` the number of the configuration snapshot.
    """

    def __init__(self, config: dict, lsb_q8: int, record: int) -> None:
        self.period_us = config["period_us"]
        self.volume_ul = config["volume_ul"]
        self.t_ref_mk = config["t_ref_mk"]
        self.t_ref_q16 = div_round(self.t_ref_mk * 65536, 1000)
        self.p_out_q8 = config["p_out_pa"] << 8
        self.gas = GASES.index(config["gas"])
        self.compensation = COMPENSATIONS.index(config["compensation"])
        self.pressure_kind = PRESSURE_KINDS.index(config["pressure_kind"])
        self.lsb_q8 = lsb_q8
        self.record = record


def _interval(m: Measurement, scatter, samples: int) -> tuple:
    """(half-width in pPa/s or −1, kind)."""
    half = scatter.half_width()
    if half < 0:
        return -1, U95_NONE
    bound = resolution_ppa_s(m.lsb_q8, samples, m.period_us)
    if half < bound:
        return bound, U95_RESOLUTION
    return half, U95_SCATTER


def window_body(
    m: Measurement, length_s: int, first: int, last: int, sums, scatter, due_ms: int
) -> tuple:
    """(flags, body values in the order of the WINDOW layout) of one closed window.

    `due_ms` is the device time in ms since boot at which sample `first` was due. The slope is the
    least squares of the samples present, rounded once; every field is limited to its range and
    the limit flagged.
    """
    samples = last - first + 1
    n = sums.n
    den = sums.spread()
    raw_y = slope_ppa_s(sums.slope_y(), den, m.period_us)
    raw_p = slope_ppa_s(sums.slope_p(), den, m.period_us)
    half, kind = _interval(m, scatter, samples)
    t_mean = div_round(sums.st, n)
    ref, actual = (1, 1) if m.compensation else (m.t_ref_q16, t_mean)
    raw_leak = leak_rate_fpa_m3_s(raw_y, m.volume_ul, ref, actual)
    raw_u = -1 if half < 0 else leak_rate_fpa_m3_s(-half, m.volume_ul, ref, actual) + 1
    values = (raw_y, raw_p, half, raw_leak, raw_u)
    kept = tuple([saturate_i64(v) for v in values])
    flags = FLAG_NOISE_ONLY
    if n < samples:
        flags |= FLAG_GAP
    if sums.late:
        flags |= FLAG_LATE
    if kind == U95_RESOLUTION:
        flags |= FLAG_RESOLUTION
    if kept != values:
        flags |= FLAG_SATURATED
    tail = (m.t_ref_mk, m.gas, m.compensation, kind, m.pressure_kind, scatter.count)
    body = (
        length_s * 1000, m.record, first, last, n, due_ms >> 30, due_ms & 0x3FFFFFFF,
        div_round(sums.sy, n), div_round(sums.sp, n), t_mean, m.p_out_q8,
    ) + kept + tail  # fmt: skip
    return flags, body
