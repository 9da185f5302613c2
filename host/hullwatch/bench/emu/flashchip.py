"""The flash of the emulated Pico: its unique id, and the time that erasing and writing take.

Winbond W25Q16JV data sheet, revision H: 8.2.33 Read Unique ID (4Bh), 9.6 AC characteristics
(typical: sector erase 45 ms, 64 KiB block erase 150 ms, page program 0.4 ms).
"""

from __future__ import annotations

from typing import Protocol

from rp2040py.peripherals.ssi import RPSSI

_READ_UNIQUE_ID = 0x4B
_UNIQUE_ID_AT = 5  # after the opcode and four dummy bytes
_BUSY_NS = {0x20: 45e6, 0xD8: 150e6, 0x02: 0.4e6}
_SIZES = {0x20: 4096, 0xD8: 65536, 0x02: 256}


class Power(Protocol):
    """When power fails, in nanoseconds of emulated time; `pause` ends the run."""

    fails_ns: float

    def pause(self) -> None:
        """End the run after the present instruction."""
        ...


class FlashChip(RPSSI):
    """The emulator's flash with an identity, busy for as long as the real one is.

    The processor waits for the flash with its interrupts off, so the time passes here at once.
    Where power fails meanwhile, the operation is done in part. `operations` counts erases and
    page programs.
    """

    uid = b"\xff" * 8
    power: Power
    operations = 0
    _cut_at = -1
    _cut_part = 0.0

    @classmethod
    def fit(cls, ssi: RPSSI, uid: bytes, power: Power) -> FlashChip:
        """Put this chip in place of the emulator's own; `uid` is 8 bytes."""
        ssi.__class__ = cls
        assert isinstance(ssi, cls)
        ssi.uid = uid
        ssi.power = power
        return ssi

    def cut_in(self, later: int, part: float) -> None:
        """Power fails in the operation after `later` further ones, when `part` of it is done."""
        self._cut_at = self.operations + later
        self._cut_part = part

    def _shift_byte(self, byte_out: int) -> int:
        answer: int = super()._shift_byte(byte_out)
        place = len(self._tx_buffer) - 1 - _UNIQUE_ID_AT
        if self._tx_buffer[0] == _READ_UNIQUE_ID and 0 <= place < len(self.uid):
            return self.uid[place]
        return answer

    def _apply_command(self) -> None:
        opcode = self._tx_buffer[0] if len(self._tx_buffer) >= 4 else 0
        if not (self._write_enabled and opcode in _BUSY_NS):
            super()._apply_command()
            return
        size = _SIZES[opcode]
        at = self._address_from_buffer() & ~(size - 1)
        flash, clock = self.rp2040.flash, self.rp2040.clock
        before = bytes(flash[at : at + size])
        begun_ns, busy_ns = clock.nanos, _BUSY_NS[opcode]
        if self.operations == self._cut_at:
            self.power.fails_ns = begun_ns + self._cut_part * busy_ns
        self.operations += 1
        super()._apply_command()
        clock.tick(busy_ns)
        done = (self.power.fails_ns - begun_ns) / busy_ns
        if done < 1:
            whole = int(size * done)
            flash[at + whole : at + size] = before[whole:]
            self.power.pause()
