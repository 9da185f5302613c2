"""Replaying through numpy block sums gives exactly what the node's estimator gives."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore import settings as node_settings
from hullcore.compensate import in_range, normalise
from hullcore.estimator import NO_AUX, estimator_for
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullwatch.store import RawSamples
from hullwatch.verify import blocksums, replay
from hullwatch.verify.replay import Replay

T_REF_Q16 = 19_211_878  # 293.15 K


ZERO_Q8 = 101_325 * 256
SECOND = {
    "probe": {"aux_sensor": "tmp117"},
    "reference": {"aux_sensor": "bmp581", "aux_address": 70, "reference_pa": 101_325},
}


def measurement(period_us, compensation):
    values = node_settings.defaults()
    values.update(period_us=period_us, compensation=compensation, **SECOND.get(compensation, {}))
    return Measurement(values, 4, 0, 4)


def snapshot(thing):
    """Every number an object of slots or attributes holds."""
    return {name: list(v) if isinstance(v, list) else v for name, v in vars(thing).items()}


def told_by(make, samples, feed):
    """(windows, blocks) in the order in which they were told."""
    windows, blocks = [], []

    def on_window(length_s, first, last, sums, scatter):
        windows.append((length_s, first, last, snapshot(sums), snapshot(scatter)))

    def on_block(sums, length, *rest):
        if sums.n:  # of a long gap the replay tells that it is there, not how many blocks
            blocks.append((snapshot(sums), length))

    feed(make(on_window, on_block))
    return windows, blocks


def one_by_one(m, plan, samples, count):
    by_number = {number: rest for number, *rest in samples}

    def feed(estimator):
        for number in range(count):
            p, t, aux, late = by_number.get(number, (None, None, None, 0))
            if p is None:
                estimator.missing()
            elif late:
                estimator.late()
            else:
                estimator.sample(p, t, aux)

    return told_by(lambda w, b: estimator_for(m, plan, w, 0, b), samples, feed)


def replayed(m, plan, samples, cuts):
    columns = np.array(samples, np.int64).reshape(-1, 5)

    def feed(machine):
        for part in np.split(columns, cuts):
            number, *values, late = part.T
            due_us = 5_000_000 + number * m.period_us
            p, t, aux = (column.astype("i4") for column in values)
            machine.take(RawSamples(number, due_us, late, p, t, aux))

    return told_by(lambda w, b: Replay(m, plan, w, b), samples, feed)


def odd_aux(draw, zero):
    """What a second sensor does not usually say."""
    return draw.choice([NO_AUX, 0, -5, 2 * zero, 2 * zero // 3, 2 * zero // 3 + 1, 2 * zero - 1,
                        0x1FFFFFF, 0x2000000, (1 << 30) - 1])  # fmt: skip


def noise(draw, count, holes, odd, zero=T_REF_Q16):
    """Samples with holes, late ones, and values no sensor gives; the second's near `zero`."""
    samples, number = [], 0
    level = draw.choice([101_325 * 256, 12_000_000, 300_000_000])
    while number < count:
        if draw.random() < holes:
            number += draw.choice([1, 2, 7, 30, 400, 5000])
            continue
        p = level + round(draw.gauss(0, 2000))
        t = T_REF_Q16 + round(draw.gauss(0, 20_000))
        if draw.random() < odd:
            p, t = draw.choice(
                [(-1, t), (1 << 30, t), ((1 << 30) - 1, t), (p, 0), (p, -5), (p, 2 * T_REF_Q16),
                 (p, 2 * T_REF_Q16 // 3), (p, 0x1FFFFFF), (p, 0x2000000), (0, t), (1 << 28, t)]
            )  # fmt: skip
        aux = zero + round(draw.gauss(0, 20_000))
        if draw.random() < odd:
            aux = odd_aux(draw, zero)
        late_us = draw.choice([1500, 90_000]) if draw.random() < odd else 0
        samples.append((number, p, t, aux, late_us))
        number += 1
    return samples


@pytest.mark.parametrize("compensation", ["none", "sensor", "probe", "reference"])
@given(
    seed=st.integers(0, 1 << 32),
    period_us=st.sampled_from([10_000, 100_000, 333_333, 1_000_000, 7_000_000]),
    lengths=st.sampled_from([(10,), (10, 60), (3, 6, 12), (60, 120, 600), (100, 200)]),
    share=st.sampled_from([(0.0, 0.0), (0.0005, 0.0), (0.002, 0.002), (0.05, 0.05)]),
)
@settings(max_examples=40, deadline=None)
def test_windows_and_blocks_are_those_of_the_estimator(
    compensation, seed, period_us, lengths, share
):
    plan = WindowPlan(period_us, lengths)
    if not plan.samples:
        return
    draw = random.Random(seed)
    m = measurement(period_us, compensation)
    zero = ZERO_Q8 if compensation == "reference" else T_REF_Q16
    samples = noise(draw, draw.choice([50, 3000, 9000]), *share, zero)
    if not samples:
        return
    count = (samples[-1][0] + 1) // plan.samples[0] * plan.samples[0]
    wanted = one_by_one(m, plan, samples, count)
    cuts = sorted(draw.sample(range(len(samples)), min(len(samples), draw.choice([0, 1, 9]))))
    assert replayed(m, plan, samples, cuts) == wanted


def test_a_slab_ends_anywhere(monkeypatch):
    plan = WindowPlan(100_000, (10, 60))
    m = measurement(100_000, "sensor")
    samples = noise(random.Random(5), 20_000, 0.001, 0.001)
    whole = replayed(m, plan, samples, [])
    monkeypatch.setattr(replay, "SLAB", 100)
    assert replayed(m, plan, samples, []) == whole
    assert len(whole[0]) > 50


def test_a_gap_longer_than_the_longest_window_costs_nothing():
    plan = WindowPlan(10_000, (10, 60, 3600))
    m = measurement(10_000, "none")
    late = 1 << 40
    samples = [
        (n, 25_939_200, T_REF_Q16, NO_AUX, 0) for n in (*range(2000), *range(late, late + 2000))
    ]
    windows, _ = replayed(m, plan, samples, [2000])
    top = plan.samples[-1]
    assert [w[:3] for w in windows if w[0] == 3600] == [
        (3600, 0, top - 1)  # the windows around it still close, short as they are
    ]
    after = [w[1] for w in windows if w[0] == 10 and w[1] > top]
    assert after == [late - late % 1000, late - late % 1000 + 1000]


def test_the_vectorised_division_is_the_nodes():
    draw = random.Random(11)
    p, t = [], []
    for _ in range(20_000):
        t_q16 = draw.randrange(T_REF_Q16 * 7 // 10 + 1, T_REF_Q16 * 19 // 10)
        if t_q16 < 0x1FFFFFF and in_range(t_q16, T_REF_Q16):
            p.append(draw.choice([0, 1, 0x7FFF, 0x8000, (1 << 28) - 1, draw.randrange(1 << 28)]))
            t.append(t_q16)
    p += [1 << 20] * 5
    t += [T_REF_Q16 - 2, T_REF_Q16 - 1, T_REF_Q16, T_REF_Q16 + 1, T_REF_Q16 + 2]
    got = blocksums.normalised(np.array(p, np.int64), np.array(t, np.int64), T_REF_Q16)
    assert got.tolist() == [normalise(a, b, T_REF_Q16) for a, b in zip(p, t, strict=True)]


@pytest.mark.parametrize("period_us", [10_000, 33_333, 100_000, 999_999])
def test_due_times_are_cut_as_the_node_cuts_them(period_us):
    plan = WindowPlan(period_us, (10, 60))
    m = measurement(period_us, "none")
    machine = Replay(m, plan, lambda *window: None)
    zero_ms = 4711
    for first in range(0, 3000, 60):  # a block counts on from the cut time of its first sample
        number = np.arange(first, first + 60)
        due_us = (zero_ms + first * period_us // 1000) * 1000 + (number - first) * period_us
        none = np.zeros(60, np.int64)
        zeros = none.astype("i4")
        machine.take(RawSamples(number, due_us, none, zeros, zeros, zeros))
    for k in range(3000):
        assert machine.due_ms(k) == zero_ms + k * period_us // 1000
