"""What ST's barometers share: output registers, data-ready bits, one-shot and continuous mode.

Independence: written from the data sheets named in each chip's file; no driver of the node
was read for it.

Modelled: id, software reset, address increment that can be switched off, one shot that
clears its own bit, continuous mode, P_DA and T_DA (cleared by reading the high byte of
that quantity), the overrun bits. Not modelled: FIFO, interrupts, reference pressure, the
low-pass filter (its setting can be read back and has no effect).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from hullwatch.sim.registers.registerchip import RegisterChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

WHO_AM_I: Final = 0x0F
CTRL_REG1: Final = 0x10
CTRL_REG2: Final = 0x11
CTRL_REG3: Final = 0x12
STATUS: Final = 0x27
_PRESS_OUT: Final = 0x28
_PRESS_OUT_H: Final = 0x2A
_TEMP_OUT_H: Final = 0x2C
_OUT_END: Final = 0x2D

_P_DA: Final = 0x01
_T_DA: Final = 0x02
_BOTH: Final = _P_DA | _T_DA
_ONE_SHOT: Final = 0x01
_SWRESET: Final = 0x04
_LSB_PER_K: Final = 100.0
# The chip is back 50 us after a software reset.
_RESET_US: Final = 50


class StBarometer(RegisterChip):
    """24-bit pressure and 16-bit temperature (1/100 K from 0 degC), both in two's complement.

    Results out of range stop at the ends of the registers.

    RESET: (register, value) after a reset. WRITABLE: registers a host may write, with the
    bits that stick. PERIOD_US: output periods by ODR code, from code 1.
    """

    RESET: ClassVar[dict[int, int]]
    WRITABLE: ClassVar[dict[int, int]]
    PERIOD_US: ClassVar[tuple[int, ...]]

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._id = self.CHIP_ID
        self._power_up()

    def set_chip_id(self, value: int) -> None:
        """Answer with another id (0..255) until it is set back to CHIP_ID."""
        self._id = value
        self.registers[WHO_AM_I] = value

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Fill buf from register memaddr on, or with that one over and over."""
        if self._increments():
            super().read_mem_into(memaddr, buf)
            return
        one = bytearray(1)
        for index in range(len(buf)):
            super().read_mem_into(memaddr, one)
            buf[index] = one[0]

    # -- what a chip says -------------------------------------------------

    def _increments(self) -> bool:
        """Whether bursts step through the registers."""
        raise NotImplementedError

    def _odr(self) -> int:
        """The output data rate code; 0 is power-down."""
        raise NotImplementedError

    def _conversion(self) -> tuple[int, float, float, float]:
        """Duration (us), pressure noise (Pa), temperature noise (K), LSB per Pa now."""
        raise NotImplementedError

    # -- behaviour --------------------------------------------------------

    def _power_up(self) -> None:
        registers = self.registers
        registers[:] = bytes(len(registers))
        for register, value in self.RESET.items():
            registers[register] = value
        registers[WHO_AM_I] = self._id

    def _put(self, register: int, value: int) -> None:
        if register not in self.WRITABLE:
            return
        registers = self.registers
        if register == CTRL_REG2 and value & _SWRESET:
            self._power_up()
            self._pause(_RESET_US)
            return
        one_shot = registers[register] & _ONE_SHOT if register == CTRL_REG2 else 0
        registers[register] = value & self.WRITABLE[register] | one_shot
        if register == CTRL_REG1:
            self._abort()
            if self._odr():
                duration_us = round(self._conversion()[0] * self._scale)
                self._start_cycle(duration_us, self.PERIOD_US[self._odr() - 1])
        elif register == CTRL_REG2 and value & _ONE_SHOT and not self._odr():
            self._start(round(self._conversion()[0] * self._scale))

    def _seen(self, start: int, end: int) -> None:
        registers = self.registers
        if start <= _PRESS_OUT_H < end:
            registers[STATUS] &= ~(_P_DA | _P_DA << 4)
        if start <= _TEMP_OUT_H < end:
            registers[STATUS] &= ~(_T_DA | _T_DA << 4)

    def _finish(self) -> bool:
        registers = self.registers
        if not self._frozen:
            _, white_pa, white_k, lsb_per_pa = self._conversion()
            sample = self._measure(self._sample_us, white_pa, white_k)
            if sample is None:
                return False
            pressure = min(max(round(sample[0] * lsb_per_pa), -0x800000), 0x7FFFFF)
            temperature = min(max(round(sample[1] * _LSB_PER_K), -0x8000), 0x7FFF)
            registers[_PRESS_OUT:_OUT_END] = pressure.to_bytes(
                3, "little", signed=True
            ) + temperature.to_bytes(2, "little", signed=True)
        registers[STATUS] |= (registers[STATUS] & _BOTH) << 4 | _BOTH
        registers[CTRL_REG2] &= ~_ONE_SHOT
        return True
