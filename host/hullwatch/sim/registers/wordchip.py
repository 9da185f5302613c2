"""Chips that answer a read with one short word, whole, however it is clocked out."""

from typing import ClassVar

from hullwatch.sim.registers.model import SensorModel


class WordChip(SensorModel):
    """A chip whose reads have an effect, so that each transaction must ask for its word once."""

    LONGEST_REPLY: ClassVar[int]
    _clocked = b""

    def read_byte(self, index: int) -> int:
        """One byte of the answer, which is taken whole with the first byte; 0 after its end."""
        if index == 0:
            self._clocked = self.read(self.LONGEST_REPLY)
        return self._clocked[index] if index < self.LONGEST_REPLY else 0
