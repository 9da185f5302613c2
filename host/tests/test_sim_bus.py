"""The simulated bus: machine.I2C's calls and error numbers, and the faults of the bus."""

import pytest

from hullwatch.sim.bus import EIO, ETIMEDOUT, I2cDevice, Nack, SimBus

ADDRESS = 0x42


class Memory(I2cDevice):
    """Sixteen registers behind write and read alone, as the smallest device there is."""

    def __init__(self) -> None:
        self.cells = bytearray(range(0x10, 0x20))
        self.pointer = 0
        self.refuse = False

    def write(self, data: bytes) -> None:
        if self.refuse:
            raise Nack
        if data:
            self.pointer = data[0]
            self.cells[self.pointer : self.pointer + len(data) - 1] = data[1:]

    def read(self, n: int) -> bytes:
        if self.refuse:
            raise Nack
        return bytes(self.cells[self.pointer : self.pointer + n])


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def bus(memory: Memory) -> SimBus:
    bus = SimBus()
    bus.add(ADDRESS, memory)
    return bus


def every_call(bus: SimBus, address: int) -> list[int]:
    """Error number of each of the four calls, 0 for none."""
    errors: list[int] = []
    for call in (
        lambda: bus.readfrom_mem_into(address, 0, bytearray(2)),
        lambda: bus.writeto_mem(address, 0, b"\x01"),
        lambda: bus.writeto(address, b"\x00"),
        lambda: bus.readfrom_into(address, bytearray(2)),
    ):
        try:
            call()
            errors.append(0)
        except OSError as error:
            # The node reads either; MicroPython has the number in both places.
            same = error.args[0] == error.errno
            errors.append(error.args[0] if same else -1)
    return errors


def test_register_calls_are_the_plain_calls_put_together(bus: SimBus, memory: Memory) -> None:
    bus.writeto_mem(ADDRESS, 3, bytearray(b"\xaa\xbb"))
    assert memory.cells[3:5] == b"\xaa\xbb"
    whole = bytearray(4)
    bus.readfrom_mem_into(ADDRESS, 2, whole)
    assert bus.writeto(ADDRESS, b"\x02") == 1
    apart = bytearray(4)
    bus.readfrom_into(ADDRESS, apart)
    assert whole == apart == b"\x12\xaa\xbb\x15"


def test_a_view_of_a_larger_buffer_is_filled_in_place(bus: SimBus) -> None:
    buffer = bytearray(6)
    bus.readfrom_mem_into(ADDRESS, 0, memoryview(buffer)[1:4])
    assert buffer == b"\x00\x10\x11\x12\x00\x00"


def test_nobody_at_the_address_is_errno_5(bus: SimBus) -> None:
    assert every_call(bus, 0x43) == [EIO] * 4
    assert (EIO, ETIMEDOUT) == (5, 110)
    assert (bus.transactions, bus.nacks, bus.timeouts) == (4, 4, 0)


def test_a_device_that_refuses_is_errno_5(bus: SimBus, memory: Memory) -> None:
    memory.refuse = True
    assert every_call(bus, ADDRESS) == [EIO] * 4
    memory.refuse = False
    assert every_call(bus, ADDRESS) == [0] * 4
    assert (bus.transactions, bus.nacks) == (8, 4)


def test_nack_for_the_next_transactions_counts_only_that_address(bus: SimBus) -> None:
    bus.add(0x50, Memory())
    bus.nack(ADDRESS, 3)
    assert every_call(bus, 0x50) == [0] * 4
    assert every_call(bus, ADDRESS) == [EIO, EIO, EIO, 0]


def test_nack_until_cleared(bus: SimBus) -> None:
    bus.nack(ADDRESS)
    for _ in range(5):
        assert every_call(bus, ADDRESS) == [EIO] * 4
    bus.clear(ADDRESS)
    bus.clear(ADDRESS)
    assert every_call(bus, ADDRESS) == [0] * 4


def test_held_data_line_stops_every_address(bus: SimBus) -> None:
    bus.hold_sda_low()
    assert every_call(bus, ADDRESS) == [ETIMEDOUT] * 4
    assert every_call(bus, 0x43) == [ETIMEDOUT] * 4
    bus.release_sda()
    assert every_call(bus, ADDRESS) == [0] * 4
    assert (bus.timeouts, bus.nacks) == (8, 0)


def test_held_data_line_may_free_itself_and_report_5(bus: SimBus) -> None:
    bus.hold_sda_low(EIO, transactions=2)
    assert every_call(bus, ADDRESS) == [EIO, EIO, 0, 0]
    assert (bus.timeouts, bus.nacks) == (2, 0)


def test_nine_clocks_free_a_line_that_a_chip_holds_and_no_short(bus: SimBus) -> None:
    bus.hold_sda_low()
    bus.nine_clocks()
    assert every_call(bus, ADDRESS) == [ETIMEDOUT] * 4
    bus.hold_sda_low(by_chip=True)
    bus.nine_clocks()
    assert every_call(bus, ADDRESS) == [0] * 4
    assert bus.clockings == 2


def test_a_refusal_outlives_a_held_line(bus: SimBus) -> None:
    bus.nack(ADDRESS, 1)
    bus.hold_sda_low(transactions=1)
    assert every_call(bus, ADDRESS) == [ETIMEDOUT, EIO, 0, 0]


def test_a_device_can_be_unplugged_and_put_back(bus: SimBus, memory: Memory) -> None:
    assert bus.remove(ADDRESS) is memory
    assert every_call(bus, ADDRESS) == [EIO] * 4
    bus.add(ADDRESS, memory)
    assert every_call(bus, ADDRESS) == [0] * 4
    assert bus.device(ADDRESS) is memory


def test_wrong_use_is_told(bus: SimBus) -> None:
    with pytest.raises(ValueError, match="0x42 is already taken"):
        bus.add(ADDRESS, Memory())
    with pytest.raises(ValueError, match="not a usable 7-bit"):
        bus.add(0x80, Memory())
    with pytest.raises(ValueError, match="at least 1"):
        bus.nack(ADDRESS, 0)
    with pytest.raises(ValueError, match="at least 1"):
        bus.hold_sda_low(transactions=0)
    with pytest.raises(ValueError, match="errno 5 or 110"):
        bus.hold_sda_low(1)


def test_chip_faults_go_to_the_chip_at_the_address(bus: SimBus) -> None:
    told: list[tuple[str, int]] = []

    class Recorder(Memory):
        def set_chip_id(self, value: int) -> None:
            told.append(("id", value))

        def freeze(self, on: bool) -> None:
            told.append(("freeze", on))

        def stall(self, on: bool) -> None:
            told.append(("stall", on))

    bus.add(0x50, Recorder())
    bus.set_chip_id(0x50, 0x60)
    bus.freeze(0x50)
    bus.stall(0x50, on=False)
    assert told == [("id", 0x60), ("freeze", True), ("stall", False)]
    with pytest.raises(KeyError):
        bus.freeze(0x51)
