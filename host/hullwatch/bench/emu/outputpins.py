"""Joins the emulated chip's output pins to the valves of the simulated plant."""

from __future__ import annotations

from functools import partial

from rp2040py.gpio_pin import GPIOPinState

from hullcore import outputs
from hullwatch.bench.emu.chip import Chip
from hullwatch.sim.plumbing import Pins


class OutputPins:
    """A pin driven high powers its valve; one that is low, an input or in reset does not."""

    def __init__(self, chip: Chip, pins: Pins) -> None:
        self._chip = chip
        self._pins = pins
        for number in range(outputs.FIRST_PIN, outputs.LAST_PIN + 1):
            chip.mcu.gpio[number].add_listener(partial(self._changed, number))
        chip.on_reset.append(self._released)

    def _changed(self, number: int, now: GPIOPinState, _before: GPIOPinState) -> None:
        self._pins.output(number, int(now == GPIOPinState.HIGH), self._chip.now_us())

    def _released(self) -> None:
        self._pins.release(self._chip.now_us())
