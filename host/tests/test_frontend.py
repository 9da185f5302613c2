"""What the simulated sensor adds to the truth, one term at a time."""

import math

import numpy as np
import pytest

from hullwatch.errors import InputError
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.frontend import DRIFT_PROFILES, FrontEnd, PhysicalFrontEnd, SensorFaults

QUIET = SensorFaults(random_walk_pa2_s=0.0)


class Still:
    """A chamber where nothing happens: 100 kPa and 25 degC for ever."""

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        return 100e3, 298.15


def readings(front_end: PhysicalFrontEnd, count: int, period_us: int) -> np.ndarray:
    return np.array([front_end.measure(k * period_us, 0.0, 0.0)[0] for k in range(count)])


def test_perfect_sensor_reads_the_chamber() -> None:
    chamber = Chamber(ChamberSpec(seed=3))
    front_end: FrontEnd = PhysicalFrontEnd(chamber, QUIET, seed=1)
    for t_us in (0, 100_000, 5_000_000):
        pressure_pa, probe_k = chamber.pressure_and_probe(t_us)
        assert front_end.measure(t_us, 0.0, 0.0) == (pressure_pa, probe_k - 273.15)


def test_offset_and_temperature_coefficient() -> None:
    faults = SensorFaults(
        offset_pa=12.0, tempco_pa_k=-0.5, temperature_offset_k=0.25, random_walk_pa2_s=0.0
    )
    pressure_pa, temperature_c = PhysicalFrontEnd(Still(), faults, seed=1).measure(0, 0.0, 0.0)
    # 25 degC is 5 K above the temperature where the coefficient is zero.
    assert pressure_pa == pytest.approx(100e3 + 12.0 - 2.5, abs=1e-9)
    assert temperature_c == pytest.approx(25.25, abs=1e-9)


def test_white_noise_has_the_size_asked_for_and_no_memory() -> None:
    front_end = PhysicalFrontEnd(Still(), QUIET, seed=5)
    pairs = np.array([front_end.measure(k * 100_000, 0.8, 0.02) for k in range(20_000)])
    for column, mean, sigma in ((0, 100e3, 0.8), (1, 25.0, 0.02)):
        noise = (pairs[:, column] - mean) / sigma
        # Standard errors: 1/sqrt(2N) = 0.5 % of sigma, 1/sqrt(N) = 0.7 % elsewhere; 4 of each.
        assert abs(noise.std() - 1.0) < 0.02
        assert abs(noise.mean()) < 0.028
        assert abs(np.mean(noise[1:] * noise[:-1])) < 0.028
    assert abs(np.corrcoef(pairs[:, 0], pairs[:, 1])[0, 1]) < 0.028


@pytest.mark.parametrize("profile", ["default", "rough"])
def test_random_walk_gains_variance_q_per_second(profile: str) -> None:
    q_pa2_s = DRIFT_PROFILES[profile]
    front_end = PhysicalFrontEnd(Still(), SensorFaults(random_walk_pa2_s=q_pa2_s), seed=8)
    walk = readings(front_end, 20_000, 100_000)
    for lag in (1, 10, 50):
        steps = walk[lag::lag] - walk[:-lag:lag]
        # Relative standard error of a variance from N steps is sqrt(2/N); 4 of them.
        assert np.mean(steps**2) == pytest.approx(
            q_pa2_s * lag * 0.1, rel=4.0 * math.sqrt(2.0 / len(steps))
        )


@pytest.mark.parametrize(("count", "period_us"), [(2, 1_000_000_000), (101, 10_000_000)])
def test_random_walk_does_not_depend_on_the_rate(count: int, period_us: int) -> None:
    faults = SensorFaults(random_walk_pa2_s=1e-3)
    ends = [
        readings(PhysicalFrontEnd(Still(), faults, seed), count, period_us)[-1] - 100e3
        for seed in range(400)
    ]
    assert np.mean(np.square(ends)) == pytest.approx(1.0, rel=4.0 * math.sqrt(2.0 / 400))


def test_walk_follows_uneven_spacing_and_ignores_going_back() -> None:
    faults = SensorFaults(random_walk_pa2_s=1e-3)
    ends = []
    for seed in range(400):
        front_end = PhysicalFrontEnd(Still(), faults, seed)
        for t_us in (0, 1_000_000, 500_000, 500_000, 3_500_000, 10_500_000):
            pressure_pa = front_end.measure(t_us, 0.0, 0.0)[0]
        ends.append(pressure_pa - 100e3)
    # 1 s, back, still, 3 s, 7 s: eleven seconds forward.
    assert np.mean(np.square(ends)) == pytest.approx(0.011, rel=4.0 * math.sqrt(2.0 / 400))


def test_same_seed_same_readings() -> None:
    def run(seed: int) -> list[tuple[float, float]]:
        front_end = PhysicalFrontEnd(
            Chamber(ChamberSpec(seed=seed)), SensorFaults.drawn(seed), seed
        )
        return [front_end.measure(k * 100_000, 0.08, 0.003) for k in range(5000)]

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_drawn_specimens_stay_within_the_data_sheet() -> None:
    drawn = [SensorFaults.drawn(seed) for seed in range(300)]
    offsets = [faults.offset_pa for faults in drawn]
    tempcos = [faults.tempco_pa_k for faults in drawn]
    assert max(map(abs, offsets)) <= 50.0
    assert max(map(abs, tempcos)) <= 0.5
    assert max(abs(faults.temperature_offset_k) for faults in drawn) <= 0.5
    assert min(offsets) < -40.0 < 40.0 < max(offsets)
    assert min(tempcos) < -0.4 < 0.4 < max(tempcos)
    assert SensorFaults.drawn(3) == SensorFaults.drawn(3)
    assert SensorFaults.drawn(3, "rough").random_walk_pa2_s == 0.03


def test_impossible_sensors_are_refused() -> None:
    with pytest.raises(InputError, match="unknown sensor profile") as caught:
        SensorFaults.drawn(1, "smooth")
    assert "rough" in caught.value.hint
    for walk in (-1e-3, math.nan):
        with pytest.raises(InputError, match="random walk"):
            PhysicalFrontEnd(Still(), SensorFaults(random_walk_pa2_s=walk), seed=1)
    with pytest.raises(InputError, match="seed -1"):
        PhysicalFrontEnd(Still(), QUIET, seed=-1)
    with pytest.raises(InputError, match="seed -1"):
        SensorFaults.drawn(-1)
