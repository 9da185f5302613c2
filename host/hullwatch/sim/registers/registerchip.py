"""Chips with byte registers behind an address that counts up by itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hullwatch.sim.bus import ByteSource
from hullwatch.sim.registers.model import SensorModel

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd


class RegisterChip(SensorModel):
    """`registers` holds 128 bytes; tests may read and poke them.

    A chip overrides `_put` for what a write does and `_seen` for what a read clears.
    """

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._pointer = 0
        # 256 more zeros, so that a burst that runs past the end still fills its buffer.
        self.registers = bytearray(128 + 256)

    def write(self, data: bytes) -> None:
        """Register number, then values for it and the ones that follow."""
        if self._attention:
            self._attend()
        if data:
            self._pointer = data[0] & 0x7F
            for index in range(1, len(data)):
                self._put(self._pointer + index - 1 & 0x7F, data[index])

    def read(self, n: int) -> bytes:
        """The registers from the last one written on; up to 256 bytes."""
        buf = bytearray(n)
        self.read_mem_into(self._pointer, buf)
        return bytes(buf)

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Fill buf (up to 256 bytes) from register memaddr on."""
        if self._attention:
            self._attend()
        end = memaddr + len(buf)
        buf[:] = self.registers[memaddr:end]
        self._seen(memaddr, end)

    def write_mem(self, memaddr: int, data: ByteSource) -> None:
        """Write registers from memaddr on."""
        if self._attention:
            self._attend()
        for index in range(len(data)):
            self._put(memaddr + index & 0x7F, data[index])

    def _put(self, register: int, value: int) -> None:
        """Take one written byte; whatever is not writable must not change."""
        raise NotImplementedError

    def _seen(self, start: int, end: int) -> None:
        """The registers start..end-1 have been read."""
