"""Valves on the simulated section: closed forms, conservation, and pins that drive them."""

from __future__ import annotations

import math

import pytest

from hullwatch.errors import InputError
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT as R
from hullwatch.sim.gas import gas_named
from hullwatch.sim.plumbing import Pins, PlumbedSection, PlumbingSpec

SIMPLE = "16:supply:fill:nc:60;17:dump:vent:nc:0"
BLEEDING = SIMPLE + ";18:iso:isolate:nc:600;19:bleed:bleed:nc:600"
QUIET = {"leak_pa_m3_s": 0.0, "day_amplitude_k": 0.0, "weather_rms_k": 0.0, "self_heat_k": 0.0}
S = 1_000_000


def rig(wiring=SIMPLE, chamber=None, **plumbing):
    spec = ChamberSpec(**{**QUIET, **(chamber or {})})
    plumbed = PlumbingSpec(wiring, **plumbing)
    made = Chamber(spec, PlumbedSection(spec, plumbed.start_pa))
    return made, Pins(plumbed, made)


def test_it_starts_at_its_own_pressure_and_stays_there():
    chamber, _ = rig(start_pa=101_325.0)
    assert chamber.state(0).pressure_pa == pytest.approx(101_325.0, rel=1e-12)
    assert chamber.state(600 * S).pressure_pa == pytest.approx(101_325.0, rel=1e-9)


def test_filling_starts_as_an_adiabatic_rise_from_a_choked_supply():
    """dp/dt = gamma R T n'/V, n' = A p sqrt(gamma/(M R T)) (2/(gamma+1))^((gamma+1)/(2gamma-2))."""
    area = 2e-7
    chamber, pins = rig(open_area_m2=area, supply_pa=300_000.0)
    air = gas_named("air")
    g, t = air.gamma, chamber.spec.room_k
    power = (g + 1) / (2 * (g - 1))
    flow = (
        area * 300_000.0 * math.sqrt(g / (air.molar_mass_kg_mol * R * t)) * (2 / (g + 1)) ** power
    )
    pins.output(16, 1, 10 * S)
    before, after = chamber.state(10 * S), chamber.state(10 * S + 10_000)
    rate = (after.pressure_pa - before.pressure_pa) / 0.01
    assert rate == pytest.approx(g * R * t * flow / chamber.spec.volume_m3, rel=2e-3)
    assert (after.amount_mol - before.amount_mol) / 0.01 == pytest.approx(flow, rel=1e-6)


def test_a_change_leaves_the_past_as_it_was_and_the_pressure_without_a_step():
    chamber, pins = rig(chamber={"leak_pa_m3_s": 1e-3}, start_pa=119_000.0)
    past = [chamber.state(k * S // 2) for k in range(40)]
    ahead = chamber.state(20 * S).pressure_pa
    pins.output(17, 1, 15 * S)
    for k in range(30):
        assert chamber.state(k * S // 2).pressure_pa == pytest.approx(past[k].pressure_pa, rel=1e-9)
    at = chamber.state(15 * S).pressure_pa
    assert at == pytest.approx(past[30].pressure_pa, rel=1e-9)
    assert chamber.state(15 * S + 1000).pressure_pa == pytest.approx(at, rel=1e-4)
    assert chamber.state(20 * S).pressure_pa < ahead - 5_000


def test_two_pins_at_one_moment_are_one_change():
    one, a = rig(BLEEDING)
    two, b = rig(BLEEDING)
    a.output(16, 1, 5 * S)
    a.output(18, 1, 5 * S)
    b.output(18, 1, 5 * S)
    b.output(16, 1, 5 * S)
    for t in (5 * S, 6 * S, 8 * S):
        assert one.state(t).pressure_pa == pytest.approx(two.state(t).pressure_pa, rel=1e-9)
    assert one.state(6 * S).pressure_pa > 105_000


def test_venting_ends_at_the_pressure_outside_and_filling_at_the_supply():
    chamber, pins = rig(start_pa=119_000.0, supply_pa=250_000.0)
    pins.output(17, 1, S)
    assert chamber.state(600 * S).pressure_pa == pytest.approx(101_325.0, rel=1e-4)
    pins.output(17, 0, 600 * S)
    pins.output(16, 1, 600 * S)
    assert chamber.state(3600 * S).pressure_pa == pytest.approx(250_000.0, rel=1e-3)


def test_a_seat_passes_what_it_is_said_to_pass():
    """Laminar: proportional to the difference of the squares; stated against room air."""
    chamber, pins = rig(
        seats_pa_m3_s={"supply": 1e-4}, start_pa=101_325.0, chamber={"gas_tau_s": 0.5}
    )
    rise = chamber.state(100 * S).amount_mol - chamber.state(0).amount_mol
    assert rise * R * chamber.spec.room_k / 100 == pytest.approx(1e-4, rel=1e-3)
    assert pins.opened() == frozenset()


def test_a_vented_supply_line_lets_nothing_in():
    chamber, _ = rig(seats_pa_m3_s={"supply": 1e-4}, start_pa=110_000.0, vented=True)
    assert chamber.state(100 * S).amount_mol < chamber.state(0).amount_mol


@pytest.mark.parametrize(("bleed", "way"), [(0, 1), (1, -1)])
def test_an_isolating_valve_leaks_from_the_line_and_a_bled_line_takes(bleed, way):
    """Block and bleed: what passes the first seat goes out, and the second one leaks outwards."""
    chamber, pins = rig(BLEEDING, seats_pa_m3_s={"supply": 1.0, "iso": 1e-4}, start_pa=118_000.0)
    pins.output(19, bleed, S)
    change = chamber.state(100 * S).amount_mol - chamber.state(2 * S).amount_mol
    assert change * way > 0


def test_what_goes_in_is_what_is_there():
    chamber, pins = rig(BLEEDING)
    pins.output(16, 1, S)
    pins.output(18, 1, S)
    pins.output(16, 0, 3 * S)
    start, end = chamber.state(0).amount_mol, chamber.state(60 * S).amount_mol
    assert chamber.lost_mol(60 * S) - chamber.lost_mol(0) == pytest.approx(start - end, rel=1e-9)


def test_a_part_that_is_blanked_off_does_not_leak():
    wiring = SIMPLE + ";20:plug:blanking:nc:600"
    chamber, pins = rig(wiring, chamber={"leak_pa_m3_s": 1e-3}, start_pa=120_000.0)
    shut = chamber.state(10 * S).amount_mol
    assert shut == pytest.approx(chamber.state(0).amount_mol, rel=1e-12)
    pins.output(20, 1, 10 * S)
    lost = shut - chamber.state(20 * S).amount_mol
    assert lost * R * chamber.spec.t_ref_k / 10 == pytest.approx(1e-3, rel=1e-3)
    assert pins.leak_pa_m3_s(20 * S) == pytest.approx(1e-3, rel=1e-3)


def test_released_pins_leave_what_is_open_without_power():
    _, pins = rig("16:supply:fill:nc:60;17:dump:vent:no:0")
    assert pins.opened() == {"dump"}
    pins.output(17, 1, S)
    pins.output(16, 1, S)
    assert pins.opened() == {"supply"}
    pins.release(2 * S)
    pins.release(2 * S)
    assert pins.opened() == {"dump"}
    assert [sorted(names) for _, names in pins.log] == [["dump"], [], ["supply"], ["dump"]]


@pytest.mark.parametrize("bad", [{"wiring": "rubbish"}, {"seats_pa_m3_s": {"dumb": 1.0}}])
def test_impossible_plumbing_is_refused(bad):
    with pytest.raises(InputError):
        rig(**bad)
