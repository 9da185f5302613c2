"""The pins of the simulated board: requests to the chamber over a pair of named pipes.

Request: op, address, length (u16), device time in µs (u64), data. Answer: status (0 or an errno),
length (u16), data. `hullwatch.bench.busserver` is the other end.
"""

import os
import struct

from hullcore.compat import const

I2C_WRITE = 1
I2C_READ = 2
I2C_READ_MEM = 3
OUTPUTS_SAFE = 4
SCRATCH_GET = 5
SCRATCH_SET = 6
WATCHDOG_ARM = 7
WATCHDOG_FEED = 8
WATCHDOG_DISARM = 9
RESET_CAUSE = 10
RESTARTING = 11
OUTPUT = 12
NINE_CLOCKS = 13
ONEWIRE_RESET = 14
ONEWIRE_WRITE = 15
ONEWIRE_READ = 16
ECHO = 17

_REQUEST = "<BBHQ"
_FEED_US = const(100000)
_TOKEN_BYTES = const(8)


class BusPipe:
    """`machine.I2C` as the drivers use it, and what else a chip's pins and registers do."""

    def __init__(self, prefix: str, device_us) -> None:
        self._device_us = device_us
        self._fed_us = 0
        self._out = open(prefix + ".req", "wb")
        self._in = open(prefix + ".rsp", "rb")
        self._waiting = False

    def _ask(self, op: int, address: int, length: int, data: bytes) -> bytes:
        if self._waiting:
            self._forget()
        self._waiting = True
        self._send(op, address, length, data)
        status, n = struct.unpack("<BH", self._read(3))
        answer = self._read(n)
        self._waiting = False
        if status:
            raise OSError(status)
        return answer

    def _send(self, op: int, address: int, length: int, data: bytes) -> None:
        head = struct.pack(_REQUEST, op, address, length, self._device_us())
        self._out.write(head + struct.pack("<H", len(data)) + data)

    def _forget(self) -> None:
        """Ctrl-C came between a request and its answer: what is owed ends with a new token."""
        token = os.urandom(_TOKEN_BYTES)
        self._send(ECHO, 0, 0, token)
        seen = b""
        while seen != token:
            seen = (seen + self._read(1))[-_TOKEN_BYTES:]

    def _read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self._in.read(n - len(data))
            if not part:
                raise SystemExit
            data += part
        return data

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        """Burst read from a register on; OSError on a NACK."""
        buffer[:] = self._ask(I2C_READ_MEM, address, len(buffer), bytes([register]))

    def writeto_mem(self, address: int, register: int, buffer: bytes) -> None:
        """Write from a register on; OSError on a NACK."""
        self._ask(I2C_WRITE, address, 0, bytes([register]) + bytes(buffer))

    def writeto(self, address: int, buffer: bytes) -> None:
        """Plain write; OSError on a NACK."""
        self._ask(I2C_WRITE, address, 0, bytes(buffer))

    def readfrom_into(self, address: int, buffer: bytearray) -> None:
        """Plain read; OSError on a NACK."""
        buffer[:] = self._ask(I2C_READ, address, len(buffer), b"")

    def output(self, number: int, level: int) -> None:
        """Drive an output."""
        self._ask(OUTPUT, number, level, b"")

    def outputs_safe(self) -> None:
        """Release every output."""
        self._ask(OUTPUTS_SAFE, 0, 0, b"")

    def scratch_get(self) -> int:
        """The register that survives resets."""
        return struct.unpack("<H", self._ask(SCRATCH_GET, 0, 0, b""))[0]

    def scratch_set(self, value: int) -> None:
        """Set that register."""
        self._ask(SCRATCH_SET, 0, value, b"")

    def watchdog_arm(self, ms: int) -> None:
        """Have the chip reset unless fed within `ms`."""
        self._ask(WATCHDOG_ARM, 0, ms, b"")

    def watchdog_feed(self) -> None:
        """Start the time anew; told to the chip at most ten times a second."""
        now = self._device_us()
        if now - self._fed_us < _FEED_US:
            return
        self._fed_us = now
        self._ask(WATCHDOG_FEED, 0, 0, b"")

    def watchdog_disarm(self) -> None:
        """Stop the watchdog."""
        self._ask(WATCHDOG_DISARM, 0, 0, b"")

    def reset_cause(self) -> int:
        """1 power-on, 3 watchdog or asked for."""
        return self._ask(RESET_CAUSE, 0, 0, b"")[0]

    def nine_clocks(self) -> None:
        """Free the bus of a chip that was cut off in the middle of a byte."""
        self._ask(NINE_CLOCKS, 0, 0, b"")

    def onewire_reset(self) -> bool:
        """A reset pulse on the 1-Wire bus; whether anything answered."""
        return self._ask(ONEWIRE_RESET, 0, 0, b"")[0] == 1

    def onewire_write(self, buffer: bytes) -> None:
        """Bytes onto that bus."""
        self._ask(ONEWIRE_WRITE, 0, 0, bytes(buffer))

    def onewire_read(self, buffer: bytearray) -> None:
        """Fill a buffer from it."""
        buffer[:] = self._ask(ONEWIRE_READ, 0, len(buffer), b"")

    def restarting(self) -> None:
        """Tell the chip that the coming end of the VM is a reset."""
        self._ask(RESTARTING, 0, 0, b"")


class WirePipe:
    """`onewire.OneWire` as the drivers use it, over the same pipes."""

    def __init__(self, bus: BusPipe) -> None:
        self.reset = bus.onewire_reset
        self.write = bus.onewire_write
        self.readinto = bus.onewire_read
