"""Settings of sensors that cannot say themselves what they measure."""

import pytest

from hullcore.settings import SettingError, check_together, defaults


def config(**changes: object) -> dict:
    return {**defaults(), "compensation": "none", **changes}


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
        ({"pressure_kind": "diff", "compensation": "sensor"}, "needs absolute pressure"),
    ],
)  # fmt: skip
def test_refused_with_the_reason(changes, reason):
    with pytest.raises(SettingError, match=reason):
        check_together(config(**changes))
