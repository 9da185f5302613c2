"""Pressures that mean something together only: gauge and barometer, a differential transducer."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import InputError
from hullwatch.ingest.logger import Logger
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.second import BarometerSpec, DifferenceSpec, ReferenceSpec
from hullwatch.store import Store
from hullwatch.verify.database import verify

WINDOWS = {"windows_s": (10, 60, 600)}


class Run:
    """A bench logged for `seconds`; windows with the truth beside them, raw rows, outcome."""

    def __init__(self, seconds, during=lambda bench: None, **spec):
        with (
            contextlib.closing(SimBench(BenchSpec(**spec))) as bench,
            tempfile.TemporaryDirectory() as folder,
            Store.open(Path(folder) / "run.db", 0) as store,
        ):
            logger = Logger(bench.open_port(), store, bench, 1, lambda _: None, 20.0)
            while bench.now_s() < seconds:
                logger.step(1.0)
                during(bench)
            logger.finish()
            with store.reader() as reader:
                self.windows = reader.windows()
                # a chip powered in this very moment refuses the first slot; on a board it is up
                self.names = [e.event for e in reader.events() if e.device_ms > 1000]
                self.raw = reader.raw(reader.boots()[0].key)
                self.outcome = verify(reader, None, lambda _: None)
            self.truth = [
                bench.truth_pa_m3_s(w.first_device_ms, w.first_device_ms + round(w.window_s * 1000))
                for w in self.windows
            ]
            period_us = bench.world.spec.period_us
            chamber = bench.world.chamber
            self.true_pa = np.array(
                [chamber.state(int(k) * period_us).pressure_pa for k in self.raw.sample]
            )

    def errors(self, window_s):
        return np.array([
            w.leak_rate_pa_m3_s - t
            for w, t in zip(self.windows, self.truth, strict=True) if w.window_s == window_s
        ])  # fmt: skip

    def sound(self):
        """Nothing was told, and every window is recomputed the same."""
        assert self.names == []
        assert self.outcome.windows.equal >= len(self.windows) - 1 > 0  # the last block is open yet
        assert self.outcome.windows.different == 0


# --- a gauge sensor and its barometer ------------------------------------------------------------

WEATHER = ChamberSpec(seed=4, leak_pa_m3_s=1e-5, p_out_weather_pa=3_000.0, day_amplitude_k=0.0)
GAUGE = {"sensor": "hsc", "period_us": 500_000, "seed": 4, "profile": "none"}
SPAN = {"sensor_model": "500MG", **WINDOWS}


@pytest.fixture(scope="module")
def with_barometer():
    return Run(
        3_700, chamber=WEATHER, second=BarometerSpec(), compensation="none", extra=SPAN, **GAUGE
    )


def test_gauge_and_barometer_are_an_absolute_pressure(with_barometer):
    with_barometer.sound()
    assert {w.pressure_kind for w in with_barometer.windows} == {"abs"}
    off = with_barometer.raw.p_q8 / 256 - with_barometer.true_pa
    assert abs(np.mean(off)) < 100 + 1  # two specimens of at most 50 Pa each
    assert np.std(off) < 2 * 50_000 / (0.8 * 2**14)  # one count of the HSC's noise, and its steps


def test_without_the_barometer_the_weather_is_a_leak(with_barometer):
    alone = Run(3_700, chamber=WEATHER, extra=SPAN, **GAUGE)
    assert {w.pressure_kind for w in alone.windows} == {"gauge"}
    assert np.max(np.abs(alone.errors(600))) > 5 * np.max(np.abs(with_barometer.errors(600)))


def test_a_silent_barometer_is_no_sample_never_a_gauge_value_taken_for_absolute():
    def unplug(bench):
        bus = bench.world.bus
        if 30 < bench.now_s() < 60:
            bus.nack(0x46)
        else:
            bus.clear(0x46)

    spec = {**GAUGE, "period_us": 100_000}
    run = Run(
        100, unplug, chamber=WEATHER, second=BarometerSpec(), compensation="sensor", extra=SPAN,
        **spec,
    )  # fmt: skip
    assert run.names.index("SENSOR_FAULT") < run.names.index("SENSOR_BACK")
    gap_s = np.diff(run.raw.sample) * 0.1
    assert 28 < np.max(gap_s) < 32
    assert np.min(run.raw.p_q8 / 256) > 110_000


# --- a differential transducer against a reference chamber ---------------------------------------

JAR = ChamberSpec(seed=5, pressure_pa=105_000.0, leak_pa_m3_s=2e-5, day_phase_rad=0.0)
DECLARED = {"temp_lag_ms": 2_500, "reference_leak_mpa_day": 0, "tempco_mpa_k": 500, **WINDOWS}


@pytest.mark.parametrize(
    ("sensor", "address"), [("hsc", 0x28), ("ads1115", 0x48)]
)  # fmt: skip
def test_a_difference_measures_the_reference_and_its_interval_holds(sensor, address):
    second = DifferenceSpec(sensor=sensor, address=address, pressure_pa=105_000.0, span_pa=1_000)
    run = Run(
        650, chamber=JAR, second=second, compensation="reference", sensor="bmp280", seed=5,
        profile="none", extra=DECLARED,
    )  # fmt: skip
    run.sound()
    reference = run.raw.aux / 256
    assert abs(np.mean(reference) - 105_000) < 250  # the offsets of both, some kelvins of day
    # the noise of the coarse sensor is in both and cancels in their difference
    difference = (run.raw.p_q8 - run.raw.aux) / 256
    assert np.std(np.diff(difference)) < 0.6 * np.std(np.diff(reference))
    covered = [
        abs(w.leak_rate_pa_m3_s - t) <= w.u95_pa_m3_s
        for w, t in zip(run.windows, run.truth, strict=True)
    ]
    assert np.mean(covered) >= 0.95


def test_a_transducer_measures_slopes_better_than_a_second_coarse_sensor():
    spec = {"chamber": JAR, "compensation": "reference", "sensor": "bmp280", "seed": 5,
            "profile": "none", "extra": DECLARED}  # fmt: skip
    absolute = Run(650, second=ReferenceSpec("bmp280", 0x77, 105_000.0), **spec)
    difference = Run(650, second=DifferenceSpec(pressure_pa=105_000.0), **spec)
    scatter = [np.std(run.errors(10)) for run in (absolute, difference)]
    assert scatter[1] < 0.5 * scatter[0]


def test_an_lps28dfw_is_a_reference_or_a_barometer_whatever_sensor_model_is_about():
    second = ReferenceSpec("lps28dfw", 0x5C, 105_000.0)
    run = Run(
        70, chamber=JAR, second=second, compensation="reference", seed=6,
        extra={"sensor_model": "1260", **WINDOWS},
    )  # fmt: skip
    run.sound()
    assert abs(np.mean(run.raw.aux) / 256 - 105_000) < 250
    barometer = BarometerSpec("lps28dfw", 0x5C)
    run = Run(70, chamber=WEATHER, second=barometer, compensation="none", extra=SPAN, **GAUGE)
    run.sound()
    assert abs(np.mean(run.raw.p_q8 / 256 - run.true_pa)) < 101


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="a span of 150 Pa"):
        BenchSpec(second=DifferenceSpec(span_pa=150), compensation="reference").check()
    with pytest.raises(InputError, match="as its barometer"):
        BenchSpec(second=BarometerSpec(), compensation="none").check()
