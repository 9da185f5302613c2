"""The code for a bench with boards on it, proved on terminals with MicroPython VMs behind them.

What the switches move is joined to the VM's chamber here: commands reach it through a socket, the
outputs of a second node through that VM's pins.
"""

from __future__ import annotations

import contextlib
import importlib
import json

import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec

# pytester forgets the modules that a test has imported, and this one cannot be imported twice
with contextlib.suppress(ImportError):
    importlib.import_module("littlefs")

LEAK = 2e-3
TESTS = """
import pytest

@pytest.mark.needs("leak", "truth")
def test_a_leak_of_the_second_node(bench, measured):
    node = bench.start({leak}, {{"windows_s": (2, 4), "volume_ul": 1_000_000}})
    window = node.measure(4)
    truth = node.chamber.truth(window)
    assert truth.source == "leak L3 CAL-17"
    reach = window.u95_pa_m3_s + truth.u95_pa_m3_s
    measured("leak", window.leak_rate_pa_m3_s, "Pa·m³/s", truth.pa_m3_s - reach,
             truth.pa_m3_s + reach, window.u95_pa_m3_s)

@pytest.mark.needs("power_cut", "bus_fault")
def test_power_and_bus(node, chamber):
    assert node.hello().uid == "{uid}"
    boot = node.boot().boot
    chamber.power_cut()
    node.until(lambda: node.boot().boot > boot, 30)
    with chamber.bus_fault():
        node.until(lambda: node.status()["state"] == 1, 30)
    node.until(lambda: node.status()["state"] == 0, 30)

@pytest.mark.needs("leak")
def test_there_is_no_such_leak(bench):
    bench.start(1e-7)

@pytest.mark.needs("heat")
def test_it_has_no_heater(chamber):
    pass

def test_it_has_no_chamber_of_choice(bench):
    bench.start(chamber={{"volume_m3": 1.0}})
"""


BENCH = """
name = "desk"
kind = "real"
port = "{first}"
step_s = 0.05
[[switch]]
name = "supply"
settle_s = 0.0
on = [{command}, "supply", "on"]
off = [{command}, "supply", "off"]
[[switch]]
name = "short"
settle_s = 0.0
on = [{command}, "short", "on"]
off = [{command}, "short", "off"]
[[switch]]
name = "leak-3"
node = "{second}"
output = "l3"
settle_s = 0.3
[[leak]]
name = "L3"
switch = "leak-3"
pa_m3_s = {leak}
u95_pa_m3_s = 1e-5
certificate = "CAL-17"
[[actuator]]
capability = "power_cut"
switch = "supply"
off_s = 0.2
[[actuator]]
capability = "bus_fault"
switch = "short"
"""
QUICK = {
    "day_amplitude_k": 0.0, "weather_rms_k": 0.0, "gas_tau_s": 0.2, "probe_tau_s": 0.2,
    "self_heat_k": 0.0, "wall_j_m2_k": 1e6,
}  # fmt: skip
"""A leak that opens cools the gas: here for no longer than a window."""


@pytest.fixture
def desk(pytester, wires):
    """Two boards on terminals, a script that moves switches, and the bench file of it all."""
    capability.executable("micropython")
    capability.module("littlefs")
    extra = {"windows_s": (10, 60), "noise_profile": "off"}
    chamber = ChamberSpec(leak_pa_m3_s=0.0, seed=1, **QUICK)
    plumbing = PlumbingSpec("16:l3:bleed:nc:60;17:l4:bleed:nc:60", start_pa=101_325.0)
    relays = {"overpressure_pa": 120_000, "period_us": 1_000_000}
    with contextlib.ExitStack() as stack:
        first = VmBench(BenchSpec(chamber=chamber, seed=1, extra=extra))
        stack.callback(first.close)
        second = VmBench(BenchSpec(chamber=chamber, seed=2, plumbing=plumbing, extra=relays))
        stack.callback(second.close)
        joined = wires(
            {
                "supply off": first.power_cut,
                "short on": lambda: first.act(lambda _us: first.world.bus.nack(0x47)),
                "short off": lambda: first.act(lambda _us: first.world.bus.clear(0x47)),
            },
            second,
            lambda opened: first.act(
                lambda us: first.world.chamber.set_leak(us, LEAK if "l3" in opened else 0.0)
            ),
        )
        pytester.path.joinpath("desk.toml").write_text(
            BENCH.format(
                first=first.port_path, second=second.port_path, leak=LEAK,
                command=joined.command,
            )
        )  # fmt: skip
        yield first, second, joined


def test_a_bench_with_boards(desk, pytester):
    first, second, wires = desk
    uid = first._environment["HULLWATCH_UID"]
    pytester.makepyfile(test_mine=TESTS.format(uid=uid, leak=LEAK))
    done = pytester.runpytest_subprocess(
        "-p", "hullwatch.hil.plugin", "--bench", "desk.toml", "-rs", timeout=110
    )
    done.assert_outcomes(passed=2, skipped=3)
    for why in ("leak near 1e-07 Pa·m³/s", "heat", "any_chamber: chamber cannot be chosen"):
        done.stdout.fnmatch_lines([f"*bench desk has no {why}*"])
    opened = [names for _, names in second.world.pins.log]
    assert frozenset({"l3"}) in opened
    assert opened[-1] == frozenset()  # the switches are at rest again
    assert wires.said == ["supply off", "supply on", "short on", "short off"]
    copies = [first.files()[name].splitlines()[0] for name in ("config.0", "config.1")]
    generation, settings = max(json.loads(copy) for copy in copies)
    assert generation == 3  # asked for, and given back
    assert settings["windows_s"] == [10, 60]


def test_a_switch_that_does_not_move_is_the_first_cause(desk, pytester):
    text = pytester.path.joinpath("desk.toml").read_text()
    pytester.path.joinpath("desk.toml").write_text(text.replace('output = "l3"', 'output = "l9"'))
    pytester.makepyfile(
        test_mine="""
        def test_first(bench):
            bench.start(2e-3)

        def test_second(node):
            pass
        """
    )
    done = pytester.runpytest_subprocess(
        "-p", "hullwatch.hil.plugin", "--bench", "desk.toml", "-rs", timeout=110
    )
    done.assert_outcomes(failed=1, skipped=1)
    cause = "switch leak-3: the second node has no output 'l9'"
    done.stdout.fnmatch_lines([f"E *BenchBroken: bench desk is broken: {cause}*"])
    done.stdout.fnmatch_lines([f"*is broken, see test_mine.py::test_first?desk?: {cause}*"])
