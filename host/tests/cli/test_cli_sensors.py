"""`hullwatch sensors`: the list agrees with the settings, the drivers and the node asked."""

import json

from hullcore import settings
from hullnode.drivers.catalogue import load
from hullwatch.cli.sensors import NAMES


def test_the_list_is_what_a_node_can_be_set_to(hullwatch):
    code, out, err = hullwatch("sensors", "--json")
    rows = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["id"] for row in rows] == [x for x in settings.SENSORS if x != "none"]
    assert {row["id"] for row in rows} == set(NAMES)
    for row in rows:
        driver = load(row["id"], None, 0, _ratio(row["id"]), None)
        assert row["address"] == driver.ADDRESSES[0]
        assert row["declared"] == (driver.KIND == "declared")
        if not row["declared"]:
            assert row["kind"] == driver.KIND
            assert row["min_pa"] == driver.PRESSURE_MIN_PA
            assert row["max_pa"] >= driver.PRESSURE_MAX_PA  # both full scales of an LPS28DFW
        assert row["configured"] is False


def _ratio(sensor: str) -> int:
    return 256 if sensor.startswith("ms5") else 4 if sensor == "lps28dfw" else 1


def test_the_table_names_each_and_marks_what_the_parts_say_themselves(hullwatch):
    code, out, err = hullwatch("sensors")
    assert (code, err) == (0, "")
    for name in NAMES.values():
        assert name in out
    assert out.count("declared") == 4


def test_the_sensor_of_a_node_is_marked(hullwatch, monkeypatch):
    answer = {"settings": {"sensor": "bmp388"}}
    monkeypatch.setattr("hullwatch.cli.sensors.through", lambda *_: answer)
    code, out, _ = hullwatch("sensors", "--port", "/dev/node", "--json")
    assert code == 0
    assert [row["id"] for row in json.loads(out) if row["configured"]] == ["bmp388"]


def test_a_port_that_is_not_there_is_refused(refused):
    assert "/dev/nowhere" in refused(10, "sensors", "--port", "/dev/nowhere")
