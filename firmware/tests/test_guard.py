"""What follows from Ctrl-C, an exception, a watchdog reset, a restart: outputs safe before all."""

import struct
import sys
from types import ModuleType, SimpleNamespace

import pytest

import run_on_vm
from hullcore.messages import REBOOT, WHO
from hullnode import guard
from hullwatch.link import recordkinds

LEFT, ASKED, WAS_SAFE = 0x100, 0x200, 0x400
WATCHDOG = 3
NAMES = [name for name, _, _ in recordkinds.EVENTS]


class Bench:
    """A board whose `idle` does what a test wants after some device time, and the node on it."""

    def __init__(self, fakes: ModuleType, root: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.board = fakes.Board(root)
        self.board.link_us = 50_000
        self.nodes: list = []
        self.elapsed_us = 0
        self._idle = self.board.idle
        real = guard.Node

        def started(board: object, crashes: int) -> object:
            self.nodes.append(real(board, crashes))
            return self.nodes[-1]

        monkeypatch.setattr(guard, "Node", started)
        monkeypatch.setattr(sys, "print_exception", printed, raising=False)

    def run(self, after_us: int = 300_000, then: BaseException | None = None) -> list[str]:
        """One life of the node, ended by `then` (Ctrl-C if none); the calls it made, in order."""
        then = then or KeyboardInterrupt()
        self.elapsed_us = 0

        def idle(us: int) -> None:
            self.elapsed_us += us
            if self.elapsed_us > after_us:
                raise then
            self._idle(us)

        self.board.idle = idle
        del self.board.calls[:]
        guard.run(self.board)
        return self.board.calls

    def events(self) -> list[SimpleNamespace]:
        """Events of the node's latest life."""
        spool = self.nodes[-1].spool
        found = []
        for number in range(spool.oldest, spool.next):
            record = spool.get(number)
            if record[12] == recordkinds.EVENT.id and record[8] == self.nodes[-1].stamp.boot:
                values = SimpleNamespace(**recordkinds.EVENT.unpack(record))
                values.name = NAMES[values.code - 1]
                values.text = values.text.rstrip(b"\0").decode()
                found.append(values)
        return found


def printed(error: BaseException, file=None) -> None:
    """What MicroPython's sys.print_exception does."""
    (file or sys.stdout).write(f"Traceback\n{type(error).__name__}: {error}\n")


@pytest.fixture
def bench(fakes, tmp_path, monkeypatch):
    return Bench(fakes, str(tmp_path), monkeypatch)


def test_ctrl_c_leaves_to_the_repl_with_outputs_safe_and_no_watchdog(bench, capsys):
    calls = bench.run()
    assert calls == ["scratch 0x0", "arm 8000", "feed", "outputs_safe", "disarm", "scratch 0x100"]
    assert "left to the REPL" in capsys.readouterr().out
    assert bench.run()[0] == "scratch 0x0"
    assert [e.name for e in bench.events()] == ["BOOT", "LEFT"]


def test_an_exception_makes_outputs_safe_first_then_restarts(bench, capsys, tmp_path):
    calls = bench.run(then=ValueError("boom"))
    assert calls[2:] == ["feed", "outputs_safe", "disarm", "scratch 0x201", "restart"]
    assert "ValueError: boom" in capsys.readouterr().out
    assert (tmp_path / "crash.txt").read_text().splitlines()[0] == "ValueError: boom"
    bench.board.reset_cause = WATCHDOG  # what machine.reset() looks like
    calls = bench.run()
    assert calls[0] == "scratch 0x1"
    (crash,) = [e for e in bench.events() if e.name == "CRASH"]
    assert (crash.a, crash.text, crash.severity) == (1, "ValueError: boom", 2)


@pytest.mark.parametrize("error", [OSError(5), MemoryError(), ZeroDivisionError(), StopIteration()])
def test_whatever_is_raised_restarts(bench, error):
    assert bench.run(then=error)[-4:] == ["outputs_safe", "disarm", "scratch 0x201", "restart"]


def test_an_exception_before_the_first_loop_counts_too(bench):
    bench.board.i2c = lambda sda, scl, khz: 1 / 0
    calls = bench.run()
    assert calls == ["scratch 0x0", "outputs_safe", "disarm", "scratch 0x201", "restart"]


def test_three_crashes_lead_to_safe_mode_and_the_node_is_not_started(bench, capsys):
    for count in (1, 2, 3):
        calls = bench.run(then=RuntimeError("again"))
        assert calls[-2:] == [f"scratch {0x200 + count:#x}", "restart"]
        bench.board.reset_cause = WATCHDOG
    lives = len(bench.nodes)
    assert bench.run() == ["scratch 0x400", "outputs_safe", "disarm"]
    assert len(bench.nodes) == lives == 3
    out = capsys.readouterr().out
    assert "safe mode after 3 crashes" in out
    assert out.endswith("RuntimeError: again\n")
    assert bench.run()[0] == "scratch 0x0"  # Ctrl-D tries again
    (safe,) = [e for e in bench.events() if e.name == "SAFE_MODE"]
    assert safe.text == "RuntimeError: again"


def test_three_watchdog_resets_lead_to_safe_mode(bench):
    bench.run(then=RuntimeError("old"))
    bench.board.scratch = 0
    bench.board.reset_cause = WATCHDOG
    for count in (1, 2):
        assert bench.run()[0] == f"scratch {count:#x}"
        bench.board.scratch &= 0xFF  # it bit instead of being left
    (crash,) = [e for e in bench.events() if e.name == "CRASH"]
    assert (crash.a, crash.text) == (2, "watchdog reset")
    assert bench.run() == ["scratch 0x400", "outputs_safe", "disarm"]


@pytest.mark.parametrize("register", [ASKED, ASKED | 2, LEFT, LEFT | 2, WAS_SAFE])
def test_resets_that_were_wanted_are_no_crashes(bench, register):
    """The cause of a reset outlives a soft reset: after any restart it reads as a watchdog's."""
    bench.board.reset_cause = WATCHDOG
    bench.board.scratch = register
    assert bench.run()[0] == f"scratch {register & 0xFF:#x}"
    for _ in range(5):
        assert bench.run()[0] == f"scratch {register & 0xFF:#x}"


@pytest.mark.parametrize("cause", [1, 2, 4, 5])
def test_other_causes_are_no_crashes(bench, cause):
    bench.board.reset_cause = cause
    assert bench.run()[0] == "scratch 0x0"
    assert [e.a for e in bench.events() if e.name == "BOOT"] == [cause]


def test_ten_quiet_minutes_forgive(bench):
    for _ in range(2):
        bench.run(then=RuntimeError())
    bench.board.link_us = 1_000_000
    calls = bench.run(after_us=599_000_000, then=RuntimeError())
    assert calls[-2:] == ["scratch 0x203", "restart"]
    bench.board.scratch = 2 | ASKED
    calls = bench.run(after_us=602_000_000, then=RuntimeError())
    assert calls[-2:] == ["scratch 0x201", "restart"]


def test_a_restart_the_host_asks_for_comes_after_its_answer_was_heard(bench, wire):
    board = bench.board
    host = SimpleNamespace(heard=0xFFFF, step=0)
    replies = []
    ack = struct.Struct("<HBIIIQQ")

    def read() -> None:
        for data in board.console.sent:
            message, _, host.heard, payload = wire.decode(data)
            if message == 5:
                assert "restart" not in board.calls
                replies.append(payload)
        board.console.sent.clear()

    real = board.idle

    def idle(us: int) -> None:
        host.step += 1
        assert host.step < 1000, "it never restarts"
        if host.step == 2:
            board.console.feed(wire.encode(WHO, 0, 0, struct.pack("<HH", 1, 7)))
        elif host.step == 30:
            read()
            board.console.feed(wire.encode(REBOOT, 7, 3, b""))
        elif host.step > 60:
            read()
            board.console.feed(wire.encode(33, 7, 4, ack.pack(host.heard, 0, 0, 0, 0, 0, 0)))
        real(us)

    board.idle = idle
    guard.run(board)
    assert replies == [struct.pack("<BHB", REBOOT, 3, 0)]
    assert board.calls[-4:] == ["outputs_safe", "disarm", "scratch 0x200", "restart"]


def test_no_watchdog_when_it_is_set_to_zero(bench, tmp_path):
    from hullnode.config import Config

    config = Config(str(tmp_path))
    config.stage("watchdog_ms", "0")
    config.commit()
    assert bench.run() == ["scratch 0x0", "outputs_safe", "disarm", "scratch 0x100"]


def test_a_crash_log_that_cannot_be_written_or_read_changes_nothing(bench, tmp_path):
    (tmp_path / "crash.txt").mkdir()
    assert bench.run(then=ValueError("boom"))[-1] == "restart"
    (tmp_path / "crash.txt").rmdir()
    (tmp_path / "crash.txt").write_bytes(b"\xff\xfe\x00")
    assert bench.run()[-1] == "scratch 0x101"
    (crash,) = [e for e in bench.events() if e.name == "CRASH"]
    assert crash.text == ""


BOARD = """
import sys
from fakes import Board
class Tracing(Board):
    def outputs_safe(self):
        print("safe, application loaded:", "hullnode.guard" in sys.modules)
    def watchdog_disarm(self):
        print("disarmed")
    def scratch_set(self, value):
        Board.scratch_set(self, value)
        print("register", value)
    def restart(self):
        print("restart")
    def idle(self, us):
        self.time.advance(us)
        if self.time.ms > 300:
            raise END
board = Tracing("ROOT")
"""


@pytest.mark.parametrize("vm", ["unix64", "wasm32"])
def test_main_makes_outputs_safe_before_anything_is_imported(vm, on_vm, tmp_path):
    """The program of the node as it is shipped, on a board that prints what is asked of it."""
    main = (run_on_vm.FIRMWARE / "main.py").read_text("utf-8")
    where = str(tmp_path) if vm == "unix64" else "/root"
    ends = {
        "KeyboardInterrupt": ["safe, application loaded: True", "disarmed", "register 256"],
        "ValueError('boom')": ["safe, application loaded: True", "disarmed", "register 513"],
    }
    for end, expected in ends.items():
        (tmp_path / "board.py").write_text(BOARD.replace("ROOT", where).replace("END", end))
        lines = on_vm(vm, main, ROOT=tmp_path).splitlines()
        assert lines[:2] == ["safe, application loaded: False", "register 0"]
        assert lines[2:5] == expected
        assert ("restart" in lines) is (end != "KeyboardInterrupt")
        assert lines[-1] == "safe, application loaded: True"  # whatever happened in between
    assert (tmp_path / "crash.txt").read_text().startswith("ValueError: boom\n")
