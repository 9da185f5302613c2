"""The computer at the other end of the emulated Pico's USB cable, in emulated time.

Bulk transfers have the flow control of the real bus: a buffer the node has armed for output stays
armed until the host has bytes for it, and one it has filled stays full until the host takes it. So
a host that does not read really stalls the node, and one with nothing to say costs it no interrupt.
RP2040 data sheet 4.1.2.5 (buffer control), 4.1.2.6 (SOF).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from rp2040py.peripherals import usb
from rp2040py.rp2040 import RP2040
from rp2040py.usb.cdc import CDC_DTR, CDC_RTS, USBCDC

from hullwatch.bench.emu.chip import Chip

_PACKET = 64  # full-speed bulk
_PACKET_NS = 50_000  # 64 bytes at 12 Mbit/s and what surrounds them
_FRAME_NS = 1_000_000
_BUFFER1 = 16  # bits from the first to the second half of a buffer control register
_AVAILABLE = usb.USB_BUF_CTRL_AVAILABLE
_FULL = usb.USB_BUF_CTRL_FULL
_LENGTH = usb.USB_BUF_CTRL_LEN_MASK


class UsbHost:
    """Enumerates the node whenever it appears, then carries bytes both ways.

    `received` collects what was read; each packet ends the chip's present run.
    """

    def __init__(self, chip: Chip) -> None:
        self.received = bytearray()
        self._chip = chip
        self._usb = _Controller.fit(chip.mcu.usb_ctrl, self)
        self._dpram = chip.mcu.usb_dpram
        self._cdc = _Cdc(self._usb)
        self._cdc.on_device_connected = self._attached
        self._usb.on_reset = self._detached
        self._connected = False
        self._reading = False
        self._full: deque[tuple[int, int, bytes, bool]] = deque()
        self._to_send = bytearray()
        self._armed = -1
        self._in = _Alarm(chip.mcu, self._take)
        self._out = _Alarm(chip.mcu, self._give)
        self._frame = _Alarm(chip.mcu, self._start_of_frame)
        self._frame.start(_FRAME_NS)

    # --- what a program does with the port -----------------------------------------------------

    def open(self) -> None:
        """A program opens the port: DTR on, reading."""
        self._cdc.lines = CDC_DTR | CDC_RTS
        if self._connected:
            self._cdc.set_control_lines(dtr=True, rts=True)
        self.read(True)

    def close(self) -> None:
        """The program closes the port: DTR off, nothing is read any more."""
        self._cdc.lines = 0
        if self._connected:
            self._cdc.set_control_lines(dtr=False, rts=False)
        self.read(False)
        self._to_send.clear()

    def read(self, on: bool) -> None:
        """Take what the node offers, or leave it waiting."""
        self._reading = on
        self._kick_in()

    def send(self, data: bytes) -> None:
        """Bytes for the node; they wait until it takes them."""
        self._to_send += data
        self._kick_out()

    # --- enumeration -----------------------------------------------------------------------------

    def _attached(self) -> None:
        self._connected = True

    def _detached(self) -> None:
        """The chip was reset: it is gone from the bus until it enumerates anew."""
        self._chip.was_reset()
        self._cdc.forget()
        self._connected = False
        self._full.clear()
        self._to_send.clear()
        self._armed = -1
        self._in.stop()
        self._out.stop()

    def _start_of_frame(self) -> None:
        """Each millisecond while attached: the node's USB stack counts these frames."""
        self._frame.start(_FRAME_NS)
        if self._connected:
            self._usb.start_of_frame()

    # --- node → host -----------------------------------------------------------------------------

    def handles(self, offset: int) -> bool:
        """Whether this buffer control register belongs to one of the two bulk endpoints."""
        endpoint = self._cdc.out_endpoint if offset & 4 else self._cdc.in_endpoint
        return endpoint > 0 and (offset - usb.EP0_IN_BUFFER_CONTROL) >> 3 == endpoint

    def filled(self, offset: int, value: int) -> None:
        """The node has filled an IN buffer, or both of a double one."""
        endpoint = (offset - usb.EP0_IN_BUFFER_CONTROL) >> 3
        control = self._usb._read_endpoint_control_reg(endpoint, False)
        base = self._usb._get_endpoint_buffer_offset(endpoint, False)
        double = bool(control & usb.USB_CTRL_DOUBLE_BUF)
        halves = 2 if double and value >> _BUFFER1 & _AVAILABLE else 1
        for half in range(halves):
            size = value >> (_BUFFER1 * half) & _LENGTH
            at = base + _PACKET * half
            last = half == halves - 1
            tell = last or bool(control & usb.USB_CTRL_INTERRUPT_PER_TRANSFER)
            self._full.append((offset, half, bytes(self._dpram[at : at + size]), tell))
        self._kick_in()

    def _kick_in(self) -> None:
        if self._full and self._reading and not self._in.running:
            self._in.start(_PACKET_NS)

    def _take(self) -> None:
        if not (self._full and self._reading):
            return
        offset, half, data, tell = self._full.popleft()
        self._usb.clear_bits(offset, (_AVAILABLE | _FULL) << _BUFFER1 * half)
        self.received += data
        if tell:
            self._usb._indicate_buffer_ready((offset - usb.EP0_IN_BUFFER_CONTROL) >> 3, False)
        self._kick_in()
        self._chip.pause()

    # --- host → node -----------------------------------------------------------------------------

    def armed(self, offset: int) -> None:
        """The node is ready to take a packet."""
        self._armed = offset
        self._kick_out()

    def _kick_out(self) -> None:
        if self._armed >= 0 and self._to_send and not self._out.running:
            self._out.start(_PACKET_NS)

    def _give(self) -> None:
        if self._armed < 0 or not self._to_send:
            return
        offset, self._armed = self._armed, -1
        size = min(_PACKET, self._usb.clear_bits(offset, _AVAILABLE) & _LENGTH)
        data = bytes(self._to_send[:size])
        del self._to_send[:size]
        self._usb._finish_read((offset - usb.EP0_IN_BUFFER_CONTROL) >> 3, data)


class _Alarm:
    """One alarm of the emulated clock that knows whether it is running."""

    def __init__(self, chip: RP2040, then: Callable[[], None]) -> None:
        self.running = False
        self._then = then
        self._alarm = chip.clock.create_alarm(self._fire)

    def start(self, ns: float) -> None:
        self.running = True
        self._alarm.schedule(ns)

    def stop(self) -> None:
        self.running = False
        self._alarm.cancel()

    def _fire(self) -> None:
        self.running = False
        self._then()


class _Cdc(USBCDC):
    """The emulator's enumeration, with the control lines a real host has: off until opened."""

    lines = 0

    @property
    def in_endpoint(self) -> int:
        return self._in_endpoint

    @property
    def out_endpoint(self) -> int:
        return self._out_endpoint

    def forget(self) -> None:
        """The node is gone from the bus."""
        self._on_controller_reset()

    def _cdc_set_control_line_state(
        self, value: int | None = None, interface_number: int | None = None
    ) -> None:
        super()._cdc_set_control_line_state(
            self.lines if value is None else value, interface_number
        )


class _Controller(usb.RPUSBController):
    """The emulator's controller with the bulk endpoints handed to the host, and with SOF."""

    host: UsbHost

    @classmethod
    def fit(cls, controller: usb.RPUSBController, host: UsbHost) -> _Controller:
        """Put this controller in place of the emulator's own."""
        controller.__class__ = cls
        assert isinstance(controller, cls)
        controller.host = host
        return controller

    def dpram_updated(self, offset: int, value: int) -> None:
        bulk = usb.EP0_IN_BUFFER_CONTROL <= offset <= usb.EP15_OUT_BUFFER_CONTROL
        if not (bulk and not self._host_mode and self.host.handles(offset)):
            super().dpram_updated(offset, value)
        elif value & _AVAILABLE:  # the driver writes twice, the first time without this bit
            if offset & 4:
                self.host.armed(offset)
            else:
                self.host.filled(offset, value)

    def clear_bits(self, offset: int, mask: int) -> int:
        """Clear bits of a buffer control register; its value before."""
        before = usb._get_uint32_le(self.rp2040.usb_dpram, offset)
        usb._set_uint32_le(self.rp2040.usb_dpram, offset, before & ~mask)
        return before

    def start_of_frame(self) -> None:
        """Count a frame and interrupt where that is enabled."""
        self._sof_frame_number = (self._sof_frame_number + 1) & 0x7FF
        self._int_raw |= usb.INTR_DEV_SOF
        if self._int_enable & usb.INTR_DEV_SOF:
            self.check_interrupts()

    def read_uint32(self, offset: int) -> int:
        if offset == usb.SOF_RD and self._int_raw & usb.INTR_DEV_SOF:
            self._int_raw &= ~usb.INTR_DEV_SOF  # reading the frame number clears it
            self.check_interrupts()
        return super().read_uint32(offset)
