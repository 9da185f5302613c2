"""The book-keeping of the true loss: exact, far back, bounded."""

import math

import pytest

from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT
from hullwatch.sim.truth import LossHistory, UnknownTruth

HOUR_US = 3_600_000_000


def test_mean_loss_is_the_amount_that_left() -> None:
    chamber = Chamber(ChamberSpec(seed=4))
    t0_us, t1_us = 611_300_000, 1_234_567_891
    left, right = chamber.state(t0_us), chamber.state(t1_us)
    per_s = (left.amount_mol - right.amount_mol) / ((t1_us - t0_us) * 1e-6)
    expected = per_s * MOLAR_GAS_CONSTANT * 293.15
    assert chamber.truth.mean_loss_pa_m3_s(t0_us, t1_us) == pytest.approx(expected, rel=1e-9)


def test_first_second_loses_what_the_spec_says() -> None:
    chamber = Chamber(ChamberSpec(seed=4, room_k=300.0))
    mean = chamber.truth.mean_loss_pa_m3_s(0, 1_000_000)
    assert mean == pytest.approx(1e-4, rel=1e-5)


def test_mean_of_an_exponential_decay() -> None:
    spec = ChamberSpec(
        pressure_pa=100e3,
        p_out_pa=0.0,
        leak_pa_m3_s=0.1,
        gas_tau_s=1.0,
        day_amplitude_k=0.0,
        weather_rms_k=0.0,
        wall_j_m2_k=1e9,
    )
    chamber = Chamber(spec)
    rate_per_s = 1e-3 * chamber.state(0).gas_k / 293.15
    mean = chamber.truth.mean_loss_pa_m3_s(100_000_000, 700_000_000)
    shares = math.exp(-rate_per_s * 100.0) - math.exp(-rate_per_s * 700.0)
    assert mean == pytest.approx(0.1 * shares / (rate_per_s * 600.0), rel=1e-6)


def test_tiny_leak_in_a_hall_is_not_lost_in_rounding() -> None:
    spec = ChamberSpec(volume_m3=1e4, leak_pa_m3_s=1e-9, day_amplitude_k=0.0, weather_rms_k=0.0)
    mean = Chamber(spec).truth.mean_loss_pa_m3_s(0, HOUR_US)
    assert mean == pytest.approx(1e-9, rel=1e-9)


def test_no_leak_no_loss() -> None:
    spec = ChamberSpec(pressure_pa=90e3, leak_pa_m3_s=0.0)
    assert Chamber(spec).truth.mean_loss_pa_m3_s(0, HOUR_US) == 0.0


def test_truth_is_known_long_after_and_does_not_depend_on_the_order_of_questions() -> None:
    later_first, in_order = Chamber(ChamberSpec(seed=6)), Chamber(ChamberSpec(seed=6))
    windows = [(0, HOUR_US), (HOUR_US, 2 * HOUR_US), (9 * HOUR_US, 10 * HOUR_US)]
    forward = [in_order.truth.mean_loss_pa_m3_s(*w) for w in windows]
    backward = [later_first.truth.mean_loss_pa_m3_s(*w) for w in reversed(windows)]
    assert forward == backward[::-1]
    with pytest.raises(ValueError, match="kept only from"):
        later_first.pressure_and_probe(60_000_000)
    assert later_first.pressure_and_probe(9 * HOUR_US)[0] < 120e3


def test_empty_window_is_refused() -> None:
    chamber = Chamber(ChamberSpec())
    with pytest.raises(ValueError, match="empty"):
        chamber.truth.mean_loss_pa_m3_s(5, 5)


def test_history_stays_bounded_and_true() -> None:
    """Ten thousand nodes of a smooth loss in room for a thousand."""
    history = LossHistory(max_nodes=1000)
    for k in range(10_001):
        history.append(k * 2_000_000, math.sin(k / 5000.0), math.cos(k / 5000.0) / 10_000.0)
    assert len(history) <= 1000
    for t_us in (0, 1, 123_456_789, 10_000_000_001, 19_999_999_999, 20_000_000_000):
        assert history.lost_mol(t_us) == pytest.approx(math.sin(t_us * 1e-10), abs=1e-9)
    for outside in (-1, 20_000_000_001):
        with pytest.raises(ValueError, match="no history"):
            history.lost_mol(outside)


def test_recorded_data_has_no_truth() -> None:
    assert UnknownTruth().mean_loss_pa_m3_s(0, 1) is None


def test_seed_decides_everything() -> None:
    def trace(seed: int) -> list[tuple[float, float]]:
        chamber = Chamber(ChamberSpec(seed=seed))
        return [chamber.pressure_and_probe(k * 10_000_000) for k in range(100)]

    assert trace(11) == trace(11)
    assert trace(11) != trace(12)
