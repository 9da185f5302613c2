"""Maxim DS18B20 at time-slot level: a thermometer on a 1-Wire bus.

Independence: written from the data sheet "DS18B20 Programmable Resolution 1-Wire Digital
Thermometer" (19-7487 rev 6: tables 1 and 2, figures 4, 7 to 11: temperature register,
configuration, 64-bit ROM, memory, commands) and application note 27 (CRC), from memory. No
driver of the node was read for it.

Modelled: presence, every ROM command (read, match, skip, search, alarm search), every
function command (convert, write, read, copy and recall of the scratchpad, power supply),
resolution and conversion times, the power-on value 85 degC, read slots that tell the end
of a conversion, CRC-8 of ROM and scratchpad. Not modelled: slot timing, the current a
parasite-powered chip needs (it converts whether or not the wire is pulled up).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hullwatch.sim.onewire import crc8
from hullwatch.sim.registers.model import NEVER_US

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

FAMILY: Final = 0x28
_READ_ROM: Final = 0x33
_MATCH_ROM: Final = 0x55
_SKIP_ROM: Final = 0xCC
_SEARCH_ROM: Final = 0xF0
_ALARM_SEARCH: Final = 0xEC
_CONVERT: Final = 0x44
_WRITE_SCRATCHPAD: Final = 0x4E
_READ_SCRATCHPAD: Final = 0xBE
_COPY: Final = 0x48
_RECALL: Final = 0xB8
_POWER_SUPPLY: Final = 0xB4
_COPY_US: Final = 10_000

# By the resolution code 0..3 (9..12 bits). The times are maxima; the sheet has no typical ones.
CONVERSION_US: Final = (93_750, 187_500, 375_000, 750_000)
# No noise is printed: half a 12-bit step (0.0625 K) is assumed at every resolution.
TEMPERATURE_NOISE_K: Final = 0.03

# What the chip does with the next slots.
_DEAF, _ROM, _MATCH, _SEARCH, _FUNCTION, _TAKE, _GIVE, _POLL = range(8)


class Ds18b20Model:
    """DS18B20: temperature in 1/16 K from 0 degC, 16 bits; with fewer bits the low ones are 0.

    The sheet leaves those low bits undefined. `scratchpad` holds the 8 bytes in front of the
    CRC; tests may poke them. `broken_crc`: the CRC of the scratchpad is sent wrong.
    conversion_scale up to 1.0, as the printed times are maxima.
    """

    SENSOR = "ds18b20"

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        serial: int = 0x0000_0B1E_5EED,
        parasite: bool = False,
    ) -> None:
        self._measure = front_end.measure
        self._now_us = now_us
        self._conversion_scale = conversion_scale
        self._serial = serial
        self._parasite = parasite
        self._eeprom = bytes((0x4B, 0x46, 0x7F))
        self.rom = b""
        self.set_family(FAMILY)
        self.absent = False
        self.broken_crc = False
        self.conversions = 0
        self._frozen = False
        self._stalled = False
        self._ready_us = 0
        self._sample_us = 0
        self.scratchpad = bytearray(8)
        self.power_up()

    # -- faults -----------------------------------------------------------

    def set_family(self, value: int) -> None:
        """Another family code (0x10 a DS18S20, 0x22 a DS1822), with a valid CRC."""
        body = bytes((value,)) + self._serial.to_bytes(6, "little")
        self.rom = body + bytes((crc8(body),))

    def freeze(self, on: bool) -> None:
        """While on, conversions complete on time and repeat the last result."""
        self._frozen = on

    def stall(self, on: bool) -> None:
        """While on, conversions never complete."""
        self._stalled = on

    def power_up(self) -> None:
        """Power came back: 85 degC, limits and resolution from the EEPROM."""
        self.scratchpad[:] = b"\x50\x05" + self._eeprom + b"\xff\x0c\x10"
        self._state = _DEAF
        self._ready_us = 0
        self._converting = False
        self._busy = False
        self._sent = b""
        self._given = 0
        self._taken = 0
        self._place = 0
        self._alarm = False

    # -- slots ------------------------------------------------------------

    def reset(self) -> bool:
        """Reset pulse: the next byte is a ROM command. True unless `absent`."""
        self._attend()
        self._state = _ROM
        self._place = self._taken = 0
        self._busy = False
        self._sent = b""
        return not self.absent

    def write_slot(self, bit: int) -> None:
        """One bit from the master, low bit of a byte first."""
        if self.absent or self._state in (_DEAF, _GIVE, _POLL):
            return
        if self._state == _SEARCH:
            self._choose(bit)
            return
        if self._state == _MATCH:
            if self.rom[self._place >> 3] >> (self._place & 7) & 1 != bit:
                self._state = _DEAF
            self._place += 1
            if self._place == 64 and self._state == _MATCH:
                self._expect(_FUNCTION)
            return
        self._taken |= bit << (self._place & 7)
        self._place += 1
        if self._place & 7 == 0:
            byte, self._taken = self._taken, 0
            self._byte(byte)

    def read_slot(self) -> int:
        """One bit to the master; 1 when the chip has nothing to say."""
        if self.absent:
            return 1
        if self._state == _SEARCH:
            return self._search_bit()
        if self._state == _POLL:
            self._attend()
            return 0 if self._busy else 1
        if self._given < 8 * len(self._sent):
            bit = self._sent[self._given >> 3] >> (self._given & 7) & 1
            self._given += 1
            return bit
        return 1

    # -- behaviour --------------------------------------------------------

    def _expect(self, state: int) -> None:
        self._state = state
        self._place = self._taken = 0

    def _byte(self, byte: int) -> None:
        if self._state == _ROM:
            self._rom_command(byte)
        elif self._state == _FUNCTION:
            self._function(byte)
        elif self._state == _TAKE:
            index = self._place // 8 - 1
            self.scratchpad[2 + index] = byte & 0x60 | 0x1F if index == 2 else byte
            if index == 2:
                self._state = _DEAF

    def _rom_command(self, byte: int) -> None:
        if byte == _READ_ROM:
            self._give(self.rom)
            self._expect(_FUNCTION)
        elif byte == _MATCH_ROM:
            self._expect(_MATCH)
        elif byte == _SKIP_ROM:
            self._expect(_FUNCTION)
        elif byte == _SEARCH_ROM or (byte == _ALARM_SEARCH and self._alarm):
            self._expect(_SEARCH)
        else:
            self._state = _DEAF

    def _function(self, byte: int) -> None:
        self._attend()
        if byte == _CONVERT:
            duration_us = CONVERSION_US[self.scratchpad[4] >> 5 & 3]
            self._sample_us = self._now_us()
            self._ready_us = self._sample_us + round(duration_us * self._conversion_scale)
            self._converting = self._busy = True
            self._expect(_POLL)
        elif byte == _WRITE_SCRATCHPAD:
            self._expect(_TAKE)
        elif byte == _READ_SCRATCHPAD:
            crc = crc8(self.scratchpad) ^ (0x01 if self.broken_crc else 0)
            self._give(bytes(self.scratchpad) + bytes((crc,)))
        elif byte == _COPY:
            self._eeprom = bytes(self.scratchpad[2:5])
            self._ready_us = self._now_us() + _COPY_US
            self._busy = True
            self._expect(_POLL)
        elif byte == _RECALL:
            self.scratchpad[2:5] = self._eeprom
            self._expect(_POLL)
        elif byte == _POWER_SUPPLY:
            self._give(b"\x00" if self._parasite else b"\xff")
        else:
            self._state = _DEAF

    def _give(self, data: bytes) -> None:
        """Answer the next read slots with data."""
        self._sent = data
        self._given = 0
        self._expect(_GIVE)

    def _search_bit(self) -> int:
        bit = self.rom[self._place >> 4] >> (self._place >> 1 & 7) & 1
        if self._place & 1:
            bit ^= 1
        self._place += 1
        return bit

    def _choose(self, bit: int) -> None:
        """The master goes on with those whose bit this is; both readings came before."""
        place = (self._place >> 1) - 1
        if self.rom[place >> 3] >> (place & 7) & 1 != bit:
            self._state = _DEAF
        elif place == 63:
            self._expect(_FUNCTION)

    def _attend(self) -> None:
        """Finish what is due."""
        if not (self._busy or self._converting) or self._now_us() < self._ready_us:
            return
        if self._converting:
            if self._stalled or not self._convert():
                return
            self._converting = False
            self.conversions += 1
        self._busy = False

    def _convert(self) -> bool:
        pad = self.scratchpad
        if not self._frozen:
            sample = self._measure(self._sample_us, 0.0, TEMPERATURE_NOISE_K)
            if sample is None:
                self._ready_us = NEVER_US
                return False
            step = 8 >> (pad[4] >> 5 & 3)
            value = min(max(round(sample[1] * 16.0 / step) * step, -55 * 16), 125 * 16)
            pad[0:2] = value.to_bytes(2, "little", signed=True)
        whole = int.from_bytes(pad[0:2], "little", signed=True) >> 4
        high, low = (int.from_bytes(pad[i : i + 1], "little", signed=True) for i in (2, 3))
        self._alarm = whole >= high or whole <= low
        return True
