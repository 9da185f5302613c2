"""A simulated board under the MicroPython VM of a PC.

What a chip would do on its pins goes to the chamber as messages over two named pipes: I2C
transfers, outputs, watchdog, scratch register. The console is stdin/stdout (a pseudo-terminal),
the clock wraps at 2^30 like the chip's and may be scaled. The file system is there already: a
littlefs image that the bench has mounted, where the node's own files and its code lie.

Environment: HULLWATCH_BUS (path prefix of the pipes), HULLWATCH_SPEED (device seconds per second),
HULLWATCH_UID (hex), HULLWATCH_TICKS0 (start of the tick counters, µs).
"""

import gc
import os
import select
import struct
import sys
import time

from board.buspipe import BusPipe, WirePipe

from hullcore.compat import const
from hullnode.files import Files
from hullnode.unload import collect

_MASK = const(0x3FFFFFFF)
_CLAIM_US = const(300)  # idle waits shorter than this of real time spin on the clock


def _environment(name: str) -> str:
    """A variable the bench sets; the simulated board cannot run without."""
    value = os.getenv(name)
    if value is None:
        raise RuntimeError(name + " is not set: this board runs under hullwatch's bench only")
    return value


class Console:
    """stdin/stdout as raw bytes."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._byte = bytearray(1)

    def read(self) -> int:
        """The next byte, or −1 when none waits; leaves the VM when the terminal is gone."""
        for _ in self._poll.ipoll(0):
            if self._in.readinto(self._byte) != 1:
                raise SystemExit
            return self._byte[0]
        return -1

    def write(self, data: bytes) -> int:
        """Bytes taken by the terminal."""
        return self._out.write(data) or 0

    def wait(self, ms: int) -> bool:
        """Until a byte waits, at most `ms`; whether one does."""
        for _ in self._poll.ipoll(ms):
            return True
        return False


class Board:
    """See firmware/README.md for what each member promises."""

    name = "vm"
    link_us = 50000  # as on a Pico: input ends `idle` at once
    root = "/fs"
    code_root = "/fs"

    def __init__(self) -> None:
        self.uid = bytes.fromhex(_environment("HULLWATCH_UID"))
        self._speed = int(float(_environment("HULLWATCH_SPEED")) * 1000)
        self._ticks0 = int(_environment("HULLWATCH_TICKS0"))
        self._start = time.ticks_us()
        self.console = Console()
        self._bus = BusPipe(_environment("HULLWATCH_BUS"), self._device_us)
        self.reset_cause = self._bus.reset_cause()
        self.files = Files()
        self.heap_free = gc.mem_free
        self.collect = collect
        self.output = self._bus.output
        self.outputs_safe = self._bus.outputs_safe
        self.watchdog_arm = self._bus.watchdog_arm
        self.watchdog_feed = self._bus.watchdog_feed
        self.watchdog_disarm = self._bus.watchdog_disarm
        self.scratch_get = self._bus.scratch_get
        self.scratch_set = self._bus.scratch_set

    def _device_us(self) -> int:
        return time.ticks_diff(time.ticks_us(), self._start) * self._speed // 1000

    def ticks_us(self) -> int:
        """Device microseconds, wrapping at 2^30."""
        return (self._device_us() + self._ticks0) & _MASK

    def ticks_ms(self) -> int:
        """Device milliseconds, wrapping at 2^30."""
        return ((self._device_us() + self._ticks0) // 1000) & _MASK

    def sleep_ms(self, ms: int) -> None:
        """Block for `ms` of device time."""
        time.sleep_us(ms * 1000000 // self._speed)

    def idle(self, us: int) -> bool:
        """Wait up to `us` of device time; True when console input came first."""
        real_us = us * 1000 // self._speed
        if real_us >= 1000:
            return self.console.wait(real_us // 1000)
        if real_us >= _CLAIM_US:
            time.sleep_us(real_us - _CLAIM_US // 2)
        return False

    def i2c(self, sda: int, scl: int, khz: int) -> object:
        """The bus whose other end is the simulated chamber, on whatever pins, freed first."""
        self._bus.nine_clocks()
        return self._bus

    def onewire(self) -> object:
        """The 1-Wire bus to the simulated chamber."""
        return WirePipe(self._bus)

    def random32(self) -> int:
        """32 random bits."""
        return struct.unpack("<I", os.urandom(4))[0]

    def restart(self) -> None:
        """End the VM; the bench starts it again, as a chip would start."""
        self._bus.restarting()
        sys.exit(0)


board = Board()
