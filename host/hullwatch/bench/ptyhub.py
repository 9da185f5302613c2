"""The cable between a VM's stdin/stdout and a pseudo-terminal that pyserial opens.

0x03 from the host becomes the keyboard interrupt it is on a chip. What the host does not read is
dropped, as USB does without a reader.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import threading
import tty

_CTRL_C = b"\x03"
_CHUNK = 4096


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
        self._ended: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._carry, name="hullwatch-pty", daemon=True)
        self._thread.start()

    def attach(self, process: subprocess.Popen[bytes] | None) -> None:
        """Use this VM from now on."""
        self._process = process
        os.write(self._wake_w, b"x")

    def close(self) -> None:
        """Stop carrying and free the terminal."""
        self._closing = True
        os.write(self._wake_w, b"x")
        self._thread.join(5)
        for fd in (self._master, self._slave, self._wake_r, self._wake_w):
            os.close(fd)

    def _carry(self) -> None:
        while not self._closing:
            process = self._process
            sources = [self._master, self._wake_r]
            if process is not None and process is not self._ended and process.stdout is not None:
                sources.append(process.stdout.fileno())
            ready, _, _ = select.select(sources, [], [])
            if self._wake_r in ready:
                os.read(self._wake_r, _CHUNK)
                continue
            if self._master in ready:
                self._to_node(process)
            if len(sources) > 2 and sources[2] in ready:
                self._to_host(process, sources[2])

    def _to_node(self, process: subprocess.Popen[bytes] | None) -> None:
        data = os.read(self._master, _CHUNK)
        if process is None or process.stdin is None:
            return
        if _CTRL_C in data:
            # the chip's interrupt character also empties its input ring
            data = data[data.rfind(_CTRL_C) + 1 :]
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the VM is just ending
            os.write(process.stdin.fileno(), data)

    def _to_host(self, process: subprocess.Popen[bytes] | None, source: int) -> None:
        data = os.read(source, _CHUNK)
        if not data:
            self._ended = process  # not `_process`: the bench may be attaching the next one now
            return
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self.dropped += len(data)
                return
