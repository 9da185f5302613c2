"""The default chamber is a fair test: temperature and drift are there and do not dominate.

Two hours at 10 Hz with the reference sensor at its best setting, compensated with the
sensor's own temperature; the cold-start interval of the last hour (t of five degrees of
freedom on six ten-minute slopes) has to hold the true mean loss.
"""

import numpy as np
import pytest

from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.frontend import PhysicalFrontEnd, SensorFaults

T95_NU5 = 2.5706
WHITE_PA, WHITE_K = 0.08, 0.003
PERIOD_US = 100_000
N = 36_000


def slope_pa_s(y: np.ndarray) -> float:
    t_s = (np.arange(len(y)) - (len(y) - 1) / 2) * PERIOD_US * 1e-6
    return float(t_s @ y / (t_s @ t_s))


def last_hour(seed: int) -> tuple[float, float, float]:
    """Estimated leak rate, its half-width and the truth, Pa m3/s."""
    spec = ChamberSpec(seed=seed)
    chamber = Chamber(spec)
    front_end = PhysicalFrontEnd(chamber, SensorFaults.drawn(seed), seed)
    pairs = np.array([front_end.measure(k * PERIOD_US, WHITE_PA, WHITE_K) for k in range(N, 2 * N)])
    y = pairs[:, 0] * 293.15 / (pairs[:, 1] + 273.15)
    subs = [slope_pa_s(part) for part in np.split(y, 6)]
    half_pa_s = T95_NU5 * float(np.std(subs, ddof=1)) / 6**0.5
    truth = chamber.truth.mean_loss_pa_m3_s(N * PERIOD_US, (2 * N - 1) * PERIOD_US)
    return -spec.volume_m3 * slope_pa_s(y), spec.volume_m3 * half_pa_s, truth


def check(seeds: range, least_covered: int) -> None:
    rate, half, truth = (np.array(column) for column in zip(*map(last_hour, seeds), strict=True))
    covered = int(np.sum(np.abs(rate - truth) <= half))
    assert covered >= least_covered
    assert np.median(half) <= 8.0 * 1.96 * rate.std(ddof=1)
    assert np.all(np.abs(truth / 1e-4 - 1.0) < 0.03)


def test_cold_start_interval_holds_the_truth_for_most_seeds() -> None:
    # 24 seeds at the 94.6 % found over 800: four standard errors below the mean is 18.
    check(range(1, 25), 19)


@pytest.mark.campaign
def test_cold_start_interval_over_two_hundred_seeds() -> None:
    check(range(1, 201), 182)
