"""Settings of sensors that cannot say themselves what they measure."""

import pytest

from hullcore.settings import SettingError, check_together, defaults


def config(**changes: object) -> dict:
    return {**defaults(), "compensation": "none", **changes}


DIFFERENCE = {
    "compensation": "reference", "aux_sensor": "hsc", "sensor_model": "010MD",
    "reference_pa": 120_000,
}  # fmt: skip
BAROMETER = {"sensor": "hsc", "sensor_model": "005PG", "aux_sensor": "bmp581"}


@pytest.mark.parametrize(
    "changes",
    [
        {"sensor": "hsc", "sensor_model": "1.6BA", "compensation": "sensor"},
        {"sensor": "hsc", "sensor_model": "150PGA", "pressure_kind": "gauge"},
        {"sensor": "hsc", "sensor_model": "025MDB", "pressure_kind": "diff"},
        {"sensor": "ads1115", "sensor_model": "0.5-4.5V", "range_high_pa": 1,
         "pressure_kind": "diff"},
        {"sensor": "ads1115", "sensor_model": "4-20mA", "range_low_pa": -1},
        {"sensor": "lps28dfw", "sensor_model": "4060"},
        {"sensor": "lps28dfw"},
        {"sensor": "bmp388"},
        DIFFERENCE,
        DIFFERENCE | {"sensor_model": "001BA"},
        DIFFERENCE | {"sensor": "lps28dfw"},
        DIFFERENCE | {"aux_sensor": "ads1115", "aux_address": 0, "sensor_model": "0.5-4.5V",
                      "range_low_pa": -1000, "range_high_pa": 1000},
        {"compensation": "reference", "aux_sensor": "lps28dfw", "sensor_model": "4060",
         "reference_pa": 300_000},
        BAROMETER,
        BAROMETER | {"compensation": "sensor", "temp_lag_ms": 1000},
        BAROMETER | {"aux_sensor": "lps28dfw"},
        BAROMETER | {"sensor": "ads1115", "sensor_model": "4-20mA", "range_high_pa": 50_000},
        {"sensor": "hsc", "sensor_model": "005PG", "pressure_kind": "gauge", "temp_lag_ms": 1000,
         "drift_mpa_day": 2_400_000},
    ],
)  # fmt: skip
def test_permitted(changes):
    check_together(config(**changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sensor": "hsc"}, "sensor_model: - is no HSC pressure range"),
        ({"sensor": "hsc", "sensor_model": "150PGA"}, "an HSC 150PGA measures gauge"),
        ({"sensor": "hsc", "sensor_model": "1.6BAX"}, "transfer function is A, B, C or F"),
        ({"sensor": "hsc", "sensor_model": "999BA"}, "outside 0 to 10 bar"),
        ({"sensor": "ads1115", "range_high_pa": 1}, "needs 0.5-4.5V or 4-20mA"),
        ({"sensor": "ads1115", "sensor_model": "4-20mA"}, "above range_low_pa"),
        (
            {"sensor": "ads1115", "sensor_model": "4-20mA", "range_high_pa": 1,
             "compensation": "sensor"},
            "measures no temperature",
        ),
        ({"sensor": "lps28dfw", "sensor_model": "2000"}, "1260 or 4060"),
        ({"sensor_model": "1.6BA"}, "bmp581 has no models"),
        (DIFFERENCE | {"sensor_model": "005PG"}, "needs a differential or absolute HSC"),
        (DIFFERENCE | {"sensor_model": "-"}, "no HSC pressure range"),
        (DIFFERENCE | {"sensor": "ads1115"}, "one hsc or ads1115 a node"),
        (DIFFERENCE | {"compensation": "none"}, "only compensation probe or reference"),
        (DIFFERENCE | {"aux_sensor": "ads1115", "sensor_model": "4-20mA"}, "above range_low_pa"),
        (DIFFERENCE | {"aux_sensor": "ads1115", "sensor_model": "4-20mA", "range_high_pa": 1,
                       "reference_lag_ms": 0}, "no temperature to watch by"),
        (BAROMETER | {"pressure_kind": "gauge"}, "abs with a barometer"),
        (BAROMETER | {"sensor_model": "1.6BA"}, "an HSC 1.6BA measures abs"),
        (BAROMETER | {"sensor": "bmp581", "sensor_model": "-"}, "as its barometer"),
        (BAROMETER | {"aux_sensor": "ads1115"}, "as its barometer"),
        ({"sensor": "hsc", "sensor_model": "005PG", "pressure_kind": "gauge", "p_out_pa": 0},
         "p_out_pa: a gauge sensor needs the pressure outside"),
        ({"sensor": "hsc", "sensor_model": "005PG", "pressure_kind": "gauge", "temp_lag_ms": 1000},
         "drift_mpa_day: a gauge sensor feels the weather"),
        ({"pressure_kind": "diff", "compensation": "sensor"}, "needs absolute pressure"),
    ],
)  # fmt: skip
def test_refused_with_the_reason(changes, reason):
    with pytest.raises(SettingError, match=reason):
        check_together(config(**changes))
