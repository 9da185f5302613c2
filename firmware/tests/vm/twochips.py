"""A fake board with two chips on its bus: the pressure sensor and a second one."""

from fakes import Bmp581, Board

from hullcore import ticks
from hullcore.settings import COMPENSATIONS

SETTINGS = {
    "probe": (("aux_sensor", "tmp117"),),
    "onewire": (("aux_sensor", "ds18b20"), ("compensation", "probe")),
    "reference": (
        ("aux_sensor", "bmp581"), ("aux_address", "70"), ("reference_pa", "101325"),
        ("reference_leak_mpa_day", "1000"), ("reference_lag_ms", "60000"),
        ("temp_lag_ms", "1000"),
    ),
}  # fmt: skip


class Tmp117:
    """The registers of a TMP117 that its driver touches; the word read is `raw` plus up to 3."""

    def __init__(self, time) -> None:
        self._time = time
        self._config = 0x0220
        self._ready_at = -1
        self._noise = 1
        self.conversion_us = 5000
        self.raw = 22 * 128
        self.nack = 0
        self.dead = False
        self.starts = 0
        self.triggers = 0

    def _refuse(self) -> None:
        if self.nack:
            self.nack -= 1
            raise OSError(5)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._refuse()
        if data[1] & 2:
            self._config = 0x0220
            self.starts += 1
            return
        self._config = data[0] << 8 | data[1]
        if self._config & 0x0C00 == 0x0C00:
            self._ready_at = ticks.add(self._time.us, self.conversion_us)
            self.triggers += 1

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._refuse()
        word = 0x0117
        if register == 0:
            self._noise = (self._noise * 3877 + 29573) % 139968
            word = self.raw + self._noise * 4 // 139968
        elif register == 1:
            word = self._config
            if self._ready_at >= 0 and not self.dead:
                if ticks.diff(self._time.us, self._ready_at) >= 0:
                    self._ready_at = -1
                    self._config = word & ~0x0800 | 0x0400
                    word = self._config | 0x2000
        buffer[0] = word >> 8
        buffer[1] = word & 255


class OneWire:
    """The bytes of a DS18B20 on a wire, each taking its time."""

    def __init__(self, time) -> None:
        self._time = time
        self._pad = bytearray(b"\x60\x01\x7f\x80\x7f\xff\x0c\x10\x00")  # 22 degC
        self._answer = self._rom = b"\x28\x01\x02\x03\x04\x05\x06\x9e"
        self._at = 0
        self.present = True
        self.converts = 0

    def reset(self) -> bool:
        self._time.advance(1000)
        return self.present

    def write(self, data: bytes) -> None:
        self._time.advance(600 * len(data))
        command = data[-1] if len(data) < 3 else data[1]
        self._at = 0
        if command == 0x33:
            self._answer = self._rom
        elif command == 0xB4:
            self._answer = b"\xff"
        elif command == 0x44:
            self.converts += 1
        elif command == 0x4E:
            from hullnode.drivers.ds18b20 import crc8  # not on the heap of nodes without one

            self._pad[4] = data[4]
            self._pad[8] = crc8(self._pad[:8])
        elif command == 0xBE:
            self._answer = self._pad

    def readinto(self, buffer: bytearray) -> None:
        self._time.advance(600 * len(buffer))
        for k in range(len(buffer)):
            buffer[k] = self._answer[self._at]
            self._at += 1


class Bus:
    """Hands each transfer to the chip at its address; EIO where there is none."""

    def __init__(self, chips: dict) -> None:
        self._chips = chips

    def _chip(self, address: int):
        if address not in self._chips:
            raise OSError(5)
        return self._chips[address]

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._chip(address).writeto_mem(address, register, data)

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._chip(address).readfrom_mem_into(address, register, buffer)


class TwoChips(Board):
    """A board whose BMP581 at 0x47 has a TMP117, another BMP581 (0x46) and a DS18B20 beside it."""

    def __init__(self, root: str) -> None:
        Board.__init__(self, root)
        self.probe = Tmp117(self.time)
        self.reference = Bmp581(self.time)
        self._wire = OneWire(self.time)
        self._bus = Bus({0x47: self.chip, 0x48: self.probe, 0x46: self.reference})

    def i2c(self, sda: int, scl: int, khz: int) -> object:
        return self._bus

    def onewire(self) -> object:
        return self._wire


def configure(config, compensation: str) -> None:
    """Stage and commit a compensation and the second sensor it needs."""
    if compensation in COMPENSATIONS:
        config.stage("compensation", compensation)
    for key, value in SETTINGS.get(compensation, ()):
        config.stage(key, value)
    config.commit()
