"""Four sections, three hatches, one crack: which one leaks, found by closing hatches."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hullwatch import tomlrows
from hullwatch.cli.isolatesites import SimulatedSite, check_scenario
from hullwatch.cli.isolatewindows import StoredWindows
from hullwatch.isolate.finding import DETERMINED
from hullwatch.isolate.layout import layout_of
from hullwatch.isolate.search import Search
from hullwatch.sim.scenario import load_scenario
from hullwatch.store import Reader

EXAMPLES = Path(__file__).parents[1] / "host" / "docs" / "examples"
WARM_S = 300


@pytest.mark.needs("hatches", "truth")
def test_the_section_that_leaks_is_named(bench, measured):
    layout = layout_of(tomlrows.read_toml(EXAMPLES / "station.toml", "layout", ""), "station")
    network = load_scenario(EXAMPLES / "station-leak.toml")
    check_scenario(layout, network)
    station = bench.station(network, [one.name for one in layout.sections], period_us=2_000_000)
    station.run_until(station.utc_s() + WARM_S)
    sections = tuple(
        dataclasses.replace(one, node=station.uids[one.name]) for one in layout.sections
    )
    with Reader.open(bench.databases[0]) as reader:
        named = dataclasses.replace(layout, sections=sections)
        windows = StoredWindows([reader], named, station.utc_s)
        finding = Search(named, SimulatedSite(station, windows)).run()
    begun_us, ended_us = round(WARM_S * 1e6), round(1e6 * (station.utc_s() - bench.epoch_s))
    lost = [station.network.moved_mol("crack", at_us) for at_us in (begun_us, ended_us)]
    truth = (lost[1] - lost[0]) * 8.314462618 * windows.t_ref_k / ((ended_us - begun_us) * 1e-6)
    assert (finding.verdict, finding.section) == (DETERMINED, "transfer")
    measured("confidence", finding.confidence, "of 1", low=0.95)
    measured("hatches closed", finding.closings, "", high=4)
    measured(
        "rate of the crack", finding.rate_pa_m3_s, "Pa·m³/s", 0.9 * truth, 1.1 * truth,
        finding.u95_pa_m3_s,
    )  # fmt: skip
    assert finding.still_closed is None
