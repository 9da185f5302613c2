"""The simulated board in this process: the firmware on CPython, in virtual time.

Another board, not another firmware: the same `hullnode` runs on it, its I²C goes to the register
models, its clock is the simulation's and wraps at 2^30 like the chip's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Callable
from pathlib import Path

import hullcore
from hullwatch.sim.bus import SimBus
from hullwatch.sim.flashfiles import FlashFiles
from hullwatch.sim.onewire import SimOneWire
from hullwatch.sim.plumbing import Pins

_MASK = 0x3FFFFFFF


class VirtualClock:
    """Simulated time in µs; only the bench moves it."""

    def __init__(self) -> None:
        self.us = 0

    def now_us(self) -> int:
        """Simulated microseconds since the bench was built."""
        return self.us


class MemoryConsole:
    """Both directions of the wire as byte queues; `on_input` is told when the host has written."""

    def __init__(self) -> None:
        self._to_node: deque[int] = deque()
        self.to_host = bytearray()
        self.on_input: Callable[[], None] = lambda: None

    def read(self) -> int:
        """Node side: the next byte or −1."""
        return self._to_node.popleft() if self._to_node else -1

    def write(self, data: bytes) -> int:
        """Node side: send; everything is taken."""
        self.to_host += data
        return len(data)

    def put(self, data: bytes) -> None:
        """Host side: bytes for the node."""
        self._to_node.extend(data)
        self.on_input()


class SimBoard:
    """See firmware/README.md for what each member promises."""

    name = "sim"
    link_us = 100_000

    def __init__(
        self, clock: VirtualClock, bus: SimBus, folder: Path, files: FlashFiles, seed: int,
        ticks_at_boot_us: int = 0, pins: Pins | None = None, wire: SimOneWire | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._bus = bus
        self._wire = wire or SimOneWire()
        self._start = clock.us - ticks_at_boot_us
        self.console = MemoryConsole()
        self.root = str(folder)
        self.files = files
        self.code_root = str(Path(hullcore.__file__).parent.parent)
        self.uid = hashlib.sha256(b"hullwatch-sim-%d" % seed).digest()[:8]
        self.reset_cause = 1
        self._pins = pins or Pins()
        self._scratch = 0

    def ticks_us(self) -> int:
        """Device microseconds, wrapping at 2^30."""
        return (self._clock.us - self._start) & _MASK

    def ticks_ms(self) -> int:
        """Device milliseconds, wrapping at 2^30."""
        return ((self._clock.us - self._start) // 1000) & _MASK

    def sleep_ms(self, ms: int) -> None:
        """Blocking time passes for the chamber too."""
        self._clock.us += ms * 1000

    def i2c(self, sda: int, scl: int, khz: int) -> SimBus:
        """The bus to the register models, on whatever pins, freed first."""
        self._bus.nine_clocks()
        return self._bus

    def onewire(self) -> SimOneWire:
        """The 1-Wire bus to its models."""
        return self._wire

    def random32(self) -> int:
        """32 random bits: two runs of one seed are two spools."""
        return secrets.randbits(32)

    def outputs_safe(self) -> None:
        """Release every output."""
        self._pins.release(self._clock.us)

    def output(self, number: int, level: int) -> None:
        """Drive an output."""
        self._pins.output(number, level, self._clock.us)

    def heap_free(self) -> int:
        """Not a quantity of this VM."""
        return 0

    def collect(self) -> None:
        """Not needed on this VM."""

    def scratch_get(self) -> int:
        """The register that survives resets."""
        return self._scratch

    def scratch_set(self, value: int) -> None:
        """Set that register."""
        self._scratch = value
