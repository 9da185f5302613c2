"""The network of sections against closed forms, and its balances of mass and energy."""

import math
import threading

import pytest

from hullwatch.errors import AbsurdValue, InputError
from hullwatch.sim.frontend import GaugePort
from hullwatch.sim.gas import gas_named
from hullwatch.sim.network import Network
from hullwatch.sim.networkport import DifferentialPort, SectionLeak, SectionLoss, SectionPort
from hullwatch.sim.networkspec import (
    BoundarySpec,
    EventSpec,
    NetworkSpec,
    PathSpec,
    SectionSpec,
)
from hullwatch.sim.truth import ChamberTruth

R = 8.31446261815324
T_K = 293.15
AIR = gas_named("air")
GAMMA = 1.4
CV = R / (GAMMA - 1.0)
# sqrt(gamma) (2/(gamma+1))^((gamma+1)/(2(gamma-1))) for 1.4, as gas dynamics tables print it
CHOKED = 0.6847
SPACE = BoundarySpec("space", 0.0)
OUTSIDE = BoundarySpec("outside", 101_325.0)
# The gas has the wall's temperature at once, and the wall is the room.
ISOTHERMAL = {"gas_tau_s": 0.5, "wall_tau_s": 5.0, "wall_j_m2_k": 1e9}
# No heat passes to the wall, or from it to the room.
ADIABATIC = {"gas_tau_s": 1e12, "wall_tau_s": 1e12}
INSULATED = {"wall_tau_s": 1e12, "gas_tau_s": 5.0}


def s(seconds):
    return round(seconds * 1e6)


def one(pressure_pa, kind, size, boundary=SPACE, volume_m3=1e-3, seat=0.0, **wall):
    """A section with one path to a boundary."""
    return Network(
        NetworkSpec(
            sections=(SectionSpec("part", volume_m3, pressure_pa, **wall),),
            boundaries=(boundary,),
            paths=(PathSpec("path", ("part", boundary.name), kind, size, seat=seat),),
        )
    )


def area_for(tau_s, volume_m3=1e-3):
    """Effective area whose choked isothermal decay has that time constant."""
    return volume_m3 / (tau_s * CHOKED * math.sqrt(R * T_K / AIR.molar_mass_kg_mol))


def energy_j(network, t_us):
    """Gas and walls of all sections."""
    total = 0.0
    for spec in network.spec.sections:
        at = network.section(spec.name, t_us)
        total += at.amount_mol * CV * at.gas_k + spec.wall_capacity_j_k * at.wall_k
    return total


def test_isothermal_choked_decay_is_exponential():
    network = one(200e3, "orifice", area_for(1000.0), **ISOTHERMAL)
    for t_s in (1.0, 300.0, 1000.0):
        state = network.section("part", s(t_s))
        # expansion over 0.5 s cools by 0.06 K: 2e-4 of the pressure, and half that of the flow
        assert state.pressure_pa == pytest.approx(200e3 * math.exp(-t_s / 1000.0), rel=4e-4)


def test_adiabatic_choked_blow_down():
    network = one(200e3, "orifice", area_for(50.0), **ADIABATIC)
    for t_s in (5.0, 50.0, 150.0):
        state = network.section("part", s(t_s))
        fallen = (1.0 + (GAMMA - 1.0) / 2.0 * t_s / 50.0) ** (-2.0 * GAMMA / (GAMMA - 1.0))
        assert state.pressure_pa == pytest.approx(200e3 * fallen, rel=3e-4)
        assert state.gas_k == pytest.approx(T_K * fallen ** ((GAMMA - 1.0) / GAMMA), rel=1e-4)


def test_adiabatic_fill_heats_to_gamma_times_the_supply():
    network = one(1.0, "orifice", 1e-6, BoundarySpec("supply", 600e3), **ADIABATIC)
    state = network.section("part", s(60.0))
    n0 = 1.0 * 1e-3 / (R * T_K)
    # first law: all the energy came in as enthalpy
    expected_k = (n0 * T_K + (state.amount_mol - n0) * GAMMA * T_K) / state.amount_mol
    assert state.pressure_pa == pytest.approx(600e3, rel=1e-6)
    assert state.gas_k == pytest.approx(expected_k, rel=1e-8)
    assert state.gas_k == pytest.approx(410.41, abs=0.01)


def pair(kind, size, **wall):
    return Network(
        NetworkSpec(
            sections=(
                SectionSpec("left", 2e-3, 180e3, **wall),
                SectionSpec("right", 1e-3, 60e3, **wall),
            ),
            paths=(PathSpec("hatch", ("left", "right"), kind, size),),
        )
    )


def test_two_volumes_equalise_exponentially():
    network = pair("opening", 1e-6, **ISOTHERMAL)
    per_s = 1e-6 * (1 / 2e-3 + 1 / 1e-3)
    for t_s in (10.0, 300.0, 800.0):
        left, right = (network.section(name, s(t_s)) for name in ("left", "right"))
        difference = left.pressure_pa - right.pressure_pa
        # the gas is up to 0.1 K off the wall at first
        assert difference == pytest.approx(120e3 * math.exp(-per_s * t_s), rel=1e-3)
    mean_pa = (left.pressure_pa * 2 + right.pressure_pa) / 3
    assert mean_pa == pytest.approx((180e3 * 2 + 60e3) / 3, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "size"), [("orifice", 2e-7), ("laminar", 1e-10), ("opening", 1e-4)]
)
def test_two_insulated_volumes_end_at_the_mean_pressure(kind, size):
    # U = P V/(gamma - 1): constant energy is a constant volume mean of P, whatever the path
    network = pair(kind, size, **ADIABATIC)
    for t_s in (3.0, 30.0, 500.0):
        left, right = (network.section(name, s(t_s)) for name in ("left", "right"))
        mean_pa = (left.pressure_pa * 2 + right.pressure_pa) / 3
        assert mean_pa == pytest.approx(140e3, rel=1e-7)
    assert left.pressure_pa == pytest.approx(right.pressure_pa, rel=1e-6)
    # what was compressed is warm, what expanded is cold
    assert right.gas_k > T_K > left.gas_k


def tree():
    """Three sections in a row, an outside, a supply; leaks, seats, outgassing, soft walls."""
    return Network(
        NetworkSpec(
            sections=(
                SectionSpec("a", 1e-3, 150e3, **INSULATED),
                SectionSpec("b", 3e-3, 90e3, outgas_pa_m3_s=1e-3, **INSULATED),
                SectionSpec("c", 2e-3, 10.0, **INSULATED),
            ),
            boundaries=(OUTSIDE, BoundarySpec("supply", 400e3)),
            paths=(
                PathSpec("ab", ("a", "b"), "opening", 2e-5),
                PathSpec("bc", ("b", "c"), "orifice", 1e-7),
                PathSpec("leak", ("a", "outside"), "laminar", 1e-14),
                PathSpec("pores", ("c", "outside"), "molecular", 1e-9),
                PathSpec("supply", ("supply", "a"), "orifice", 1e-7, open=False, seat=1e-3),
            ),
            events=(
                EventSpec(20.0, "ab", open=False),
                EventSpec(30.0, "supply", open=True),
                EventSpec(33.3, "supply", open=False),
                EventSpec(50.0, "ab", open=True, size=1e-4),
            ),
        )
    )


def test_mass_is_kept():
    network = tree()
    start_mol = sum(spec.pressure_pa * spec.volume_m3 / (R * T_K) for spec in network.spec.sections)
    for t_s in (1.0, 19.9, 25.0, 32.0, 49.99, 80.0, 150.0):
        inside = 0.0
        for name in "abc":
            at = network.section(name, s(t_s))
            inside += at.pressure_pa * at.volume_m3 / (R * at.gas_k)
        came = network.moved_mol("supply", s(t_s)) + network.outgassed_mol("b", s(t_s))
        went = network.moved_mol("leak", s(t_s)) + network.moved_mol("pores", s(t_s))
        assert inside == pytest.approx(start_mol + came - went, rel=1e-12)


def test_energy_is_kept_between_sections_and_walls():
    sections = (
        SectionSpec("left", 2e-3, 180e3, gas_k=320.0, **INSULATED),
        SectionSpec("right", 1e-3, 60e3, **INSULATED),
    )
    paths = (PathSpec("hatch", ("left", "right"), "orifice", 1e-6),)
    network = Network(NetworkSpec(sections=sections, paths=paths))
    start_j = energy_j(network, 0)
    exchanged_j = 180e3 * 2e-3 / (GAMMA - 1.0)
    for t_s in (1.0, 7.0, 60.0, 200.0):
        assert energy_j(network, s(t_s)) - start_j == pytest.approx(0.0, abs=1e-7 * exchanged_j)


def test_a_soft_vessel_keeps_the_gas_law_and_pays_for_its_growth():
    supply = BoundarySpec("supply", 300e3)
    network = one(100e3, "orifice", 1e-7, supply, compliance_m3_pa=5e-10, **ADIABATIC)
    state = network.section("part", s(20.0))
    assert 150e3 < state.pressure_pa < 300e3
    assert state.volume_m3 == pytest.approx(1e-3 + 5e-10 * (state.pressure_pa - 100e3), rel=1e-12)
    assert state.pressure_pa * state.volume_m3 == pytest.approx(
        state.amount_mol * R * state.gas_k, rel=1e-12
    )
    n0 = 100e3 * 1e-3 / (R * T_K)
    enthalpy_j = (state.amount_mol - n0) * GAMMA * CV * T_K
    work_j = 5e-10 * (state.pressure_pa**2 - 100e3**2) / 2
    gained_j = CV * (state.amount_mol * state.gas_k - n0 * T_K)
    assert gained_j == pytest.approx(enthalpy_j - work_j, rel=1e-7)


def test_outgassing_bends_and_a_leak_does_not():
    wall = ISOTHERMAL | {"gas_tau_s": 0.1, "outgas_pa_m3_s": 1e-4, "outgas_tau_s": 200.0}
    # a molecular leak from the air into near vacuum brings a constant flow
    k = 1e-5 * math.sqrt(T_K) / (101_325.0 * R * T_K)
    network = one(1.0, "molecular", k, OUTSIDE, **wall)
    for t_s in (50.0, 200.0, 1000.0):
        gas_pa = 1e-4 * 200.0 / 1e-3 * (1.0 - math.exp(-t_s / 200.0))
        leak_pa = 1e-5 / 1e-3 * t_s
        assert network.section("part", s(t_s)).pressure_pa == pytest.approx(
            1.0 + gas_pa + leak_pa, rel=2e-3
        )


def test_a_closed_valve_passes_its_seat():
    specs = {"open": (True, 0.0), "seat": (False, 1e-3), "tight": (False, 0.0)}
    moved = {}
    for name, (is_open, seat) in specs.items():
        section = SectionSpec("part", 1.0, 200e3, **ISOTHERMAL)
        path = PathSpec("valve", ("part", "space"), size=1e-9, open=is_open, seat=seat)
        network = Network(NetworkSpec((section,), (SPACE,), (path,)))
        moved[name] = network.moved_mol("valve", s(10.0))
    assert moved["seat"] / moved["open"] == pytest.approx(1e-3, rel=1e-5)
    assert moved["tight"] == 0.0


def test_a_regulator_holds_its_pressure_and_never_vents():
    supply = BoundarySpec("supply", 600e3)
    regulator = PathSpec(
        "supply", ("supply", "part"), "regulator", 1e-6, set_pa=250e3, droop_pa=2e3
    )
    vent = PathSpec("vent", ("part", "outside"), "orifice", 2e-8)
    section = SectionSpec("part", 1e-3, 101_325.0)
    network = Network(NetworkSpec((section,), (OUTSIDE, supply), (regulator, vent)))
    held = network.section("part", s(200.0)).pressure_pa
    assert 248e3 < held < 250e3
    above = SectionSpec("part", 1e-3, 300e3, **ISOTHERMAL)
    network = Network(NetworkSpec((above,), (supply,), (regulator,)))
    assert network.section("part", s(200.0)).pressure_pa == pytest.approx(300e3, rel=1e-9)
    assert network.moved_mol("supply", s(200.0)) == 0.0


def test_crack_growth_patch_and_resurgence():
    tau_s, growth = 5e4, 2e-3
    section = SectionSpec("hull", 10.0, 100e3, **ISOTHERMAL)
    crack = PathSpec("crack", ("hull", "space"), size=area_for(tau_s, 10.0), growth_per_s=growth)
    events = (
        EventSpec(1000.0, "crack", size=0.0, growth_per_s=0.0),
        EventSpec(1500.0, "crack", size=2 * crack.size),
    )
    network = Network(NetworkSpec((section,), (SPACE,), (crack,), events))

    def at(t_s):
        return network.section("hull", s(t_s)).pressure_pa

    early, grown = at(500.0), math.exp(-(math.exp(growth * 1000.0) - 1.0) / growth / tau_s)
    assert early == pytest.approx(100e3 * math.exp(-(math.e - 1.0) / growth / tau_s), rel=1e-4)
    assert at(1000.0) == pytest.approx(100e3 * grown, rel=1e-4)
    assert at(1499.0) == pytest.approx(at(1010.0), rel=1e-9)
    assert at(2000.0) == pytest.approx(at(1499.0) * math.exp(-1000.0 / tau_s), rel=1e-4)


def test_operating_by_hand_is_the_same_as_by_event():
    scripted = tree()
    spec = scripted.spec
    by_hand = Network(NetworkSpec(spec.sections, spec.boundaries, spec.paths))
    by_hand.operate(s(20.0), "ab", False)
    # looking ahead before operating must not matter
    by_hand.section("a", s(31.5))
    by_hand.operate(s(30.0), "supply", True)
    by_hand.operate(s(33.3), "supply", False)
    assert not by_hand.is_open("supply")
    for name in "abc":
        got, want = (n.section(name, s(45.0)) for n in (by_hand, scripted))
        assert got.amount_mol == pytest.approx(want.amount_mol, rel=1e-8)
        assert got.gas_k == pytest.approx(want.gas_k, rel=1e-8)
    with pytest.raises(ValueError, match="past"):
        by_hand.operate(s(20.0), "ab", True)


def test_a_path_takes_the_size_that_passes_what_is_asked():
    network = one(150e3, "orifice", 0.0, **ISOTHERMAL)
    (path,) = network.spec.paths
    asked_mol_s = 1e-9 * CHOKED * 150e3 / math.sqrt(R * T_K * AIR.molar_mass_kg_mol)
    network.pass_flow(s(10.0), path.name, asked_mol_s)
    assert network.moved_mol(path.name, s(10.0)) == 0.0
    moved = network.moved_mol(path.name, s(11.0))
    assert moved == pytest.approx(asked_mol_s, rel=1e-3)
    assert network.settled_us == s(10.0)
    with pytest.raises(InputError, match="cannot pass"):
        network.pass_flow(s(12.0), path.name, -asked_mol_s)
    assert network.moved_mol(path.name, s(13.0)) == pytest.approx(3.0 * asked_mol_s, rel=1e-3)
    network.pass_flow(s(14.0), path.name, 0.0)
    closed = network.moved_mol(path.name, s(14.0))
    assert network.moved_mol(path.name, s(20.0)) == closed


def test_a_leak_that_is_set_late_is_set_at_once():
    sections = (SectionSpec("a", 1e-3, 150e3), SectionSpec("b", 1e-3, 150e3))
    paths = (PathSpec("H", ("a", "b"), "opening", 1e-3), PathSpec("leak-a", ("a", "outside")))
    network = Network(NetworkSpec(sections, (OUTSIDE,), paths))
    network.operate(s(20.0), "H", False)
    SectionLeak(network, "a", T_K).set_leak(s(19.0), 1e-3)
    assert network.moved_mol("leak-a", s(20.0)) == 0.0
    lost = network.moved_mol("leak-a", s(21.0)) * R * T_K
    assert lost == pytest.approx(1e-3, rel=1e-3)
    with pytest.raises(InputError, match="no path 'leak-b'"):
        SectionLeak(network, "b", T_K).set_leak(s(22.0), 1e-3)


def test_threads_may_share_one():
    """Nodes behind each other by seconds ask while hatches move: as one that asks alone."""
    alone, shared = tree(), tree()
    times_us = [s(0.5 * index) for index in range(200)]
    found = {}

    def ask(name):
        found[name] = [shared.section(name, t_us).pressure_pa for t_us in times_us]

    threads = [threading.Thread(target=ask, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for name in "abc":
        want = [alone.section(name, t_us).pressure_pa for t_us in times_us]
        assert found[name] == pytest.approx(want, abs=0.05)


def test_between_nodes_and_at_events_the_course_is_smooth_enough():
    fine, coarse = tree(), tree()
    coarse.section("a", s(100.0))
    for index in range(400):
        t_us = s(0.25 * index)
        want = fine.section("a", t_us).pressure_pa
        assert coarse.section("a", t_us).pressure_pa == pytest.approx(want, abs=0.05)


def test_truth_counts_the_paths_that_it_is_told():
    network = tree()
    leak = SectionLoss(network, "a", ["leak"])
    truth = ChamberTruth(leak, T_K)
    moved = network.moved_mol("leak", s(100.0))
    assert truth.mean_loss_pa_m3_s(0, s(100.0)) == pytest.approx(moved * R * T_K / 100.0)
    everything = SectionLoss(network, "a")
    n0 = 150e3 * 1e-3 / (R * T_K)
    left = n0 - network.section("a", s(100.0)).amount_mol
    assert everything.lost_mol(s(100.0)) == pytest.approx(left, rel=1e-9)
    # what the supply seat lets in hides what leaks out
    assert everything.lost_mol(s(100.0)) != pytest.approx(moved)


def test_ports():
    section = SectionSpec("part", 1e-3, 150e3)
    reference = SectionSpec("reference", 1e-3, 150e3)
    leak = PathSpec("leak", ("part", "outside"), "orifice", 1e-10)
    weather = BoundarySpec("outside", 101_325.0, weather_pa=200.0)
    network = Network(NetworkSpec((section, reference), (weather,), (leak,), day_amplitude_k=2.0))
    t_us = s(3000.0)
    part, other = (network.section(name, t_us) for name in ("part", "reference"))
    port = SectionPort(network, "part")
    assert port.pressure_and_probe(t_us) == (part.pressure_pa, part.probe_k)
    gauge_pa, _ = GaugePort(port).pressure_and_probe(t_us)
    assert gauge_pa == part.pressure_pa - network.boundary_pa("outside", t_us)
    difference_pa, _ = DifferentialPort(network, "part", "reference").pressure_and_probe(t_us)
    assert difference_pa == part.pressure_pa - other.pressure_pa
    # the day, common to both, is all but gone: what is left is the leak
    assert abs(other.pressure_pa - 150e3) > 100.0
    lost_pa = network.moved_mol("leak", t_us) * R * part.gas_k / 1e-3
    assert -difference_pa == pytest.approx(lost_pa, rel=0.02)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"sections": ()}, "needs a section"),
        ({"sections": (SectionSpec("a", 1e-3, 1e5), SectionSpec("a", 1e-3, 1e5))}, "two of"),
        ({"sections": (SectionSpec("outside", 1e-3, 1e5),)}, "two of"),
        ({"sections": (SectionSpec("a", 0.0, 1e5),)}, "volume_m3"),
        ({"sections": (SectionSpec("a", 1e-3, math.nan),)}, "pressure_pa"),
        ({"sections": (SectionSpec("a", 1e-3, 1e5, compliance_m3_pa=1e-7),)}, "compliance"),
        ({"paths": (PathSpec("p", ("a", "nowhere")),)}, "nowhere"),
        ({"paths": (PathSpec("p", ("a", "a")),)}, "begins"),
        ({"paths": (PathSpec("p", ("a", "outside"), "hole"),)}, "hole"),
        ({"paths": (PathSpec("p", ("a", "outside"), seat=2.0),)}, "seat"),
        ({"paths": (PathSpec("p", ("a", "outside"), "regulator", 1e-6),)}, "set_pa"),
        ({"events": (EventSpec(1.0, "p", open=True),)}, "no path 'p'"),
        ({"gas": "phlogiston"}, "phlogiston"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_networks_are_refused(changes, match):
    values = {"sections": (SectionSpec("a", 1e-3, 1e5),), **changes}
    with pytest.raises((InputError, AbsurdValue), match=match):
        Network(NetworkSpec(**values))
