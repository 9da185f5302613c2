"""Bosch BMP581 at register level: forced mode, as in BST-BMP581-DS004.

Independence: written from the data sheet (revision 1.2, DS004-02: section 4.3 power
modes, table 9 noise, section 4.5 data registers, section 7 register description; the
conversion times of section 2 as two public drivers quote them from DS004-04). No
driver of the node was read for it.

Modelled: chip id, soft reset, the data-ready and reset bits of INT_STATUS (cleared by
reading), forced mode, oversampling, deep standby, burst access, read-only registers.
Not modelled: normal and continuous mode (no data come), the IIR filters (their setting
can be read back and has no effect), the FIFO (always empty), the NVM.

Conversion time: data-sheet typicals; their sums reproduce the output data rates of
table 9 (x16: 10.4 + 1.0 ms against 87 Hz). The maximum is 1.05 times that.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hullwatch.sim.bus import ByteSource, Nack
from hullwatch.sim.registers.model import SensorModel

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_CHIP_ID: Final = 0x01
_REV_ID: Final = 0x02
_INT_SOURCE: Final = 0x15
_TEMP_XLSB: Final = 0x1D
_PRESS_XLSB: Final = 0x20
_DATA_END: Final = 0x23
_INT_STATUS: Final = 0x27
_STATUS: Final = 0x28
_FIFO_DATA: Final = 0x29
_DSP_IIR: Final = 0x31
_OSR_CONFIG: Final = 0x36
_ODR_CONFIG: Final = 0x37
_OSR_EFF: Final = 0x38
_CMD: Final = 0x7E

_SOFT_RESET: Final = 0xB6
_RESET_US: Final = 2_000
# Deep standby to the start of a measurement: 4 ms is what the Linux driver reads out
# of table 4; not seen in the sheet itself.
_DEEP_WAKE_US: Final = 4_000

_STANDBY: Final = 0
_FORCED: Final = 2
_ODR_5_HZ: Final = 0x18 << 2


def _table(pairs: tuple[tuple[int, int], ...], size: int) -> bytes:
    """Bytes of a register table from (register, value) pairs; the others are 0."""
    table = bytearray(size)
    for register, value in pairs:
        table[register] = value
    return bytes(table)


# The bits that a host may write (section 7); all others keep their reset value.
_MASKS: Final = _table(
    (
        (0x13, 0x13),
        (0x14, 0x1F),
        (_INT_SOURCE, 0x0F),
        (0x16, 0x3F),
        (0x18, 0x1F),
        (0x2B, 0x7F),
        (0x2C, 0xFF),
        (0x2D, 0xFF),
        (0x30, 0xFF),
        (_DSP_IIR, 0x3F),
        (0x32, 0xFF),
        (0x33, 0xFF),
        (0x34, 0xFF),
        (0x35, 0xC1),
        (_OSR_CONFIG, 0x7F),
    ),
    128,
)

# Values after a reset. Confirmed: REV_ID, the data, por in INT_STATUS, nvm_rdy without
# error in STATUS, INT_SOURCE and OSR_CONFIG 0, comp_pt_en = 3 in 0x30. From memory: the
# other bits of 0x30 and STATUS, and ODR_CONFIG (standby, 1 Hz, deep standby allowed).
# Registers not listed read 0 here, whatever the chip says.
_AFTER_RESET: Final = _table(
    (
        (_REV_ID, 0x32),
        *((register, 0x7F) for register in range(_TEMP_XLSB, _DATA_END)),
        (_INT_STATUS, 0x10),
        (_STATUS, 0x03),
        (_FIFO_DATA, 0x7F),
        (0x30, 0x23),
        (_ODR_CONFIG, 0x70),
    ),
    128 + 256,
)

# By oversampling code 0..7 (x1..x128): typical conversion times, and RMS pressure noise
# at 100 kPa (table 9, which pairs x32 with temperature x2, x64 with x4, x128 with x8).
_PRESSURE_US: Final = (1_000, 1_700, 2_900, 5_400, 10_400, 20_400, 40_400, 80_400)
_TEMPERATURE_US: Final = (1_000, 1_100, 1_500, 2_100, 3_300, 5_800, 10_800, 20_800)
PRESSURE_NOISE_PA: Final = (0.78, 0.58, 0.41, 0.30, 0.21, 0.15, 0.11, 0.08)
# The data sheet gives no temperature noise: 3 mK at x1, falling as 1/sqrt, is assumed.
TEMPERATURE_NOISE_K: Final = tuple(0.003 / 2 ** (code / 2) for code in range(8))

_RAW_MAX: Final = 0xFFFFFF


class Bmp581Model(SensorModel):
    """BMP581: pressure in 1/64 Pa (24 bit), temperature in 1/65536 K from 0 degC (24 bit).

    Values out of range stop at the ends of the registers: 0 and 262144 Pa, -128 and
    +128 degC. `registers` holds the 128 registers; tests may read and poke them.

    ack_reset False refuses the reset command after obeying it: the sheet (register
    0x7E) says it is not acknowledged, boards in the field see it acknowledged.
    """

    SENSOR = "bmp581"
    ADDRESS = 0x47
    CHIP_ID = 0x50
    PRESSURE_MIN_PA = 30_000
    PRESSURE_MAX_PA = 125_000

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        ack_reset: bool = True,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        # 256 more zeros, so that a burst that runs past the end still fills its buffer.
        self.registers = bytearray(128 + 256)
        self._id = self.CHIP_ID
        self._ack_reset = ack_reset
        self._pointer = 0
        self._power_up()

    def set_chip_id(self, value: int) -> None:
        """Answer with another id (0..255) until it is set back to CHIP_ID."""
        self._id = value
        self.registers[_CHIP_ID] = value

    # -- transactions -----------------------------------------------------

    def write(self, data: bytes) -> None:
        """Register number, then data for it and the following registers."""
        if self._attention:
            self._attend()
        if data:
            self._pointer = data[0] & 0x7F
            if len(data) > 1:
                self.write_mem(self._pointer, data[1:])

    def read(self, n: int) -> bytes:
        """The registers from the last one written on; up to 256 bytes."""
        buf = bytearray(n)
        self.read_mem_into(self._pointer, buf)
        return bytes(buf)

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Fill buf (up to 256 bytes) from register memaddr on; reading INT_STATUS clears it."""
        if self._attention:
            self._attend()
        end = memaddr + len(buf)
        registers = self.registers
        buf[:] = registers[memaddr:end]
        if memaddr <= _INT_STATUS < end:
            registers[_INT_STATUS] = 0

    def write_mem(self, memaddr: int, data: ByteSource) -> None:
        """Write registers from memaddr on; read-only registers and bits do not change."""
        if self._attention:
            self._attend()
        for index in range(len(data)):
            register = memaddr + index & 0x7F
            value = data[index]
            if register == _ODR_CONFIG:
                self._set_mode(value)
            elif register == _CMD:
                self._command(value)
            else:
                mask = _MASKS[register]
                self.registers[register] = self.registers[register] & ~mask | value & mask
                if register == _OSR_CONFIG:
                    self._set_oversampling()

    # -- behaviour --------------------------------------------------------

    def _power_up(self) -> None:
        registers = self.registers
        registers[:] = _AFTER_RESET
        registers[_CHIP_ID] = self._id
        self._set_oversampling()

    def _command(self, value: int) -> None:
        if value == _SOFT_RESET:
            self._power_up()
            self._pause(_RESET_US)
            if not self._ack_reset:
                raise Nack

    def _set_oversampling(self) -> None:
        code = self.registers[_OSR_CONFIG]
        code_t = code & 7
        code_p = code >> 3 & 7
        duration_us = _TEMPERATURE_US[code_t]
        self._pressure_on = bool(code & 0x40)
        if self._pressure_on:
            duration_us += _PRESSURE_US[code_p]
        self._duration_us = round(duration_us * self._scale)
        self._white_pa = PRESSURE_NOISE_PA[code_p]
        self._white_k = TEMPERATURE_NOISE_K[code_t]
        self.registers[_OSR_EFF] = 0x80 | code & 0x3F

    def _set_mode(self, value: int) -> None:
        registers = self.registers
        registers[_ODR_CONFIG] = value
        mode = value & 3
        if mode == _FORCED:
            duration_us = self._duration_us
            # Deep standby: allowed (bit 7 clear), 5 Hz or slower, and no filter to keep.
            if value < 0x80 and value & 0x7C >= _ODR_5_HZ and not registers[_DSP_IIR]:
                duration_us += _DEEP_WAKE_US
            self._start(duration_us)
        elif mode == _STANDBY:
            self._abort()

    def _finish(self) -> bool:
        registers = self.registers
        if not self._frozen:
            sample = self._measure(self._sample_us, self._white_pa, self._white_k)
            if sample is None:
                return False
            pressure_pa, temperature_c = sample
            raw_t = int(temperature_c * 65536.0 + 8388608.5)
            if not 0 <= raw_t <= _RAW_MAX:
                raw_t = 0 if raw_t < 0 else _RAW_MAX
            # Two's complement of 24 bits: the offset of 2^23 only flips the top bit.
            raw_t ^= 0x800000
            if self._pressure_on:
                raw_p = int(pressure_pa * 64.0 + 0.5)
                if not 0 <= raw_p <= _RAW_MAX:
                    raw_p = 0 if raw_p < 0 else _RAW_MAX
                raw_t |= raw_p << 24
                registers[_TEMP_XLSB:_DATA_END] = raw_t.to_bytes(6, "little")
            else:
                registers[_TEMP_XLSB:_PRESS_XLSB] = raw_t.to_bytes(3, "little")
        registers[_INT_STATUS] |= registers[_INT_SOURCE] & 1
        registers[_ODR_CONFIG] &= 0xFC
        return True
