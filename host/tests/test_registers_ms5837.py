"""MS5837-30BA model against its data sheet, with the formulas in exact fractions."""

from fractions import Fraction

import pytest

from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.ms5837 import Ms5837Model

ADDRESS = 0x76
# The worked example of the calculation flow chart.
C1, C2, C3, C4, C5, C6 = 34982, 36352, 20328, 22354, 26646, 26146
GOLDEN_D1, GOLDEN_D2 = 4958179, 6815414
FIRST_ORDER_P, FIRST_ORDER_T = 39998, 1981  # 0.1 mbar, 0.01 degC


def first_order(d1: int, d2: int) -> tuple[Fraction, Fraction, Fraction, Fraction, int]:
    """P (0.1 mbar), TEMP (0.01 degC), OFF, SENS and dT of the flow chart, not rounded."""
    dt = d2 - C5 * 2**8
    temp = 2000 + Fraction(dt * C6, 2**23)
    off = C2 * 2**16 + Fraction(C4 * dt, 2**7)
    sens = C1 * 2**15 + Fraction(C3 * dt, 2**8)
    return (d1 * sens / 2**21 - off) / 2**13, temp, off, sens, dt


def second_order(d1: int, d2: int) -> tuple[Fraction, Fraction]:
    """P (Pa) and T (degC) with the second-order correction, not rounded."""
    _, temp, off, sens, dt = first_order(d1, d2)
    if temp < 2000:
        ti = 3 * Fraction(dt) ** 2 / 2**33
        offi = 3 * (temp - 2000) ** 2 / 2
        sensi = 5 * (temp - 2000) ** 2 / 2**3
        if temp < -1500:
            offi += 7 * (temp + 1500) ** 2
            sensi += 4 * (temp + 1500) ** 2
    else:
        ti = 2 * Fraction(dt) ** 2 / 2**37
        offi = (temp - 2000) ** 2 / 2**4
        sensi = Fraction(0)
    p = (d1 * (sens - sensi) / 2**21 - (off - offi)) / 2**13
    return p * 10, (temp - ti) / 100


def crc4(words: list[int]) -> int:
    """AN520's CRC as what it is: the words without their last nibble, modulo x^4 + x + 1."""
    value = int.from_bytes(b"".join(w.to_bytes(2, "big") for w in words), "big") >> 4
    while value.bit_length() > 4:
        value ^= 0b10011 << value.bit_length() - 5
    return value


class World:
    """Clock and front end in one: a settable sample, and a list of what was asked."""

    def __init__(self) -> None:
        self.now_us = 9_000
        self.sample: tuple[float, float] | None = (101325.0, 20.0)
        self.asked: list[tuple[int, float, float]] = []

    def clock(self) -> int:
        return self.now_us

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append((t_us, white_pa, white_k))
        return self.sample


class Bench:
    """One MS5837 on a bus."""

    def __init__(self, conversion_scale: float = 1.0) -> None:
        self.world = World()
        self.bus = SimBus()
        self.chip = Ms5837Model(self.world, self.world.clock, conversion_scale)
        self.bus.add(ADDRESS, self.chip)

    def command(self, value: int) -> None:
        self.bus.writeto(ADDRESS, bytes((value,)))

    def adc(self) -> int:
        buf = bytearray(3)
        self.bus.readfrom_mem_into(ADDRESS, 0x00, buf)
        return int.from_bytes(buf, "big")

    def prom(self) -> list[int]:
        words = []
        for index in range(8):
            buf = bytearray(2)
            self.bus.readfrom_mem_into(ADDRESS, 0xA0 + 2 * index, buf)
            words.append(int.from_bytes(buf, "big"))
        return words

    def word(self, command: int) -> int:
        self.command(command)
        self.world.now_us += 20_000
        return self.adc()

    def convert(self, pressure_pa: float, temperature_c: float) -> tuple[int, int]:
        """The words D1 and D2 at the highest oversampling."""
        self.world.sample = (pressure_pa, temperature_c)
        return self.word(0x4A), self.word(0x5A)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_exact_formulas_give_the_printed_results() -> None:
    p, temp, off, sens, dt = first_order(GOLDEN_D1, GOLDEN_D2)
    assert dt == -5962
    assert int(temp) == FIRST_ORDER_T
    # The sheet prints OFF = 2381326464: a misprint, its own arithmetic gives this.
    assert int(off) == 2381323464
    assert int(sens) == 1145816755
    assert int(p) == FIRST_ORDER_P


def test_the_worked_example_gives_its_words(bench: Bench) -> None:
    pressure_pa, temperature_c = second_order(GOLDEN_D1, GOLDEN_D2)
    assert bench.convert(float(pressure_pa), float(temperature_c)) == (GOLDEN_D1, GOLDEN_D2)


def test_the_printed_results_give_words_within_their_rounding(bench: Bench) -> None:
    d1, d2 = bench.convert(FIRST_ORDER_P * 10.0, FIRST_ORDER_T / 100)
    # Printed are whole 0.01 degC (321 words of D2) and 0.1 mbar (15 words of D1, to which the
    # second order and the cut temperature add their share).
    assert GOLDEN_D2 - 321 <= d2 <= GOLDEN_D2
    assert abs(d1 - GOLDEN_D1) <= 16


@pytest.mark.parametrize(
    "temperature_c", [-39.0, -20.0, -14.9, 0.0, 19.99, 20.0, 20.01, 45.0, 85.0]
)
@pytest.mark.parametrize("pressure_pa", [0.0, 50_000.0, 101_325.0, 600_000.0, 3_000_000.0])
def test_words_compensate_back_to_what_was_measured(
    bench: Bench, pressure_pa: float, temperature_c: float
) -> None:
    d1, d2 = bench.convert(pressure_pa, temperature_c)
    step_t = second_order(d1, d2 + 1)[1] - second_order(d1, d2)[1]
    assert abs(second_order(d1, d2)[1] - Fraction(temperature_c)) <= step_t * Fraction(51, 100)
    # D1 belongs to the temperature before D2 was rounded: allow for half a word of D2.
    p = second_order(d1, d2)[0]
    half = abs(second_order(d1 + 1, d2)[0] - p) / 2 + abs(second_order(d1, d2 + 1)[0] - p) / 2
    assert abs(p - Fraction(pressure_pa)) <= half * Fraction(102, 100)


def test_out_of_range_words_stop_at_the_ends(bench: Bench) -> None:
    assert bench.convert(50_000_000.0, 20.0)[0] == 0xFFFFFF
    assert bench.convert(-50_000_000.0, 20.0)[0] == 0
    assert bench.convert(101_325.0, 290.0)[1] > GOLDEN_D2


def test_crc_oracle_reproduces_the_application_note() -> None:
    words = [0x3132, 0x3334, 0x3536, 0x3738, 0x3940, 0x4142, 0x4344, 0x4500]
    assert crc4(words) == 0xB


def test_prom_holds_coefficients_version_and_crc(bench: Bench) -> None:
    words = bench.prom()
    assert words[1:] == [C1, C2, C3, C4, C5, C6, 0]
    # Version bits 11..5 of word 0 are 0011010 for the MS5837-30BA26.
    assert words[0] >> 5 & 0x7F == 0b0011010
    assert words[0] >> 12 == crc4([words[0] & 0x0FFF, *words[1:]])


def test_another_version_has_a_valid_crc_and_a_poked_word_has_not(bench: Bench) -> None:
    bench.bus.set_chip_id(ADDRESS, 0x15)
    words = bench.prom()
    assert words[0] >> 5 & 0x7F == 0x15
    assert words[0] >> 12 == crc4([words[0] & 0x0FFF, *words[1:]])
    bench.chip.prom[3] ^= 0x0100
    words = bench.prom()
    assert words[0] >> 12 != crc4([words[0] & 0x0FFF, *words[1:]])


def test_reset_reloads_the_prom_for_2_8_ms(bench: Bench) -> None:
    bench.command(0x4A)
    bench.command(0x1E)
    bench.world.now_us += 2_799
    with pytest.raises(OSError, match="5"):
        bench.prom()
    bench.world.now_us += 100_001
    assert bench.prom()[1] == C1
    # The conversion is lost.
    assert bench.adc() == 0
    assert not bench.world.asked


def test_adc_result_is_read_once(bench: Bench) -> None:
    assert bench.adc() == 0
    assert bench.word(0x48) != 0
    assert bench.adc() == 0


def test_write_and_read_may_be_two_transactions(bench: Bench) -> None:
    bench.command(0x48)
    bench.world.now_us += 10_000
    bench.command(0x00)
    buf = bytearray(3)
    bench.bus.readfrom_into(ADDRESS, buf)
    assert int.from_bytes(buf, "big") > 0
    bench.bus.readfrom_into(ADDRESS, buf)
    assert buf == b"\0\0\0"


def test_an_early_read_gives_0_and_spoils_the_result(bench: Bench) -> None:
    good = bench.word(0x48)
    bench.command(0x48)
    bench.world.now_us += 1_000
    assert bench.adc() == 0
    bench.world.now_us += 20_000
    assert bench.adc() not in (0, good)
    assert bench.chip.spoiled == 1
    assert bench.word(0x48) == good


@pytest.mark.parametrize("disturbance", [0x58, 0xA2])
def test_a_command_during_a_conversion_spoils_the_result(bench: Bench, disturbance: int) -> None:
    good = bench.word(0x48)
    bench.command(0x48)
    bench.command(disturbance)
    bench.world.now_us += 20_000
    assert bench.adc() not in (0, good)
    assert bench.chip.spoiled == 1


# Typical and maximum conversion times in ms for OSR 256..8192.
@pytest.mark.parametrize(
    ("code", "typical_ms", "maximum_ms"),
    [
        (0, 0.54, 0.60),
        (1, 1.06, 1.17),
        (2, 2.08, 2.28),
        (3, 4.13, 4.54),
        (4, 8.22, 9.04),
        (5, 16.44, 18.08),
    ],
)
@pytest.mark.parametrize("kind", [0x40, 0x50])
def test_conversion_times(kind: int, code: int, typical_ms: float, maximum_ms: float) -> None:
    typical = Bench()
    typical.command(kind | code << 1)
    typical.world.now_us += round(typical_ms * 1000) - 1
    assert typical.adc() == 0
    late = Bench()
    late.command(kind | code << 1)
    late.world.now_us += round(typical_ms * 1000)
    assert late.adc() > 0
    slow = Bench(conversion_scale=1.1)
    slow.command(kind | code << 1)
    slow.world.now_us += round(maximum_ms * 1000) + 10
    assert slow.adc() > 0


def test_each_conversion_measures_once_with_its_own_noise(bench: Bench) -> None:
    bench.word(0x4A)
    second_us = bench.world.now_us
    bench.word(0x5A)
    (t1_us, pa1, k1), (t2_us, pa2, k2) = bench.world.asked
    assert (t1_us, t2_us) == (9_000, second_us)
    # The cover prints 0.2 mbar; a pressure conversion has no temperature noise, and back.
    assert (pa1, k1) == (20.0, 0.0)
    assert pa2 == 0.0
    assert 0.0 < k2 < 0.01
    assert bench.chip.conversions == 2


def test_lower_oversampling_is_noisier(bench: Bench) -> None:
    for code in range(6):
        bench.word(0x40 | code << 1)
    noise = [white_pa for _, white_pa, _ in bench.world.asked]
    assert noise == sorted(noise, reverse=True)


def test_a_gap_in_the_measurements_reads_0_until_the_next_conversion(bench: Bench) -> None:
    good = bench.word(0x4A)
    bench.world.sample = None
    assert bench.word(0x4A) == 0
    assert bench.adc() == 0
    bench.world.sample = (101325.0, 20.0)
    assert bench.word(0x4A) == good


def test_frozen_data_repeat_word_by_word(bench: Bench) -> None:
    first = bench.convert(101_325.0, 20.0)
    bench.bus.freeze(ADDRESS)
    assert bench.convert(200_000.0, 30.0) == first
    bench.bus.freeze(ADDRESS, on=False)
    assert bench.convert(200_000.0, 30.0) != first


def test_stalled_chip_reads_0(bench: Bench) -> None:
    bench.bus.stall(ADDRESS)
    assert bench.word(0x4A) == 0
    bench.bus.stall(ADDRESS, on=False)
    bench.command(0x1E)
    bench.world.now_us += 2_800
    assert bench.word(0x4A) > 0


def test_refusing_chip_is_absent(bench: Bench) -> None:
    bench.chip.refusing = True
    with pytest.raises(OSError, match="5"):
        bench.command(0x4A)
    bench.chip.refusing = False
    assert bench.word(0x4A) > 0
