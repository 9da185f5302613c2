"""BMP280 model against BST-BMP280-DS001, with its formulas written out in exact fractions."""

from fractions import Fraction

import pytest

from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.bmp280 import Bmp280Model

ADDRESS = 0x76
CALIBRATION, ID, RESET, STATUS, CTRL_MEAS, CONFIG, DATA = 0x88, 0xD0, 0xE0, 0xF3, 0xF4, 0xF5, 0xF7
# Section 3.12: the worked example.
T1, T2, T3 = 27504, 26435, -1000
P1, P2, P3, P4, P5, P6, P7, P8, P9 = 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000
GOLDEN_T, GOLDEN_P = 519888, 415148


def t_fine(adc_t: int) -> Fraction:
    """Section 8.1, temperature, before the division by 5120."""
    var1 = (Fraction(adc_t, 16384) - Fraction(T1, 1024)) * T2
    var2 = (Fraction(adc_t, 131072) - Fraction(T1, 8192)) ** 2 * T3
    return var1 + var2


def pressure(adc_p: int, fine: Fraction) -> Fraction:
    """Section 8.1, pressure in Pa."""
    var1 = fine / 2 - 64000
    var2 = var1 * var1 * P6 / 32768
    var2 = var2 + var1 * P5 * 2
    var2 = var2 / 4 + P4 * 65536
    var1 = (P3 * var1 * var1 / 524288 + P2 * var1) / 524288
    var1 = (1 + var1 / 32768) * P1
    p = Fraction(1048576 - adc_p)
    p = (p - var2 / 4096) * 6250 / var1
    var1 = P9 * p * p / 2147483648
    var2 = p * P8 / 32768
    return p + (var1 + var2 + P7) / 16


class World:
    """Clock and front end in one: a settable sample, and a list of what was asked."""

    def __init__(self) -> None:
        self.now_us = 5_000
        self.sample: tuple[float, float] | None = (100653.0, 25.08)
        self.asked: list[tuple[int, float, float]] = []

    def clock(self) -> int:
        return self.now_us

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append((t_us, white_pa, white_k))
        return self.sample


class Bench:
    """One BMP280 on a bus."""

    def __init__(self, conversion_scale: float = 1.0) -> None:
        self.world = World()
        self.bus = SimBus()
        self.chip = Bmp280Model(self.world, self.world.clock, conversion_scale)
        self.bus.add(ADDRESS, self.chip)

    def get(self, register: int, n: int = 1) -> bytes:
        buf = bytearray(n)
        self.bus.readfrom_mem_into(ADDRESS, register, buf)
        return bytes(buf)

    def put(self, register: int, *values: int) -> None:
        self.bus.writeto_mem(ADDRESS, register, bytes(values))

    def convert(
        self, pressure_pa: float, temperature_c: float, code_p: int = 5, code_t: int = 5
    ) -> tuple[int, int]:
        """The words adc_P and adc_T of one forced measurement."""
        self.world.sample = (pressure_pa, temperature_c)
        self.put(CTRL_MEAS, code_t << 5 | code_p << 2 | 1)
        self.world.now_us += 200_000
        assert not self.get(STATUS)[0] & 0x08
        data = self.get(DATA, 6)
        return int.from_bytes(data[:3], "big") >> 4, int.from_bytes(data[3:], "big") >> 4


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_exact_formulas_give_the_printed_results() -> None:
    fine = t_fine(GOLDEN_T)
    assert int(fine) == 128422
    assert float(fine / 5120) == pytest.approx(25.0825, abs=5e-5)
    assert float(pressure(GOLDEN_P, fine)) == pytest.approx(100653.27, abs=5e-3)


def test_the_worked_example_gives_its_words(bench: Bench) -> None:
    fine = t_fine(GOLDEN_T)
    exact = float(pressure(GOLDEN_P, fine)), float(fine / 5120)
    assert bench.convert(*exact) == (GOLDEN_P, GOLDEN_T)
    # The printed results are rounded to 0.005 Pa (0.03 words) and 0.00005 degC (0.16 words).
    assert bench.convert(100653.27, 25.0825) == (GOLDEN_P, GOLDEN_T)


@pytest.mark.parametrize("temperature_c", [-40.0, -17.3, 0.0, 20.0, 25.08, 61.7, 85.0])
@pytest.mark.parametrize("pressure_pa", [30_000.0, 61_234.5, 101_325.0, 110_000.0])
def test_words_compensate_back_to_what_was_measured(
    bench: Bench, pressure_pa: float, temperature_c: float
) -> None:
    adc_p, adc_t = bench.convert(pressure_pa, temperature_c)
    half_t = abs(t_fine(adc_t + 1) - t_fine(adc_t - 1)) / 5120 / 4
    assert abs(t_fine(adc_t) / 5120 - Fraction(temperature_c)) <= half_t * Fraction(1001, 1000)
    # The word of the pressure belongs to the temperature before it was rounded.
    fine = Fraction(temperature_c) * 5120
    half_p = abs(pressure(adc_p + 1, fine) - pressure(adc_p - 1, fine)) / 4
    assert abs(pressure(adc_p, fine) - Fraction(pressure_pa)) <= half_p * Fraction(1001, 1000)


@pytest.mark.parametrize(("code", "bits"), [(1, 16), (2, 17), (3, 18), (4, 19), (5, 20)])
def test_oversampling_sets_the_resolution(bench: Bench, code: int, bits: int) -> None:
    step = 1 << 20 - bits
    words_p = set()
    for index in range(400):
        exact = (100_000.0 + index * 0.11, 20.0 + index * 0.003)
        fine_p, fine_t = bench.convert(*exact)
        coarse_p, coarse_t = bench.convert(*exact, code, code)
        assert coarse_p % step == 0
        assert coarse_t % step == 0
        # Both are roundings of one number: half a step apart, and half a fine one.
        assert abs(coarse_p - fine_p) <= step / 2 + 0.5
        assert abs(coarse_t - fine_t) <= step / 2 + 0.5
        words_p.add(coarse_p // step % 2)
    assert words_p == {0, 1}


def test_pressure_step_is_what_table_4_prints() -> None:
    # Typical resolution: 2.62 Pa at 16 bit, 0.16 Pa at 20 bit.
    fine = t_fine(GOLDEN_T)
    step_pa = pressure(GOLDEN_P, fine) - pressure(GOLDEN_P + 1, fine)
    assert float(step_pa) == pytest.approx(0.16, abs=0.02)


def test_out_of_range_words_stop_at_the_ends(bench: Bench) -> None:
    # Low pressure and low temperature are large and small words.
    assert bench.convert(1.0, 20.0)[0] < (1 << 20) - 1
    assert bench.convert(500_000.0, 20.0)[0] == 0
    assert bench.convert(101_325.0, -190.0)[1] == 0
    assert bench.convert(101_325.0, 400.0)[1] == (1 << 20) - 1
    assert bench.convert(101_325.0, 400.0, 1, 1)[1] == 0xFFFF << 4


def test_skipped_measurements_read_0x80000(bench: Bench) -> None:
    assert bench.convert(101_325.0, 25.0, code_p=0)[0] == 0x80000
    assert bench.convert(101_325.0, 25.0, code_t=0)[1] == 0x80000


def test_registers_after_power_up(bench: Bench) -> None:
    assert bench.get(ID) == b"\x58"
    assert bench.get(STATUS, 3) == b"\x00\x00\x00"
    assert bench.get(DATA, 6) == b"\x80\x00\x00\x80\x00\x00"
    calibration = bench.get(CALIBRATION, 24)
    words = [int.from_bytes(calibration[i : i + 2], "little") for i in range(0, 24, 2)]
    signed = [w if i in (0, 3) or w < 0x8000 else w - 0x10000 for i, w in enumerate(words)]
    assert signed == [T1, T2, T3, P1, P2, P3, P4, P5, P6, P7, P8, P9]


def test_reset_copies_the_calibration_for_2_ms(bench: Bench) -> None:
    bench.convert(101_325.0, 25.0)
    bench.put(CONFIG, 0x10)
    bench.put(RESET, 0xB6)
    assert bench.get(STATUS) == b"\x01"
    assert bench.get(CALIBRATION, 24) == bytes(24)
    bench.world.now_us += 1_999
    assert bench.get(STATUS) == b"\x01"
    bench.world.now_us += 1
    assert bench.get(STATUS, 3) == b"\x00\x00\x00"
    assert bench.get(CALIBRATION, 2) == T1.to_bytes(2, "little")
    assert bench.get(DATA, 6) == b"\x80\x00\x00\x80\x00\x00"


def test_only_the_reset_word_resets(bench: Bench) -> None:
    bench.put(CONFIG, 0x10)
    bench.put(RESET, 0xB5)
    assert bench.get(CONFIG) == b"\x10"
    assert bench.get(RESET) == b"\x00"


@pytest.mark.parametrize("register", [CALIBRATION, ID, STATUS, DATA])
def test_read_only_registers_ignore_writes(bench: Bench, register: int) -> None:
    before = bench.get(register)
    bench.put(register, before[0] ^ 0xFF)
    assert bench.get(register) == before


def test_one_write_takes_register_and_value_pairs(bench: Bench) -> None:
    bench.put(CONFIG, 0xFF, CTRL_MEAS, 0x20)
    assert bench.get(CTRL_MEAS, 2) == b"\x20\xfd"
    bench.bus.writeto(ADDRESS, bytes((CTRL_MEAS, 0x40, CONFIG, 0x08)))
    bench.bus.writeto(ADDRESS, bytes((CTRL_MEAS,)))
    buf = bytearray(2)
    bench.bus.readfrom_into(ADDRESS, buf)
    assert buf == b"\x40\x08"
    assert len(bench.get(0xF7, 64)) == 64


# Section 3.8.1: codes, typical and maximum measurement time in ms.
@pytest.mark.parametrize(
    ("code_p", "code_t", "typical_ms", "maximum_ms"),
    [
        (1, 1, 5.5, 6.4),
        (2, 1, 7.5, 8.7),
        (3, 1, 11.5, 13.3),
        (4, 1, 19.5, 22.5),
        (5, 2, 37.5, 43.2),
    ],
)
def test_forced_measurement_takes_the_printed_time(
    bench: Bench, code_p: int, code_t: int, typical_ms: float, maximum_ms: float
) -> None:
    start_us = bench.world.now_us
    bench.put(CTRL_MEAS, code_t << 5 | code_p << 2 | 1)
    while bench.get(STATUS)[0] & 0x08:
        assert bench.get(CTRL_MEAS)[0] & 3 == 1
        bench.world.now_us += 10
    took_ms = (bench.world.now_us - start_us) / 1000
    assert took_ms == pytest.approx(typical_ms, abs=0.011)
    # The stated scale for a slow specimen covers the printed maximum, by little.
    assert maximum_ms <= typical_ms * 1.17 < maximum_ms * 1.02
    assert bench.get(CTRL_MEAS)[0] & 3 == 0
    assert [asked[0] for asked in bench.world.asked] == [start_us]


def test_noise_of_table_7(bench: Bench) -> None:
    # 26.4 cm at x1 and 20.8 cm at x2, filter off; 1 Pa is 8.0 to 8.4 cm near the ground.
    bench.convert(101_325.0, 25.0, 1, 1)
    bench.convert(101_325.0, 25.0, 2, 1)
    for (_, white_pa, _), altitude_cm in zip(bench.world.asked, (26.4, 20.8), strict=True):
        assert altitude_cm / 8.4 <= white_pa <= altitude_cm / 8.0


def test_both_codes_of_forced_mode_trigger(bench: Bench) -> None:
    bench.put(CTRL_MEAS, 0x26)
    assert bench.get(STATUS) == b"\x08"


def test_sleep_abandons_a_measurement(bench: Bench) -> None:
    bench.put(CTRL_MEAS, 0x25)
    bench.put(CTRL_MEAS, 0x24)
    bench.world.now_us += 100_000
    assert bench.get(STATUS) == b"\x00"
    assert bench.get(DATA, 6) == b"\x80\x00\x00\x80\x00\x00"


def test_a_gap_in_the_measurements_stays_busy_until_the_next_trigger(bench: Bench) -> None:
    bench.world.sample = None
    bench.put(CTRL_MEAS, 0x25)
    for _ in range(3):
        bench.world.now_us += 1_000_000
        assert bench.get(STATUS) == b"\x08"
    assert len(bench.world.asked) == 1
    assert bench.convert(100653.27, 25.0825) == (GOLDEN_P, GOLDEN_T)


def test_frozen_data_repeat(bench: Bench) -> None:
    first = bench.convert(100653.27, 25.0825)
    bench.bus.freeze(ADDRESS)
    assert bench.convert(50_000.0, 0.0) == first
    bench.bus.freeze(ADDRESS, on=False)
    assert bench.convert(50_000.0, 0.0) != first


def test_stalled_chip_is_busy_until_it_is_released(bench: Bench) -> None:
    bench.bus.stall(ADDRESS)
    bench.put(CTRL_MEAS, 0x25)
    bench.world.now_us += 10_000_000
    assert bench.get(STATUS) == b"\x08"
    bench.bus.stall(ADDRESS, on=False)
    assert bench.get(STATUS) == b"\x00"


def test_wrong_id_survives_a_reset(bench: Bench) -> None:
    bench.bus.set_chip_id(ADDRESS, 0x60)
    bench.put(RESET, 0xB6)
    assert bench.get(ID) == b"\x60"


def test_refusing_chip_is_absent_even_while_it_starts(bench: Bench) -> None:
    bench.put(RESET, 0xB6)
    bench.chip.refusing = True
    with pytest.raises(OSError, match="5"):
        bench.get(ID)
    bench.world.now_us += 2_000
    with pytest.raises(OSError, match="5"):
        bench.get(ID)
    bench.chip.refusing = False
    assert bench.get(CALIBRATION, 2) == T1.to_bytes(2, "little")
