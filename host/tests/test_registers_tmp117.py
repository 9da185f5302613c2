"""TMP117 model against SNOSD82D."""

import pytest

from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.tmp117 import Tmp117Model

ADDRESS = 0x48
RESULT, CONFIGURATION, HIGH, LOW, UNLOCK, EEPROM1, OFFSET, ID = 0, 1, 2, 3, 4, 5, 7, 0xF
SHUTDOWN, ONE_SHOT = 0x0400, 0x0C00
DATA_READY = 0x2000


class World:
    """Clock and front end in one: a settable temperature, and a list of what was asked."""

    def __init__(self) -> None:
        self.now_us = 7_000
        self.celsius: float | None = 25.0
        self.asked: list[tuple[int, float, float]] = []

    def clock(self) -> int:
        return self.now_us

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append((t_us, white_pa, white_k))
        return None if self.celsius is None else (101325.0, self.celsius)


class Bench:
    """One TMP117 on a bus."""

    def __init__(self, conversion_scale: float = 1.0) -> None:
        self.world = World()
        self.bus = SimBus()
        self.chip = Tmp117Model(self.world, self.world.clock, conversion_scale)
        self.bus.add(ADDRESS, self.chip)

    def get(self, register: int) -> int:
        buf = bytearray(2)
        self.bus.readfrom_mem_into(ADDRESS, register, buf)
        return int.from_bytes(buf, "big")

    def put(self, register: int, value: int) -> None:
        self.bus.writeto_mem(ADDRESS, register, value.to_bytes(2, "big"))

    def one_shot(self, celsius: float | None, average: int = 1) -> int:
        self.world.celsius = celsius
        self.put(CONFIGURATION, ONE_SHOT | average << 5)
        self.world.now_us += 1_000_000
        return self.get(RESULT)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_registers_after_power_up(bench: Bench) -> None:
    # Table 7-5: reset values; EEPROM words differ from chip to chip.
    assert bench.get(RESULT) == 0x8000
    assert bench.get(CONFIGURATION) == 0x0220
    assert bench.get(HIGH) == 0x6000
    assert bench.get(LOW) == 0x8000
    assert bench.get(UNLOCK) == 0x0000
    assert bench.get(OFFSET) == 0x0000
    assert bench.get(ID) == 0x0117


# Table 7-1, and the ends of the register.
@pytest.mark.parametrize(
    ("celsius", "word"),
    [
        (-256.0, 0x8000), (-25.0, 0xF380), (-0.125, 0xFFF0), (-0.0078125, 0xFFFF), (0.0, 0),
        (0.0078125, 1), (0.125, 0x10), (1.0, 0x80), (25.0, 0x0C80), (100.0, 0x3200),
        (255.9921, 0x7FFF), (-300.0, 0x8000), (300.0, 0x7FFF),
    ],
)  # fmt: skip
def test_result_words_of_table_7_1(bench: Bench, celsius: float, word: int) -> None:
    assert bench.one_shot(celsius) == word


def test_result_is_the_nearest_step(bench: Bench) -> None:
    for index in range(40):
        celsius = 20.0 + index * 0.0011
        assert abs(bench.one_shot(celsius) - celsius * 128) <= 0.5


# 15.5 ms a conversion, averaged 1, 8, 32, 64 times.
@pytest.mark.parametrize(
    ("average", "duration_us"), [(0, 15_500), (1, 125_000), (2, 500_000), (3, 1_000_000)]
)
def test_one_shot_takes_its_time_and_ends_in_shutdown(
    bench: Bench, average: int, duration_us: int
) -> None:
    start_us = bench.world.now_us
    bench.put(CONFIGURATION, ONE_SHOT | average << 5)
    bench.world.now_us += duration_us - 1
    assert bench.get(CONFIGURATION) == ONE_SHOT | average << 5
    bench.world.now_us += 1
    assert bench.get(CONFIGURATION) == DATA_READY | SHUTDOWN | average << 5
    assert [asked[0] for asked in bench.world.asked] == [start_us]
    bench.world.now_us += 20_000_000
    assert bench.get(CONFIGURATION) == SHUTDOWN | average << 5


@pytest.mark.parametrize("reader", [RESULT, CONFIGURATION])
def test_reading_result_or_configuration_clears_data_ready(bench: Bench, reader: int) -> None:
    bench.put(CONFIGURATION, ONE_SHOT)
    bench.world.now_us += 15_500
    bench.get(ID)
    bench.get(reader)
    assert bench.get(CONFIGURATION) & DATA_READY == 0


def test_it_wakes_up_converting_once_a_second(bench: Bench) -> None:
    begin_us = bench.world.now_us
    bench.world.now_us += 124_999
    assert bench.get(RESULT) == 0x8000
    bench.world.now_us += 1
    assert bench.get(RESULT) == 0x0C80
    bench.world.celsius = 26.0
    bench.world.now_us = begin_us + 1_124_999
    assert bench.get(RESULT) == 0x0C80
    bench.world.now_us += 1
    assert bench.get(CONFIGURATION) & DATA_READY
    assert bench.get(RESULT) == 26 * 128
    # After a long silence only the newest conversion is seen.
    bench.world.now_us = begin_us + 60_200_000
    bench.get(RESULT)
    assert [asked[0] - begin_us for asked in bench.world.asked] == [0, 1_000_000, 60_000_000]


# Table 7-7: the cycle is CONV's, or the time of the averages where that is longer.
@pytest.mark.parametrize(
    ("cycle", "average", "period_us"),
    [
        (0, 0, 15_500), (0, 1, 125_000), (0, 3, 1_000_000), (1, 0, 125_000), (1, 2, 500_000),
        (2, 0, 250_000), (3, 1, 500_000), (4, 0, 1_000_000), (5, 3, 4_000_000),
        (6, 0, 8_000_000), (7, 2, 16_000_000),
    ],
)  # fmt: skip
def test_cycle_times_of_table_7_7(bench: Bench, cycle: int, average: int, period_us: int) -> None:
    begin_us = bench.world.now_us
    bench.put(CONFIGURATION, cycle << 7 | average << 5)
    for _ in range(3):
        bench.world.now_us += period_us
        bench.get(RESULT)
    assert [asked[0] - begin_us for asked in bench.world.asked] == [0, period_us, 2 * period_us]


def test_a_slow_specimen_needs_17_5_ms(bench: Bench) -> None:
    slow = Bench(conversion_scale=17.5 / 15.5)
    slow.put(CONFIGURATION, ONE_SHOT)
    slow.world.now_us += 17_499
    assert slow.get(CONFIGURATION) & DATA_READY == 0
    slow.world.now_us += 1
    assert slow.get(CONFIGURATION) & DATA_READY


def test_averages_of_8_repeat_within_one_step_mostly(bench: Bench) -> None:
    for average in range(4):
        bench.one_shot(25.0, average)
    noise = [white_k * 128 for _, _, white_k in bench.world.asked]
    # 6.5: repeatability +-1 LSB with 8 averages, read as about two standard deviations.
    assert 0.4 <= noise[1] <= 0.6
    assert [noise[0] / other for other in noise] == pytest.approx([1, 8**0.5, 32**0.5, 8])
    assert all(white_pa == 0.0 for _, white_pa, _ in bench.world.asked)


def test_offset_is_added_to_the_next_result(bench: Bench) -> None:
    bench.put(OFFSET, 0xFFF0)
    assert bench.one_shot(25.0) == 0x0C80 - 16
    bench.put(OFFSET, 0x7FFF)
    assert bench.one_shot(25.0) == 0x7FFF


def test_alert_flags_show_once(bench: Bench) -> None:
    bench.put(HIGH, 30 * 128)
    bench.put(LOW, 10 * 128)
    for celsius, flag in ((31.0, 0x8000), (9.0, 0x4000), (30.0, 0), (10.0, 0)):
        bench.one_shot(celsius)
        assert bench.get(CONFIGURATION) & 0xC000 == flag
        assert bench.get(CONFIGURATION) & 0xC000 == 0


@pytest.mark.parametrize("register", [RESULT, EEPROM1, ID])
def test_read_only_words_ignore_writes(bench: Bench, register: int) -> None:
    before = bench.get(register)
    bench.put(register, before ^ 0xFFFF)
    assert bench.get(register) == before


def test_soft_reset_takes_2_ms(bench: Bench) -> None:
    bench.put(HIGH, 0x1000)
    bench.put(CONFIGURATION, ONE_SHOT | 0x0002)
    bench.world.now_us += 1_999
    with pytest.raises(OSError, match="5"):
        bench.get(ID)
    bench.world.now_us += 1
    assert bench.get(HIGH) == 0x6000
    assert bench.get(CONFIGURATION) == 0x0220
    bench.world.now_us += 124_999
    assert bench.get(RESULT) == 0x8000
    bench.world.now_us += 1
    assert bench.get(RESULT) == 0x0C80


def test_shutdown_abandons_a_conversion(bench: Bench) -> None:
    bench.put(CONFIGURATION, ONE_SHOT)
    bench.put(CONFIGURATION, SHUTDOWN)
    bench.world.now_us += 10_000_000
    assert bench.get(CONFIGURATION) == SHUTDOWN
    assert not bench.world.asked


def test_pointer_stays_and_the_word_repeats(bench: Bench) -> None:
    bench.bus.writeto(ADDRESS, bytes((ID,)))
    buf = bytearray(5)
    bench.bus.readfrom_into(ADDRESS, buf)
    bench.bus.readfrom_into(ADDRESS, buf)
    assert buf == b"\x01\x17\x01\x17\x01"


def test_a_byte_by_byte_read_is_one_word(bench: Bench) -> None:
    bench.one_shot(-1.0)
    bench.bus.writeto(ADDRESS, bytes((RESULT,)))
    assert [bench.chip.read_byte(index) for index in range(3)] == [0xFF, 0x80, 0]


def test_a_gap_in_the_measurements(bench: Bench) -> None:
    first = bench.one_shot(25.0)
    assert bench.one_shot(None) == first
    assert bench.get(CONFIGURATION) == ONE_SHOT | 0x20
    # by itself it tries again
    bench.put(CONFIGURATION, 0x0220)
    bench.world.now_us += 500_000
    assert bench.get(CONFIGURATION) & DATA_READY == 0
    bench.world.celsius = 30.0
    bench.world.now_us += 1_000_000
    assert bench.get(RESULT) == 30 * 128


def test_faults(bench: Bench) -> None:
    first = bench.one_shot(25.0)
    bench.bus.freeze(ADDRESS)
    assert bench.one_shot(40.0) == first
    assert bench.chip.conversions == 2
    bench.bus.freeze(ADDRESS, on=False)
    bench.bus.stall(ADDRESS)
    bench.one_shot(40.0)
    assert bench.get(CONFIGURATION) & DATA_READY == 0
    bench.bus.stall(ADDRESS, on=False)
    assert bench.get(RESULT) == 40 * 128
    bench.bus.set_chip_id(ADDRESS, 0x0116)
    assert bench.get(ID) == 0x0116
    bench.chip.refusing = True
    with pytest.raises(OSError, match="5"):
        bench.get(ID)
