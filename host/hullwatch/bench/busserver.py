"""The other end of the simulated board's pins: I²C to the register models, chip registers.

`firmware/boards/vm/buspipe.py` states the messages. Every request carries the device time, and
the chamber follows it, so physics and firmware never disagree about what time it is.
"""

from __future__ import annotations

import os
import queue
import select
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from hullwatch.errors import HullwatchError
from hullwatch.sim.board import VirtualClock
from hullwatch.sim.bus import SimBus
from hullwatch.sim.onewire import SimOneWire
from hullwatch.sim.plumbing import Pins

I2C_WRITE = 1
I2C_READ = 2
I2C_READ_MEM = 3
OUTPUTS_SAFE = 4
SCRATCH_GET = 5
SCRATCH_SET = 6
WATCHDOG_ARM = 7
WATCHDOG_FEED = 8
WATCHDOG_DISARM = 9
RESET_CAUSE = 10
RESTARTING = 11
OUTPUT = 12
NINE_CLOCKS = 13
ONEWIRE_RESET = 14
ONEWIRE_WRITE = 15
ONEWIRE_READ = 16
ECHO = 17
_BARRIER = 0  # from this side: everything before it has been served

_REQUEST = struct.Struct("<BBHQH")
_EIO = 5
_ACT_WITHIN_S = 10.0


class ChipState:
    """What of the chip outlives a reset of its firmware, and what a bench watches."""

    def __init__(self) -> None:
        self.scratch = 0
        self.reset_cause = 1
        self.outputs_safe = False
        self.watchdog_ms = 0
        self.watchdog_due_us = 0


class BusServer:
    """Serves one VM after another on a pair of named pipes, in a thread of its own.

    `on_reset()` is called from that thread when the firmware asked for a reset or the
    watchdog, in device time, was not fed.
    """

    def __init__(
        self, folder: Path, bus: SimBus, clock: VirtualClock, on_reset: Callable[[], None],
        pins: Pins, wire: SimOneWire,
    ) -> None:  # fmt: skip
        self.prefix = folder / "bus"
        self.chip = ChipState()
        self.base_us = 0
        self.requests = self._failing = 0
        self._bus, self._wire = bus, wire
        self._clock = clock
        self._on_reset = on_reset
        self._pins = pins
        self._starts_at_us: Callable[[], int] | None = None
        self._cut = threading.Event()
        self._deeds: queue.SimpleQueue[tuple[Callable[[int], None], Future[None]]]
        self._deeds = queue.SimpleQueue()
        self._handlers: dict[int, Callable[[int, int, bytes], bytes]] = {
            I2C_WRITE: self._write,
            I2C_READ: self._read,
            I2C_READ_MEM: self._read_mem,
            OUTPUTS_SAFE: self._outputs_safe,
            SCRATCH_GET: lambda *_: struct.pack("<H", self.chip.scratch),
            SCRATCH_SET: self._scratch_set,
            WATCHDOG_ARM: self._arm,
            WATCHDOG_FEED: self._feed,
            WATCHDOG_DISARM: self._disarm,
            RESET_CAUSE: lambda *_: bytes([self.chip.reset_cause]),
            RESTARTING: self._restarting,
            OUTPUT: self._output,
            NINE_CLOCKS: self._nine_clocks,
            ONEWIRE_RESET: lambda *_: bytes([self._wire.reset()]),
            ONEWIRE_WRITE: self._wire_write,
            ONEWIRE_READ: self._wire_read,
            ECHO: lambda _address, _length, data: data,
        }
        self._req, self._rsp = (self._pipe(suffix) for suffix in (".req", ".rsp"))
        self._closing, self._resets = False, 0
        self._served = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="hullwatch-bus", daemon=True)
        self._thread.start()

    def _pipe(self, suffix: str) -> int:
        path = self.prefix.with_suffix(suffix)
        os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDWR)  # both ways: no end of file between two VMs

    def begin_boot(self, present_us: Callable[[], int] | None = None) -> None:
        """A VM is about to start, none runs: its time 0 is the chamber's present.

        ``present_us``: that of a world which others look at, too, so that it goes on meanwhile.
        """
        self._served.clear()
        os.write(self._req, _REQUEST.pack(_BARRIER, 0, 0, 0, 0))
        self._served.wait()  # what the VM before still asked is no request of the next one
        self.base_us = self._clock.us
        self._starts_at_us = present_us
        self.chip.watchdog_ms = 0
        while select.select([self._rsp], [], [], 0)[0]:
            os.read(self._rsp, 4096)  # an answer that the VM before did not live to read

    def close(self) -> None:
        """Stop the thread and free the pipes."""
        self._closing = True
        os.write(self._req, _REQUEST.pack(0, 0, 0, 0, 0))
        self._thread.join(5)
        os.close(self._req)
        os.close(self._rsp)

    def _serve(self) -> None:
        while True:
            op, address, length, time_us, size = _REQUEST.unpack(self._exactly(_REQUEST.size))
            data = self._exactly(size)
            if self._closing:
                return
            if op == _BARRIER:
                self._served.set()
                continue
            self.requests += 1
            if self._starts_at_us is not None:
                self.base_us = max(self.base_us, self._starts_at_us() - time_us)
                self._starts_at_us = None
            self._clock.us = max(self._clock.us, self.base_us + time_us)
            self._act()
            resets = self._resets
            self._check_power()
            self._check_watchdog()
            if self._resets != resets:
                continue  # who asked is no more
            answer = self._answer(op, address, length, data)
            if self._resets == resets:  # else nobody is left to answer
                os.write(self._rsp, answer)

    def _answer(self, op: int, address: int, length: int, data: bytes) -> bytes:
        if op == self._failing:
            self._failing = 0
            return struct.pack("<BH", _EIO, 0)
        try:
            answer = self._handlers[op](address, length, data)
        except OSError as error:
            return struct.pack("<BH", error.args[0] if error.args else _EIO, 0)
        return struct.pack("<BH", 0, len(answer)) + answer

    def _exactly(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            data += os.read(self._req, n - len(data))
        return data

    def _check_watchdog(self) -> None:
        chip = self.chip
        if chip.watchdog_ms and self._clock.us > chip.watchdog_due_us:
            self._reset()

    def act(self, deed: Callable[[int], None]) -> None:
        """`deed(now_us)` is done at the node's next request; waits for it, at most ten seconds.

        OSError when the node asks for nothing in that time.
        """
        done: Future[None] = Future()
        self._deeds.put((deed, done))
        try:
            done.result(_ACT_WITHIN_S)
        except TimeoutError as error:
            raise OSError(_EIO, "the simulated node asks its bus for nothing") from error

    def _act(self) -> None:
        while not self._deeds.empty():
            deed, done = self._deeds.get()
            try:
                done.set_result(deed(self._clock.us))
            except (HullwatchError, ValueError, KeyError, AttributeError) as error:
                done.set_exception(error)  # it is whoever asked that did something wrong

    def power_cut(self) -> None:
        """At the node's next request its power fails; from any thread."""
        self._cut.set()

    def fail(self, op: int) -> None:
        """Answer the next request of this kind with an I/O error."""
        self._failing = op

    def _check_power(self) -> None:
        if self._cut.is_set():
            self._cut.clear()
            self._reset()
            self.chip.reset_cause = 1
            self.chip.scratch = 0

    def _reset(self) -> None:
        self._pins.release(self._clock.us)  # a chip in reset drives no pin
        self.chip.watchdog_ms = 0
        self.chip.reset_cause = 3
        self._resets += 1
        self._on_reset()

    # --- what the pins and registers do --------------------------------------------------------

    def _nine_clocks(self, address: int, length: int, data: bytes) -> bytes:
        self._bus.nine_clocks()
        return b""

    def _write(self, address: int, length: int, data: bytes) -> bytes:
        self._bus.writeto(address, data)
        return b""

    def _read(self, address: int, length: int, data: bytes) -> bytes:
        buffer = bytearray(length)
        self._bus.readfrom_into(address, buffer)
        return bytes(buffer)

    def _read_mem(self, address: int, length: int, data: bytes) -> bytes:
        buffer = bytearray(length)
        self._bus.readfrom_mem_into(address, data[0], buffer)
        return bytes(buffer)

    def _wire_write(self, address: int, length: int, data: bytes) -> bytes:
        self._wire.write(data)
        return b""

    def _wire_read(self, address: int, length: int, data: bytes) -> bytes:
        buffer = bytearray(length)
        self._wire.readinto(buffer)
        return bytes(buffer)

    def _outputs_safe(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.outputs_safe = True
        self._pins.release(self._clock.us)
        return b""

    def _output(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.outputs_safe = False
        self._pins.output(address, length, self._clock.us)
        return b""

    def _scratch_set(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.scratch = length
        return b""

    def _arm(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.watchdog_ms = length
        return self._feed(address, length, data)

    def _feed(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.watchdog_due_us = self._clock.us + self.chip.watchdog_ms * 1000
        return b""

    def _disarm(self, address: int, length: int, data: bytes) -> bytes:
        self.chip.watchdog_ms = 0
        return b""

    def _restarting(self, address: int, length: int, data: bytes) -> bytes:
        self._reset()
        return b""
