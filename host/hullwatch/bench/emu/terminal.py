"""The USB console of an emulated Pico on a pseudo-terminal, for programs that open a port."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
import tty

from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.errors import HullwatchError

_SLICE_S = 0.02
_CHUNK = 4096


class EmuTerminal:
    """Runs the chip in a thread of its own from construction to `close`, behind `port_path`.

    Emulated time never runs ahead of the clock on the wall, or the node would think its host
    silent; it may fall behind. What nobody reads waits, as it does on USB. Whoever looks at the
    bench meanwhile holds `lock`. `fault` is what ended the thread before its time.
    """

    def __init__(self, bench: EmuBench) -> None:
        self._bench = bench
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port_path = os.ttyname(self._slave)
        self.lock = threading.Lock()
        self.fault: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="hullwatch-emu", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the chip and free the terminal."""
        self._closing = True
        self._thread.join(30)
        os.close(self._master)
        os.close(self._slave)

    def _run(self) -> None:
        try:
            self._carry()
        except (HullwatchError, OSError) as error:
            self.fault = error

    def _carry(self) -> None:
        port = self._bench.open_port()
        ahead_s = time.monotonic() - self._bench.now_s()
        waiting = b""
        while not self._closing:
            if select.select([self._master], [], [], 0)[0]:
                port.write(os.read(self._master, _CHUNK))
            with self.lock:
                waiting += port.read(_SLICE_S)
            if waiting:
                with contextlib.suppress(BlockingIOError):
                    waiting = waiting[os.write(self._master, waiting) :]
            late_s = time.monotonic() - ahead_s - self._bench.now_s()
            if late_s < 0:
                time.sleep(-late_s)
            else:
                ahead_s += late_s
