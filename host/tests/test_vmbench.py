"""The mpy bench: the shipped bytes on a MicroPython VM, its clock, its terminal, its pins."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.errors import PortBusy
from hullwatch.link import messages as m
from hullwatch.link.events import Console, Hello, Prompt
from hullwatch.sim.second import ProbeSpec

STEP_S = 0.02


@pytest.fixture
def vm():
    capability.executable("micropython")
    capability.module("littlefs")
    made = []

    def make(speed=5.0, ticks0_us=0, **spec):
        made.append(VmBench(BenchSpec(**{"seed": 3, **spec}), speed, ticks0_us))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(site, condition, seconds=60):
    """Run the logger until the condition holds; `seconds` of the bench's own time at most."""
    end_s = site.bench.now_s() + seconds
    while not condition():
        assert site.bench.now_s() < end_s
        site.logger.step(STEP_S)


def boots_heard(site):
    return [e.number("boot") for e in site.events if isinstance(e, Hello)]


def told_gaps(site):
    """Gaps of the store; a busy machine lets a VM miss a slot, and says so."""
    return [g for g in site.summary().gaps if g.reason != "no sample was taken"]


def test_it_runs_the_bytes_of_the_build_and_says_so(vm, site):
    one = site(bench=vm())
    one.log()
    until(one, lambda: boots_heard(one))
    (hello,) = [e for e in one.events if isinstance(e, Hello)]
    assert hello.fields["core_hash"].hex() == one.bench.build.core_hash
    assert hello.fields["board"].rstrip(b"\0") == b"vm"
    assert hello.number("protocol") == m.PROTOCOL_VERSION
    until(one, lambda: one.logger.collector.totals.samples >= 40)
    assert told_gaps(one) == []


def test_a_thermometer_on_a_wire_of_its_own(vm, site):
    second = ProbeSpec("ds18b20", address=0)
    one = site(
        bench=vm(speed=10.0, period_us=500_000, compensation="probe", second=second,
                 extra={"windows_s": (10, 60)})
    )  # fmt: skip
    one.log()
    until(one, lambda: one.store.reader().windows(), 120)
    window = one.store.reader().windows()[0]
    assert window.compensation == "probe"
    assert abs(window.temperature_mean_k - 293.15) < 3
    (probe,) = one.bench.world.wire.slaves
    assert probe.conversions >= window.n


def test_ctrl_c_leaves_with_safe_outputs_and_the_logger_brings_it_back(vm, site):
    one = site(bench=vm())
    one.log()
    until(one, lambda: one.logger.collector.totals.samples >= 20)
    chip = one.bench.server.chip
    assert chip.watchdog_ms > 0
    chip.outputs_safe = False
    one.port.write(b"\x03")
    until(one, lambda: any(isinstance(e, Prompt) for e in one.events))
    assert chip.outputs_safe
    assert chip.watchdog_ms == 0
    text = "".join(e.text for e in one.events if isinstance(e, Console))
    assert "left to the REPL" in text.splitlines()[0]
    until(one, lambda: len(boots_heard(one)) == 2)
    samples = one.logger.collector.totals.samples
    until(one, lambda: one.logger.collector.totals.samples >= samples + 20)
    one.logger.finish()
    assert boots_heard(one) == [1, 2]
    assert one.logger.restarts == 1
    assert told_gaps(one) == []
    with one.store.reader() as reader:
        assert "LEFT" in [e.event for e in reader.events() if e.boot == 2]
    for numbers in one.records().values():
        assert numbers == list(range(len(numbers)))


def test_device_time_goes_on_where_the_tick_counter_wraps(vm, site):
    wrap_ms = 1 << 30
    one = site(bench=vm(ticks0_us=(wrap_ms - 4000) * 1000))
    one.log()
    until(one, lambda: one.logger.collector.totals.samples >= 140)
    one.logger.finish()
    with one.store.reader() as reader:
        (boot,) = reader.boots()
        raw = reader.raw(boot.key)
        windows = reader.windows()
        fits = reader.clock_fits(boot.key)
    steps = np.diff(raw.due_us)
    assert np.all(np.abs(steps - 100_000 * np.diff(raw.sample)) <= 1000)  # stored to the ms
    assert raw.due_us[0] < wrap_ms * 1000 < raw.due_us[-1]
    (ten,) = [w for w in windows if w.window_s == 10 and w.first_sample == 0]
    assert wrap_ms - 4000 <= ten.first_device_ms < wrap_ms < ten.device_ms < wrap_ms + 20_000
    assert fits
    assert all(wrap_ms - 4000 <= fit.ref_ms <= raw.due_us[-1] / 1000 + 10_000 for fit in fits)
    assert told_gaps(one) == []
    assert one.status()["late"] < 70


def test_a_nack_is_a_fault_on_micropython_too_and_ends(vm, site):
    one = site(bench=vm())
    one.log()
    until(one, lambda: one.logger.collector.totals.samples >= 20)
    one.bench.world.bus.nack(0x47)
    until(one, lambda: one.status()["state"] == 1)
    one.bench.world.bus.clear(0x47)
    until(one, lambda: one.status()["state"] == 0)
    samples = one.logger.collector.totals.samples
    until(one, lambda: one.logger.collector.totals.samples >= samples + 20)
    one.logger.finish()
    with one.store.reader() as reader:
        events = {e.event: e for e in reader.events()}
    assert events["SENSOR_FAULT"].a == 5
    assert events["SENSOR_BACK"].a >= 10
    assert one.bench.boots == 1


def test_the_terminal_is_held_by_one_program(vm):
    one = vm()
    first = one.open_port()
    try:
        if os.geteuid() == 0:
            pytest.skip("needs a user that is not root: root may open what is held exclusively")
        with pytest.raises(PortBusy):
            one.open_port()
    finally:
        first.close()


def test_closing_ends_the_vm_and_removes_its_files(vm):
    one = vm()
    path = one.port_path
    deadline = time.monotonic() + 20
    while one.boots == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process = one._process
    folder = one._folder
    assert folder.is_dir()
    one.close()
    one.close()  # the second time does nothing
    assert process.poll() is not None
    assert not folder.exists()
    assert not Path(path).exists()


KILLED = """
import os, signal, sys, time
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
bench = VmBench(BenchSpec(seed=3), 5.0, 0)
time.sleep(1)
print(bench._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_bench_that_is_killed_leaves_no_vm_behind(vm):
    """Its pipes end: the node's next question to its bus has no answer, ever."""
    capability.executable("micropython")
    done = subprocess.run(
        [sys.executable, "-c", KILLED], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    pid = int(done.stdout)
    for _ in range(300):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return  # ended; nobody here is its parent
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the VM goes on without a bench")
