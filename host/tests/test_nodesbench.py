"""Several nodes in one network: each measures its own section, hatches move for all of them."""

import pytest

from hullwatch.bench.nodesbench import NodesBench
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import InputError
from hullwatch.sim.networkport import outside_of
from hullwatch.sim.networkspec import BoundarySpec, NetworkSpec, PathSpec, SectionSpec
from hullwatch.store import Store

STATION = NetworkSpec(
    sections=(SectionSpec("node", 40.0, 101_325.0), SectionSpec("transfer", 4.0, 101_325.0)),
    boundaries=(BoundarySpec("space", 0.0),),
    paths=(
        PathSpec("H", ("node", "transfer"), "opening", 1.0),
        PathSpec("crack", ("transfer", "space"), "orifice", 1e-7),
    ),
)
GAMMA, R, M = 1.4, 8.314462618, 0.0289652


@pytest.fixture
def store(tmp_path):
    with_store = Store.open(tmp_path / "s.db", 1_700_000_000_000_000)
    yield with_store
    with_store.close()


def choked_pa_m3_s(area_m2, pressure_pa):
    """Loss at 293.15 K through a choked orifice, gas at that temperature: C A P sqrt(RT/M)."""
    c = GAMMA**0.5 * (2 / (GAMMA + 1)) ** ((GAMMA + 1) / (2 * (GAMMA - 1)))
    return area_m2 * c * pressure_pa * (R * 293.15 / M) ** 0.5


def test_each_node_measures_its_side_of_a_hatch(store):
    bench = NodesBench(STATION, ["node", "transfer"], store, 1, period_us=500_000)
    try:
        assert len(set(bench.uids.values())) == 2
        bench.run_until(bench.utc_s() + 900.0)
        closed_s = bench.utc_s()
        bench.operate("H", False)
        bench.run_until(closed_s + 180.0)
        with store.reader() as reader:
            nodes = {known.node for known in reader.nodes()}
            assert nodes == set(bench.uids.values())
            rows = {name: reader.windows(uid, 60.0) for name, uid in bench.uids.items()}
    finally:
        bench.close()
    loss = choked_pa_m3_s(1e-7, 101_325.0)
    # open: both with the whole, in the windows between warming up and the closing
    for windows in rows.values():
        mean = sum(row.slope_pa_s for row in windows[8:14]) / 6
        assert mean == pytest.approx(-loss / 44.0, abs=0.03)
    # closed: one side falls eleven times as fast, the other stands
    assert rows["transfer"][16].slope_pa_s == pytest.approx(-loss / 4.0, abs=0.08)
    assert rows["node"][16].slope_pa_s == pytest.approx(0.0, abs=0.08)
    assert loss / 4.0 > 0.5


def test_truth_is_what_the_section_lost():
    bench = SimBench(BenchSpec.in_network(STATION, "transfer", seed=2, period_us=1_000_000))
    try:
        # the first minute also brings the section to what the crack holds it below the other
        truth = bench.truth_pa_m3_s(120_000, 600_000)
    finally:
        bench.close()
    # its share of what both lose together
    assert truth == pytest.approx(choked_pa_m3_s(1e-7, 101_325.0) * 4 / 44, rel=0.02)


def test_settings_are_those_of_the_section():
    spec = BenchSpec.in_network(STATION, "transfer")
    values = spec.node_settings()
    assert values["volume_ul"] == 4_000_000_000
    assert values["p_out_pa"] == 0
    with pytest.raises(InputError, match="no section 'lab'"):
        BenchSpec.in_network(STATION, "lab")


def test_the_outside_of_a_section():
    far = NetworkSpec(
        sections=STATION.sections,
        boundaries=(
            BoundarySpec("supply", 3e5), BoundarySpec("outside", 1e5), BoundarySpec("s", 0.0),
        ),
        paths=(
            PathSpec("fill", ("supply", "node"), "regulator", 1e-7, set_pa=2e5),
            PathSpec("crack", ("transfer", "s"), "orifice", 1e-8),
        ),
    )  # fmt: skip
    assert outside_of(far, "transfer") == "s"
    assert outside_of(far, "node") == "outside"
    with pytest.raises(InputError, match="nothing is outside"):
        outside_of(NetworkSpec(sections=STATION.sections, boundaries=()), "node")
