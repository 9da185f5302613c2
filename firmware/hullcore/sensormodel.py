"""Settings about sensors, checked together: a second one, gauge pressure, `sensor_model`.

`sensor_model` is for the sensors that cannot say themselves what they are.

It is about `sensor`, or about `aux_sensor` where that is the one which cannot. A second sensor of
this kind is the differential transducer between the chamber and a reference chamber, or (hsc) the
absolute one of that chamber; an ads1115 there is always differential. With another `aux_sensor` as
barometer `sensor` measures gauge pressure and the node makes it absolute.

    hsc         the pressure range of the part number and the letter of its transfer function:
                HSCDANN150PG2A3 is 150PG, function A: 150PGA. A missing letter is A.
    ads1115     the transducer's output, 0.5-4.5V (of a 5 V supply, ratiometric) or 4-20mA
    lps28dfw    the full scale in hPa, 1260 or 4060

Source of the ranges: Honeywell 32321348 (HSC, SSC data sheet), nomenclature.
"""

from hullcore.compat import const
from hullcore.settings import DECLARED, PROBES, SettingError

RATIOMETRIC = "0.5-4.5V"
CURRENT = "4-20mA"
_KINDS = {"A": "abs", "G": "gauge", "D": "diff"}
_UNITS = "LKGMBPN"
# nPa per unit: Pa, kPa, MPa, mbar, bar, psi, inH2O (4 degC)
_NANOPASCALS = (1000000000, 1000000000000, 1000000000000000, 100000000000, 100000000000000,
            6894757293168, 249088910000)  # fmt: skip
_FUNCTIONS = "ABCF"
_ONEWIRE_US = const(160000)  # 9 bits of a ds18b20 take 107 ms, and 70 % of the period is its time
_MOST_Q8 = const(0x10000000)  # 10 bar and a little


def hsc_range(model: str) -> tuple:
    """(kind, low, high in Pa/256, index of the transfer function in ABCF) of an HSC model.

    Raises SettingError.
    """
    text = model + "A" if len(model) == 5 else model
    if len(text) != 6 or text[3] not in _UNITS or text[4] not in _KINDS:
        raise SettingError("sensor_model: %s is no HSC pressure range; write 001BA, 150PGA" % model)
    tenths = text[0] + text[2] if text[1] == "." else text[:3] + "0"
    for digit in tenths:
        if digit not in "0123456789":
            raise SettingError("sensor_model: %s: the range begins with a number" % model)
    if text[5] not in _FUNCTIONS:
        raise SettingError("sensor_model: %s: the transfer function is A, B, C or F" % model)
    # rounded; 10 bar are 2^28
    high = (int(tenths) * _NANOPASCALS[_UNITS.index(text[3])] * 256 // 5000000000 + 1) // 2
    if not 0 < high <= _MOST_Q8:
        raise SettingError("sensor_model: %s is outside 0 to 10 bar" % model)
    return _KINDS[text[4]], -high if text[4] == "D" else 0, high, _FUNCTIONS.index(text[5])


def check(config: dict) -> None:
    """Refuse what these sensors cannot do, or not together (SettingError)."""
    if config["pressure_kind"] != "abs":
        _check_gauge(config)
    _check_aux(config)
    _check_model(config)


def _check_gauge(config: dict) -> None:
    """Without a barometer the weather is in the reading, up to 100 Pa an hour."""
    if config["compensation"] != "none":
        raise SettingError(
            "compensation: needs absolute pressure; a gauge sensor allows none only, or has a"
            " barometer as aux_sensor and pressure_kind abs"
        )
    if not config["p_out_pa"]:
        raise SettingError("p_out_pa: a gauge sensor needs the pressure outside")
    if config["temp_lag_ms"] >= 0 and not config["drift_mpa_day"]:
        raise SettingError(
            "drift_mpa_day: a gauge sensor feels the weather: bound it here, or add a barometer as"
            " aux_sensor with pressure_kind abs"
        )


def _check_aux(config: dict) -> None:
    """A second sensor and what uses it: one without the other means nothing."""
    mode = config["compensation"]
    aux = config["aux_sensor"]
    if mode == "probe":
        if aux not in PROBES:
            raise SettingError("compensation: probe needs aux_sensor to be " + ", ".join(PROBES))
    elif mode == "reference":
        if aux == "none" or aux in PROBES:
            raise SettingError("compensation: reference needs a pressure sensor as aux_sensor")
        if not config["reference_pa"]:
            raise SettingError("compensation: reference needs reference_pa, its pressure at t_ref")
    elif aux != "none" and (config["sensor"] not in DECLARED or aux in PROBES + DECLARED):
        raise SettingError(
            "aux_sensor: only compensation probe or reference uses one, or a gauge sensor as its"
            " barometer"
        )
    elif aux != "none" and config["pressure_kind"] != "abs":
        raise SettingError("pressure_kind: abs with a barometer, which makes it so")
    if aux == "ds18b20":
        _check_onewire(config)
    same = config["aux_address"] == config["address"]
    if same and (aux == config["sensor"] != "none" or (aux != "none" and config["address"])):
        raise SettingError("aux_address: both sensors would have the same address")


def _check_onewire(config: dict) -> None:
    if config["aux_address"]:
        raise SettingError("aux_address: a ds18b20 is alone on its wire and has none, set it to 0")
    if config["period_us"] < _ONEWIRE_US:
        raise SettingError("period_us: a ds18b20 is slow, it needs at least %d" % _ONEWIRE_US)


def _check_model(config: dict) -> None:
    """Refuse a model, range or kind that this sensor does not have."""
    sensor = config["sensor"]
    aux = config["aux_sensor"]
    model = config["sensor_model"]
    if sensor in DECLARED and aux in DECLARED:
        raise SettingError("aux_sensor: one hsc or ads1115 a node, there is one sensor_model")
    if sensor == "hsc":
        _check_hsc(model, config["pressure_kind"], aux)
    elif sensor == "ads1115":
        _check_range(config)
        _check_no_temperature(config)
    elif aux in DECLARED:
        _check_transducer(config)
    elif sensor == "lps28dfw" or aux == "lps28dfw":
        if model not in ("-", "1260", "4060"):
            raise SettingError("sensor_model: lps28dfw has 1260 or 4060 (hPa)")
    elif model != "-":
        raise SettingError("sensor_model: %s has no models, set it to -" % sensor)


def _check_transducer(config: dict) -> None:
    """An hsc or ads1115 as second sensor."""
    if config["aux_sensor"] == "hsc":
        if hsc_range(config["sensor_model"])[0] == "gauge":
            raise SettingError("sensor_model: a reference needs a differential or absolute HSC")
        return
    _check_range(config)
    if config["reference_lag_ms"] >= 0:
        raise SettingError("reference_lag_ms: an ads1115 measures no temperature to watch by")


def _check_hsc(model: str, wanted: str, aux: str) -> None:
    kind = hsc_range(model)[0]
    barometer = aux != "none" and aux not in PROBES
    if kind == "gauge" and barometer and wanted == "abs":
        return
    if kind != wanted or (kind == "abs" and barometer):
        raise SettingError("pressure_kind: an HSC %s measures %s" % (model, kind))


def _check_range(config: dict) -> None:
    if config["sensor_model"] not in (RATIOMETRIC, CURRENT):
        raise SettingError("sensor_model: ads1115 needs %s or %s" % (RATIOMETRIC, CURRENT))
    if config["range_low_pa"] >= config["range_high_pa"]:
        raise SettingError("range_high_pa: must be above range_low_pa")


def _check_no_temperature(config: dict) -> None:
    if config["compensation"] == "sensor":
        raise SettingError("compensation: an ads1115 measures no temperature")
    if config["compensation"] == "none" and config["temp_lag_ms"] >= 0:
        raise SettingError("temp_lag_ms: an ads1115 measures no temperature; leave it at -1")
