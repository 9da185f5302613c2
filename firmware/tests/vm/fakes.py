"""A board, a chip and a wire with time moved by hand, for any of the interpreters.

Nothing here allocates on the path of a sample, so that what is measured around it is the node's.
"""

from hullcore import ticks
from hullnode.files import Files


class Time:
    """Tick counters that wrap at 2^30 like the chip's; microseconds and milliseconds agree."""

    def __init__(self, us: int = 0, ms: int = 0) -> None:
        self.us = us
        self.ms = ms
        self._rest = 0

    def ticks_us(self) -> int:
        return self.us

    def ticks_ms(self) -> int:
        return self.ms

    def advance(self, us: int) -> None:
        """Let less than 2^29 µs pass."""
        self.us = ticks.add(self.us, us)
        rest = self._rest + us
        self.ms = ticks.add(self.ms, rest // 1000)
        self._rest = rest % 1000

    def sleep_ms(self, ms: int) -> None:
        self.advance(ms * 1000)


class Bmp581:
    """The registers of a BMP581 that its driver touches, and what can go wrong with them.

    `nack`: transfers still to be refused. `dead`: conversions never end. Pressure and temperature
    are `p_raw` and `t_raw` plus noise of `spread` counts.
    """

    def __init__(self, time: Time) -> None:
        self._time = time
        self._conversion_us = 30000
        self._noise = 1
        self._flags = 0x10
        self._converting = False
        self._ready_at = 0
        self._osr = 0
        self.chip_id = 0x50
        self.nack = 0
        self.dead = False
        self.starts = 0
        self.triggers = 0
        self.p_raw = 6484800
        self.t_raw = 25 * 65536
        self.spread = 64

    def take_time(self, us: int) -> None:
        """How long a conversion lasts from now on."""
        self._conversion_us = us

    def _refuse(self) -> None:
        if self.nack:
            self.nack -= 1
            raise OSError(5)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self._refuse()
        if register == 0x7E:
            self._flags = 0x10
            self._converting = False
            self.starts += 1
        elif register == 0x36:
            self._osr = data[0]
        elif register == 0x37 and data[0] == 0xF2:
            self._converting = True
            self._ready_at = ticks.add(self._time.us, self._conversion_us)
            self.triggers += 1

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._refuse()
        if register == 0x27:
            self._settle()
            buffer[0] = self._flags
            self._flags = 0
        elif register == 0x1D:
            self._measure(buffer)
        elif register == 0x01:
            buffer[0] = self.chip_id
        elif register == 0x28:
            buffer[0] = 0x02
        elif register == 0x36:
            buffer[0] = self._osr
        else:
            buffer[0] = 0

    def _settle(self) -> None:
        if self._converting and not self.dead and ticks.diff(self._time.us, self._ready_at) >= 0:
            self._converting = False
            self._flags |= 0x01

    def _random(self) -> int:
        self._noise = (self._noise * 3877 + 29573) % 139968
        return self._noise * self.spread // 139968

    def _measure(self, buffer: bytearray) -> None:
        raw = self.t_raw + self._random()
        buffer[0] = raw & 255
        buffer[1] = raw >> 8 & 255
        buffer[2] = raw >> 16 & 255
        raw = self.p_raw + self._random()
        buffer[3] = raw & 255
        buffer[4] = raw >> 8 & 255
        buffer[5] = raw >> 16 & 255


class Console:
    """The node's end of a wire: `feed` what the host sends, take what came from `sent`.

    `room`: bytes a write may take before it comes up short; −1: as many as there are.
    """

    def __init__(self) -> None:
        self._waiting = b""
        self._at = 0
        self.sent = []
        self.room = -1

    def feed(self, data: bytes) -> None:
        self._waiting = self._waiting[self._at :] + data
        self._at = 0

    def read(self) -> int:
        if self._at == len(self._waiting):
            return -1
        self._at += 1
        return self._waiting[self._at - 1]

    def write(self, data: bytes) -> int:
        if 0 <= self.room < len(data):
            taken = self.room
            self.room = 0
        else:
            taken = len(data)
            if self.room > 0:
                self.room -= taken
        self.sent.append(bytes(data[:taken]))
        return taken


def pico_space(path: str) -> tuple:
    """What `os.statvfs` says on a Pico: 352 blocks, 300 of them free."""
    return (4096, 4096, 352, 300, 300, 0, 0, 0, 0, 255)


class Board:
    """All that a node asks of a board. `calls` lists, in order, what changes the outside."""

    name = "fake"
    link_us = 2000

    def __init__(self, root: str, code_root: str = "/nowhere") -> None:
        self.root = root
        self.code_root = code_root
        self.time = Time()
        self.chip = Bmp581(self.time)
        self.console = Console()
        self.files = Files()
        self.files.statvfs = pico_space  # wasm32 has no such call
        self.uid = b"\x01\x02\x03\x04\x05\x06\x07\x08"
        self.reset_cause = 1
        self.ticks_us = self.time.ticks_us
        self.ticks_ms = self.time.ticks_ms
        self.sleep_ms = self.time.sleep_ms
        self.calls = []
        self.level = [0] * 22
        self.free = 100000
        self.collect_us = 0
        self.collections = 0
        self.scratch = 0

    def heap_free(self) -> int:
        return self.free

    def collect(self) -> None:
        self.collections += 1
        self.time.advance(self.collect_us)

    def i2c(self, sda: int, scl: int, khz: int) -> object:
        return self.chip

    def random32(self) -> int:
        return 0x12345678

    def idle(self, us: int) -> None:
        self.time.advance(us)

    def output(self, number: int, level: int) -> None:
        self.level[number] = level

    def outputs_safe(self) -> None:
        self.calls.append("outputs_safe")

    def restart(self) -> None:
        self.calls.append("restart")

    def scratch_get(self) -> int:
        return self.scratch

    def scratch_set(self, value: int) -> None:
        self.scratch = value
        self.calls.append("scratch " + hex(value))

    def watchdog_arm(self, ms: int) -> None:
        self.calls.append("arm " + str(ms))

    def watchdog_feed(self) -> None:
        if self.calls[-1] != "feed":
            self.calls.append("feed")

    def watchdog_disarm(self) -> None:
        self.calls.append("disarm")


class AllRecords:
    """Stands where a spool would and keeps every record."""

    def __init__(self) -> None:
        self._records = []
        self.oldest = self.next = self.dropped = 0
        self.lost_first = -1
        self.urgent = False

    def append(self, record: bytes) -> None:
        self._records.append(record)
        self.next += 1

    def get(self, number: int) -> bytes:
        return self._records[number]
