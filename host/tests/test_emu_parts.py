"""What hangs on the emulated chip, driven at its registers: no MicroPython image is needed."""

import math
from types import SimpleNamespace

import pytest
from rp2040py.boards import build_rp2040
from rp2040py.peripherals import i2c as registers
from rp2040py.peripherals.ssi import RPSSI

from hullwatch.bench.emu.flashchip import FlashChip
from hullwatch.bench.emu.i2cpins import I2cPins
from hullwatch.bench.emu.outputpins import OutputPins
from hullwatch.sim.bus import SimBus
from hullwatch.sim.plumbing import Pins
from hullwatch.sim.registers.bmp581 import Bmp581Model
from hullwatch.sim.registers.ms5837 import Ms5837Model

SIO, GPIO_OUT_SET, GPIO_OE_SET, GPIO_OE_CLR = 0xD0000000, 0x14, 0x24, 0x28  # data sheet 2.3.1.7
READ, STOP, RESTART = 1 << 8, 1 << 9, 1 << 10
NACK_ADDRESS, NACK_DATA = 1 << 0, 1 << 3  # IC_TX_ABRT_SOURCE, RP2040 data sheet 4.3.17
HIGH, LOW = 120, 193  # clocks of 8 ns: 2.504 µs a bit, as the SDK sets it for 400 kHz
BYTE_NS = 9 * (HIGH + LOW) * 8
I2C_FUNCTION = 3


class FrontEnd:
    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float]:
        return 101_325.0, 20.0


class Wire:
    """A program on the chip that uses I2C0 by its registers."""

    def __init__(self) -> None:
        self.chip = build_rp2040("pico")
        self.bus = SimBus()
        self.transfers = 0
        I2cPins(self.chip, 4, 5, self.bus, self.count)
        for pin in (4, 5):
            self.chip.gpio[pin].ctrl = I2C_FUNCTION
        self.i2c = self.chip.i2c[0]
        self.i2c.write_uint32(registers.IC_FS_SCL_HCNT, HIGH)
        self.i2c.write_uint32(registers.IC_FS_SCL_LCNT, LOW)

    def now_us(self) -> int:
        return int(self.chip.clock.nanos // 1000)

    def count(self) -> None:
        self.transfers += 1

    def send(self, address: int, commands: list[int]) -> list[int]:
        """One transfer; what came in. The clock runs until the bus is idle, 1 ms at most."""
        self.i2c.write_uint32(registers.IC_ENABLE, 0)
        self.i2c.write_uint32(registers.IC_TAR, address)
        self.i2c.write_uint32(registers.IC_ENABLE, 1)
        got = []
        for command in commands:
            self.i2c.write_uint32(registers.IC_DATA_CMD, command)
            before = self.i2c.read_uint32(registers.IC_RXFLR)
            self.chip.clock.tick(3 * BYTE_NS)
            if self.i2c.read_uint32(registers.IC_RXFLR) > before:
                got.append(self.i2c.read_uint32(registers.IC_DATA_CMD) & 0xFF)
        return got

    def aborted(self) -> int:
        reason = self.i2c.read_uint32(registers.IC_TX_ABRT_SOURCE) & 0xFFFF
        self.i2c.read_uint32(registers.IC_CLR_TX_ABRT)
        return reason


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def bmp581(wire) -> Bmp581Model:
    model = Bmp581Model(FrontEnd(), wire.now_us)
    wire.bus.add(0x47, model)
    return model


def test_a_burst_is_read_from_the_register_on(wire, bmp581):
    assert wire.send(0x47, [0x01]) == []
    assert wire.send(0x47, [RESTART | READ, READ | STOP]) == [0x50, 0x32]
    assert wire.transfers == 2
    assert wire.aborted() == 0


def test_a_ready_flag_is_cleared_by_the_byte_that_carries_it(wire, bmp581):
    """Bytes before it in the burst must not clear it, though the model reads from the start."""
    bmp581.registers[0x27] = 0x01
    wire.send(0x47, [0x25])
    assert wire.send(0x47, [RESTART | READ, READ, READ, READ | STOP])[2] == 0x01
    wire.send(0x47, [0x27])
    assert wire.send(0x47, [RESTART | READ | STOP]) == [0x00]


def test_a_write_arrives_whole_at_stop(wire, bmp581):
    wire.send(0x47, [0x36, 0x40 | 3 << 3 | STOP])
    assert bmp581.registers[0x36] == 0x58
    assert wire.aborted() == 0


def test_an_answer_that_is_given_once_is_given_byte_by_byte(wire):
    model = Ms5837Model(FrontEnd(), wire.now_us)
    wire.bus.add(0x76, model)
    wire.send(0x76, [0xA2 | STOP])
    word = wire.send(0x76, [RESTART | READ, READ | STOP])
    assert int.from_bytes(bytes(word), "big") == model.prom[1]
    assert wire.send(0x76, [RESTART | READ | STOP]) == [0]


def test_every_byte_takes_nine_clocks(wire, bmp581):
    clock = wire.chip.clock
    wire.i2c.write_uint32(registers.IC_TAR, 0x47)
    wire.i2c.write_uint32(registers.IC_ENABLE, 1)
    start_ns = clock.nanos
    for command in (0x36, 0x58 | STOP):
        wire.i2c.write_uint32(registers.IC_DATA_CMD, command)
    busy = registers.MST_ACTIVITY
    clock.tick(3 * BYTE_NS - 100)
    assert wire.i2c.read_uint32(registers.IC_STATUS) & busy
    clock.tick(200)
    assert not wire.i2c.read_uint32(registers.IC_STATUS) & busy
    assert clock.nanos - start_ns == 3 * BYTE_NS + 100


def test_nobody_answers_at_an_empty_address(wire, bmp581):
    wire.send(0x46, [0x01 | STOP])
    assert wire.aborted() == NACK_ADDRESS
    assert wire.send(0x47, [0x01 | STOP]) == []
    assert wire.aborted() == 0


def test_a_chip_that_refuses_data_is_heard(wire):
    model = Bmp581Model(FrontEnd(), wire.now_us, ack_reset=False)
    wire.bus.add(0x47, model)
    wire.send(0x47, [0x7E, 0xB6 | STOP])
    assert wire.aborted() == NACK_DATA
    wire.send(0x47, [0x01 | STOP])  # 2 ms of reset: not even the address is acknowledged
    assert wire.aborted() == NACK_ADDRESS


def test_faults_of_the_bus_reach_the_controller_once_each(wire, bmp581):
    wire.bus.nack(0x47, 2)
    reasons = []
    for _ in range(3):
        wire.send(0x47, [0x01 | STOP])
        reasons.append(wire.aborted())
    assert reasons == [NACK_ADDRESS, NACK_ADDRESS, 0]


def test_a_held_line_stops_everything_until_the_node_gives_up(wire, bmp581):
    wire.bus.hold_sda_low()
    wire.send(0x47, [0x01])
    wire.chip.clock.tick(50e6)  # the node's time-out
    assert wire.aborted() == 0
    assert wire.i2c.read_uint32(registers.IC_STATUS) & registers.MST_ACTIVITY
    wire.bus.release_sda()
    assert wire.send(0x47, [0x01]) == []
    assert wire.send(0x47, [RESTART | READ | STOP]) == [0x50]


def test_pins_that_are_not_switched_to_the_bus_are_not_on_it(wire, bmp581):
    wire.chip.gpio[5].ctrl = 5
    wire.send(0x47, [0x01 | STOP])
    assert wire.aborted() == NACK_ADDRESS


# --- flash ---------------------------------------------------------------------------------------


class Power:
    def __init__(self) -> None:
        self.fails_ns = math.inf
        self.paused = 0

    def pause(self) -> None:
        self.paused += 1


@pytest.fixture
def flash() -> RPSSI:
    return FlashChip.fit(build_rp2040("pico").ssi, bytes(range(0x10, 0x18)), Power())


def command(flash: RPSSI, data: bytes) -> bytes:
    """One command: chip select falls, bytes go both ways, chip select rises."""
    flash._tx_buffer = bytearray()
    answer = bytes(flash._shift_byte(byte) for byte in data)
    flash._apply_command()
    return answer


def test_the_flash_has_an_identity(flash):
    """Opcode, four dummy bytes, eight bytes of id (data sheet 8.2.33)."""
    assert command(flash, bytes([0x4B] + [0] * 12))[5:] == bytes(range(0x10, 0x18))
    assert command(flash, bytes([0x9F, 0, 0, 0]))[1:] == b"\xef\x40\x15"


@pytest.mark.parametrize(("opcode", "busy_ms"), [(0x20, 45.0), (0xD8, 150.0), (0x02, 0.4)])
def test_erasing_and_writing_take_their_time(flash, opcode, busy_ms):
    clock = flash.rp2040.clock
    operation = bytes([opcode, 0x10, 0, 0, 0xAA])
    command(flash, operation)
    assert clock.nanos == 0  # refused: not write-enabled
    command(flash, b"\x06")
    command(flash, operation)
    assert clock.nanos == busy_ms * 1e6


@pytest.mark.parametrize(
    ("opcode", "part", "whole"), [(0x20, 0.25, 1024), (0x20, 0.0, 0), (0x02, 0.5, 128)]
)
def test_an_operation_without_power_is_done_in_part(flash, opcode, part, whole):
    cells = flash.rp2040.flash
    cells[0x100000:0x102000] = bytes(0x2000) if opcode == 0x20 else b"\xff" * 0x2000
    before = bytes(cells[0x100000:0x102000])
    size = 256 if opcode == 0x02 else 4096
    data = b"\x00" * 256 if opcode == 0x02 else b""
    flash.cut_in(1, part)
    for page in (0x10, 0x00):  # the first is whole, power fails in the second
        command(flash, b"\x06")
        command(flash, bytes([opcode, 0x10, page, 0]) + data)
    power = flash.power
    after = bytes(cells[0x100000:0x102000])
    assert power.paused == 1
    assert flash.rp2040.clock.nanos > power.fails_ns >= 0.0
    changed = [k for k in range(0x2000) if after[k] != before[k]]
    assert changed == [*range(whole), *range(0x1000, 0x1000 + size)]


# --- outputs -------------------------------------------------------------------------------------


def test_a_pin_driven_high_powers_its_valve_until_the_chip_is_reset():
    mcu = build_rp2040("pico")
    pins = Pins()
    pads = SimpleNamespace(mcu=mcu, now_us=lambda: 7, on_reset=[])
    OutputPins(pads, pins)
    pin = mcu.gpio[17]
    pin.ctrl = 5  # SIO
    mcu.write_uint32(SIO + GPIO_OE_SET, 1 << 17)
    assert pins.high == set()
    mcu.write_uint32(SIO + GPIO_OUT_SET, 1 << 17)
    assert pins.high == {17}
    mcu.write_uint32(SIO + GPIO_OE_CLR, 1 << 17)
    assert pins.high == set()
    mcu.write_uint32(SIO + GPIO_OE_SET, 1 << 17)
    assert pins.high == {17}
    for told in pads.on_reset:
        told()
    assert pins.high == set()
    assert {at for at, _ in pins.log} == {7}
