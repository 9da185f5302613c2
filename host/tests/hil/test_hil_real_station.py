"""A bench of several boards with hatches, proved on terminals with MicroPython VMs behind them.

The sections are those of one simulated network; a hatch that a command moves reaches it through a
socket, one that an output moves through the pins of the VM with the valves.
"""

from __future__ import annotations

import contextlib
import importlib

import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import Shared, VmBench, VmClock
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.network import Network
from hullwatch.sim.networkport import SectionLeak, leak_of
from hullwatch.sim.networkspec import BoundarySpec, NetworkSpec, PathSpec, SectionSpec
from hullwatch.sim.plumbing import PlumbingSpec

# pytester forgets the modules that a test has imported, and this one cannot be imported twice
with contextlib.suppress(ImportError):
    importlib.import_module("littlefs")

LEAK = 1e-2
VOLUMES_M3 = {"lab": 3e-3, "hall": 2e-3, "lock": 1e-3}
QUICK = {"gas_tau_s": 0.2, "probe_tau_s": 0.2, "self_heat_k": 0.0, "wall_j_m2_k": 1e6}
NETWORK = NetworkSpec(
    tuple(SectionSpec(name, m3, 120_000.0, **QUICK) for name, m3 in VOLUMES_M3.items()),
    (BoundarySpec("outside", 101_325.0),),
    (
        PathSpec("H1", ("lab", "hall"), "opening", 1e-2),
        PathSpec("H2", ("hall", "lock"), "opening", 1e-2),
        PathSpec(leak_of("lock"), ("lock", "outside")),
    ),
)
TESTS = """
import contextlib
import pytest
from hullwatch.cli.isolatewindows import StoredWindows

WINDOW_S = 2

def slopes(station):
    since_s = station.utc_s() + 1.0
    station.run(2 * WINDOW_S + 2)
    found = {{}}
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(node.reader()) for node in station.nodes.values()]
        windows = StoredWindows(readers, station.layout, station.utc_s)
        for row in windows.readings(WINDOW_S, since_s, station.utc_s()):
            found.setdefault(row.section, []).append(row.slope_pa_s)
    assert set(found) == set(station.nodes)
    return {{name: sum(rows) / len(rows) for name, rows in found.items()}}

@pytest.mark.needs("hatches", "leak")
def test_what_is_behind_a_closed_hatch_stands(bench):
    station = bench.station({{"windows_s": (WINDOW_S, 4)}})
    assert len(set(station.uids.values())) == len(station.nodes) == 3
    assert station.with_leaks == ("lock",)
    truth = station.nodes["lock"].chamber.leak({leak})
    assert truth.source == "leak L5 CAL-18"
    rate = truth.pa_m3_s
    station.operate("H1", False)
    found = slopes(station)
    assert found["lab"] == pytest.approx(0.0, abs=1.0)
    assert found["hall"] == pytest.approx(-rate / 3e-3, abs=1.0)
    assert found["lock"] == pytest.approx(-rate / 3e-3, abs=1.0)
    station.operate("H2", False)
    found = slopes(station)
    assert found["lab"] == pytest.approx(0.0, abs=1.0)
    assert found["hall"] == pytest.approx(0.0, abs=1.0)
    assert found["lock"] == pytest.approx(-rate / 1e-3, abs=1.5)
    with pytest.raises(KeyError):
        station.operate("H3", False)
    with pytest.raises(pytest.skip.Exception, match="no leak"):
        station.nodes["lab"].chamber.leak({leak})
"""
BENCH = """
name = "row"
kind = "real"
port = "{lab}"
step_s = 0.05
[[section]]
name = "lab"
port = "{lab}"
volume_m3 = 3e-3
[[section]]
name = "hall"
port = "{hall}"
volume_m3 = 2e-3
[[section]]
name = "lock"
port = "{lock}"
volume_m3 = 1e-3
[[hatch]]
name = "H1"
between = ["lab", "hall"]
switch = "h1"
[[hatch]]
name = "H2"
between = ["hall", "lock"]
switch = "h2"
[[switch]]
name = "h1"
settle_s = 0.0
on = [{command}, "h1", "on"]
off = [{command}, "h1", "off"]
[[switch]]
name = "h2"
node = "{valves}"
output = "h2"
settle_s = 0.3
[[switch]]
name = "l5"
node = "{valves}"
output = "l5"
settle_s = 0.3
[[leak]]
name = "L5"
section = "lock"
switch = "l5"
pa_m3_s = {leak}
u95_pa_m3_s = 1e-4
certificate = "CAL-18"
"""


@pytest.fixture
def row(pytester, wires):
    """Three boards in sections, a fourth with valves, a program for the other hatch, their file."""
    capability.executable("micropython")
    capability.module("littlefs")
    shared = Shared(Network(NETWORK), VmClock(1.0))
    network = shared.network
    leaking = SectionLeak(network, "lock", ChamberSpec().t_ref_k)
    extra = {"windows_s": (10, 60), "noise_profile": "off"}
    plumbing = PlumbingSpec("16:l5:bleed:nc:60;17:h2:bleed:no:60", start_pa=101_325.0)
    relays = {"overpressure_pa": 120_000, "period_us": 1_000_000}

    def present_us():
        return round(shared.clock.now_s() * 1e6)

    def follow(opened):
        network.operate(present_us(), "H2", "h2" in opened)
        leaking.set_leak(present_us(), LEAK if "l5" in opened else 0.0)

    with contextlib.ExitStack() as stack:
        boards = {}
        for at, name in enumerate(VOLUMES_M3):
            spec = BenchSpec.in_network(NETWORK, name, seed=at, extra=extra)
            boards[name] = VmBench(spec, shared=shared)
            stack.callback(boards[name].close)
        valves = VmBench(BenchSpec(seed=9, plumbing=plumbing, extra=relays))
        stack.callback(valves.close)
        words = {
            "h1 on": lambda: network.operate(present_us(), "H1", True),
            "h1 off": lambda: network.operate(present_us(), "H1", False),
        }
        joined = wires(words, valves, follow)
        ports = {name: board.port_path for name, board in boards.items()}
        pytester.path.joinpath("row.toml").write_text(
            BENCH.format(**ports, valves=valves.port_path, leak=LEAK, command=joined.command)
        )
        yield valves, joined


def test_a_bench_with_several_boards_and_hatches(row, pytester):
    valves, joined = row
    pytester.makepyfile(test_mine=TESTS.format(leak=LEAK))
    done = pytester.runpytest_subprocess(
        "-p", "hullwatch.hil.plugin", "--bench", "row.toml", "-rs", timeout=110
    )
    done.assert_outcomes(passed=1)
    assert joined.said == ["h1 on", "h1 off", "h1 on"]  # open at first and at last
    opened = [names for _, names in valves.world.pins.log]
    assert {"l5", "h2"} in opened
    assert {"l5"} in opened  # the other side of H2 was closed
    assert opened[-1] == {"h2"}


def test_a_hatch_that_does_not_move_breaks_the_bench(row, pytester):
    text = pytester.path.joinpath("row.toml").read_text()
    pytester.path.joinpath("row.toml").write_text(text.replace('output = "h2"', 'output = "h9"'))
    pytester.makepyfile(
        test_mine="""
        def test_first(bench):
            bench.station()

        def test_second(node):
            pass
        """
    )
    done = pytester.runpytest_subprocess(
        "-p", "hullwatch.hil.plugin", "--bench", "row.toml", "-rs", timeout=110
    )
    done.assert_outcomes(failed=1, skipped=1)
    cause = "switch h2: the second node has no output 'h9'"
    done.stdout.fnmatch_lines([f"*is broken, see test_mine.py::test_first?row?: {cause}*"])
