"""The pause doubles from 0.2 s to 5 s and stays there; time is a number."""

import pytest

from hullwatch.transport.reconnect import Backoff


def pauses(backoff, count, now_s=100.0):
    seen = []
    for _ in range(count):
        backoff.failed(now_s)
        seen.append(backoff.wait_s(now_s))
        now_s += seen[-1]
        assert backoff.due(now_s)
    return seen


def test_the_first_try_is_at_once():
    backoff = Backoff()
    assert backoff.due(0.0)
    assert backoff.wait_s(0.0) == 0.0


def test_pauses_double_up_to_the_limit_for_ever():
    expected = [0.2, 0.4, 0.8, 1.6, 3.2] + [5.0] * 995
    assert pauses(Backoff(), 1000) == pytest.approx(expected, abs=1e-9)


def test_not_due_before_its_time():
    backoff = Backoff()
    backoff.failed(10.0)
    assert not backoff.due(10.199)
    assert backoff.due(10.2)
    assert backoff.wait_s(11.0) == 0.0


def test_an_answer_starts_over():
    backoff = Backoff()
    pauses(backoff, 7)
    assert backoff.failures == 7
    backoff.succeeded()
    assert backoff.failures == 0
    assert backoff.due(0.0)
    assert pauses(backoff, 2) == pytest.approx([0.2, 0.4])
