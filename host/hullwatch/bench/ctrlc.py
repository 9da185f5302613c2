"""Ctrl-C for a MicroPython VM, taken where a chip would take it.

On a chip 0x03 raises KeyboardInterrupt between two bytecodes of a running program; where none runs
it is a key. The VM raises it in its signal handler, wherever its C code is just then: inside an
allocation, a lock or littlefs, which stay as they are for ever. Where no program runs, the signal
ends it. So the signal is sent to a VM that sleeps in a system call with its handler in place, and
the VM is stopped for the moment in which that is looked up. Linux tells both (proc(5)); elsewhere
what the VM has said last must do.
"""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 0.001
"""How often to try again."""

_BUSY_S = 2.0
"""A program that has computed for so long without ever waiting is interrupted where it is."""

_TOLD = Path("/proc/self/syscall").exists()
_SIGINT_BIT = 1 << signal.SIGINT - 1
_SLEEPS = "S"
_ENDED = "ZX"
_PROMPTS = (b">>> ", b"\x04>", b"CTRL-B to exit\r\n>")
"""What a VM that waits for a key has said last."""

KEPT = max(map(len, _PROMPTS))
"""How much of what a VM said last is needed."""


class Taken(enum.Enum):
    """How a VM takes a Ctrl-C: as a key to read, or as an interrupt, which it has got."""

    KEY = enum.auto()
    INTERRUPT = enum.auto()


@dataclass(frozen=True)
class _Look:
    """A process: its state, the system call it is in, CPU seconds, what it does about SIGINT."""

    state: str
    call: str
    cpu_s: float
    handles: bool
    ignores: bool


class CtrlC:
    """One Ctrl-C on its way to a VM; call `tried` every LOOK_S until it says how it was taken.

    A VM that has ended takes none.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._began_cpu_s: float | None = None

    def tried(self, said: bytes) -> Taken | None:
        """None while the VM is busy, or gone. `said` are the last KEPT bytes of what it said."""
        if not _TOLD:
            return self._by_what_it_said(said)
        try:
            look = _look(self._process.pid)
        except PermissionError:
            return self._by_what_it_said(said)
        except OSError:
            return None
        if look.state in _ENDED:
            return None
        if self._began_cpu_s is None:
            self._began_cpu_s = look.cpu_s
        busy = look.cpu_s - self._began_cpu_s > _BUSY_S
        if look.state != _SLEEPS and not busy:
            return None
        with _stopped(self._process):
            return self._taken(look, busy, said)

    def _taken(self, before: _Look, busy: bool, said: bytes) -> Taken | None:
        """By a VM that is stopped: where it was `before`, or wherever when it is always busy."""
        try:
            now = _look(self._process.pid)
        except OSError:
            return None
        if now.call != before.call and not busy:
            return None
        if now.ignores and not busy:
            return None  # it waits for another program, as a reset does
        if not now.handles:
            return Taken.KEY if said or busy else None  # silent so far: it is starting
        self._process.send_signal(signal.SIGINT)
        return Taken.INTERRUPT

    def _by_what_it_said(self, said: bytes) -> Taken:
        if said.endswith(_PROMPTS):
            return Taken.KEY
        self._process.send_signal(signal.SIGINT)
        return Taken.INTERRUPT


def _look(pid: int) -> _Look:
    """Raises OSError when there is nothing to see."""
    folder = Path("/proc") / str(pid)
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    status = dict(
        line.split(":\t", 1)
        for line in (folder / "status").read_text().splitlines()
        if ":\t" in line
    )
    return _Look(
        state=fields[0],
        call=(folder / "syscall").read_text(),
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
        handles=bool(int(status["SigCgt"], 16) & _SIGINT_BIT),
        ignores=bool(int(status["SigIgn"], 16) & _SIGINT_BIT),
    )


@contextlib.contextmanager
def _stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Between the two it does nothing at all; what it sleeps in goes on afterwards."""
    process.send_signal(signal.SIGSTOP)
    with contextlib.suppress(ChildProcessError):  # it has ended meanwhile
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
