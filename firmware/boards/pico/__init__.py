"""The Raspberry Pi Pico (RP2040, RP2350): the only code that touches `machine`.

Registers: RP2040 datasheet 4.7 (watchdog CTRL 0x40058000, SCRATCH0 0x4005800C); RP2350 datasheet
12.9 (0x400D8000, SCRATCH0 0x400D800C). SCRATCH0…3 are free for programs and survive every reset
but power loss.
"""

import machine
from micropython import const

_FIRST_OUTPUT = const(16)  # valve drivers: each has a pull-down resistor, see WIRING.md
_LAST_OUTPUT = const(21)


def outputs_safe() -> None:
    """Release every output: the pull-downs of the valve drivers decide."""
    for number in range(_FIRST_OUTPUT, _LAST_OUTPUT + 1):
        machine.Pin(number, machine.Pin.IN, machine.Pin.PULL_DOWN)


outputs_safe()  # before anything is loaded: a soft reset has left them driven

import gc
import os
import select
import sys
import time

from hullcore import ticks
from hullnode.files import Files
from hullnode.unload import collect

_WDT_RP2040 = const(0x40058000)
_WDT_RP2350 = const(0x400D8000)
_SCRATCH0 = const(0x0C)
_WDT_ENABLE = const(0x40000000)
_ONEWIRE = const(22)
_EXACT_US = const(3000)  # waits shorter than this end to the microsecond, not to the millisecond
_LOOP_US = const(100)  # from here back to the sampler
_I2C_TIMEOUT_US = const(50000)

# this port's own wrap at 2^30 too, and being C they take a third of the time
ticks.add = time.ticks_add  # type: ignore[assignment] # the stubs give ticks a type of their own
ticks.diff = time.ticks_diff  # type: ignore[assignment]


class Console:
    """USB serial shared with the REPL; 0x03 stays a keyboard interrupt."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._in = sys.stdin.buffer
        self._out = sys.stdout.buffer
        self._byte = bytearray(1)

    def read(self) -> int:
        """The next byte, or −1 when none waits; allocates nothing."""
        for _ in self._poll.ipoll(0):
            self._in.readinto(self._byte)
            return self._byte[0]
        return -1

    def write(self, data: bytes) -> int:
        """Bytes taken by the USB stack; fewer than given when the host does not read."""
        return self._out.write(data) or 0

    def wait(self, ms: int) -> bool:
        """Sleep until a byte waits, at most `ms`; whether one does."""
        for _ in self._poll.ipoll(ms):
            return True
        return False


class Board:
    """See firmware/README.md for what each member promises."""

    name = "pico"
    link_us = 50000  # input ends `idle` at once: this only bounds how long a record waits
    root = ""
    code_root = ""

    def __init__(self) -> None:
        rp2350 = "RP2350" in sys.implementation._machine
        self._watchdog_base = _WDT_RP2350 if rp2350 else _WDT_RP2040
        self._wdt: machine.WDT | None = None
        self.console = Console()
        self.files = Files()
        self.uid = machine.unique_id()
        self.reset_cause = machine.reset_cause()
        self.ticks_ms = time.ticks_ms
        self.ticks_us = time.ticks_us
        self.sleep_ms = time.sleep_ms
        self.heap_free = gc.mem_free
        self.collect = collect
        self.restart = machine.reset
        self.outputs_safe = outputs_safe

    def output(self, number: int, level: int) -> None:
        """Drive an output: 1 powers the valve behind its driver."""
        machine.Pin(number, machine.Pin.OUT, value=level)

    def i2c(self, sda: int, scl: int, khz: int) -> object:
        """The bus on these pins, freed first should a sensor hold SDA low.

        Called again it is the same object (MicroPython has one per controller, and a new call
        initialises that), so whoever has it goes on with it.
        """
        # nine clocks end any transfer a reset cut short (I2C specification 3.1.16), then a STOP
        data = machine.Pin(sda, machine.Pin.OPEN_DRAIN, machine.Pin.PULL_UP, value=1)
        clock = machine.Pin(scl, machine.Pin.OPEN_DRAIN, machine.Pin.PULL_UP, value=1)
        for _ in range(9):
            clock.value(0)
            time.sleep_us(5)
            clock.value(1)
            time.sleep_us(5)
        data.value(0)
        time.sleep_us(5)
        data.value(1)
        return machine.I2C(
            (sda >> 1) & 1, sda=machine.Pin(sda), scl=machine.Pin(scl), freq=khz * 1000,
            timeout=_I2C_TIMEOUT_US,
        )  # fmt: skip

    def onewire(self) -> object:
        """The 1-Wire bus, driven by MicroPython's own module."""
        from onewire import OneWire  # part of the port: its heap only where a probe hangs on it

        return OneWire(machine.Pin(_ONEWIRE))

    def idle(self, us: int) -> bool:
        """Wait up to `us`; True when console input came first.

        The port sleeps in C meanwhile: a loop that looks every millisecond kept the processor
        busy for half of the time. Shortly before a deadline input is left waiting.
        """
        if us >= _EXACT_US:
            return self.console.wait(us // 1000)
        if us > _LOOP_US:
            time.sleep_us(us - _LOOP_US)
        return False

    def random32(self) -> int:
        """32 random bits."""
        return int.from_bytes(os.urandom(4), "little")

    def scratch_get(self) -> int:
        """The register that survives resets but not power loss."""
        return machine.mem32[self._watchdog_base + _SCRATCH0] & 0xFFFF

    def scratch_set(self, value: int) -> None:
        """Set that register (16 bits)."""
        machine.mem32[self._watchdog_base + _SCRATCH0] = value

    def watchdog_arm(self, ms: int) -> None:
        """Reset the chip unless fed within `ms` (at most 8388 on RP2040)."""
        self._wdt = machine.WDT(timeout=ms)

    def watchdog_feed(self) -> None:
        """Start the time anew."""
        if self._wdt:
            self._wdt.feed()

    def watchdog_disarm(self) -> None:
        """Stop the watchdog: `machine.WDT` cannot, its enable bit can."""
        machine.mem32[self._watchdog_base] &= ~_WDT_ENABLE


board = Board()
