"""Joins the emulated chip's I2C controllers to simulated devices, byte by byte, at bus speed.

A device sees whole transactions (`hullwatch.sim.bus`), the controller clocks bytes: what is written
is gathered until STOP or a repeated START, what is read is asked for with each byte. Every byte and
the address take nine clocks of SCL. RP2040 data sheet 4.3 (DW_apb_i2c).
"""

from __future__ import annotations

from collections.abc import Callable

from rp2040py.peripherals.i2c import IC_ENABLE, R_TX_EMPTY, RPI2C, I2CMode
from rp2040py.rp2040 import RP2040

from hullwatch.sim.bus import ETIMEDOUT, I2cDevice, Nack, SimBus

_FUNCTION_I2C = 3  # IO_BANK0 GPIOn_CTRL.FUNCSEL, data sheet table 2
_CYCLE_NS = 8.0  # clk_sys at 125 MHz
_CLOCKS_PER_BYTE = 9


class I2cPins:
    """`bus` hangs on two pins of the chip; it answers only while both are switched to I2C.

    `on_transfer` is called when an address goes out.
    """

    def __init__(
        self, chip: RP2040, sda: int, scl: int, bus: SimBus, on_transfer: Callable[[], None]
    ) -> None:
        self._pins = (chip.gpio[sda], chip.gpio[scl])
        self._bus = bus
        self._on_transfer = on_transfer
        self._device: I2cDevice | None = None
        self._written = bytearray()
        self._reading = False
        self._index = 0
        self._next: Callable[[], None] = lambda: None
        self._alarm = chip.clock.create_alarm(self._due)
        self._i2c = _Controller.fit(chip.i2c[(sda >> 1) & 1])
        self._i2c.on_connect = self._connect
        self._i2c.on_write_byte = self._write
        self._i2c.on_read_byte = self._read
        self._i2c.on_start = self._start
        self._i2c.on_stop = self._stop

    def reset(self) -> None:
        """The controller was reset in whatever it was doing."""
        self._alarm.cancel()
        self._written.clear()
        self._device = None

    def _due(self) -> None:
        """What comes next is decided after the alarm is made."""
        self._next()

    def _after_byte(self, then: Callable[[], None]) -> None:
        clocks = self._i2c.scl_high_period + self._i2c.scl_low_period
        self._next = then
        self._alarm.schedule(_CLOCKS_PER_BYTE * clocks * _CYCLE_NS)

    def _start(self, repeated: bool) -> None:
        self._flush()
        self._i2c.complete_start()

    def _connect(self, address: int, mode: I2CMode) -> None:
        self._on_transfer()
        self._reading = mode == I2CMode.READ
        self._index = 0
        self._device = None
        if any(pin.function_select != _FUNCTION_I2C for pin in self._pins):
            self._after_byte(lambda: self._acknowledge(False))
            return
        try:
            self._bus.writeto(address, b"")  # the bus's own faults, and the chip's
            self._device = self._bus.device(address)
        except OSError as error:
            if error.args[0] == ETIMEDOUT:
                self._i2c.stuck = True
                return
        self._after_byte(lambda: self._acknowledge(self._device is not None))

    def _acknowledge(self, ack: bool) -> None:
        self._i2c.complete_connect(ack)
        if not ack:
            # the emulator leaves TX_EMPTY clear after the flush: the SDK would wait for a time-out
            self._i2c.set_interrupts(R_TX_EMPTY)

    def _write(self, value: int) -> None:
        self._written.append(value)
        ack = self._flush() if self._i2c.at_stop else True
        self._after_byte(lambda: self._i2c.complete_write(ack))

    def _read(self, _more: bool) -> None:
        value = 0xFF
        if self._device is not None:
            try:
                value = self._device.read_byte(self._index)
            except Nack:
                value = 0xFF  # nobody drives the line
        self._index += 1
        self._after_byte(lambda: self._i2c.complete_read(value))

    def _stop(self) -> None:
        self._flush()
        self._device = None
        self._i2c.complete_stop()

    def _flush(self) -> bool:
        """Hand what was written to the device; False when it refuses."""
        data = bytes(self._written)
        self._written.clear()
        if self._device is None or not data:
            return True
        try:
            self._device.write(data)
        except Nack:
            self._device = None
            return False
        return True


class _Controller(RPI2C):
    """The emulator's controller, which can also be given up while the bus is held."""

    stuck = False
    """A START could not be sent: nothing happens until the node disables the controller."""

    @classmethod
    def fit(cls, controller: RPI2C) -> _Controller:
        """Put this controller in place of the emulator's own."""
        controller.__class__ = cls
        assert isinstance(controller, cls)
        return controller

    @property
    def at_stop(self) -> bool:
        """Whether the byte on the wire is the last before STOP."""
        return self._stop

    def set_interrupts(self, mask: int) -> None:
        """Raise interrupts."""
        self._set_interrupts(mask)

    def write_uint32(self, offset: int, value: int) -> None:
        super().write_uint32(offset, value)
        if self.stuck and offset == IC_ENABLE and not value & 1:
            self.stuck = False
            self.complete_stop()
