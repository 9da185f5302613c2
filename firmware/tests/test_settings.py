"""The table of settings: the same verdict everywhere, and never another error than a refusal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore import settings
from hullcore.plan import MAX_BLOCK, MIN_SAMPLES, WindowPlan
from hullcore.settings import SettingError, check, check_together, defaults
from hullnode.configfile import text_of

KEYS = tuple(row[0] for row in settings.SETTINGS)
INTS = tuple(row for row in settings.SETTINGS if isinstance(row[2], int))
TEXTS = ("name",)
CHOICES = tuple(row for row in settings.SETTINGS if isinstance(row[3], tuple) and row not in INTS)

junk = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40),
        st.binary(max_size=10), st.from_regex(r"[-+0-9, _.e]{0,30}"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=8), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
)  # fmt: skip


def refused(key: str, value: object) -> str:
    with pytest.raises(SettingError) as caught:
        check(key, value)
    return str(caught.value)


def together(**changes: object) -> None:
    check_together(defaults() | changes)


def test_defaults_are_accepted_one_by_one_and_together():
    values = defaults()
    assert tuple(values) == KEYS
    for key, value in values.items():
        assert check(key, value) == value
    check_together(values)


def test_every_value_reads_back_from_its_text():
    for key, value in defaults().items():
        assert check(key, text_of(value)) == value
    assert check("windows_s", text_of([20, 40])) == (20, 40)


@pytest.mark.parametrize("row", INTS, ids=lambda row: row[0])
def test_whole_numbers_at_their_limits(row):
    key, (low, high) = row[0], row[3]
    for value in (low, high):
        assert check(key, value) == check(key, str(value)) == value
    for value in (low - 1, high + 1):
        assert f"outside {low} to {high}" in refused(key, value)
        refused(key, str(value))


@pytest.mark.parametrize("row", CHOICES, ids=lambda row: row[0])
def test_choices_name_what_is_permitted(row):
    for value in row[3]:
        assert check(row[0], value) == value
    message = refused(row[0], "plutonium")
    assert all(value in message for value in row[3])


def test_text_is_measured_in_bytes():
    assert check("name", "é" * 8) == "é" * 8
    refused("name", "é" * 9)
    refused("name", "")


@pytest.mark.parametrize(
    "value", [True, False, None, 1.0, 1.5, "", " ", "1.5", "1e3", "0x10", [], {}]
)
@pytest.mark.parametrize("row", INTS, ids=lambda row: row[0])
def test_what_is_no_whole_number_is_refused(row, value):
    refused(row[0], value)


def test_unknown_settings_are_refused():
    assert "pressure" in refused("pressure", 1)


@given(st.one_of(st.sampled_from(KEYS), st.text(max_size=12)), junk)
def test_whatever_comes_is_accepted_in_range_or_refused(key, value):
    try:
        accepted = check(key, value)
    except SettingError:
        return
    row = settings.row_of(key)
    if row in INTS:
        assert type(accepted) is int
        assert row[3][0] <= accepted <= row[3][1]
    elif key == "windows_s":
        assert 1 <= len(accepted) <= row[3]
        assert {type(x) for x in accepted} == {int}
    else:
        assert accepted == value
    assert check(key, text_of(accepted)) == accepted


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=5),
    st.integers(10_000, 60_000_000),
)
def test_windows_that_are_accepted_can_be_planned_and_recorded(lengths, period_us):
    try:
        together(windows_s=tuple(lengths), period_us=period_us)
    except SettingError:
        return
    plan = WindowPlan(period_us, tuple(lengths))
    assert all(x * 1000 < 2**32 for x in lengths)  # the field window_ms
    assert len(plan.blocks) <= 255  # the field subwindows
    assert max(plan.blocks) <= MAX_BLOCK
    assert all(2 <= ratio <= 60 for ratio in plan.ratios)
    assert all(n >= MIN_SAMPLES for n in plan.samples)
    assert len(plan.samples) == len(lengths) - plan.base


@pytest.mark.parametrize(
    "windows",
    [(0,), (-10,), (10, 10), (10, 15), (10, 610), (60, 10), (4294968,), (10, 60, 3601), (86400,)],
)
def test_windows_that_cannot_be_are_refused(windows):
    with pytest.raises(SettingError, match="windows_s"):
        together(windows_s=windows)


def test_a_gauge_sensor_allows_no_compensation():
    together(pressure_kind="gauge", compensation="none")
    with pytest.raises(SettingError, match="gauge"):
        together(pressure_kind="gauge", compensation="sensor")


PROBE = {"compensation": "probe", "aux_sensor": "tmp117"}
WIRED = {"compensation": "probe", "aux_sensor": "ds18b20", "period_us": 160_000}
REFERENCE = {
    "compensation": "reference", "aux_sensor": "bmp581", "aux_address": 70, "reference_pa": 101325,
}  # fmt: skip


def test_second_sensors_that_make_sense():
    together(**PROBE)
    together(**REFERENCE)
    together(**WIRED)
    together(**(REFERENCE | {"aux_address": 0, "address": 70}))
    together(**(REFERENCE | {"aux_sensor": "ms5837", "aux_address": 0}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"compensation": "probe"}, "probe needs aux_sensor to be tmp117"),
        (PROBE | {"aux_sensor": "bmp581", "aux_address": 70}, "probe needs aux_sensor"),
        (REFERENCE | {"aux_sensor": "none"}, "needs a pressure sensor as aux_sensor"),
        (REFERENCE | {"aux_sensor": "tmp117"}, "needs a pressure sensor as aux_sensor"),
        (REFERENCE | {"reference_pa": 0}, "needs reference_pa"),
        (REFERENCE | {"aux_address": 0}, "the same address"),
        (REFERENCE | {"aux_address": 71, "address": 71}, "the same address"),
        (PROBE | {"address": 72, "aux_address": 72}, "the same address"),
        ({"aux_sensor": "tmp117"}, "only compensation probe or reference"),
        ({"aux_sensor": "bmp581", "compensation": "none"}, "only compensation probe or reference"),
        (PROBE | {"pressure_kind": "gauge"}, "gauge"),
        (WIRED | {"period_us": 159_999}, "a ds18b20 is slow, it needs at least 160000"),
        (WIRED | {"aux_address": 40}, "has none, set it to 0"),
        (REFERENCE | {"aux_sensor": "ds18b20", "aux_address": 0}, "needs a pressure sensor"),
    ],
)
def test_second_sensors_that_contradict_are_refused(changes, reason):
    with pytest.raises(SettingError, match=reason):
        together(**changes)


def test_the_bus_needs_two_pins_of_one_controller():
    """RP2040 data sheet, table 2: by column, I2C0 SDA, I2C0 SCL, I2C1 SDA, I2C1 SCL, repeating."""
    functions = [(number % 4 // 2, "SCL" if number % 2 else "SDA") for number in range(30)]
    outputs, onewire = range(16, 22), 22
    for sda in range(29):
        for scl in range(1, 30):
            one_bus = (functions[sda], functions[scl]) in (
                ((0, "SDA"), (0, "SCL")), ((1, "SDA"), (1, "SCL")),
            )  # fmt: skip
            if one_bus and sda not in outputs and scl not in outputs and sda != onewire:
                together(i2c_sda=sda, i2c_scl=scl)
            else:
                with pytest.raises(SettingError, match="i2c_s"):
                    together(i2c_sda=sda, i2c_scl=scl)


def test_outputs_need_what_keeps_them_safe():
    wired = {"outputs": "16:supply:fill:nc:60", "overpressure_pa": 300_000}
    together(**wired)
    for change in (
        {"overpressure_pa": 0}, {"sensor": "none"}, {"period_us": 1_000_001}, {"watchdog_ms": 0},
        {"outputs": "16:supply:fill:no:60"}, {"outputs": "rubbish"},
    ):  # fmt: skip
        with pytest.raises(SettingError):
            together(**{**wired, **change})


def test_every_interpreter_gives_the_same_verdict(all_vms):
    values = [
        "1", " 12 ", "-5", "+7", "007", "1_000", "1 000", "0b1", "0x1F", "", "-", "1.0", "1e5",
        "²", "٣", "99999999999999999999999999", "10,60", "10, 60", "10,,60", ",", "10;60", "a=b",
        "é" * 8, "air", "Air", 5, -1, 1 << 40, True, None, 1.5, [10, 60], [10, "60"], [1.5], [[10]],
        {}, [],
    ]  # fmt: skip
    printed = all_vms(
        f"""
import gc, json
from hullcore.settings import SETTINGS, SettingError, check
from hullnode.configfile import text_of
values = json.loads({json.dumps(values)!r})
def one(key, value):
    try:
        print(key, text_of(check(key, value)))
    except SettingError as error:
        print(key, "refused")
for row in SETTINGS:
    for value in values:
        one(row[0], value)
    gc.collect()
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
