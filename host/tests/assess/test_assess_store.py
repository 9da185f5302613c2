"""`analyse` over a database: what it finds, and what it cannot say."""

import numpy as np
import pytest

from hullcore.estimator import NO_AUX
from hullwatch.analysis.whole import Mark
from hullwatch.assess import Overrides, analyse
from hullwatch.assess.reduction import Law, Reduction
from hullwatch.errors import InputError
from hullwatch.store import CalibrationRow, MarkRow, RawSamples, Store

SLOPE = -0.05
LITRE = 1e-3


def test_the_leak_is_found_with_its_budget(opened, run, leaking, node, start_s):
    got = analyse(opened(run(2000, leaking(SLOPE))), node)
    best = got.analysis.best
    assert best.low < -SLOPE * LITRE < best.high
    assert best.u95 < 0.1 * best.value
    assert (best.unit, best.name) == ("Pa·m³/s", "gls")
    assert got.analysis.budget.full
    names = [line.quantity.name for line in got.analysis.budget.budget.lines]
    assert names == ["noise", "volume", "gain", "gas against thermometer"]
    assert (got.samples, got.boots, got.configs) == (2000, 1, (0,))
    assert got.start_utc_us == start_s * 1_000_000
    assert got.past_utc_us == (start_s + 2000) * 1_000_000
    assert (got.name, got.sensor) == ("jar", "bmp581")


def test_a_span_is_what_lies_between_its_times(opened, run, leaking, node, start_s):
    reader = opened(run(2000, leaking(SLOPE)))
    got = analyse(reader, node, (start_s + 500) * 1_000_000, (start_s + 1500) * 1_000_000)
    assert got.samples == 1000
    assert got.start_utc_us == (start_s + 500) * 1_000_000
    assert got.analysis.best.low < -SLOPE * LITRE < got.analysis.best.high
    told = []
    analyse(reader, node, advance=told.append)
    assert sum(told) == 2000


def test_boots_are_joined_on_the_clock_and_the_gap_is_told(opened, run, leaking, node, start_s):
    later = leaking(SLOPE, 120_000 + SLOPE * 3000, seed=2)
    reader = opened(
        run(1000, leaking(SLOPE)), run(1000, later, boot=2, utc_s=start_s + 3000),
    )  # fmt: skip
    got = analyse(reader, node)
    assert (got.boots, got.samples) == (2, 2000)
    assert got.analysis.series.length_s == pytest.approx(4000, rel=0.02)
    assert got.analysis.best.low < -SLOPE * LITRE < got.analysis.best.high
    assert any("a gap of 2" in note for note in got.analysis.notes)


def test_missing_samples_in_the_middle_are_a_gap(opened, run, leaking, node):
    got = analyse(opened(run(2000, leaking(SLOPE), missing=((600, 1400),))), node)
    assert got.samples == 1200
    assert got.analysis.best.low < -SLOPE * LITRE < got.analysis.best.high
    assert any("a gap of 784 s" in note for note in got.analysis.notes)


# --- marks ----------------------------------------------------------------------------------------


def _mark(kind, at_s, until_s=None, number=0):
    at, until = round(at_s * 1e6), round((until_s or at_s) * 1e6)
    return MarkRow(
        number, kind, "", "", at, until, "said", None, None, None, None, False, "me", until, None
    )


def _patched(noise):
    def course(t):
        fall = np.where(t < 1000, -0.2 * t, -200.0 - 0.03 * (t - 1000))
        return 120_000.0 + fall + noise(len(t))

    return course


def test_a_marked_repair_is_compared(filled, opened, run, noise, node, start_s):
    reader = opened(run(2000, _patched(noise)))
    with Store.open(filled.path, 0) as store:
        store.add_mark(_mark("repair", start_s + 1000))
    got = analyse(reader, node).analysis
    (repair,) = got.repairs
    assert repair.cut.low < 85 < repair.cut.high
    assert repair.cut.high - repair.cut.low < 15
    assert repair.said().startswith("the repair cut the leak by 8")
    assert repair.at_s == pytest.approx(1000)
    # the rate is that since the repair, not a mean over it
    assert got.best.low < 0.03 * LITRE < got.best.high
    assert got.stretch_s == pytest.approx((1000, 2000), abs=1)


def test_a_repair_may_be_given_instead(opened, run, noise, node, start_s):
    reader = opened(run(2000, _patched(noise)))
    got = analyse(reader, node, marks=[Mark("repair", start_s + 1000.0)]).analysis
    assert got.repairs[0].cut.low < 85 < got.repairs[0].cut.high
    (change,) = analyse(reader, node).analysis.changes  # unmarked, it is found
    assert change.low_s <= 1000 <= change.high_s


def test_what_a_docking_touches_is_left_out(opened, run, leaking, node, start_s):
    def bumped(t):
        return leaking(SLOPE)(t) + 300.0 * ((t > 900) & (t < 1100))

    reader = opened(run(2000, bumped))
    marks = [Mark("docking", start_s + 850.0, start_s + 1150.0)]
    got = analyse(reader, node, marks=marks).analysis
    assert got.best.low < -SLOPE * LITRE < got.best.high
    assert got.best.u95 < 0.2 * got.best.value
    assert got.changes == ()
    unmarked = analyse(reader, node).analysis
    assert [change.kind for change in unmarked.changes] == ["jump", "jump"]
    with pytest.raises(InputError, match="marks cover all"):
        analyse(reader, node, marks=[Mark("docking", start_s - 10.0, start_s + 3000.0)])


def test_nothing_goes_on_across_a_fill(opened, run, leaking, node, start_s):
    def filled_up(t):
        return leaking(SLOPE)(t) + 5000.0 * (t >= 1000)

    reader = opened(run(2000, filled_up))
    got = analyse(reader, node, marks=[Mark("fill", start_s + 1000.0)]).analysis
    assert got.best.low < -SLOPE * LITRE < got.best.high
    assert got.repairs == ()
    with pytest.raises(InputError, match="since the last mark"):
        analyse(reader, node, marks=[Mark("fill", start_s + 1999.5)])


# --- what cannot be said --------------------------------------------------------------------------


def test_settings_that_change_what_a_sample_means_do_not_mix(opened, run, leaking, node, start_s):
    reader = opened(run(2000, leaking(SLOPE), settings=((0, {}), (1000, {"volume_ul": 2_000_000}))))
    with pytest.raises(InputError, match="volume_ul changed at record 1") as told:
        analyse(reader, node)
    assert "--from" in told.value.hint
    got = analyse(reader, node, (start_s + 1000) * 1_000_000)
    assert got.configs == (1,)
    assert got.analysis.best.low < -SLOPE * 2 * LITRE < got.analysis.best.high


def test_settings_that_do_not_may_change(opened, run, leaking, node):
    reader = opened(run(2000, leaking(SLOPE), settings=((0, {}), (1000, {"window_s_0": 30}))))
    assert analyse(reader, node).configs == (0, 1)


def test_without_a_clock_one_boot_is_analysed_on_its_own(opened, run, leaking, node, start_s):
    reader = opened(run(2000, leaking(SLOPE), utc_s=None))
    got = analyse(reader, node, marks=[Mark("repair", start_s + 1000.0)])
    assert (got.start_utc_us, got.past_utc_us) == (None, None)
    assert got.analysis.best.low < -SLOPE * LITRE < got.analysis.best.high
    assert got.analysis.repairs == ()
    assert any("marks have no place" in note for note in got.analysis.notes)
    assert any("no calibration can be said" in note for note in got.analysis.notes)
    with pytest.raises(InputError, match="no samples with a known time"):
        analyse(reader, node, start_s * 1_000_000)


def test_boots_without_a_clock_have_no_place_beside_others(opened, run, leaking, node, start_s):
    reader = opened(
        run(1000, leaking(SLOPE), utc_s=None), run(1000, leaking(SLOPE), boot=2)
    )  # fmt: skip
    with pytest.raises(InputError, match="1 of its boots have no clock"):
        analyse(reader, node)
    assert analyse(reader, node, start_s * 1_000_000).boots == 1


def test_without_settings_there_are_slopes_and_no_rates(opened, run, leaking, node):
    got = analyse(opened(run(2000, leaking(SLOPE), settings=())), node).analysis
    assert (got.unit, got.best.unit) == ("Pa/s", "Pa/s")
    assert got.best.low < SLOPE < got.best.high
    assert got.budget is None
    assert any("the volume is not known" in note for note in got.notes)


def test_the_volume_may_be_given(opened, run, leaking, node):
    reader = opened(run(2000, leaking(SLOPE), settings=()))
    given = Overrides(volume_m3=3e-3, u_volume=0.1)
    got = analyse(reader, node, overrides=given).analysis
    assert got.best.low < -SLOPE * 3e-3 < got.best.high
    assert got.best.u95 == pytest.approx(1.96 * 0.1 * got.best.value, rel=0.2)


def test_readings_that_no_gas_has_are_refused(opened, run, leaking, node):
    reader = opened(run(2000, leaking(SLOPE, start=50.0)))
    with pytest.raises(InputError, match="no gas has that"):
        analyse(reader, node)


def test_one_sample_is_no_series_and_ten_are_no_rate(opened, run, leaking, node):
    reader = opened(run(1, leaking(SLOPE)), run(10, leaking(SLOPE), boot=2, utc_s=None))
    with pytest.raises(InputError, match="1 values are no series"):
        analyse(reader, node, 0)


def test_ten_samples_are_no_rate(opened, run, leaking, node):
    got = analyse(opened(run(10, leaking(SLOPE))), node).analysis
    assert got.best.value is None
    assert all(method.refusals for method in got.methods if method.name != "exponential")
    assert any("10 values are too few" in note for note in got.notes)


def test_a_node_without_samples_is_refused(opened, run, leaking, node):
    reader = opened(run(100, leaking(SLOPE), missing=((0, 100),)))
    with pytest.raises(InputError, match="no raw samples"):
        analyse(reader, node)


def test_a_difference_is_no_amount_of_gas(opened, run, leaking, node):
    reader = opened(run(100, leaking(SLOPE), settings=((0, {"pressure_kind": 2}),)))
    with pytest.raises(InputError, match="differential"):
        analyse(reader, node)


def test_gauge_readings_count_from_the_outside(opened, run, leaking, node):
    reader = opened(run(500, leaking(SLOPE, 20_000.0), settings=((0, {"pressure_kind": 1}),)))
    got = analyse(reader, node).analysis
    assert got.series.p_pa.mean() == pytest.approx(121_325 + SLOPE * 250, abs=2)


# --- calibrations ---------------------------------------------------------------------------------


def _volume(node, start_s, value, until_s):
    return CalibrationRow(
        node=node, sensor="", kind="volume", value=value, u=0.001 * value, dof=None, unit="m³",
        t_ref_k=None, calibrated_utc_us=(start_s - 1000) * 1_000_000,
        valid_until_utc_us=until_s * 1_000_000, recorded_utc_us=0, method="by hand",
        certificate="", instrument="", note="", budget="[]",
    )  # fmt: skip


@pytest.mark.parametrize(("until_s", "volume"), [(10**6, 2e-3), (-10, 1e-3)])
def test_a_volume_in_force_goes_before_the_settings(
    filled, opened, run, leaking, node, start_s, until_s, volume
):
    reader = opened(run(2000, leaking(SLOPE)))
    with Store.open(filled.path, 0) as store:
        store.add_calibration(_volume(node, start_s, 2e-3, start_s + until_s))
    got = analyse(reader, node)
    assert got.analysis.chamber.volume_m3 == volume
    assert got.analysis.best.low < -SLOPE * volume < got.analysis.best.high
    expired = [note for note in got.analysis.notes if "expired" in note]
    assert bool(expired) == (until_s < 0)


# --- reduction ------------------------------------------------------------------------------------


def _raw(n, start=0, aux=None):
    number = np.arange(start, start + n)
    rng = np.random.default_rng(1)
    p = rng.integers(100_000 * 256, 101_000 * 256, n).astype(np.int32)
    t = rng.integers(290 * 65536, 291 * 65536, n).astype(np.int32)
    aux = np.full(n, NO_AUX, np.int32) if aux is None else aux.astype(np.int32)
    return RawSamples(number, number * 100_000, np.zeros(n, np.int64), p, t, aux)


def test_cells_are_means_whatever_the_chunks():
    raw = _raw(1000)
    p, t = raw.p_q8 / 256, raw.t_q16 / 65536
    y = p * 293.15 / t
    for cuts in ([], [37, 500, 501]):
        reduction = Reduction(Law("sensor", 293.15), 1_000_000, 100_000)
        for low, high in zip([0, *cuts], [*cuts, 1000], strict=True):
            reduction.add(RawSamples(*(part[low:high] for part in _parts(raw))))
        cells = reduction.cells()
        assert cells.count.tolist() == [10] * 100
        assert cells.p == pytest.approx(p.reshape(-1, 10).mean(axis=1), rel=1e-12)
        assert cells.y == pytest.approx(y.reshape(-1, 10).mean(axis=1), rel=1e-12)
        assert np.abs(np.diff(t)).min() <= reduction.step_k < 0.05  # of the first chunk
    assert reduction.samples == 1000


def _parts(raw):
    return raw.sample, raw.due_us, raw.late_us, raw.p_q8, raw.t_q16, raw.aux


def test_a_probe_s_temperature_and_a_reference_s_pressure_take_the_sensor_s_place():
    aux = np.full(100, 300 * 65536)
    aux[::4] = NO_AUX
    probe = Reduction(Law("probe", 293.15), 10_000_000, 100_000)
    raw = _raw(100, aux=aux)
    probe.add(raw)
    p = raw.p_q8 / 256
    there = aux != NO_AUX
    assert probe.samples == 75
    assert probe.cells().y[0] == pytest.approx((p[there] * 293.15 / 300).mean(), rel=1e-12)
    aux = np.full(100, 98_000 * 256)
    other = Reduction(Law("reference", 293.15, reference_pa=99_000.0), 10_000_000, 100_000)
    other.add(_raw(100, aux=aux))
    assert other.cells().y[0] == pytest.approx((p * 99_000 / 98_000).mean(), rel=1e-12)


def test_samples_of_no_known_period_are_refused():
    raw = _raw(10)
    unknown = RawSamples(raw.sample, np.full(10, -1), raw.late_us, raw.p_q8, raw.t_q16, raw.aux)
    with pytest.raises(InputError, match="sample period"):
        Reduction(Law("none", 293.15), 1_000_000, 100_000).add(unknown)
