"""A simulated I2C bus with the calls of ``machine.I2C`` that the node uses.

Drivers meet the simulator here: whole transactions, no clock stretching, no
bus time. Faults are kept out of the way of healthy traffic: an address with a
fault is taken off the table of live devices, so a healthy transaction pays one
dict look-up and no test for faults.

Errors are MicroPython's: OSError(5), EIO, for a missing acknowledge and
OSError(110), ETIMEDOUT, for a bus that cannot be driven.
"""

from typing import Protocol

EIO = 5
ETIMEDOUT = 110


class Nack(Exception):
    """Raised by a device to refuse a transaction; the bus turns it into OSError(EIO)."""


class ByteSource(Protocol):
    """What a driver may hand over to be sent: bytes, bytearray or memoryview."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> int: ...


class I2cDevice:
    """One chip on the bus: a transaction is either a write or a read.

    A device needs only `write` and `read`. The two register transactions are
    here so that a model may serve them without building the intermediate bytes.
    Each may raise `Nack`.
    """

    def write(self, data: bytes) -> None:
        """Take the bytes that follow the address in one write transaction."""
        raise NotImplementedError

    def read(self, n: int) -> bytes:
        """Give the n bytes that the controller clocks out in one read transaction."""
        raise NotImplementedError

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Write the register number, restart, and fill buf."""
        self.write(bytes((memaddr,)))
        buf[:] = self.read(len(buf))

    def write_mem(self, memaddr: int, data: ByteSource) -> None:
        """Write the register number and the data in one transaction."""
        self.write(bytes([memaddr, *(data[i] for i in range(len(data)))]))

    def read_byte(self, index: int) -> int:
        """Byte `index`, from 0, of one read transaction, for a controller that clocks each byte.

        For devices that give the same bytes however often they are read; others override it.
        """
        return self.read(index + 1)[index]

    def set_chip_id(self, value: int) -> None:
        """Make the device identify itself as another chip; its real id undoes it."""
        raise NotImplementedError

    def freeze(self, on: bool) -> None:
        """While on, conversions complete on time and repeat the last data."""
        raise NotImplementedError

    def stall(self, on: bool) -> None:
        """While on, conversions never complete: the device is busy for ever."""
        raise NotImplementedError


class SimBus:
    """The `machine.I2C` subset of the drivers over simulated devices, with bus faults.

    Counters: `transactions` (all that were tried), `nacks` (those that ended in
    EIO), `timeouts` (those that met a held bus), `clockings` (calls of `nine_clocks`).
    """

    def __init__(self) -> None:
        self._devices: dict[int, I2cDevice] = {}
        self._live: dict[int, I2cDevice] = {}
        self._refusing: dict[int, int | None] = {}
        self._held_errno = 0
        self._held_for: int | None = None
        self._held_by_chip = False
        self.clockings = 0
        self.transactions = 0
        self.nacks = 0
        self.timeouts = 0

    # -- wiring -----------------------------------------------------------

    def add(self, address: int, device: I2cDevice) -> None:
        """Put a device at a 7-bit address (0x08..0x77); ValueError if it is taken."""
        if not 0x08 <= address <= 0x77:
            raise ValueError(f"{address:#x} is not a usable 7-bit I2C address (0x08..0x77)")
        if address in self._devices:
            raise ValueError(f"address {address:#x} is already taken on this bus")
        self._devices[address] = device
        self._sort_out()

    def remove(self, address: int) -> I2cDevice:
        """Unplug a device and return it; KeyError if there is none."""
        device = self._devices.pop(address)
        self._sort_out()
        return device

    def device(self, address: int) -> I2cDevice:
        """The device at an address; KeyError if there is none."""
        return self._devices[address]

    # -- faults -----------------------------------------------------------

    def nack(self, address: int, transactions: int | None = None) -> None:
        """Refuse an address: for the next n transactions (n >= 1), or until `clear`."""
        if transactions is not None and transactions < 1:
            raise ValueError("transactions must be at least 1, or None for until cleared")
        self._refusing[address] = transactions
        self._sort_out()

    def clear(self, address: int) -> None:
        """End `nack` for an address; nothing happens if it was not refusing."""
        self._refusing.pop(address, None)
        self._sort_out()

    def hold_sda_low(
        self, errno: int = ETIMEDOUT, transactions: int | None = None, by_chip: bool = False
    ) -> None:
        """Hold the data line: every transaction fails, n times or until `release_sda`.

        errno is what the port reports: 110 (the hardware's timeout) or 5. by_chip: it is a chip
        cut off in the middle of a byte, which lets go when it is clocked on; else a short.
        """
        if errno not in (EIO, ETIMEDOUT):
            raise ValueError("a held bus is reported as errno 5 or 110")
        if transactions is not None and transactions < 1:
            raise ValueError("transactions must be at least 1, or None for until released")
        self._held_errno = errno
        self._held_for = transactions
        self._held_by_chip = by_chip
        self._sort_out()

    def release_sda(self) -> None:
        """End `hold_sda_low`."""
        self._held_errno = 0
        self._sort_out()

    def nine_clocks(self) -> None:
        """What a controller does to a bus that hangs: clocks for a whole byte, then STOP."""
        self.clockings += 1
        if self._held_by_chip:
            self.release_sda()

    def set_chip_id(self, address: int, value: int) -> None:
        """Make the chip at an address answer with another id (see its model)."""
        self._devices[address].set_chip_id(value)

    def freeze(self, address: int, on: bool = True) -> None:
        """Make the chip at an address repeat its last data."""
        self._devices[address].freeze(on)

    def stall(self, address: int, on: bool = True) -> None:
        """Make the chip at an address busy for ever."""
        self._devices[address].stall(on)

    # -- machine.I2C ------------------------------------------------------

    def readfrom_mem_into(self, addr: int, memaddr: int, buf: bytearray | memoryview) -> None:
        """Read len(buf) bytes from register memaddr on; OSError as in the module text."""
        self.transactions += 1
        device = self._live.get(addr)
        if device is None:
            raise self._refusal(addr)
        try:
            device.read_mem_into(memaddr, buf)
        except Nack:
            raise self._eio() from None

    def writeto_mem(self, addr: int, memaddr: int, buf: ByteSource) -> None:
        """Write buf to register memaddr; OSError as in the module text."""
        self.transactions += 1
        device = self._live.get(addr)
        if device is None:
            raise self._refusal(addr)
        try:
            device.write_mem(memaddr, buf)
        except Nack:
            raise self._eio() from None

    def writeto(self, addr: int, buf: bytes | bytearray | memoryview, stop: bool = True) -> int:
        """Write buf; returns how many bytes were acknowledged. `stop` makes no difference."""
        self.transactions += 1
        device = self._live.get(addr)
        if device is None:
            raise self._refusal(addr)
        try:
            device.write(bytes(buf))
        except Nack:
            raise self._eio() from None
        return len(buf)

    def readfrom_into(self, addr: int, buf: bytearray | memoryview, stop: bool = True) -> None:
        """Read len(buf) bytes; `stop` makes no difference."""
        self.transactions += 1
        device = self._live.get(addr)
        if device is None:
            raise self._refusal(addr)
        try:
            buf[:] = device.read(len(buf))
        except Nack:
            raise self._eio() from None

    # -- the slow path ----------------------------------------------------

    def _sort_out(self) -> None:
        """Rebuild the table of devices that no bus fault concerns."""
        self._live = {
            address: device
            for address, device in self._devices.items()
            if address not in self._refusing and not self._held_errno
        }

    def _eio(self) -> OSError:
        self.nacks += 1
        # With a text beside it the number is both args[0] and errno, as on MicroPython.
        return OSError(EIO, "not acknowledged")

    def _refusal(self, address: int) -> OSError:
        """The error of a transaction that reaches no live device; counts faults down."""
        if self._held_errno:
            errno = self._held_errno
            self.timeouts += 1
            if self._held_for is not None:
                self._held_for -= 1
                if not self._held_for:
                    self.release_sda()
            return OSError(errno, "bus held")
        left = self._refusing.get(address)
        if left == 1:
            self.clear(address)
        elif left is not None:
            self._refusing[address] = left - 1
        return self._eio()
