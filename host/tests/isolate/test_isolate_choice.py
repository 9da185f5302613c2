"""Which hatch, for how long; the yardstick against brute force and stated optima."""

import itertools
import math

import numpy as np
import pytest

from hullwatch.isolate import choice
from hullwatch.isolate.belief import Belief
from hullwatch.isolate.closing import Rate
from hullwatch.isolate.layout import Hatch, Layout, Section
from hullwatch.isolate.optimum import mean_closings
from isolation_trials import random_tree


def tree(edges, priors=None):
    count = len(edges) + 1
    priors = priors or [1.0] * count
    return Layout(
        tuple(Section(f"s{at}", 10.0, f"n{at}", priors[at]) for at in range(count)),
        tuple(Hatch(f"h{at}", (f"s{a}", f"s{b}")) for at, (a, b) in enumerate(edges)),
    )


def test_a_hatch_stays_closed_half_the_time_to_the_difference(chain):
    layout = chain(volumes=(2.0, 10.0, 10.0, 10.0), reopen_pa=100.0)
    rate = Rate(0.5, 0.05)
    # upper end 0.598 Pa m3/s: 2 m3 lose 100 Pa in 334.4 s
    assert choice.limit_s(layout, "ab", rate) == pytest.approx(0.5 * 100.0 * 2.0 / 0.598)
    assert choice.limit_s(layout, "bc", rate) == pytest.approx(0.5 * 100.0 * 12.0 / 0.598)
    assert choice.limit_s(layout, "ab", Rate(1e-3, 1e-4)) == layout.longest_s


def test_a_plan_ends_before_the_limit_and_has_its_windows(chain):
    layout = chain()
    chances = Belief(layout).probabilities()
    for rate in (0.01, 0.1, 1.0, 10.0):
        for noise in (1e-5, 1e-3, 1e-1):
            by_length = {10.0: noise, 60.0: noise / 3, 600.0: noise / 8}
            plan = choice.planned(layout, "bc", Rate(rate, rate / 50), by_length, chances)
            if plan is None:
                assert choice.limit_s(layout, "bc", Rate(rate, rate / 50)) < 35.0
                continue
            assert plan.closed_s <= plan.limit_s
            assert plan.windows >= 2
            assert plan.closed_s >= layout.quiet_s + (plan.windows + 1) * plan.window_s


def test_too_fast_a_leak_leaves_no_plan(chain):
    layout = chain()
    chances = Belief(layout).probabilities()
    assert choice.planned(layout, "ab", Rate(60.0, 1.0), {10.0: 1e-3}, chances) is None


def test_expected_information_of_a_perfect_reading_is_the_entropy_of_the_sides(chain):
    layout = chain()
    chances = {"a": 0.5, "b": 0.2, "c": 0.2, "d": 0.1}
    for hatch, share in (("ab", 0.5), ("bc", 0.7), ("cd", 0.9)):
        entropy = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
        assert choice.expected_bits(layout, hatch, chances, 50.0) == pytest.approx(entropy)
    assert choice.expected_bits(layout, "ab", chances, 0.0) == pytest.approx(0.0, abs=1e-12)
    certain = {"a": 1.0, "b": 0.0, "c": 0.0, "d": 0.0}
    assert choice.expected_bits(layout, "ab", certain, 50.0) == 0.0


def test_expected_information_of_a_noisy_reading_against_simulation(chain):
    """Mutual information of side and sign, counted."""
    layout = chain()
    chances = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
    rng = np.random.default_rng(1)
    on_first = rng.random(400_000) < 0.7
    seen = np.where(on_first, 1.0, -1.0) + rng.normal(0.0, 1.0, on_first.size) > 0.0
    table = np.array(
        [[np.mean(on_first & seen), np.mean(on_first & ~seen)],
         [np.mean(~on_first & seen), np.mean(~on_first & ~seen)]]
    )  # fmt: skip
    product = np.outer(table.sum(1), table.sum(0))
    counted = float(np.sum(table * np.log2(table / product)))
    assert choice.expected_bits(layout, "bc", chances, 2.0) == pytest.approx(counted, abs=0.005)


def brute_force(edges, shares):
    """Least expected closings by trying every order of every strategy tree."""

    def best(group):
        if len(group) == 1:
            return 0.0
        inside = [edge for edge in edges if set(edge) <= group]
        costs = []
        for cut in inside:
            part, fresh = {cut[0]}, [cut[0]]
            while fresh:
                here = fresh.pop()
                for edge in inside:
                    if edge != cut and here in edge:
                        (there,) = set(edge) - {here}
                        if there not in part:
                            part.add(there)
                            fresh.append(there)
            costs.append(best(frozenset(part)) + best(group - part))
        return sum(shares[at] for at in group) + min(costs)

    return best(frozenset(range(len(edges) + 1)))


def test_the_optimum_is_that_of_brute_force():
    rng = np.random.default_rng(5)
    for count in (3, 4, 5, 6):
        for _ in range(4):
            edges = random_tree(count, rng)
            weights = rng.uniform(0.2, 3.0, count)
            shares = (weights / weights.sum()).tolist()
            layout = tree(edges, weights.tolist())
            assert mean_closings(layout) == pytest.approx(brute_force(edges, shares))


def test_known_optima():
    # six sections on a hub: leaves after 1..5 closings, the hub after 5; a chain halves
    assert mean_closings(tree([(0, at) for at in range(1, 6)])) == pytest.approx(20 / 6)
    assert mean_closings(tree([(at, at + 1) for at in range(3)])) == 2.0
    # stars exceed log2(n) + 1 from seven sections on
    for count in (6, 7):
        star = mean_closings(tree([(0, at) for at in range(1, count)]))
        assert (star > math.log2(count) + 1) == (count >= 7)


def test_mean_optimum_of_random_six_section_trees():
    """All 6^4 labelled trees, exactly: 2.68."""
    degrees = itertools.product(range(6), repeat=4)

    class Sequence:
        def __init__(self, values):
            self.values = np.array(values)

        def integers(self, *_):
            return self.values

    known = {}
    total = 0.0
    for values in degrees:
        edges = random_tree(6, Sequence(values))
        key = tuple(sorted(np.bincount(np.array(edges).ravel(), minlength=6)))
        paths = key, _far(edges)
        if paths not in known:
            known[paths] = mean_closings(tree(edges))
        total += known[paths]
    assert total / 6**4 == pytest.approx(2.68, abs=0.01)


def _far(edges):
    """Distances between all pairs, sorted: tells six-section trees of one degree row apart."""
    distance = np.full((6, 6), 9)
    np.fill_diagonal(distance, 0)
    for a, b in edges:
        distance[a, b] = distance[b, a] = 1
    for middle in range(6):
        distance = np.minimum(distance, distance[:, [middle]] + distance[[middle], :])
    return tuple(sorted(distance.ravel().tolist()))
