"""How much processor time a sample costs, watched from outside: the firmware is not touched.

From the moment an I2C address goes out until the processor next goes to sleep, the cycles of the
instructions it executes are counted; the time it sleeps is not. All such stretches up to and
including the one in which the sensor hands over its data belong to that sample. What happens
before the processor sleeps again belongs to it too: windows, records, a frame, a collection.
"""

from __future__ import annotations

from collections.abc import Callable

from hullwatch.bench.emu.chip import Chip

_LOOK_NS = 10_000


class CpuMeter:
    """`samples_us` is the processor time of each sample so far.

    `started_us` is when its first I2C transfer began: the trigger of the conversion.
    `conversions` is the sensor's count of conversions handed over.
    """

    def __init__(self, chip: Chip, conversions: Callable[[], int]) -> None:
        self.samples_us: list[float] = []
        self.started_us: list[float] = []
        self._open = False
        self._chip = chip
        self._conversions = conversions
        self._seen = conversions()
        self._running = False
        self._from_us = 0.0
        self._sum_us = 0.0
        self._alarm = chip.mcu.clock.create_alarm(self._look)

    def transfer(self) -> None:
        """An I2C transfer begins."""
        if not self._open:
            self._open = True
            self.started_us.append(self._chip.us)
        if not self._running:
            self._running = True
            self._from_us = self._chip.busy_us
            self._alarm.schedule(_LOOK_NS)

    def _look(self) -> None:
        if not self._chip.mcu.core.waiting:
            self._alarm.schedule(_LOOK_NS)
            return
        self._running = False
        self._sum_us += self._chip.busy_us - self._from_us
        taken = self._conversions()
        if taken != self._seen:
            self._seen = taken
            self._open = False
            self.samples_us.append(self._sum_us)
            self._sum_us = 0.0
