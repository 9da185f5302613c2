"""BMP581 model against numbers printed in BST-BMP581-DS004."""

import pytest

from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.bmp581 import Bmp581Model

ADDRESS = 0x47
INT_SOURCE, DATA, INT_STATUS, OSR_CONFIG, ODR_CONFIG, CMD = 0x15, 0x1D, 0x27, 0x36, 0x37, 0x7E
FORCED = 0x82  # deep standby disabled, forced mode
STANDBY = 0x80


class World:
    """Clock and front end in one: a settable sample, and a list of what was asked."""

    def __init__(self) -> None:
        self.now_us = 1_000
        self.sample: tuple[float, float] | None = (101325.0, 25.0)
        self.asked: list[tuple[int, float, float]] = []

    def clock(self) -> int:
        return self.now_us

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append((t_us, white_pa, white_k))
        return self.sample


class Bench:
    """One BMP581 on a bus, set up for pressure and data-ready, at x1."""

    def __init__(self, **model_options: object) -> None:
        self.world = World()
        self.bus = SimBus()
        self.chip = Bmp581Model(self.world, self.world.clock, **model_options)  # type: ignore[arg-type]
        self.bus.add(ADDRESS, self.chip)

    def get(self, register: int, n: int = 1) -> bytes:
        buf = bytearray(n)
        self.bus.readfrom_mem_into(ADDRESS, register, buf)
        return bytes(buf)

    def put(self, register: int, *values: int) -> None:
        self.bus.writeto_mem(ADDRESS, register, bytes(values))

    def reset(self) -> None:
        self.put(CMD, 0xB6)
        self.world.now_us += 2_000

    def set_up(self, code_p: int = 0, code_t: int = 0) -> None:
        self.reset()
        self.put(INT_SOURCE, 0x01)
        self.put(OSR_CONFIG, 0x40 | code_p << 3 | code_t)
        self.get(INT_STATUS)

    def convert(self, pressure_pa: float, temperature_c: float) -> tuple[int, int]:
        """Raw pressure and temperature words of one forced conversion."""
        self.world.sample = (pressure_pa, temperature_c)
        self.put(ODR_CONFIG, FORCED)
        self.world.now_us += 200_000
        assert self.get(INT_STATUS)[0] & 1
        data = self.get(DATA, 6)
        return int.from_bytes(data[3:], "little"), int.from_bytes(data[:3], "little", signed=True)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.set_up()
    return bench


def test_after_reset_the_registers_hold_what_the_sheet_prints() -> None:
    bench = Bench()
    bench.put(OSR_CONFIG, 0x7F)
    bench.put(0x31, 0x3F)
    bench.reset()
    assert bench.get(0x01, 2) == b"\x50\x32"
    assert bench.get(DATA, 6) == b"\x7f" * 6
    assert bench.get(OSR_CONFIG) == b"\x00"
    assert bench.get(0x31) == b"\x00"
    assert bench.get(INT_SOURCE) == b"\x00"
    assert bench.get(0x30)[0] & 0x03 == 0x03
    # nvm_rdy set, nvm_err and nvm_cmd_err clear.
    assert bench.get(0x28)[0] & 0x0E == 0x02
    # The command register always reads 0.
    assert bench.get(CMD) == b"\x00"


def test_reset_is_reported_once_and_takes_2_ms() -> None:
    bench = Bench()
    bench.get(INT_STATUS)
    bench.put(CMD, 0xB6)
    bench.world.now_us += 1_999
    with pytest.raises(OSError, match="5"):
        bench.get(0x01)
    bench.world.now_us += 1
    assert bench.get(INT_STATUS) == b"\x10"
    assert bench.get(INT_STATUS) == b"\x00"


def test_reset_may_go_unacknowledged_and_still_happens() -> None:
    bench = Bench(ack_reset=False)
    bench.put(INT_SOURCE, 0x01)
    with pytest.raises(OSError, match="5"):
        bench.put(CMD, 0xB6)
    bench.world.now_us += 2_000
    assert bench.get(INT_SOURCE) == b"\x00"


def test_other_commands_do_nothing() -> None:
    bench = Bench()
    bench.put(INT_SOURCE, 0x01)
    bench.put(CMD, 0x5D)
    assert bench.get(INT_SOURCE) == b"\x01"


@pytest.mark.parametrize("register", [0x01, 0x02, 0x11, *range(DATA, 0x23), 0x28, 0x38])
def test_read_only_registers_ignore_writes(bench: Bench, register: int) -> None:
    before = bench.get(register)
    bench.put(register, before[0] ^ 0xFF)
    assert bench.get(register) == before


@pytest.mark.parametrize(
    ("register", "bits"), [(INT_SOURCE, 0x0F), (0x31, 0x3F), (OSR_CONFIG, 0x7F)]
)
def test_reserved_bits_keep_their_value(bench: Bench, register: int, bits: int) -> None:
    bench.put(register, 0xFF)
    assert bench.get(register)[0] == bits


def test_consecutive_registers_are_written_and_read_in_one_transaction(bench: Bench) -> None:
    bench.bus.writeto(ADDRESS, b"\x30\xab\x15")
    assert bench.get(0x30, 2) == b"\xab\x15"
    bench.bus.writeto(ADDRESS, b"\x30")
    buf = bytearray(2)
    bench.bus.readfrom_into(ADDRESS, buf)
    assert buf == b"\xab\x15"
    assert len(bench.get(0x70, 64)) == 64


@pytest.mark.parametrize(
    ("pressure_pa", "raw"),
    [
        (101325.0, 6_484_800),
        (101325.0 + 1 / 64, 6_484_801),
        (101325.0 + 0.4 / 64, 6_484_800),
        (101325.0 + 0.6 / 64, 6_484_801),
        (30_000.0, 1_920_000),
        (125_000.0, 8_000_000),
    ],
)
def test_pressure_counts_64ths_of_a_pascal(bench: Bench, pressure_pa: float, raw: int) -> None:
    assert bench.convert(pressure_pa, 25.0)[0] == raw


@pytest.mark.parametrize(
    ("temperature_c", "raw"),
    [
        (25.0, 25 * 65536),
        (0.0, 0),
        (-1 / 65536, -1),
        (-40.0, -40 * 65536),
        (85.0 + 0.6 / 65536, 85 * 65536 + 1),
    ],
)
def test_temperature_counts_65536ths_and_is_signed(
    bench: Bench, temperature_c: float, raw: int
) -> None:
    assert bench.convert(101325.0, temperature_c)[1] == raw


def test_bytes_are_least_significant_first_temperature_then_pressure(bench: Bench) -> None:
    bench.convert(101325.0, 25.0)
    assert bench.get(DATA, 6) == b"\x00\x00\x19\x40\xf3\x62"


@pytest.mark.parametrize(
    ("sample", "raw"),
    [
        ((-5.0, -200.0), (0, -(1 << 23))),
        ((300_000.0, 200.0), ((1 << 24) - 1, (1 << 23) - 1)),
    ],
)
def test_out_of_range_stops_at_the_ends_of_the_registers(
    bench: Bench, sample: tuple[float, float], raw: tuple[int, int]
) -> None:
    assert bench.convert(*sample) == raw


# Table 9: pressure and temperature oversampling codes, noise, continuous data rate.
TABLE_9 = [
    (0, 0, 0.78, 498),
    (1, 0, 0.58, 374),
    (2, 0, 0.41, 255),
    (3, 0, 0.30, 155),
    (4, 0, 0.21, 87),
    (5, 1, 0.15, 46),
    (6, 2, 0.11, 24),
    (7, 3, 0.08, 12),
]


@pytest.mark.parametrize(("code_p", "code_t", "noise_pa", "rate_hz"), TABLE_9)
def test_noise_and_duration_follow_table_9(
    code_p: int, code_t: int, noise_pa: float, rate_hz: int
) -> None:
    bench = Bench()
    bench.set_up(code_p, code_t)
    start_us = bench.world.now_us
    bench.put(ODR_CONFIG, FORCED)
    while not bench.get(INT_STATUS)[0] & 1:
        bench.world.now_us += 10
    rate = 1e6 / (bench.world.now_us - start_us)
    # The sheet rounds the rate to whole hertz and the conversion times to 0.1 ms.
    assert rate == pytest.approx(rate_hz, rel=0.015, abs=0.5)
    assert bench.world.asked == [(start_us, noise_pa, bench.world.asked[0][2])]


def test_a_slow_specimen_takes_5_percent_longer() -> None:
    bench = Bench(conversion_scale=1.05)
    bench.set_up(code_p=4)
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 11_969
    assert bench.get(INT_STATUS) == b"\x00"
    bench.world.now_us += 1
    assert bench.get(INT_STATUS) == b"\x01"


def test_data_ready_is_cleared_by_reading_and_the_mode_returns_to_standby(bench: Bench) -> None:
    bench.put(ODR_CONFIG, FORCED)
    assert bench.get(ODR_CONFIG)[0] == FORCED
    assert bench.get(INT_STATUS) == b"\x00"
    bench.world.now_us += 2_000
    assert bench.get(ODR_CONFIG)[0] == STANDBY
    assert bench.get(INT_STATUS) == b"\x01"
    assert bench.get(INT_STATUS) == b"\x00"
    assert bench.chip.conversions == len(bench.world.asked) == 1


def test_one_burst_can_fetch_data_and_status(bench: Bench) -> None:
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 2_000
    burst = bench.get(DATA, INT_STATUS - DATA + 1)
    assert burst[:6] == b"\x00\x00\x19\x40\xf3\x62"
    assert burst[-1] == 0x01
    assert bench.get(INT_STATUS) == b"\x00"


def test_without_its_interrupt_source_data_ready_never_shows(bench: Bench) -> None:
    bench.put(INT_SOURCE, 0x00)
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 2_000
    assert bench.get(INT_STATUS) == b"\x00"
    assert bench.get(DATA, 6) != b"\x7f" * 6


def test_without_press_en_only_temperature_is_measured(bench: Bench) -> None:
    bench.put(OSR_CONFIG, 0x00)
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 1_000
    assert bench.get(INT_STATUS) == b"\x01"
    assert bench.get(DATA, 6) == b"\x00\x00\x19\x7f\x7f\x7f"


def test_data_stay_until_the_next_conversion_has_ended(bench: Bench) -> None:
    first = bench.convert(101325.0, 25.0)
    bench.world.sample = (90_000.0, 10.0)
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 1_999
    data = bench.get(DATA, 6)
    assert (int.from_bytes(data[3:], "little"), int.from_bytes(data[:3], "little")) == first


def test_waking_from_deep_standby_costs_time(bench: Bench) -> None:
    # Deep standby needs bit 7 clear, 5 Hz or slower and no filter.
    for odr, filters, slow in (
        (0x18, 0, True),
        (0x1C, 0, True),
        (0x17, 0, False),
        (0x1C, 1, False),
    ):
        bench.put(0x31, filters)
        bench.put(ODR_CONFIG, odr << 2 | 2)
        bench.world.now_us += 2_000
        assert bench.get(INT_STATUS) == bytes([not slow])
        bench.world.now_us += 4_000
        assert bench.get(INT_STATUS) == bytes([slow])


def test_standby_abandons_a_conversion(bench: Bench) -> None:
    bench.put(ODR_CONFIG, FORCED)
    bench.put(ODR_CONFIG, STANDBY)
    bench.world.now_us += 100_000
    assert bench.get(INT_STATUS) == b"\x00"
    assert not bench.world.asked


def test_a_second_trigger_does_not_restart_a_conversion(bench: Bench) -> None:
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 1_500
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 500
    assert bench.get(INT_STATUS) == b"\x01"


def test_a_gap_in_the_measurements_never_completes_but_the_next_trigger_does(bench: Bench) -> None:
    bench.world.sample = None
    bench.put(ODR_CONFIG, FORCED)
    for _ in range(5):
        bench.world.now_us += 1_000_000
        assert bench.get(INT_STATUS) == b"\x00"
    assert len(bench.world.asked) == 1
    assert bench.convert(101325.0, 25.0) == (6_484_800, 25 * 65536)


def test_frozen_data_repeat_with_data_ready(bench: Bench) -> None:
    first = bench.convert(101325.0, 25.0)
    bench.bus.freeze(ADDRESS)
    assert bench.convert(90_000.0, 10.0) == first
    bench.bus.freeze(ADDRESS, on=False)
    assert bench.convert(90_000.0, 10.0) == (90_000 * 64, 10 * 65536)


def test_stalled_chip_is_busy_until_it_is_released(bench: Bench) -> None:
    bench.bus.stall(ADDRESS)
    bench.put(ODR_CONFIG, FORCED)
    bench.world.now_us += 10_000_000
    assert bench.get(INT_STATUS) == b"\x00"
    bench.bus.stall(ADDRESS, on=False)
    assert bench.get(INT_STATUS) == b"\x01"


def test_wrong_id_survives_a_reset(bench: Bench) -> None:
    bench.bus.set_chip_id(ADDRESS, 0x51)
    bench.reset()
    assert bench.get(0x01) == b"\x51"


def test_refusing_chip_is_absent(bench: Bench) -> None:
    bench.chip.refusing = True
    for _ in range(3):
        with pytest.raises(OSError, match="5"):
            bench.get(0x01)
        with pytest.raises(OSError, match="5"):
            bench.bus.writeto(ADDRESS, b"")
    bench.chip.refusing = False
    assert bench.get(0x01) == b"\x50"
