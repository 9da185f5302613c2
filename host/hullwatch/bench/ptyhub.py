"""The cable between a VM's stdin/stdout and a pseudo-terminal that pyserial opens.

0x03 from the host becomes the keyboard interrupt it is on a chip; at a prompt it is a key like any
other (`bench.ctrlc`). What the host does not read is dropped, as USB does without a reader.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
import tty
from typing import IO

from hullwatch.bench.ctrlc import KEPT, LOOK_S, CtrlC, Taken

_CTRL_C = b"\x03"
_CHUNK = 4096


class PtyHub:
    """Carries bytes both ways in a thread; `path` is what the host opens.

    `attach(process)` connects the present VM. What is typed while there is none waits for the next.
    """

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.dropped = 0
        self._wake_r, self._wake_w = os.pipe()
        self._process: subprocess.Popen[bytes] | None = None
        self._next: subprocess.Popen[bytes] | None = None
        self._said = b""
        self._typed = b""  # by the host, not yet taken: a Ctrl-C in it has to wait
        self._ctrl_c: CtrlC | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._carry, name="hullwatch-pty", daemon=True)
        self._thread.start()

    def attach(self, process: subprocess.Popen[bytes] | None) -> None:
        """Use this VM from now on; the one before has ended, and what it said is carried first."""
        self._next = process
        os.write(self._wake_w, b"x")

    def close(self) -> None:
        """Stop carrying and free the terminal."""
        self._closing = True
        os.write(self._wake_w, b"x")
        self._thread.join(5)
        self._let_go()
        for fd in (self._master, self._slave, self._wake_r, self._wake_w):
            os.close(fd)

    def _carry(self) -> None:
        while not self._closing:
            sources = [self._wake_r]
            if self._process is not None:
                sources += [self._master, _end(self._process.stdout)]
            waits = LOOK_S if self._typed and self._process is not None else None
            ready, _, _ = select.select(sources, [], [], waits)
            if self._wake_r in ready:
                os.read(self._wake_r, _CHUNK)
                while self._process is not None and not self._closing:
                    self._to_host(self._process)  # ended: up to its end of file
                self._process = self._next
                self._ctrl_c = None
                continue
            if self._master in ready:
                self._typed += os.read(self._master, _CHUNK)
            if self._process is not None:
                self._to_node(self._process)
            if self._process is not None and _end(self._process.stdout) in ready:
                self._to_host(self._process)

    def _to_node(self, process: subprocess.Popen[bytes]) -> None:
        while self._typed:
            end = self._typed.find(_CTRL_C) + 1 or len(self._typed)
            if _CTRL_C in self._typed:
                self._ctrl_c = self._ctrl_c or CtrlC(process)
                taken = self._ctrl_c.tried(self._said)
                if taken is None:
                    return
                self._ctrl_c = None
                if taken is Taken.INTERRUPT:
                    # the chip's interrupt character also empties its input ring
                    self._typed = self._typed[self._typed.rfind(_CTRL_C) + 1 :]
                    continue
            with contextlib.suppress(OSError):  # the VM is just ending
                os.write(_end(process.stdin), self._typed[:end])
            self._typed = self._typed[end:]

    def _to_host(self, process: subprocess.Popen[bytes]) -> None:
        data = os.read(_end(process.stdout), _CHUNK)
        if not data:
            self._let_go()  # ended; the bench attaches the next one
        self._said = (self._said + data)[-KEPT:] if data else b""
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self.dropped += len(data)
                return

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _end(pipe: IO[bytes] | None) -> int:
    """The descriptor of a pipe the VM was started with."""
    assert pipe is not None
    return pipe.fileno()
