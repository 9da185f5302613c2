"""`flash`, `shell` and `node` as people call them, on a MicroPython VM behind a terminal."""

import contextlib
import json
import os
import pty
import re
import select
import sqlite3
import struct
import subprocess
import time
from pathlib import Path

import pytest

from hullwatch import errors
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.flash import errors as flash_errors
from hullwatch.flash.build import build
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.transport import rawrepl


def wait(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_node_that_is_up_to_date_is_not_touched(served, hullwatch):
    code, out, err = hullwatch("flash", "--node", served, "--json")
    told = json.loads(out)
    assert (code, told["up_to_date"], told["boot"]) == (0, True, 1)
    assert told["core_hash"] == build("vm").core_hash
    assert served in err
    assert "firmware" in err


def test_a_logger_lends_its_port_and_goes_on(served, start, hullwatch, home):
    log = start("log", served, "--db", "a.db", "--json")
    log.until('"window_s"')
    code, out, err = hullwatch("flash", "--set", "volume_ul=2000000", "--json")
    assert code == 0, err
    boot = json.loads(out)["boot"]
    assert boot >= 2
    log.until("is lent to hullwatch flash", where="err")
    log.until(rf"boot {boot}\b", where="err")
    code, out, _ = hullwatch("config", "show", "--json")
    assert json.loads(out)["volume_ul"] == "2000000"
    before = len(log.rows())
    wait(lambda: len(log.rows()) > before)


def test_records_are_fetched_before_their_layout_changes(bench, older, refused, hullwatch, home):
    one = bench(older)
    port = one.port_path
    code, _, err = hullwatch("flash", "--node", port)
    assert code == flash_errors.RecordsHeld.exit_code
    assert re.search(r"holds \d+ records and \d+ pages of raw samples that no database has", err)
    assert "--db FILE" in err
    code, out, err = hullwatch("flash", "--node", port, "--db", "kept.db", "--json")
    assert code == 0, err
    assert json.loads(out)["core_hash"] == build("vm").core_hash
    kept = sqlite3.connect("kept.db")
    assert kept.execute("SELECT count(*) FROM configs").fetchone()[0] >= 2  # one for each boot
    kept.close()


def test_they_may_be_given_up(bench, older, hullwatch):
    one = bench(older)
    code, out, err = hullwatch("flash", "--node", one.port_path, "--discard-records", "--json")
    assert (code, json.loads(out)["files"]) == (0, 2), err


def test_a_blank_board_with_settings(bench, hullwatch):
    one = bench({})
    code, out, _ = hullwatch("flash", "--node", one.port_path, "--set", "name=jar 7")
    assert code == 0
    assert re.search(r"\d+ files put in place, \d+ bytes sent\nnode [0-9a-f]{16}, board vm,", out)
    code, out, _ = hullwatch("config", "show", "--port", one.port_path, "--json")
    assert json.loads(out)["name"] == "jar 7"


# --- refusals ------------------------------------------------------------------------------------


def test_what_is_no_micropython_is_told(device, hullwatch, monkeypatch):
    monkeypatch.setattr(rawrepl, "_ENTER_S", 0.3)
    monkeypatch.setattr(rawrepl, "_READ_S", 0.3)
    modem = device(lambda data: b"ERROR\r\n")
    code, _, err = hullwatch("flash", "--node", modem.path)
    assert code == errors.WrongDevice.exit_code
    assert f"hullwatch: no MicroPython answers on {modem.path} (hullwatch flash --uf2" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--volume", "."), "--volume needs --uf2"),
        (("--uf2", "x.uf2", "--db", "a.db"), "--uf2 goes with --volume only"),
        (("--set", "volume_ul"), "is no KEY=VALUE"),
    ],
)
def test_options_that_contradict(refused, words, told):
    assert told in refused(errors.InputError.exit_code, "flash", *words)


EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "recipes" / "decay.toml"
RECIPE = EXAMPLE.read_text().replace("time_s = 60", "time_s = 600")
RECIPE += "[vessel]\nvolume_l = 1.0\nu_volume_percent = 0.2\n"


def test_a_running_test_is_not_ended(home, start, interrupt, refused, hullwatch):
    """Its host has gone, the node goes on with it: nothing that stops the node is done."""
    (home / "jar.toml").write_text(RECIPE)
    wiring = PlumbingSpec("16:supply:fill:nc:60:dump;17:dump:vent:nc:0", vented=True)
    extra = {
        "overpressure_pa": 123_000,
        "temp_lag_ms": 3_000,
        "settling_ms": 3_000,
        "temp_gradient_uk": 100,
        "u_volume_ppm": 2_000,
        "windows_s": (3600,),
    }
    with contextlib.closing(
        VmBench(BenchSpec(chamber=ChamberSpec(seed=3), seed=3, plumbing=wiring, extra=extra))
    ) as one:
        wait(lambda: one.server.requests > 20)
        host = start("test", "run", "jar.toml", "--part", "P1", "--port", one.port_path)
        wait(lambda: "supply" in one.world.pins.opened() or not host.running())
        assert host.running(), host.err
        host.signal(interrupt)
        assert host.end() == 130
        for command in (
            ("flash", "--node", one.port_path, "--set", "name=x"),
            ("node", "reboot", one.port_path),
            ("node", "safe-mode", one.port_path),
        ):
            code, _, err = hullwatch(*command)
            assert code == flash_errors.TestRunning.exit_code, err
            assert re.search(r"test 1 is running on this node \(phase \w+\) \(.*test abort\)", err)
        assert one.boots == 1
        code, _, err = hullwatch("test", "abort", one.port_path)
        assert code == 0, err


def test_settings_are_checked_before_the_board_is_touched(bench, refused):
    one = bench(build("vm").contents())
    line = refused(
        errors.InputError.exit_code, "flash", "--node", one.port_path, "--set", "volume_ul=0"
    )
    assert "volume_ul" in line
    assert one.boots == 1


# --- MicroPython ---------------------------------------------------------------------------------


def test_micropython_goes_to_the_disk_of_the_board(hullwatch, refused, home):
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, 0, 1, 0xE48BFF56)
    (home / "pico.uf2").write_bytes(head + bytes(476) + struct.pack("<I", 0x0AB16F30))
    disk = home / "RPI-RP2"
    disk.mkdir()
    line = refused(flash_errors.NoVolume.exit_code, "flash", "--uf2", "pico.uf2", "--volume", disk)
    assert "BOOTSEL" in line
    (disk / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    code, out, err = hullwatch("flash", "--uf2", "pico.uf2", "--volume", disk)
    assert (code, err) == (0, "")
    assert "for the RP2040" in out
    assert "next: hullwatch flash" in out
    assert (disk / "pico.uf2").read_bytes() == (home / "pico.uf2").read_bytes()


# --- care ----------------------------------------------------------------------------------------


def test_the_crash_log_is_fetched_and_the_node_runs_on(bench, hullwatch, json_of):
    files = build("vm").contents()
    one = bench({**files, "crash.txt": b"OSError: 5\nTraceback ...\n"})
    told = json_of("node", "log", one.port_path, "--json", "--clear")
    assert told["crash"].startswith("OSError: 5\n")
    assert told["core_hash"] == build("vm").core_hash
    code, out, _ = hullwatch("node", "log", one.port_path)
    assert (code, out.splitlines()[-1]) == (0, "no crash is on record")
    boot = json_of("node", "reboot", one.port_path, "--json")["boot"]
    assert boot >= 2


def test_safe_mode_stops_the_node_until_it_is_rebooted(bench, hullwatch, json_of):
    one = bench(build("vm").contents())
    wait(lambda: one.server.chip.watchdog_ms)
    one.server.chip.outputs_safe = False
    code, out, _ = hullwatch("node", "safe-mode", one.port_path)
    assert code == 0
    assert "outputs released" in out
    assert one.server.chip.outputs_safe
    assert one.server.chip.watchdog_ms == 0
    assert json_of("node", "reboot", one.port_path, "--json")["boot"] == 2


def test_a_shell_is_a_repl_and_the_node_comes_back(bench):
    one = bench(build("vm").contents())
    command = [
        os.sys.executable, "-c", "from hullwatch.cli import main; main()", "shell", one.port_path
    ]  # fmt: skip
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""

    def until(word):
        nonlocal seen
        deadline = time.monotonic() + 20
        while word not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([master], [], [], 0.1)[0]:
                seen += os.read(master, 4096)

    until(b">>> ")
    os.write(master, b"print(6 * 7)\r")
    until(b"\n42")
    os.write(master, b"\x1d")
    until(b"the node starts again")
    assert process.wait(10) == 0
    os.close(master)
    wait(lambda: one.boots == 2)


def test_a_shell_needs_a_terminal(refused, bench):
    assert "needs a terminal" in refused(errors.InputError.exit_code, "shell", "/dev/null")


def test_nodes_are_watched(served, start, interrupt):
    watch = start("nodes", served, "--watch", "--json")
    watch.until('"firmware"')
    time.sleep(2.5)
    assert len(watch.rows()) == 1  # nothing has changed
    watch.signal(interrupt)
    assert watch.end() == 130
