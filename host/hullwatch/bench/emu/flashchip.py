"""The flash of the emulated Pico: its unique id, and the time that erasing and writing take.

Winbond W25Q16JV data sheet, revision H: 8.2.33 Read Unique ID (4Bh), 9.6 AC characteristics
(typical: sector erase 45 ms, 64 KiB block erase 150 ms, page program 0.4 ms).
"""

from __future__ import annotations

from rp2040py.peripherals.ssi import RPSSI

_READ_UNIQUE_ID = 0x4B
_UNIQUE_ID_AT = 5  # after the opcode and four dummy bytes
_BUSY_NS = {0x20: 45e6, 0xD8: 150e6, 0x02: 0.4e6}


class FlashChip(RPSSI):
    """The emulator's flash with an identity, busy for as long as the real one is.

    The processor waits for the flash with its interrupts off, so the time passes here at once.
    """

    uid = b"\xff" * 8

    @classmethod
    def fit(cls, ssi: RPSSI, uid: bytes) -> FlashChip:
        """Put this chip in place of the emulator's own; `uid` is 8 bytes."""
        ssi.__class__ = cls
        assert isinstance(ssi, cls)
        ssi.uid = uid
        return ssi

    def _shift_byte(self, byte_out: int) -> int:
        answer: int = super()._shift_byte(byte_out)
        place = len(self._tx_buffer) - 1 - _UNIQUE_ID_AT
        if self._tx_buffer[0] == _READ_UNIQUE_ID and 0 <= place < len(self.uid):
            return self.uid[place]
        return answer

    def _apply_command(self) -> None:
        busy_ns = 0.0
        if self._write_enabled and len(self._tx_buffer) >= 4:
            busy_ns = _BUSY_NS.get(self._tx_buffer[0], 0.0)
        super()._apply_command()
        if busy_ns:
            self.rp2040.clock.tick(busy_ns)
