"""A simulated 1-Wire bus: time slots, open drain, with the calls of MicroPython's driver.

The bus knows no timing: a slot is a call. What several slaves answer in one slot is their
wired AND, which is what makes the ROM search work.
"""

from collections.abc import Callable
from typing import Protocol


def crc8(data: bytes | bytearray | memoryview) -> int:
    """Dallas/Maxim CRC-8, x^8 + x^5 + x^4 + 1, low bit first (application note 27)."""
    crc = 0
    for byte in data:
        for bit in range(8):
            mix = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (0x8C if mix else 0)
    return crc


class OneWireSlave(Protocol):
    """One chip on the bus, slot by slot."""

    def reset(self) -> bool:
        """A reset pulse; True is the presence pulse."""
        ...

    def write_slot(self, bit: int) -> None:
        """The master wrote a bit."""
        ...

    def read_slot(self) -> int:
        """The master reads a bit; 1 leaves the wire high."""
        ...


class SimOneWire:
    """The wire. `short` holds it low: no presence is told from it, all bits are 0.

    `disturb`, when set, may change every bit that is read (what it returns counts).
    """

    def __init__(self) -> None:
        self.slaves: list[OneWireSlave] = []
        self.short = False
        self.disturb: Callable[[int], int] | None = None
        self.slots = 0

    def reset(self) -> bool:
        """Reset pulse; whether any slave answered. A shorted wire tells of none."""
        present = [slave.reset() for slave in self.slaves]
        return any(present) and not self.short

    def readbit(self) -> int:
        """One read slot."""
        self.slots += 1
        # every slave sees the slot
        bit = min([slave.read_slot() for slave in self.slaves], default=1)
        if self.disturb is not None:
            bit = self.disturb(bit)
        return 0 if self.short else bit

    def writebit(self, value: int) -> None:
        """One write slot; a shorted wire is always 0."""
        self.slots += 1
        for slave in self.slaves:
            slave.write_slot(0 if self.short else value & 1)

    def readbyte(self) -> int:
        """Eight read slots, low bit first."""
        value = 0
        for place in range(8):
            value |= self.readbit() << place
        return value

    def writebyte(self, value: int) -> None:
        """Eight write slots, low bit first."""
        for place in range(8):
            self.writebit(value >> place & 1)

    def readinto(self, buf: bytearray) -> None:
        """Fill buf."""
        for index in range(len(buf)):
            buf[index] = self.readbyte()

    def write(self, buf: bytes) -> None:
        """Send all of buf."""
        for value in buf:
            self.writebyte(value)
