"""Windows against exact least squares in rational arithmetic."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.cascade import Cascade
from hullcore.leakrate import slope_ppa_s
from hullcore.plan import MAX_BLOCK, MIN_SAMPLES, WindowPlan

P_MAX = (1 << 30) - 1


def least_squares(samples: list[tuple[int, int]]) -> Fraction:
    """Slope per index of (index, value) pairs, textbook centred form."""
    n = len(samples)
    j_mean = Fraction(sum(j for j, _ in samples), n)
    v_mean = Fraction(sum(v for _, v in samples), n)
    num = sum((j - j_mean) * (v - v_mean) for j, v in samples)
    return num / sum((j - j_mean) ** 2 for j, _ in samples)


class Collect:
    """Copies what a closing window shows."""

    def __init__(self) -> None:
        self.windows: list[tuple] = []

    def __call__(self, length_s: int, first: int, last: int, sums: object, scatter: object) -> None:
        self.windows.append(
            (length_s, first, last, sums.n, sums.slope_y(), sums.slope_p(), sums.spread(),
             sums.st, sums.late, scatter.count, scatter.half_width())
        )  # fmt: skip


def feed(plan: WindowPlan, samples: list[tuple[int, int, int] | None], first: int = 0) -> Collect:
    """Run samples (p, y, t) or None for absent ones through a fresh cascade."""
    out = Collect()
    cascade = Cascade(plan, out, first)
    for s in samples:
        if s is None:
            cascade.skip(0)
        else:
            cascade.add(*s)
    return out


sample = st.one_of(
    st.none(),
    st.tuples(st.integers(0, P_MAX), st.integers(0, P_MAX), st.integers(1, (1 << 25) - 1)),
)


@settings(max_examples=60, deadline=None)
@given(
    period_us=st.sampled_from([10_000, 12_500, 100_000, 333_333, 1_000_000, 1_250_000]),
    data=st.data(),
)
def test_slopes_equal_exact_least_squares_with_gaps_and_extremes(period_us, data):
    plan = WindowPlan(period_us, (10, 20))
    seed = data.draw(st.lists(sample, min_size=7, max_size=31))
    count = plan.samples[-1]
    stream = [seed[(i * i + i) % len(seed)] for i in range(count)]
    got = feed(plan, stream).windows
    for length_s, first, last, n, num_y, num_p, den, t_sum, _, _, _ in got:
        assert last - first + 1 == plan.samples[plan.lengths_s.index(length_s) - plan.base]
        present = [(j, stream[j]) for j in range(first, last + 1) if stream[j] is not None]
        assert n == len(present)
        assert t_sum == sum(s[2] for _, s in present)
        for column, num in ((0, num_p), (1, num_y)):
            exact = least_squares([(j, s[column]) for j, s in present])
            assert Fraction(num, den) == exact
            in_pa_s = exact / 256 / Fraction(period_us, 1_000_000)
            assert abs(Fraction(slope_ppa_s(num, den, period_us), 10**12) - in_pa_s) <= Fraction(
                1, 2 * 10**12
            )
    expected = sum(
        1
        for samples in plan.samples
        for k in range(count // samples)
        if sum(s is not None for s in stream[k * samples : (k + 1) * samples]) >= MIN_SAMPLES
    )
    assert len(got) == expected


def test_limb_sums_reach_their_stated_limit_and_no_further(monkeypatch):
    plan = WindowPlan(10_000, (10,))
    assert max(plan.blocks) <= MAX_BLOCK
    cascade = Cascade(plan, lambda *a: None)
    cascade._length = MAX_BLOCK  # the largest block any plan may have
    largest = 0
    for _ in range(MAX_BLOCK - 1):
        cascade.add(P_MAX, P_MAX, (1 << 25) - 1)
        sums = [v for k, v in vars(cascade).items() if isinstance(v, int) and k != "_base"]
        largest = max(largest, *sums)  # _base is a sample, not a sum
    assert 2**28 < largest < 2**29


@pytest.mark.parametrize(
    "period_us", [10_000, 20_000, 33_333, 100_000, 1_000_000, 5_000_000, 60_000_000]
)
def test_plan_covers_every_rate(period_us):
    plan = WindowPlan(period_us, (10, 60, 600, 3600, 86400))
    assert sum(plan.blocks) == plan.samples[0] >= MIN_SAMPLES
    assert max(plan.blocks) <= MAX_BLOCK
    assert min(plan.blocks) >= 3
    assert (
        plan.base == 0
        or plan.lengths_s[plan.base - 1] * 1_000_000 < (MIN_SAMPLES - 0.5) * period_us
    )
    nominal = plan.lengths_s[plan.base] * 1_000_000
    assert abs(plan.samples[0] * period_us - nominal) <= period_us / 2
    for i, ratio in enumerate(plan.ratios):
        assert plan.samples[i + 1] == plan.samples[i] * ratio


def test_windows_are_pure_functions_of_the_samples_they_name():
    plan = WindowPlan(100_000, (10, 60, 600))
    stream: list = [
        (
            26_000_000 + (i * 7919) % 101 - i // 9,
            25_900_000 + (i * 104_729) % 97,
            19_200_000 + i % 13,
        )
        for i in range(12_000)
    ]
    stream[777] = None
    whole = feed(plan, stream).windows
    assert {w[0] for w in whole} == {10, 60, 600}
    for w in whole:
        again = feed(plan, stream[w[1] : w[2] + 1], first=w[1]).windows
        assert again[-1] == w


def test_fewer_than_eight_samples_are_withheld_and_counted():
    plan = WindowPlan(1_000_000, (10, 60))
    out = Collect()
    cascade = Cascade(plan, out)
    for i in range(60):
        if i < 10 and i % 2:
            cascade.skip(0)
        else:
            cascade.add(1000 + i, 1000 + i, 19_000_000)
    assert [w[0] for w in out.windows] == [10] * 5 + [60]
    assert out.windows[0][1] == 10
    assert cascade.withheld == 1
