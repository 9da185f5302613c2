"""The record kinds: what is spooled on the node, acked by number, and kept for ever.

Every record has RECORD_BYTES bytes: the header below, a body whose layout its kind and version
give, zero padding, CRC-32 of all that precedes. The generated `hullcore/messages.py` and the
store's decoder both come from this table.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from hullwatch.link.fields import Field, f
from hullwatch.link.testfields import RECIPE_FIELDS, TEST_FIELDS

RECORD_BYTES = 176
"""Fits one 256-byte frame: 4/3 · (5 + 176 + 4) rounded up to 4, plus two delimiters = 250."""

NO_RECORD = 0xFFFFFFFF
"""In a field that names a record: none."""

HEADER_FIELDS = (
    f("number", "I", "", "record number within the epoch"),
    f("epoch", "I", "", "spool epoch"),
    f("boot", "I", "", "boot counter"),
    f("kind", "B", "", "record kind"),
    f("version", "B", "", "layout version of the kind"),
    f("wraps", "H", "2^30 ms"),
    f("ms", "I", "ms", "device time at which the record was made"),
    f("flags", "H", "", "bit set, see FLAGS"),
)
HEADER = struct.Struct("<" + "".join(x.code for x in HEADER_FIELDS))
BODY_BYTES = RECORD_BYTES - HEADER.size - 4


@dataclass(frozen=True)
class RecordKind:
    """One kind of record and the layout of its body."""

    name: str
    id: int
    version: int
    doc: str
    fields: tuple[Field, ...]
    struct: struct.Struct = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "struct", struct.Struct(self.format))

    @property
    def format(self) -> str:
        """`struct` format of the body, little-endian, at most BODY_BYTES bytes."""
        return "<" + "".join(x.code for x in self.fields)

    def unpack(self, record: bytes) -> dict[str, object]:
        """Body values by name from a whole record."""
        values = self.struct.unpack_from(record, HEADER.size)
        return dict(zip((x.name for x in self.fields), values, strict=True))


WINDOW = RecordKind(
    "WINDOW", 1, 1, "slope and leak rate of one window, a pure function of samples first…last",
    (
        f("window_ms", "I", "ms", "nominal length"),
        f("config", "I", "", "record number of the configuration snapshot"),
        f("first", "Q", "", "first sample number of the window"),
        f("last", "Q", "", "last sample number of the window, inclusive"),
        f("n", "I", "", "samples used; fewer than last − first + 1 means a gap"),
        f("first_wraps", "H", "2^30 ms"), f("first_ms", "I", "ms", "device time at which `first` was due"),
        f("y_mean_q8", "i", "Pa/256", "mean of the normalised pressure"),
        f("p_mean_q8", "i", "Pa/256", "mean pressure"),
        f("t_mean_q16", "i", "K/65536", "mean of the temperature that the bounds are about: "
          "that of the pressure chip, or of the probe with compensation probe"),
        f("p_out_q8", "i", "Pa/256", "outside pressure, declared"),
        f("slope_y_ppa_s", "q", "1e-12 Pa/s", "least-squares slope of the normalised pressure"),
        f("slope_p_ppa_s", "q", "1e-12 Pa/s", "least-squares slope of the pressure, uncompensated"),
        f("u95_slope_ppa_s", "q", "1e-12 Pa/s", "half-width of the 95 % interval of slope_y; −1 none"),
        f("leak_rate_fpa_m3_s", "q", "1e-15 Pa·m³/s", "leak rate at T_ref, positive = gas lost"),
        f("u95_leak_fpa_m3_s", "q", "1e-15 Pa·m³/s", "half-width of its interval, see u95_kind; −1 none"),
        f("t_ref_mk", "I", "mK", "reference temperature of leak rate and normalised pressure"),
        f("gas", "B", "", "index into hullcore.settings.GASES"),
        f("compensation", "B", "", "index into hullcore.settings.COMPENSATIONS"),
        f("u95_kind", "B", "", "index into hullcore.settings.U95_KINDS"),
        f("pressure_kind", "B", "", "index into hullcore.settings.PRESSURE_KINDS"),
        f("subwindows", "B", "", "sub-windows behind the scatter interval"),
        f("profile", "I", "", "record number of the noise profile used, NO_RECORD = none"),
        f("dof", "I", "", "degrees of freedom of the slope interval"),
        f("u95_naive_ppa_s", "q", "1e-12 Pa/s", "half-width an ordinary fit would claim: white residuals"),
        f("u_a_fpa_m3_s", "q", "1e-15 Pa·m³/s", "standard uncertainty of the leak rate from noise"),
        f("u_b_fpa_m3_s", "q", "1e-15 Pa·m³/s", "standard uncertainty from systematic effects; −1 not bounded"),
        f("settling_ppa_s", "q", "1e-12 Pa/s", "upper bound of the residual settling slope; −1 not bounded"),
        f("serial_e4", "h", "1e-4", "lag-1 autocorrelation of sub-window residuals; −32768 none"),
        f("aux_mean", "i", "", "mean of the second sensor's value: K/65536 of a probe, Pa/256 of a "
          "reference chamber; 0 without one"),
        f("reserve_s", "I", "s", "time until the pressure is at reserve_limit_pa, see RESERVES"),
        f("trend", "B", "", "1 + index into hullcore.trendevents.STATES; 0: no trend of this length"),
    ),
)  # fmt: skip

EVENT = RecordKind(
    "EVENT", 2, 1, "something happened: code, numbers that caused it, text",
    (
        f("code", "H", "", "see EVENTS"),
        f("severity", "B", "", "0 info, 1 warning, 2 alarm"),
        f("a", "q", "", "first number, meaning by code"),
        f("b", "q"), f("c", "q"),
        f("text", "64s", "", "UTF-8, zero padded"),
    ),
)  # fmt: skip

CONFIG = RecordKind(
    "CONFIG", 3, 1, "configuration snapshot: every record names the one in force",
    (
        f("generation", "I", "", "counts stored configurations"),
        f("name", "16s", "", "name of the chamber"),
        f("sensor", "12s", "", "sensor id"),
        f("address", "B", "", "I²C address"),
        f("oversampling", "H", "", "in force"),
        f("period_us", "I", "µs", "sample period"),
        f("pressure_lsb_q8", "I", "Pa/256", "the sensor's native resolution"),
        f("pressure_kind", "B"), f("compensation", "B"), f("gas", "B"),
        f("volume_ul", "Q", "µL", "test volume"),
        f("t_ref_mk", "I", "mK"), f("p_out_pa", "I", "Pa", "declared"),
        f("window_s_0", "I", "s"), f("window_s_1", "I", "s"), f("window_s_2", "I", "s"),
        f("window_s_3", "I", "s"), f("window_s_4", "I", "s", "window lengths; 0 = unused"),
        f("temp_lag_ms", "i", "ms", "bound on the lag of the temperature sensor; −1 not declared"),
        f("temp_gradient_uk", "I", "µK", "bound on what else gas and sensor temperature differ by"),
        f("settling_ms", "i", "ms", "longest settling time constant; −1 not declared"),
        f("u_volume_ppm", "I", "ppm", "standard uncertainty of the volume"),
        f("u_gain_ppm", "I", "ppm", "standard uncertainty of the sensor's gain"),
        f("tempco_mpa_k", "I", "mPa/K", "bound on the sensor's temperature coefficient"),
        f("drift_mpa_day", "I", "mPa/day", "bound on the sensor's drift"),
        f("aux_sensor", "12s", "", "id of the second sensor"),
        f("aux_address", "B", "", "its I²C address"),
        f("aux_oversampling", "H", "", "in force"),
        f("aux_lsb", "I", "", "its native resolution, in units of its value"),
        f("reference_pa", "I", "Pa", "pressure of the reference chamber at T_ref"),
        f("reference_leak_mpa_day", "i", "mPa/day", "bound on its own leak; −1 not declared"),
        f("reference_lag_ms", "i", "ms", "bound on the lag of its sensor; −1 not declared"),
        f("noise_profile", "B", "", "index into hullcore.settings.NOISE_PROFILES"),
        f("rapid_mpa_s", "I", "mPa/s", "loss of pressure that is an alarm at once; 0 = none is"),
        f("reserve_limit_pa", "I", "Pa", "pressure that reserve time runs to; 0 = not computed"),
    ),
)  # fmt: skip

PROFILE = RecordKind(
    "PROFILE", 4, 1, "noise profile of the normalised pressure: what slope intervals are made from",
    (
        f("config", "I", "", "record number of the configuration snapshot it belongs to"),
        f("window_ms", "I", "ms", "length of the windows it serves"),
        f("source", "B", "", "index into hullcore.settings.PROFILE_SOURCES"),
        f("last", "Q", "", "last sample number it was learned from"),
        f("blocks", "I", "", "blocks it was learned from"),
        f("block_us", "I", "µs", "mean length of a block, the shortest lag"),
        f("lag_us", "Q", "µs", "longest lag seen at least three times"),
        f("white_fpa2s", "Q", "1e-15 Pa²·s", "white noise: variance of a sample times the period"),
        f("walk_fpa2_s", "Q", "1e-15 Pa²/s", "random walk: variance gained a second"),
        f("sd_white_fpa2s", "Q", "1e-15 Pa²·s", "standard deviation of white_fpa2s"),
        f("sd_walk_fpa2_s", "Q", "1e-15 Pa²/s", "standard deviation of walk_fpa2_s"),
        f("correlation_ppm", "i", "1e-6", "correlation of the two"),
        f("worse", "I", "", "bit k: compensation raises the Allan variance at lag 2^k blocks"),
        f("utc_s", "Q", "s", "UTC at which it was calibrated, 0 for a learned one"),
        f("run", "I", "", "equal readings in a row from which on the sensor is stuck; 0: shorter windows say"),
    ),
)  # fmt: skip

TREND = RecordKind(
    "TREND", 5, 1, "trend of one window length: what changed it, and all it knows afterwards",
    (
        f("window_ms", "I", "ms", "length of its windows"),
        f("config", "I", "", "record number of the configuration snapshot it belongs to"),
        f("window", "I", "", "record number of the last window it was fed, NO_RECORD = none in this boot"),
        f("old", "B", "", "state before, index into hullcore.trendevents.STATES"),
        f("new", "B", "", "state now"),
        f("cause", "B", "", "index into hullcore.trendevents.CAUSES; 0: no change, a snapshot"),
        f("chart", "b", "", "which chart decided, 0 = none"),
        f("value", "q", "", "what reached the threshold; meaning by cause, see hullcore.trendevents"),
        f("threshold", "q"),
        f("rate", "q", "1e-15 Pa·m³/s", "of the window, or as the cause says"),
        f("reference", "q", "1e-15 Pa·m³/s", "what it was compared with, as the cause says"),
        f("part", "B", "", "number of this part of the snapshot, 0 …"),
        f("parts", "B", "", "parts the snapshot is in"),
        f("data", "100s", "", "the part: values of hullcore.trend.Trend.snapshot, see hullcore.varint"),
    ),
)  # fmt: skip

WATCH = RecordKind(
    "WATCH", 6, 1, "settings of the trends, in a boot that has any: part of the configuration",
    (
        f("config", "I", "", "record number of the configuration snapshot it belongs to"),
        *(f(f"trend_s_{k}", "I", "s", "window length that has a trend; 0 = unused") for k in range(5)),
        f("alarm_days", "H", "d", "one false alarm of all trends together in so long"),
        f("trend_learn", "H", "", "windows of a baseline"),
        f("trend_margin_percent", "B", "%", "how much larger than stated σ may be"),
        f("cease_limit_fpa_m3_s", "Q", "1e-15 Pa·m³/s", "rate below which a leak counts as ceased"),
        f("cease_s", "I", "s", "for how long"),
        f("drive_pa", "I", "Pa", "driving pressure that a proof of cessation takes"),
    ),
)  # fmt: skip

RECIPE = RecordKind(
    "RECIPE",
    16,
    1,
    "test recipe: what a TEST record was made with; also the payload of TEST_LOAD",
    RECIPE_FIELDS,
)

TEST = RecordKind(
    "TEST",
    17,
    1,
    "verdict on one part, a pure function of samples first…last, recipe and configuration",
    TEST_FIELDS,
)

RECORD_KINDS = (WINDOW, EVENT, CONFIG, PROFILE, TREND, WATCH, RECIPE, TEST)
KIND_BY_ID = {(k.id, k.version): k for k in RECORD_KINDS}

FLAGS = (
    ("GAP", "samples missing inside the span"),
    ("LATE", "samples excluded because they were late"),
    ("SATURATED", "a field is at its limit: the true value is beyond it"),
    ("NOISE_ONLY", "no declared bound on temperature error: noise part of the interval only"),
    (
        "RESOLUTION",
        "noise below half an LSB: the interval contains the quantisation bound 1.5 LSB / T",
    ),
    ("COMPENSATION_WORSE", "temperature compensation raises the noise at this window's own lag"),
    ("CORRELATED", "residuals are not white: an ordinary fit's error would be too small"),
    (
        "NO_DRIVE",
        "pressure inside and outside differ by less than a thousandth: nothing can be said of a leak",
    ),
    (
        "STALE",
        "readings repeated longer than the noise permits: the sensor is stuck, the numbers say nothing",
    ),
)
"""Bit k of the record header's flags: name and meaning."""

NEVER = 0xFFFFFFFE
NOT_COMPUTED = 0xFFFFFFFF
RESERVES = {
    0xFFFFFFFD: "as long or longer",
    NEVER: "never: the upper bound of the loss says that the pressure is not falling",
    NOT_COMPUTED: "not computed: no limit is set, no interval, saturated or stale",
}
"""Values of WINDOW.reserve_s that are no number of seconds."""

EVENTS = (
    ("BOOT", 0, "node started: a = reset cause, b = crash count, c = device time of the event, ms"),
    (
        "SENSOR_FAULT",
        1,
        "sensor stopped delivering: a = errno of the bus, −(sensor error code), 0 = conversion never ended; b = detail, c = sample number",
    ),
    ("SENSOR_BACK", 0, "sensor delivers again: a = samples missed, c = sample number"),
    (
        "CONFIG_BAD",
        1,
        "a stored configuration copy was unusable: a = copy, b = 1 when defaults are used",
    ),
    ("RECORDS_LOST", 1, "records overwritten before any ack: a = first number, b = last number"),
    (
        "RAW_LOST",
        1,
        "raw blocks overwritten before any ack: a = first sample, b = last sample, c = their boot",
    ),
    ("LEFT", 0, "started again after Ctrl-C had left to the REPL"),
    ("CRASH", 2, "uncaught exception: a = crash count, text = first line"),
    (
        "SAFE_MODE",
        2,
        "started again after three crashes within ten minutes had stopped it: text = the crash",
    ),
    ("TAKE_OVER", 0, "another store took the node over: a = new store, b = old store"),
    (
        "TEMPERATURE",
        1,
        "temperature outside the range of compensation: a = K/65536, c = sample number",
    ),
    ("PRESSURE", 1, "pressure outside the range of the sensor: a = Pa/256, c = sample number"),
    (
        "OVERPRESSURE",
        2,
        "pressure at the limit, no output is powered: a = Pa/256, b = the limit, c = powered outputs, bit mask",
    ),
    (
        "OUTPUTS_SAFE",
        2,
        "a fault made the outputs safe until it is acknowledged: a = 1 over-pressure, 2 powered too long, 3 sensor silent, 4 interlock; b = pressure, pin, ms of silence, mask; c = outputs powered before",
    ),
    (
        "AUX",
        1,
        "second sensor's value outside the range of compensation: a = the value, c = sample number",
    ),
    (
        "AUX_FAULT",
        1,
        "second sensor stopped delivering: a = errno of the bus, −(sensor error code), 0 = conversion never ended; b = detail, c = sample number",
    ),
    ("AUX_BACK", 0, "second sensor delivers again: a = samples without it, c = sample number"),
    (
        "REFERENCE_LEAK",
        2,
        "the reference chamber's own pressure changes by more than declared: a = slope, 1e-12 Pa/s, b = its 95 % half-width, c = last sample number",
    ),
    (
        "NEW_SPOOL",
        0,
        "nothing was found on the flash, or no numbers were left: a new spool epoch; a = record numbers given up",
    ),
    (
        "UNSYNCED",
        0,
        "the run before ended without a sync: records a … b were not on flash; a host may have them",
    ),
    (
        "NO_FLASH",
        2,
        "the flash cannot be written: records wait in RAM only; a = errno",
    ),
    (
        "STALE",
        1,
        "the sensor is stuck: a = equal readings in a row, b = as many are no chance, c = sample number",
    ),
    (
        "FRESH",
        0,
        "readings change again: a = sample number at which STALE was told, c = sample number",
    ),
    (
        "RAPID",
        2,
        "rapid loss, by the slope of a window: a = its lower bound, b = the limit, 1e-12 Pa/s; c = last sample of the window; text = record number of the window",
    ),
    ("STEP", 2, "rapid loss, by the fall of the mean from window to window: the same numbers"),
    (
        "RAPID_END",
        0,
        "the loss is surely below the limit again: a = its upper bound, the rest the same",
    ),
    (
        "TREND",
        0,
        "a trend changed its state: a = value, b = threshold, c = rate, by cause; text = window, states, cause, chart; the TREND record that follows has all",
    ),
    ("TREND_ALARM", 2, "a trend became RISING, DOUBLED or RESURGED: the same numbers"),
    (
        "TREND_VOID",
        1,
        "the stored trend belongs to other settings or is damaged, and was not taken up: a = 1 settings, 2 damaged",
    ),
    (
        "KNOWN_LEAK",
        0,
        "a host says that a known leak was recovered: a = window length in s, 0 = all",
    ),
    (
        "NOISE_STORED",
        0,
        "the learned noise was stored as calibrated: a = UTC in s, b = longest window in s, c = blocks it was learned from",
    ),
    (
        "NOISE_VOID",
        1,
        "no calibrated noise profile fits these settings, intervals come from scatter: a = 1 none stored, 2 of other settings, 3 damaged",
    ),
    (
        "PHASE",
        0,
        "a test changed its phase: a = index into hullwatch.link.testnames.PHASES, b = test number, c = sample number that is due next; text = part",
    ),
)
"""Event codes from 1 on, in order: name, severity (0 info, 1 warning, 2 alarm), what a, b, c mean."""
