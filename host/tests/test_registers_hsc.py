"""HSC model against the technical note's status bits and conversion formulas."""

import pytest

from hullwatch.sim.registers.hsc import HscModel, hsc_range


def parts(data):
    """Status, pressure counts, temperature counts of the note's four bytes."""
    word = int.from_bytes(data, "big")
    return word >> 30, word >> 16 & 0x3FFF, word >> 5 & 0x7FF


def pascal(counts, low_pa, high_pa):
    """The note's formula with its integers 1638 (10 %) and 14745 (90 %)."""
    return (counts - 1638) * (high_pa - low_pa) / (14745 - 1638) + low_pa


@pytest.mark.parametrize(
    ("letters", "kind", "low_pa", "high_pa"),
    [("1.6BA", "abs", 0.0, 160_000.0), ("010BG", "gauge", 0.0, 1_000_000.0),
     ("060MD", "diff", -6_000.0, 6_000.0), ("100KA", "abs", 0.0, 100_000.0),
     ("015PA", "abs", 0.0, 103_421.359), ("001GG", "gauge", 0.0, 1_000_000.0),
     ("030PD", "diff", -206_842.719, 206_842.719)],
)  # fmt: skip
def test_ranges_by_the_letters_of_the_part(letters, kind, low_pa, high_pa):
    found = hsc_range(letters)
    assert found.kind == kind
    assert found[1:] == pytest.approx((low_pa, high_pa), abs=1e-3)


@pytest.mark.parametrize("letters", ["", "1.6BX", "16BA", "0010BG", "001XA"])
def test_other_letters_are_refused(letters):
    with pytest.raises(ValueError, match="is no HSC range"):
        hsc_range(letters)


@pytest.mark.parametrize("part", ["1.6BA", "060MD", "015PG"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_counts_convert_back(chip_bench, part, share):
    bench = chip_bench(HscModel, part=part)
    _, low_pa, high_pa = hsc_range(part)
    bench.sample = (low_pa + share * (high_pa - low_pa), 25.0)
    bench.wait(3_000)
    status, pressure, temperature = parts(bench.take(4))
    assert status == 0
    # half a count, and the 0.4 and 0.6 counts that 1638 and 14745 are away from 10 and 90 %
    count_pa = (high_pa - low_pa) / 13107
    assert abs(pascal(pressure, low_pa, high_pa) - bench.sample[0]) <= 1.15 * count_pa
    assert temperature * 200 / 2047 - 50 == pytest.approx(25.0, abs=0.05)


def test_ends(chip_bench):
    bench = chip_bench(HscModel)
    bench.sample = (-50_000.0, -60.0)
    bench.wait(3_000)
    assert parts(bench.take(4))[1:] == (0, 0)
    bench.sample = (1e6, 200.0)
    bench.wait(460)
    assert parts(bench.take(4))[1:] == (0x3FFF, 2047)


def test_silent_for_3_ms_then_a_reading_every_0_46_ms(chip_bench):
    bench = chip_bench(HscModel)
    bench.wait(2_999)
    with pytest.raises(OSError, match="5"):
        bench.take(2)
    bench.wait(1)
    assert parts(bench.take(4))[0] == 0
    assert parts(bench.take(4))[0] == 2
    bench.wait(459)
    assert parts(bench.take(4))[0] == 2
    bench.wait(1)
    assert parts(bench.take(4))[0] == 0
    assert [asked[0] for asked in bench.asked] == [7_540, 8_000]


def test_two_three_and_more_bytes(chip_bench):
    bench = chip_bench(HscModel)
    bench.wait(3_000)
    whole = bench.take(4)
    assert bench.take(2)[1:] == whole[1:2]
    assert bench.take(3)[1:] == whole[1:3]
    assert bench.take(5)[4] == 0xFF


def test_status_of_a_broken_bridge(chip_bench):
    bench = chip_bench(HscModel)
    bench.wait(3_000)
    bench.chip.set_diagnostic(True)
    assert parts(bench.take(4))[0] == 3
    bench.chip.set_diagnostic(False)
    bench.wait(460)
    assert parts(bench.take(4))[0] == 0
