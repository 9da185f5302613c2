"""Searches on random layouts: right, few closings, hatches never closed too long."""

import numpy as np
import pytest

import isolation_trials as trials

MAIN, STARS, HALF, SLOW, MUCH, LITTLE, NONE, TWO = trials.CASES


def check(total, right_share=0.996):
    assert total.right >= right_share * total.determined
    assert total.overdue == 0
    assert total.closings / total.trials <= total.optimum / total.trials + 1.0


@pytest.mark.parametrize("case", [MAIN, STARS, HALF], ids=lambda case: case.name)
def test_a_slice(case):
    total = trials.tally(case, 20)
    check(total, 1.0)
    assert total.determined >= 14


def test_no_leak_and_two_leaks_name_no_section():
    for case in (NONE, TWO):
        assert trials.tally(case, 12).determined <= 1


@pytest.mark.campaign
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "case", [MAIN, STARS, HALF, SLOW, MUCH, LITTLE], ids=lambda case: case.name
)
def test_a_thousand(case):
    check(trials.tally(case, 1000))


def test_the_gas_moves_as_two_volumes_do():
    """Closed form: after closing, V1 and V2 equalise with k = C (1/V1 + 1/V2)."""
    volumes, leak, seat = np.array([7.0, 90.0]), 0.9, 0.02
    gas = trials.Gas(volumes, [(0, 1)], np.array([leak, 0.0]), np.array([seat]))
    gas.operate(100.0, 0, False)
    p0 = gas.at(np.array([100.0]))[0]
    t = np.array([0.0, 30.0, 200.0])
    p = gas.at(100.0 + t)
    k = seat * (1 / 7.0 + 1 / 90.0)
    apart = p0[1] - p0[0]
    # the loss falls with the pressure by less than a thousandth here
    expected = apart * np.exp(-k * t) + leak / 7.0 / k * (1 - np.exp(-k * t))
    assert p[:, 1] - p[:, 0] == pytest.approx(expected, rel=2e-3)
    lost = ((p0 - p) @ volumes)[1:] / t[1:]
    assert lost == pytest.approx([leak, leak], rel=2e-3)
