"""Analog Devices (Maxim) DS18B20 temperature probe, 1-Wire, alone on its wire, externally powered.

Source: Analog Devices 19-7487 rev 6: conversion times and resolution (table 2), temperature
register (figure 4, table 1), scratchpad (figure 9), commands (table 3), power-up value 85 degC;
CRC-8 from application note 27.

The wire is passed in as `wire`, the part of MicroPython's `onewire.OneWire` that is used:

    wire.reset() -> bool        reset pulse; whether anything answered
    wire.write(data)            bytes, least significant bit first
    wire.readinto(buffer)       fills it

One byte takes 0.6 ms there, and nothing but the slots within a bit is timed: so no method but
`start` moves more than four bytes and a reset (3.5 ms); `collect` reads the scratchpad in three
calls. `start` takes about 22 ms.

The address in the settings is 0: the wire has no other. The probe is identified by the family
code in its ROM. Oversampling 1, 2, 4, 8 stands for 9 to 12 bits, which cost as much time.
"""

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_PROM_CRC,
    CHIP_FAULT,
    CHIP_RESET,
    CONFIG_REFUSED,
    WRONG_ID,
    SensorError,
)

_READ_ROM = const(0x33)
_SKIP_ROM = const(0xCC)
_CONVERT = const(0x44)
_READ_SCRATCHPAD = const(0xBE)
_WRITE_SCRATCHPAD = const(0x4E)
_READ_POWER_SUPPLY = const(0xB4)

_FAMILY = const(0x28)
_POWER_UP = const(0x0550)  # 85 degC: what the register holds until a conversion has ended
_NO_ANSWER = const(5)  # EIO, as a NACK on I2C

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_AGAIN_US = const(1000)  # between two pieces of the scratchpad

_RATIOS = (1, 2, 4, 8)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: the conversion, and reading it in pieces."""
    return 93750 * oversampling + 3 * (3500 + _AGAIN_US)


def crc8(data: bytes | bytearray, crc: int = 0) -> int:
    """CRC-8 x^8 + x^5 + x^4 + 1, least significant bit first (AN27); 0 over data and their CRC."""
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc


class Ds18b20:
    """One DS18B20; see `hullnode.drivers` for the interface all probes share.

    `collect` raises OSError (nothing answers), SensorError BAD_PROM_CRC (a bit was read wrong),
    CHIP_RESET (it lost its supply since `trigger`: 85.0 degC exactly is refused for that).
    """

    SENSOR = "ds18b20"
    KIND = "temperature"
    ADDRESSES = (0,)
    OVERSAMPLINGS = _RATIOS
    ALLOCATES = False

    def __init__(self, wire, address: int, oversampling: int, sleep_ms) -> None:
        self._wire = wire
        self._pieces = (bytearray(3), bytearray(3), bytearray(3))  # of the scratchpad
        self._convert = bytes([_SKIP_ROM, _CONVERT])
        self._read = bytes([_SKIP_ROM, _READ_SCRATCHPAD])
        code = _RATIOS.index(oversampling)
        self._config = code << 5 | 0x1F
        self._unused = 3 - code  # low bits of the register that mean nothing
        self._conversion_us = 93750 * oversampling
        self._piece = 0
        self.temperature_q16 = 0
        self.temperature_lsb_q16 = 32768 >> code
        self.temperature_shift = 15 - code

    def _reset(self) -> None:
        if not self._wire.reset():
            raise OSError(_NO_ANSWER)

    def start(self) -> None:
        """Identify, check the supply, set the resolution. Takes about 22 ms.

        Raises OSError (nothing answers), SensorError WRONG_ID, BAD_PROM_CRC (also: more than one
        on the wire), CHIP_FAULT (no supply of its own), CONFIG_REFUSED.
        """
        wire = self._wire
        self._reset()
        wire.write(bytes([_READ_ROM]))
        rom = bytearray(8)
        wire.readinto(rom)
        if crc8(rom):
            raise SensorError(BAD_PROM_CRC, crc8(rom[:7]) << 8 | rom[7])
        if rom[0] != _FAMILY:
            raise SensorError(WRONG_ID, rom[0])
        self._reset()
        wire.write(bytes([_SKIP_ROM, _READ_POWER_SUPPLY]))
        powered = bytearray(1)
        wire.readinto(powered)
        if not powered[0] & 1:
            raise SensorError(CHIP_FAULT, powered[0])
        self._reset()
        wire.write(bytes([_SKIP_ROM, _WRITE_SCRATCHPAD, 0x7F, 0x80, self._config]))  # no alarms
        self._reset()
        wire.write(self._read)
        scratchpad = bytearray(9)
        wire.readinto(scratchpad)
        if crc8(scratchpad):
            raise SensorError(BAD_PROM_CRC, crc8(scratchpad[:8]) << 8 | scratchpad[8])
        if scratchpad[4] != self._config:
            raise SensorError(CONFIG_REFUSED, scratchpad[4])

    def trigger(self) -> int:
        """Start one conversion now, 2 ms; µs until `collect` is worth calling. OSError."""
        self._piece = 0
        self._reset()
        self._wire.write(self._convert)
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait: each call reads a third of the scratchpad.

        Takes at most 3.5 ms. OSError when nothing answers, SensorError BAD_PROM_CRC, CHIP_RESET.
        """
        if self._piece == 0:
            self._reset()
            self._wire.write(self._read)
        self._wire.readinto(self._pieces[self._piece])
        self._piece += 1
        if self._piece < 3:
            return _AGAIN_US
        self._piece = 0
        first, second, third = self._pieces
        crc = crc8(third, crc8(second, crc8(first)))
        if crc:
            raise SensorError(BAD_PROM_CRC, crc)
        raw = first[0] | first[1] << 8  # < 2^16
        if raw == _POWER_UP or second[1] != self._config:
            raise SensorError(CHIP_RESET, raw)
        if raw & 0x8000:
            raw -= 0x10000  # |raw| <= 2^15
        raw = raw >> self._unused << self._unused
        self.temperature_q16 = (raw << 12) + _ZERO_CELSIUS_Q16  # < 2^28
        return 0
