"""Settings of a node: names, ranges, defaults, and the names behind the enumerations.

One table for node, host and documentation. A value is an int, a str or a tuple of ints; it is
checked the same way on both sides, and refused with the reason and the permitted range.
"""

from hullcore.compat import const

GASES = ("air", "nitrogen", "helium", "argon", "carbon dioxide")
COMPENSATIONS = ("none", "sensor", "probe", "reference")
PRESSURE_KINDS = ("abs", "gauge", "diff")
# sensors of which the settings must say what they measure, see hullcore.sensormodel
DECLARED = ("hsc", "ads1115")
SENSORS = (
    "bmp581", "bmp280", "bme280", "bmp388", "bmp390", "ms5611", "ms5837", "lps22hb", "lps28dfw",
    "dps310", "dps368",
) + DECLARED + ("none",)  # fmt: skip
PROBES = ("tmp117", "ds18b20")
AUX_SENSORS = ("none",) + PROBES + SENSORS[:-1]
U95_KINDS = (  # by the codes of hullcore.measurement
    "none",
    "noise_only_scatter",
    "noise_only_resolution",
    "noise_only_profile",
    "full_scatter",
    "full_resolution",
    "full_profile",
)
PROFILE_SOURCES = ("learned", "calibrated")
NOISE_PROFILES = ("off", "learn", "calibrated")

_INT = const(0)
_CHOICE = const(1)
_TEXT = const(2)
_INTS = const(3)

_LONGEST_S = const(4294967)  # 49.7 days: a WINDOW record gives the length in ms, in 32 bits
_MIN_SAMPLES = const(8)  # hullcore.plan.MIN_SAMPLES
_FIRST_OUTPUT = const(16)  # hullcore.outputs, which is loaded only where outputs are set
_LAST_OUTPUT = const(21)
_ONEWIRE_PIN = const(22)  # boards/pico
_SLOWEST_US = const(1000000)  # with outputs: what they do must be seen
_MAX_FIRST = const(46155)  # a WINDOW record counts up to 255 sub-windows of hullcore.plan.MAX_BLOCK

# key, kind, default, (low, high) or the choices or the longest text; units are in the key
SETTINGS = (
    ("name", _TEXT, "chamber", 16),
    ("sensor", _CHOICE, "bmp581", SENSORS),
    ("sensor_model", _TEXT, "-", 8),
    ("range_low_pa", _INT, 0, (-2000000, 4190000)),
    ("range_high_pa", _INT, 0, (-2000000, 4190000)),
    ("shunt_mohm", _INT, 100000, (1000, 195000)),  # 21 mA of the highest are 4.095 V
    ("address", _INT, 0, (0, 119)),  # 0: the chip's default
    ("aux_sensor", _CHOICE, "none", AUX_SENSORS),
    ("aux_address", _INT, 0, (0, 119)),
    ("i2c_sda", _INT, 4, (0, 28)),
    ("i2c_scl", _INT, 5, (1, 29)),
    ("i2c_khz", _INT, 400, (10, 1000)),
    ("period_us", _INT, 100000, (10000, 60000000)),
    ("oversampling", _INT, 0, (0, 8192)),  # 0: the largest that fits the period
    ("compensation", _CHOICE, "sensor", COMPENSATIONS),
    ("pressure_kind", _CHOICE, "abs", PRESSURE_KINDS),
    ("volume_ul", _INT, 1000000, (1, 10000000000000)),
    ("gas", _CHOICE, "air", GASES),
    ("t_ref_mk", _INT, 293150, (200000, 400000)),
    ("p_out_pa", _INT, 101325, (0, 4190000)),
    ("temp_lag_ms", _INT, -1, (-1, 86400000)),  # -1: not declared, intervals are noise only
    ("temp_gradient_uk", _INT, 0, (0, 10000000)),
    ("settling_ms", _INT, -1, (-1, 1000000000)),
    ("u_volume_ppm", _INT, 0, (0, 1000000)),
    ("u_gain_ppm", _INT, 0, (0, 1000000)),
    ("tempco_mpa_k", _INT, 0, (0, 100000)),
    ("drift_mpa_day", _INT, 0, (0, 10000000)),
    ("reference_pa", _INT, 0, (0, 4190000)),  # 0: not declared
    ("reference_leak_mpa_day", _INT, -1, (-1, 10000000)),  # -1: not declared
    ("reference_lag_ms", _INT, -1, (-1, 86400000)),  # -1: tightness is not watched
    ("noise_profile", _CHOICE, "learn", NOISE_PROFILES),
    ("windows_s", _INTS, (10, 60, 600, 3600, 86400), 5),
    ("outputs", _TEXT, "none", 160),
    ("overpressure_pa", _INT, 0, (0, 4190000)),  # 0: only without outputs
    ("rapid_mpa_s", _INT, 10000, (0, 1000000000)),  # 0: never
    ("reserve_limit_pa", _INT, 0, (0, 4190000)),  # 0: not computed
    ("trend_s", _INTS, (0,), 5),  # 0: none
    ("alarm_days", _INT, 365, (1, 36500)),
    ("trend_learn", _INT, 100, (2, 10000)),
    ("trend_margin_percent", _INT, 20, (0, 100)),
    ("cease_limit_fpa_m3_s", _INT, 1000000000, (1, 1000000000000000000)),  # 1e-6 Pa·m³/s
    ("cease_s", _INT, 86400, (1, 100000000)),
    ("drive_pa", _INT, 10000, (0, 4190000)),
    ("watchdog_ms", _INT, 8000, (0, 8388)),  # 0: never armed
    ("sync_s", _INT, 60, (10, 3600)),
)


class SettingError(ValueError):
    """A value or a combination is refused; the text says why and what is permitted."""


def defaults() -> dict:
    """A complete configuration of default values."""
    return {row[0]: row[2] for row in SETTINGS}


def row_of(key: str) -> tuple:
    """The table row of a setting; SettingError for an unknown key."""
    for row in SETTINGS:
        if row[0] == key:
            return row
    raise SettingError("no setting " + key)


def _as_int(key: str, text) -> int:
    if isinstance(text, bool) or not isinstance(text, (int, str)):
        raise SettingError(key + ": not a whole number")
    try:
        # as bytes: only there do all interpreters know the same digits
        return int(text.encode()) if isinstance(text, str) else text
    except ValueError:
        raise SettingError(key + ": not a whole number: " + str(text))


def _as_ints(key: str, value, most: int) -> tuple:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise SettingError(key + ": expects numbers separated by commas")
    numbers = tuple([_as_int(key, x) for x in parts])
    if not 1 <= len(numbers) <= most:
        raise SettingError("%s: expects 1 to %d numbers" % (key, most))
    return numbers


def check(key: str, value) -> object:
    """The value of one setting from text, JSON or Python; SettingError when refused."""
    row = row_of(key)
    kind = row[1]
    if kind == _INT:
        number = _as_int(key, value)
        low, high = row[3]
        if not low <= number <= high:
            raise SettingError("%s: %d is outside %d to %d" % (key, number, low, high))
        return number
    if kind == _INTS:
        return _as_ints(key, value, row[3])
    if not isinstance(value, str):
        raise SettingError(key + ": expects text")
    if kind == _CHOICE:
        if value not in row[3]:
            raise SettingError("%s: %s is not one of %s" % (key, value, ", ".join(row[3])))
    elif not 0 < len(value.encode()) <= row[3]:
        raise SettingError("%s: 1 to %d bytes" % (key, row[3]))
    return value


def check_together(config: dict) -> None:
    """Refuse combinations that contradict each other (SettingError)."""
    alone = config["aux_sensor"] == "none" and config["compensation"] in COMPENSATIONS[:2]
    absolute = config["sensor"] not in DECLARED and config["pressure_kind"] == "abs"
    if not alone or not absolute or config["sensor_model"] != "-":
        from hullcore import sensormodel  # rarely needed, and needs this module itself

        sensormodel.check(config)
    _check_pins(config["i2c_sda"], config["i2c_scl"])
    previous = 0
    for length_s in config["windows_s"]:
        if not 1 <= length_s <= _LONGEST_S:
            raise SettingError("windows_s: %d s is outside 1 to %d" % (length_s, _LONGEST_S))
        if previous and (length_s % previous or not 2 <= length_s // previous <= 60):
            raise SettingError(
                "windows_s: %d s must be 2 to 60 times the length before it" % length_s
            )
        previous = length_s
    _check_first_window(config["windows_s"], config["period_us"])
    _check_outputs(config)
    _check_trend(config)


def _check_trend(config: dict) -> None:
    watched = config["trend_s"]
    if watched == (0,):
        return
    for length_s in watched:
        if length_s not in config["windows_s"]:
            raise SettingError("trend_s: windows_s has no %d s; 0 alone means none" % length_s)
    if config["noise_profile"] == "off":
        raise SettingError(
            "trend_s: charts need a noise profile, noise_profile learn or calibrated"
        )


def _check_pins(sda: int, scl: int) -> None:
    """Two pins of one controller (RP2040 data sheet, table 2): others stop a node as it starts."""
    if sda % 2 or scl % 4 != sda % 4 + 1:
        raise SettingError(
            "i2c_scl: GP%d and GP%d are no bus; SDA is an even pin, SCL the next one" % (sda, scl)
        )
    if sda == _ONEWIRE_PIN:
        raise SettingError("i2c_sda: GP%d is the 1-Wire bus" % _ONEWIRE_PIN)
    if _FIRST_OUTPUT <= sda <= _LAST_OUTPUT or _FIRST_OUTPUT <= scl <= _LAST_OUTPUT:
        raise SettingError(
            "i2c_sda: GP%d to GP%d are the outputs of the valves" % (_FIRST_OUTPUT, _LAST_OUTPUT)
        )


def _check_outputs(config: dict) -> None:
    """What the valves need so that a fault always ends in the safe state."""
    if config["outputs"] == "none":
        return
    from hullcore import outputs  # its heap only where outputs are set

    try:
        outputs.parse(config["outputs"])
    except ValueError as error:
        raise SettingError("outputs: " + str(error))
    if not config["overpressure_pa"]:
        raise SettingError("overpressure_pa: outputs need the pressure at which all is cut")
    if config["sensor"] == "none" or config["period_us"] > _SLOWEST_US:
        raise SettingError("outputs: need a sensor, and period_us of at most %d" % _SLOWEST_US)
    if not config["watchdog_ms"]:
        raise SettingError("watchdog_ms: outputs need the watchdog")


def _check_first_window(lengths_s: tuple, period_us: int) -> None:
    """The shortest window with enough samples is built from blocks: they have to be countable."""
    for length_s in lengths_s:
        count = (length_s * 1000000 + period_us // 2) // period_us
        if count > _MAX_FIRST:
            raise SettingError(
                "windows_s: %d s holds %d samples; start with a window of at most %d"
                % (length_s, count, _MAX_FIRST)
            )
        if count >= _MIN_SAMPLES:
            return
