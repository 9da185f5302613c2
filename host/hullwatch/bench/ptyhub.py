"""The cable between a VM's stdin/stdout and a pseudo-terminal that pyserial opens.

0x03 from the host becomes the keyboard interrupt it is on a chip; at a prompt it is a key like any
other. What the host does not read is dropped, as USB does without a reader.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import tty
from typing import IO

_CTRL_C = b"\x03"
_CHUNK = 4096
_PROMPTS = (b">>> ", b"\x04>", b"CTRL-B to exit\r\n>")
"""What a VM that waits for a key has said last."""

_KEPT = max(map(len, _PROMPTS))


class PtyHub:
    """Carries bytes both ways in a thread; `path` is what the host opens.

    `attach(process)` connects the present VM; bytes for no VM are dropped.
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
            sources = [self._master, self._wake_r]
            if self._process is not None:
                sources.append(_end(self._process.stdout))
            ready, _, _ = select.select(sources, [], [])
            if self._wake_r in ready:
                os.read(self._wake_r, _CHUNK)
                while self._process is not None and not self._closing:
                    self._to_host(self._process)  # ended: up to its end of file
                self._process = self._next
                continue
            if self._master in ready:
                self._to_node()
            if self._process is not None and _end(self._process.stdout) in ready:
                self._to_host(self._process)

    def _to_node(self) -> None:
        data = os.read(self._master, _CHUNK)
        process = self._process
        if process is None:
            return
        if _CTRL_C in data and not self._said.endswith(_PROMPTS):
            # the chip's interrupt character also empties its input ring
            data = data[data.rfind(_CTRL_C) + 1 :]
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the VM is just ending
            os.write(_end(process.stdin), data)

    def _to_host(self, process: subprocess.Popen[bytes]) -> None:
        data = os.read(_end(process.stdout), _CHUNK)
        if not data:
            self._let_go()  # ended; the bench attaches the next one
        self._said = (self._said + data)[-_KEPT:] if data else b""
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
