"""What the setting `sensor_model` says, for the sensors that cannot say it themselves.

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
    """Refuse a model, range or kind that this sensor does not have (SettingError)."""
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
    elif aux == "hsc":
        if hsc_range(model)[0] == "gauge":
            raise SettingError("sensor_model: a reference needs a differential or absolute HSC")
    elif aux == "ads1115":
        _check_range(config)
        if config["reference_lag_ms"] >= 0:
            raise SettingError("reference_lag_ms: an ads1115 measures no temperature to watch by")
    elif sensor == "lps28dfw" or aux == "lps28dfw":
        if model not in ("-", "1260", "4060"):
            raise SettingError("sensor_model: lps28dfw has 1260 or 4060 (hPa)")
    elif model != "-":
        raise SettingError("sensor_model: %s has no models, set it to -" % sensor)


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
