"""DS18B20 model against 19-7487: ROM, scratchpad, conversion, search; and the wire."""

import pytest

from hullwatch.sim.onewire import SimOneWire, crc8
from hullwatch.sim.registers.ds18b20 import Ds18b20Model

SKIP, MATCH, READ_ROM, SEARCH, ALARM = 0xCC, 0x55, 0x33, 0xF0, 0xEC
CONVERT, READ, WRITE, COPY, RECALL, POWER = 0x44, 0xBE, 0x4E, 0x48, 0xB8, 0xB4


class Wire(SimOneWire):
    """A wire with a clock and a room."""

    def __init__(self):
        super().__init__()
        self.now_us = 0
        self.celsius = 25.0
        self.asked = []

    def measure(self, t_us, white_pa, white_k):
        self.asked.append((t_us, white_pa, white_k))
        return None if self.celsius is None else (101325.0, self.celsius)

    def plug(self, **options):
        chip = Ds18b20Model(self, lambda: self.now_us, **options)
        self.slaves.append(chip)
        return chip

    def ask(self, command, answer=0, *data):
        assert self.reset()
        self.write(bytes((SKIP, command, *data)))
        return bytes(self.readbyte() for _ in range(answer))

    def convert(self, celsius):
        self.celsius = celsius
        self.ask(CONVERT)
        self.now_us += 750_000
        return self.ask(READ, 9)

    def search(self, command=SEARCH):
        """Application note 187: all ROMs, by walking the tree of discrepancies."""
        found, pending = [], [[]]
        while pending:
            prefix = pending.pop()
            if not self.reset():
                return found
            self.writebyte(command)
            bits = []
            while len(bits) < 64:
                one, other = self.readbit(), self.readbit()
                if one and other:
                    break
                if len(bits) < len(prefix):
                    bit = prefix[len(bits)]
                elif one != other:
                    bit = one
                else:
                    pending.append([*bits, 1])
                    bit = 0
                bits.append(bit)
                self.writebit(bit)
            if len(bits) == 64:
                found.append(sum(b << i for i, b in enumerate(bits)).to_bytes(8, "little"))
        return found


@pytest.fixture
def wire():
    return Wire()


def test_crc_of_application_note_27():
    # its example: ROM 02 1C B8 01 00 00 00 with CRC A2
    assert crc8(bytes.fromhex("021CB801000000")) == 0xA2
    assert crc8(bytes.fromhex("021CB801000000A2")) == 0


def test_rom(wire):
    chip = wire.plug(serial=0x010203040506)
    wire.reset()
    wire.writebyte(READ_ROM)
    rom = bytes(wire.readbyte() for _ in range(8))
    assert rom == chip.rom
    assert rom[:7] == bytes((0x28, 6, 5, 4, 3, 2, 1))
    assert crc8(rom) == 0
    # a function command may follow
    wire.writebyte(READ)
    assert wire.readbyte() == 0x50


def test_scratchpad_after_power_up(wire):
    wire.plug()
    pad = wire.ask(READ, 9)
    # figure 9: +85 degC, limits and configuration from the EEPROM, FF, (0C), 10, CRC
    assert pad[:8] == bytes((0x50, 0x05, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10))
    # the power-on scratchpad's CRC, as field reports quote it
    assert pad[8] == 0x1C


# Table 1.
@pytest.mark.parametrize(
    ("celsius", "word"),
    [(125.0, 0x07D0), (85.0, 0x0550), (25.0625, 0x0191), (10.125, 0x00A2), (0.5, 0x0008), (0.0, 0),
     (-0.5, 0xFFF8), (-10.125, 0xFF5E), (-25.0625, 0xFE6F), (-55.0, 0xFC90), (300.0, 0x07D0)],
)  # fmt: skip
def test_temperatures_of_table_1(wire, celsius, word):
    wire.plug()
    pad = wire.convert(celsius)
    assert int.from_bytes(pad[:2], "little") == word
    assert crc8(pad) == 0


# Table 2: resolution and maximum conversion time.
@pytest.mark.parametrize(
    ("code", "step", "duration_us"),
    [(0, 8, 93_750), (1, 4, 187_500), (2, 2, 375_000), (3, 1, 750_000)],
)
def test_resolution_and_times_of_table_2(wire, code, step, duration_us):
    wire.plug()
    wire.ask(WRITE, 0, 0x4B, 0x46, code << 5 | 0x1F)
    wire.celsius = 20.0 + 7 / 16
    wire.ask(CONVERT)
    wire.now_us += duration_us - 1
    assert wire.readbit() == 0
    wire.now_us += 1
    assert wire.readbit() == 1
    assert int.from_bytes(wire.ask(READ, 2), "little") == round(327 / step) * step
    assert [asked[0] for asked in wire.asked] == [0]


def test_early_reading_is_the_old_one(wire):
    wire.plug()
    wire.ask(CONVERT)
    wire.now_us += 749_999
    assert wire.ask(READ, 2) == b"\x50\x05"
    wire.now_us += 1
    assert wire.ask(READ, 2) == b"\x90\x01"


def test_write_copy_recall_and_power_cut(wire):
    chip = wire.plug()
    wire.ask(WRITE, 0, 0x20, 0x10, 0x00)
    # reserved bits of the configuration read back as in figure 10
    assert wire.ask(READ, 5)[2:] == b"\x20\x10\x1f"
    wire.ask(RECALL)
    assert wire.readbit() == 1
    assert wire.ask(READ, 5)[2:] == b"\x4b\x46\x7f"
    wire.ask(WRITE, 0, 0x20, 0x10, 0x3F)
    wire.ask(COPY)
    assert wire.readbit() == 0
    wire.now_us += 10_000
    assert wire.readbit() == 1
    chip.power_up()
    assert wire.ask(READ, 5) == b"\x50\x05\x20\x10\x3f"


def test_power_supply(wire):
    wire.plug()
    assert wire.ask(POWER, 1) == b"\xff"
    wire.plug(parasite=True, serial=2)
    # one parasite-powered chip among all pulls the slot low
    assert wire.ask(POWER, 1) == b"\x00"


def test_search_finds_every_chip(wire):
    chips = [wire.plug(serial=serial) for serial in (1, 2, 3, 0xFFFFFFFFFFFF, 0x800000000000)]
    assert sorted(wire.search()) == sorted(chip.rom for chip in chips)


def test_match_rom_speaks_to_one(wire):
    first, second = wire.plug(serial=1), wire.plug(serial=2)
    second.scratchpad[2] = 0x11
    for chip, byte in ((first, 0x4B), (second, 0x11)):
        wire.reset()
        wire.write(bytes((MATCH, *chip.rom, READ)))
        assert [wire.readbyte() for _ in range(3)][2] == byte
    wire.reset()
    wire.write(bytes((MATCH, *b"nobody!!", READ)))
    assert wire.readbyte() == 0xFF


def test_alarm_search_finds_who_is_out_of_limits(wire):
    chip = wire.plug(serial=1)
    wire.convert(25.0)
    # limits 0x4B = 75 and 0x46 = 70: 25 is at or below the low one
    assert wire.search(ALARM) == [chip.rom]
    wire.ask(WRITE, 0, 30, 20, 0x7F)
    wire.convert(25.0)
    assert wire.search(ALARM) == []


def test_faults(wire):
    assert not wire.reset()
    chip = wire.plug()
    first = wire.convert(25.0)
    chip.freeze(True)
    assert wire.convert(40.0) == first
    chip.freeze(False)
    chip.stall(True)
    wire.ask(CONVERT)
    wire.now_us += 10_000_000
    assert wire.readbit() == 0
    chip.stall(False)
    assert wire.readbit() == 1
    chip.broken_crc = True
    assert crc8(wire.ask(READ, 9)) != 0
    chip.broken_crc = False
    wire.disturb = lambda bit: bit ^ (wire.slots == 100_000)
    wire.slots = 99_950
    assert crc8(wire.ask(READ, 9)) != 0
    wire.disturb = None
    chip.set_family(0x10)
    assert chip.rom[0] == 0x10
    assert crc8(chip.rom) == 0
    wire.short = True
    assert not wire.reset()
    assert wire.readbyte() == 0
    wire.short = False
    chip.absent = True
    assert not wire.reset()
    assert wire.readbyte() == 0xFF


def test_a_gap_in_the_measurements_stays_busy(wire):
    wire.plug()
    wire.celsius = None
    wire.ask(CONVERT)
    wire.now_us += 10_000_000
    assert wire.readbit() == 0
    assert wire.ask(READ, 2) == b"\x50\x05"
    assert wire.convert(25.0)[:2] == b"\x90\x01"
