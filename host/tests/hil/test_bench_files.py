"""Bench files: what they may say, and one clear line for everything else."""

from __future__ import annotations

import pytest

from hullwatch.errors import InputError
from hullwatch.hil import benchfile
from hullwatch.hil.capabilities import MEANINGS, POSSIBLE

REAL = """
name = "desk"
kind = "real"
port = "E6614C311B5F8B2A"
capabilities = ["repl"]

[[switch]]
name = "usb"
on = ["uhubctl", "-a", "on"]
off = ["uhubctl", "-a", "off"]

[[switch]]
name = "l4"
node = "E6614C311B700000"
output = "l4"

[[actuator]]
capability = "power_cut"
switch = "usb"

[[leak]]
name = "L4"
switch = "l4"
pa_m3_s = 1.02e-4
u95_pa_m3_s = 3e-6
"""


STATION = (
    REAL
    + """section = "lock"

[[section]]
name = "lab"
port = "E6614C311B5F8B2A"
volume_m3 = 3e-3

[[section]]
name = "lock"
port = "E6614C311B7A0001"
volume_m3 = 1e-3

[[switch]]
name = "h1"
node = "E6614C311B700000"
output = "h1"

[[hatch]]
name = "H1"
between = ["lab", "lock"]
switch = "h1"
"""
)
SIMULATED = """
name = "s"
kind = "mpy"

[[section]]
name = "lab"
volume_m3 = 3e-3

[[section]]
name = "lock"
volume_m3 = 1e-3

[[hatch]]
name = "H1"
between = ["lab", "lock"]
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "b.toml"
        path.write_text(text)
        return benchfile.load(path)

    return read


def test_a_real_bench_can_what_its_switches_and_leaks_can(read):
    bench = read(REAL)
    assert bench.can == {"repl", "power_cut", "leak", "truth"}
    assert bench.switch("l4").output == "l4"


@pytest.mark.parametrize("name", ["sim", "mpy", "pico-emu"])
def test_the_benches_that_are_supplied(name):
    bench = benchfile.load(benchfile.find(name, []))
    assert bench.name == bench.kind == name
    assert bench.can <= POSSIBLE[name]


def test_every_capability_is_possible_somewhere():
    assert set.union(*map(set, POSSIBLE.values())) == set(MEANINGS)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("port =", "prot =", "unknown key 'prot'", "did you mean port?"),
        ("pa_m3_s = 1.02e-4", "pa_m3 = 1e-4", "leak 1: unknown key 'pa_m3'", "pa_m3_s?"),
        ('kind = "real"', 'kind = "reel"', "unknown kind 'reel'", "did you mean real?"),
        ('["repl"]', '["repel"]', "unknown capability 'repel'", "did you mean repl?"),
        ('["repl"]', '["virtual_time"]', "kind real cannot have the capability virtual_time", ""),
        ('["repl"]', '["heat"]', "heat has no actuator", "add [[actuator]]"),
        ('["repl"]', '"repl"', "capabilities needs a list of texts", "["),
        ('"power_cut"', '"outputs"', "actuator for 'outputs': none of that name", "there are"),
        ('switch = "usb"', 'switch = "usv"', "no switch 'usv'", "did you mean usb?"),
        ('switch = "l4"', 'switch = "l44"', "leak L4: no switch 'l44'", "did you mean l4?"),
        ('name = "l4"', 'name = "usb"', "two switches of the name 'usb'", "its own"),
        ('output = "l4"', "", "switch l4: needs two commands (on, off) or a second node", "on ="),
        ('off = ["uhubctl", "-a", "off"]', "", "switch usb: needs two commands", "on ="),
        ("u95_pa_m3_s = 3e-6", "u95_pa_m3_s = 1.0", "0.000102 ± 1 Pa·m³/s is no leak", "below"),
        ("u95_pa_m3_s = 3e-6", "", "leak 1: u95_pa_m3_s is missing", "known:"),
        ('port = "E6614C311B5F8B2A"', "", "a real bench needs a port", "USB serial number"),
        ('port = "E6', 'speed = 2.0\nport = "E6', "a real bench has no speed", "leave it"),
        ('kind = "real"', 'kind = "sim"', "kind sim cannot have the capability repl", "it can"),
        ('port = "E6', 'step_s = 0\nport = "E6', "step_s 0 is outside", "bench.md"),
        ('name = "desk"', "name = desk", "is not TOML", "bench.md"),
        ("[[leak]]", "[leak]", "leak is no list", "[[leak]]"),
    ],
)
def test_a_mistake_is_one_line_with_a_hint(read, old, new, message, hint):
    refused(read, REAL, old, new, message, hint)


def test_a_station_is_sections_and_hatches(read):
    bench = read(STATION)
    assert bench.can == {"repl", "power_cut", "leak", "truth", "hatches"}
    assert bench.leaks_at(bench.port) == ()
    assert [row.name for row in bench.leaks_at("E6614C311B7A0001")] == ["L4"]
    assert read(SIMULATED).can == {"hatches"}


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ('switch = "h1"\n', "", "hatch H1 has no switch", "add switch"),
        ('switch = "h1"', 'switch = "h11"', "hatch H1: no switch 'h11'", "did you mean h1?"),
        ('switch = "h1"', 'switch = "l4"', "switch l4 moves hatch H1 and leak L4", "its own"),
        ('switch = "h1"', 'switch = "usb"', "moves hatch H1 and actuator for power_cut", "own"),
        ('port = "E6614C311B7A0001"', "", "section lock has no port", "USB serial number"),
        (
            "E6614C311B7A0001", "E6614C311B5F8B2A",
            "sections lab and lock have one port, E6614C311B5F8B2A", "a node of its own",
        ),
        ('"lab", "lock"]', '"lab", "lok"]', "hatch H1: no section 'lok'", "there are lab, lock"),
        ('["lab", "lock"]', '["lab"]', "hatch 1: between needs two names", "such as"),
        ('section = "lock"', 'section = "lok"', "leak L4: no section 'lok'", "mean lock?"),
        ('name = "lock"', 'name = "lab"', "two times section 'lab'", "its own name"),
        ("volume_m3 = 1e-3", "volume_m3 = 0", "section lock: volume_m3 0 is outside", "SI units"),
        ("volume_m3 = 1e-3", "", "section 2: volume_m3 is missing", "known:"),
        (
            'node = "E6614C311B700000"\noutput = "h1"',
            'node = "E6614C311B7A0001"\noutput = "h1"',
            "switch h1: the node E6614C311B7A0001 is a measuring one", "use a second one",
        ),
        ("[[hatch]]", "[hatch]", "hatch is no list", "[[hatch]]"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_station_is_one_line_with_a_hint(read, old, new, message, hint):
    refused(read, STATION, old, new, message, hint)


HATCH = """[[hatch]]
name = "H1"
between = ["lab", "lock"]
"""


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        (HATCH, "", "hatches needs sections and what joins them", "[[hatch]]"),
        (HATCH, HATCH + HATCH.replace("H1", "H2"), "hatch H2 closes a ring", "keep one"),
        (HATCH, HATCH + HATCH, "two times hatch 'H1'", "its own name"),
        ("volume_m3 = 1e-3", 'volume_m3 = 1e-3\nport = "X"', "section lock is simulated", "real"),
        (HATCH, HATCH + 'switch = "X"', "hatch H1 is simulated: it has no switch", "real"),
        ('"mpy"', '"pico-emu"', "kind pico-emu cannot have the capability hatches", "it can"),
    ],
)
def test_a_mistake_in_a_simulated_station(read, old, new, message, hint):
    refused(read, SIMULATED, old, new, message, hint)


def refused(read, text, old, new, message, hint):
    assert old in text
    with pytest.raises(InputError) as caught:
        read(text.replace(old, new, 1))
    assert message in caught.value.message
    assert "b.toml" in caught.value.message
    assert "\n" not in caught.value.message
    assert hint in caught.value.hint


def test_a_simulation_has_no_port(read):
    with pytest.raises(InputError, match="do not belong to a bench of kind sim") as caught:
        read('name = "d"\nkind = "sim"\nport = "X"\n')
    assert 'kind = "real"' in caught.value.hint


def test_leaks_without_a_leak(read):
    with pytest.raises(InputError, match="truth needs a known leak"):
        read('name = "d"\nkind = "real"\nport = "X"\ncapabilities = ["truth"]\n')
