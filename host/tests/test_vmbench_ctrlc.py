"""Ctrl-C on bench mpy: a key at a prompt, an interrupt in a program, never the end of the VM."""

import contextlib
import fcntl
import random
import struct
import termios
import threading
import time
from pathlib import Path

import pytest

import capability
from hullwatch.bench import busserver
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.flash.boardstate import survey
from hullwatch.flash.build import build
from hullwatch.transport.rawrepl import CommandFailed, RawRepl

IDLE = {"main.py": b"print('nothing to do')\n"}


@pytest.fixture
def vm():
    """A VM with these files on it."""
    capability.executable("micropython")
    capability.module("littlefs")
    if not Path("/proc/self/syscall").exists():
        pytest.skip("needs a system that tells what a process waits in (Linux)")
    with contextlib.ExitStack() as stack:
        yield lambda files: stack.enter_context(
            contextlib.closing(VmBench(BenchSpec(seed=3), files=files))
        )


def eventually(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@contextlib.contextmanager
def terminal(one):
    """Types into the terminal and reads up to a word."""
    with contextlib.closing(one.open_port()) as port:
        said = b""

        def until(word):
            nonlocal said
            deadline = time.monotonic() + 30
            while word not in said:
                assert time.monotonic() < deadline, said
                said += port.read(0.1)
            said = said.partition(word)[2]

        yield port.write, until


def test_at_a_prompt_it_is_a_key(vm):
    one = vm(IDLE)
    eventually(lambda: one.hub._said.endswith(b">>> "))
    with terminal(one) as (write, until):
        for typed, answer in (
            (b"1 + \x03", b"\r\n>>> "),
            (b"\x01", b"CTRL-B to exit\r\n>"),
            (b"print(\x03print(7 * 6)\x04", b"OK42\n\x04\x04>"),  # what was before is forgotten
            (b"\x05A\x01", b"R\x01\x80\x00\x01"),  # raw paste: its window is no prompt
            (b"print(1)\x03", b"KeyboardInterrupt: "),
            (b"\x02", b">>> "),
        ):
            write(typed)
            until(answer)
    assert one.boots == 1


def test_a_program_that_never_waits_is_interrupted(vm):
    one = vm({"main.py": b"print('busy')\nwhile True:\n    pass\n"})
    with terminal(one) as (write, until):
        write(b"\x03")
        until(b"KeyboardInterrupt: ")
        until(b">>> ")
    assert one.boots == 1


def test_a_program_that_sleeps_is_interrupted(vm):
    one = vm({"main.py": b"import time\ntime.sleep(1000)\n"})
    with terminal(one) as (write, until):
        write(b"\x03\x01")
        until(b"KeyboardInterrupt: ")
        until(b"CTRL-B to exit\r\n>")
    assert one.boots == 1


def test_a_node_may_be_stopped_at_any_moment_of_its_start(vm):
    """Among allocations and littlefs, the locks they hold: the board is whole afterwards."""
    one = vm(build("vm").contents())
    moments = random.Random(1)
    for _ in range(15):
        boots = one.boots
        one.power_cut()
        eventually(lambda boots=boots: one.boots > boots)
        time.sleep(moments.random() * 0.4)
        with RawRepl(one.port_path) as repl:
            repl.run("import gc; gc.collect(); kept = bytearray(3000)")
            assert survey(repl).core_hash == one.build.core_hash
        assert one.boots == boots + 1


def unread(fd):
    """Bytes that wait in a pipe."""
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]


def test_an_answer_that_came_too_late_is_not_the_next_ones(vm, monkeypatch):
    """Ctrl-C between a request to the pins and its answer, which the chamber is slow to give."""
    one = vm(build("vm").contents() | IDLE)
    eventually(lambda: one.hub._said.endswith(b">>> "))
    asked, asks_again = threading.Event(), threading.Event()

    def slow(*_):
        asked.set()
        assert asks_again.wait(60)
        return b"\x34\x12"

    with RawRepl(one.port_path) as repl:
        repl.run("from board import board")
        one.server.chip.scratch = 0x0AFE
        quick = one.server._handlers[busserver.SCRATCH_GET]
        one.server._handlers[busserver.SCRATCH_GET] = slow

        def interrupt():
            assert asked.wait(60)
            one.server._handlers[busserver.SCRATCH_GET] = quick
            repl._transport.serial.write(b"\x03")
            eventually(lambda: unread(one.server._req))
            asks_again.set()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(CommandFailed, match="KeyboardInterrupt"):
            repl.run("board.scratch_get()")
        assert repl.value("board.scratch_get()") == 0x0AFE
        thread.join(60)
