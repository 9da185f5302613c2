"""Scenario files: what they say arrives, and every mistake is named."""

import pytest

from hullwatch.errors import InputError
from hullwatch.sim.network import Network
from hullwatch.sim.scenario import load_scenario

STATION = """
gas = "air"
room_k = 295
[[section]]
name = "node"
volume_m3 = 75.0
pressure_pa = 101325.0
[[section]]
name = "transfer"
volume_m3 = 7
pressure_pa = 101325.0
[[boundary]]
name = "space"
pressure_pa = 0.0
[[path]]
name = "hatch"
ends = ["node", "transfer"]
kind = "opening"
size = 0.5
seat = 1e-6
[[path]]
name = "crack"
ends = ["transfer", "space"]
size = 3e-7
[[event]]
at_s = 600.0
path = "hatch"
open = false
[[event]]
at_s = 3600
path = "crack"
size = 0.0
"""


def load(tmp_path, text):
    path = tmp_path / "station.toml"
    path.write_text(text)
    return load_scenario(path)


def test_a_scenario_runs(tmp_path):
    spec = load(tmp_path, STATION)
    assert [section.name for section in spec.sections] == ["node", "transfer"]
    assert spec.sections[1].volume_m3 == 7.0
    assert (spec.room_k, spec.paths[0].seat, spec.events[0].open) == (295.0, 1e-6, False)
    network = Network(spec)

    def pressures(t_s):
        return [network.section(n, round(t_s * 1e6)).pressure_pa for n in ("node", "transfer")]

    # together, then only the side with the crack falls, then neither
    node_0, transfer_0 = pressures(590.0)
    assert node_0 == pytest.approx(transfer_0, abs=20.0)
    node_1, transfer_1 = pressures(3600.0)
    assert transfer_0 - transfer_1 > 2500.0
    assert abs(node_1 - node_0) < 30.0
    _, transfer_2 = pressures(5400.0)
    # patched: it only warms up again
    assert transfer_1 <= transfer_2 < transfer_1 + 100.0


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("volume_m3 = 7\n", 'volume_m3 = "7"\n', "section 2: volume_m3 = '7' is no float"),
        ("volume_m3 = 7\n", "", "section 2: volume_m3 is missing"),
        ("volume_m3 = 7\n", "volume_l = 7\n", "section 2: unknown key 'volume_l'"),
        ("room_k = 295", "rom_k = 295", "unknown key 'rom_k'"),
        ("room_k = 295", "sections = 295", "unknown key 'sections'"),
        ('ends = ["node", "transfer"]', 'ends = ["node"]', "path 1: ends needs two names"),
        ("open = false", "open = 0", "event 1: open = 0 is no bool"),
        ("at_s = 600.0", "at_s = true", "event 1: at_s = True is no float"),
        ('path = "crack"', 'path = "crak"', "no path 'crak'"),
        ("[[boundary]]", "[boundary]", "boundary is no list"),
        ("[[boundary]]", "[[boundary", "not TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, old, new, match):
    assert old in STATION
    with pytest.raises(InputError, match=match):
        load(tmp_path, STATION.replace(old, new))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nothing"):
        load_scenario(tmp_path / "nothing.toml")
