"""A second sensor end to end: chamber, chips, node, logger, database, verification."""

import contextlib
import csv
import io
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hullcore.estimator import NO_AUX
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import InputError
from hullwatch.export import csvfile
from hullwatch.ingest.logger import Logger
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.second import Follower, ProbeSpec, ReferenceSpec
from hullwatch.store import Store
from hullwatch.verify.database import verify

LAG_S = 600.0
DAY = ChamberSpec(seed=1, probe_tau_s=LAG_S, day_phase_rad=1.2, leak_pa_m3_s=1e-5)
"""A day cycle of 1 K near its crest, where the lag of the chip looks most like a leak."""


@dataclass
class Logged:
    """What a run left in its database; `truth` of each window in the same order."""

    windows: list
    truth: list
    events: list
    raw: object
    outcome: object
    csv: list

    def of(self, window_s):
        """(window, truth) of one length."""
        return [
            (w, t) for w, t in zip(self.windows, self.truth, strict=True) if w.window_s == window_s
        ]

    def covered(self, window_s):
        pairs = self.of(window_s)
        return [abs(w.leak_rate_pa_m3_s - t) <= w.u95_pa_m3_s for w, t in pairs]

    def names(self):
        return [event.event for event in self.events]


def logged(seconds, during=lambda bench: None, **spec):
    """Run a bench for so long, `during` once a virtual minute; what came of it, verified."""
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
            windows, events = reader.windows(), reader.events()
            raw = reader.raw(reader.boots()[0].key)
            outcome = verify(reader, None, lambda _: None)
            text = io.StringIO()
            csvfile.write_raw(reader, text)
        truth = [
            bench.truth_pa_m3_s(w.first_device_ms, w.first_device_ms + round(w.window_s * 1000))
            for w in windows
        ]
        rows = list(csv.DictReader(text.getvalue().splitlines()))
        return Logged(windows, truth, events, raw, outcome, rows)


def day(compensation, second=None, hours=3.05, **extra):
    """Some hours of the day cycle at 1 Hz."""
    return logged(
        hours * 3600, chamber=DAY, seed=1, period_us=1_000_000, profile="none",
        compensation=compensation, second=second, extra={"windows_s": (60, 600, 3600), **extra},
    )  # fmt: skip


@pytest.fixture(scope="module")
def with_sensor():
    return day("sensor", temp_lag_ms=630_000)


@pytest.fixture(scope="module")
def with_reference():
    declared = {"temp_lag_ms": 2_500, "reference_leak_mpa_day": 0, "tempco_mpa_k": 500}
    return day("reference", reference_lag_ms=65_000, **declared)


def test_what_a_lagging_sensor_needs_a_bound_for_a_reference_chamber_cancels(
    with_sensor, with_reference
):
    """(P/T)·lag·A·ω²·sin: 1.3e-6 Pa·m³/s at the crest of a day of ± 1 K, lag 600 s, one litre."""
    false = 120_000 / 293.15 * LAG_S * (2 * math.pi / 86_400) ** 2 * 1e-3
    for window, truth in with_sensor.of(3600):
        error = window.leak_rate_pa_m3_s - truth
        assert 0.5 * false < error < 2 * false
        assert abs(error) > window.u95_slope_pa_s * 1e-3  # its noise part alone does not cover
    assert all(with_sensor.covered(3600))
    for window, truth in with_reference.of(3600):
        assert abs(window.leak_rate_pa_m3_s - truth) <= window.u95_slope_pa_s * 1e-3
    for window_s in (60, 600, 3600):
        assert np.mean(with_reference.covered(window_s)) >= 0.95
    for length in (600, 3600):
        sensor, reference = (
            np.median([w.u95_pa_m3_s for w, _ in run.of(length)])
            for run in (with_sensor, with_reference)
        )
        assert reference < sensor / 30


def test_a_tight_reference_raises_nothing_and_its_records_are_recomputed(with_reference):
    assert set(with_reference.names()) <= {"BOOT", "NEW_SPOOL"}
    assert with_reference.outcome.windows.equal == len(with_reference.windows) > 200
    assert with_reference.outcome.windows.different == 0
    assert {w.compensation for w in with_reference.windows} == {"reference"}


@pytest.mark.parametrize("second", [ReferenceSpec(leak_pa_m3_s=2e-6),
                                    ReferenceSpec(cross_pa_m3_s=2e-6)])  # fmt: skip
def test_a_leaking_reference_is_told(second):
    """2e-6 Pa·m³/s out of 100 mL: 0.02 Pa/s, 1.7 kPa a day where 1 Pa was declared."""
    run = logged(
        1300, chamber=DAY, seed=2, period_us=1_000_000, profile="none", compensation="reference",
        second=second,
        extra={"windows_s": (60, 600), "temp_lag_ms": 2_500, "reference_leak_mpa_day": 1_000,
               "reference_lag_ms": 65_000},
    )  # fmt: skip
    (event,) = [e for e in run.events if e.event == "REFERENCE_LEAK"]
    sign = -1 if second.leak_pa_m3_s else 1
    assert sign * event.a / 1e12 == pytest.approx(0.02, rel=0.2)
    assert event.severity == "alarm"
    assert event.c == 1199  # the second window of ten minutes


def test_a_probe_in_the_gas_brings_the_lagging_chip_s_error_down():
    """The lag that is left is the probe's, 5 s; its steps of 1/128 K are dithered by its noise."""
    run = day("probe", ProbeSpec(lag_s=5.0), temp_lag_ms=6_000, temp_gradient_uk=500)
    assert all(run.covered(3600))
    assert np.mean(run.covered(600)) >= 0.95
    assert max(abs(w.leak_rate_pa_m3_s - t) for w, t in run.of(3600)) < 1e-6
    celsius = run.raw.aux / 65536 - 273.15
    assert np.all((run.raw.aux - 17901158) % 512 == 0)
    assert np.all(np.abs(celsius - 20) < 3)
    assert run.outcome.windows.equal == len(run.windows)
    assert np.allclose([float(row["probe_c"]) for row in run.csv], celsius, atol=1e-6)
    assert {row["reference_pa"] for row in run.csv} == {""}


def test_a_second_sensor_that_falls_silent_costs_its_windows_and_no_pressure():
    def unplug(bench):
        bus = bench.world.bus
        if 30 < bench.now_s() < 65:
            bus.nack(0x46)
        else:
            bus.clear(0x46)

    run = logged(150, unplug, compensation="reference", seed=3)
    names = run.names()
    assert names.index("AUX_FAULT") < names.index("AUX_BACK")
    assert "SENSOR_FAULT" not in names
    fault = next(e for e in run.events if e.event == "AUX_FAULT")
    assert fault.a == 5  # EIO
    back = next(e for e in run.events if e.event == "AUX_BACK")
    absent = run.raw.aux == NO_AUX
    assert [row["reference_pa"] == "" for row in run.csv] == absent.tolist()
    exported = [float(row["reference_pa"]) for row in run.csv if row["reference_pa"]]
    assert exported == (run.raw.aux[~absent] / 256).tolist()
    assert back.a == absent.sum() > 300
    assert len(run.raw.sample) == run.raw.sample[-1] + 1  # every pressure is there
    kept = [w for w in run.windows if w.last_sample < len(absent)]  # the last block is open yet
    for window in kept:
        inside = slice(window.first_sample, window.last_sample + 1)
        assert window.n == np.count_nonzero(~absent[inside])
        assert ("GAP" in window.flags) == (window.n < window.last_sample - window.first_sample + 1)
    assert run.outcome.windows.equal == len(kept) > 8
    assert run.outcome.windows.different == 0


WIRED = ProbeSpec("ds18b20", address=0, lag_s=5.0)


def test_a_ds18b20_on_a_wire_of_its_own_tells_the_gas_s_temperature():
    """11 bits at 1 Hz: its steps of 1/8 K are 51 Pa of y, and the interval says so."""
    run = day("probe", WIRED, hours=1.05, temp_lag_ms=6_000, temp_gradient_uk=500)
    assert np.all((run.raw.aux - 17901158) % 8192 == 0)
    celsius = run.raw.aux / 65536 - 273.15
    gas = Chamber(DAY)
    true = [gas.state(k * 1_000_000).gas_k - 273.15 for k in range(len(celsius))]
    assert np.max(np.abs(celsius - true)) < 0.0625 + 0.03 * 5 + 0.01  # half a step, noise, lag
    assert all(run.covered(600))
    assert all(run.covered(3600))
    assert all("NOISE_ONLY" not in w.flags for w, _ in run.of(3600))
    assert all(w.u95_kind == "full_resolution" for w, _ in run.of(3600))
    assert run.outcome.windows.equal == len(run.windows)
    assert set(run.names()) <= {"BOOT", "NEW_SPOOL"}
    assert len(run.raw.sample) == run.raw.sample[-1] + 1


def test_a_ds18b20_cut_off_costs_its_windows_and_comes_back():
    def unplug(bench):
        (probe,) = bench.world.wire.slaves
        was, probe.absent = probe.absent, 30 < bench.now_s() < 65
        if was and not probe.absent:
            probe.power_up()  # 85 degC and 12 bits, until it is told anew

    run = logged(150, unplug, compensation="probe", second=WIRED, period_us=500_000, seed=3)
    fault = next(e for e in run.events if e.event == "AUX_FAULT")
    assert fault.a == 5  # EIO: no presence pulse
    assert "AUX_BACK" in run.names()
    assert "SENSOR_FAULT" not in run.names()
    there = run.raw.aux[run.raw.aux != NO_AUX]
    assert np.all(np.abs(there / 65536 - 273.15 - 20) < 3)  # no 85.0 among them
    assert len(run.raw.sample) == run.raw.sample[-1] + 1
    assert run.outcome.windows.different == 0


def test_what_cannot_be_is_refused():
    with pytest.raises(InputError, match="second sensor"):
        BenchSpec(second=ProbeSpec(sensor="tmp999"), compensation="probe").check()
    with pytest.raises(InputError, match="lag"):
        BenchSpec(second=ProbeSpec(lag_s=0.0), compensation="probe").check()
    with pytest.raises(InputError, match="aux_address"):
        BenchSpec(second=ProbeSpec("ds18b20"), compensation="probe", period_us=10**6).check()
    with pytest.raises(InputError, match="period_us: a ds18b20 is slow"):
        BenchSpec(second=WIRED, compensation="probe").check()
    with pytest.raises(InputError, match="reference chamber"):
        BenchSpec(second=ReferenceSpec(volume_m3=0.0), compensation="reference").check()


def test_a_follower_is_the_exact_answer_to_a_ramp():
    """First-order lag τ behind a ramp of rate r from rest: T = r·(t − τ·(1 − exp(−t/τ)))."""
    tau, rate = 20.0, 0.003
    one = Follower(tau, 300.0, 0.0)
    t = 0.0
    for dt in (0.5, 3.0, 11.0, 40.0, 0.1):
        t += dt
        one.follow(300.0 + rate * t, round(dt * 1e6))
        assert one.value_k == pytest.approx(
            300.0 + rate * (t - tau * (1 - math.exp(-t / tau))), abs=1e-9
        )
    settled = Follower(tau, 300.0, rate)
    settled.follow(300.0 + rate * 7, 7_000_000)
    assert settled.value_k == pytest.approx(300.0 + rate * (7 - tau), abs=1e-9)
