"""Flashing the emulated Pico through its USB console: the real port's REPL, heap, flash and reset.

Needs a MicroPython image for the Pico, named by HULLWATCH_UF2; without it a stated skip.
"""

import pytest

import capability
from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import HullwatchError
from hullwatch.flash.build import build
from hullwatch.flash.job import Job
from hullwatch.transport.discover import find_port

pytestmark = pytest.mark.timeout(1800)  # the emulator runs at a third of real time, at best


@pytest.fixture
def pico():
    capability.emulated_pico()
    from hullwatch.bench.emu.terminal import EmuTerminal

    made = []

    def make(files):
        bench = EmuBench(BenchSpec(seed=3), files=files)
        made.append(EmuTerminal(bench))
        return bench, made[-1]

    yield make
    for one in made:
        one.close()


def flash(terminal, progress=lambda *_: None):
    return Job(lambda: find_port(terminal.port_path), build, lambda _: None, progress).run()


def test_a_pico_fresh_from_micropython_gets_the_firmware(pico):
    bench, terminal = pico({})
    done = flash(terminal)
    assert done.hello.fields["core_hash"].hex() == build("pico").core_hash
    assert len(done.placed) == len(build("pico").files)
    with terminal.lock:
        assert bench.resets == 1
        assert bench.chip.files()["main.py"] == build("pico").contents()["main.py"]
    assert terminal.fault is None


def test_a_reset_in_the_middle_of_the_switch_is_finished_by_the_pico_alone(pico):
    """The chip restarts between two files: as after a pulled cable, main.py is the switch."""
    files = build("pico").contents()
    stale = dict.fromkeys(("hullcore/trend.mpy", "hullnode/pair.mpy"), b"M\x06\x00\x1f")
    bench, terminal = pico({**files, **stale, "hullnode/stray.py": b"x = 1\n"})

    class Stop(HullwatchError):
        """The host gives up; closing the REPL resets the chip."""

    def stop(what, done, _total):
        if (what, done) == ("in place", 1):
            raise Stop("gone")

    with pytest.raises(Stop):
        flash(terminal, stop)
    done = flash(terminal)
    assert done.hello.fields["core_hash"].hex() == build("pico").core_hash
    with terminal.lock:
        left = bench.chip.files()
    assert "hullnode/stray.py" not in left
    assert "update.pack" not in left
