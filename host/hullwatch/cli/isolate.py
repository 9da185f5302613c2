"""`hullwatch isolate`: which section leaks, hatch by hatch."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from hullwatch import tomlrows
from hullwatch.bench.nodesbench import NodesBench
from hullwatch.cli import benches, isolatesites
from hullwatch.cli.isolatesites import CrewSite, SimulatedSite, check_scenario
from hullwatch.cli.isolateview import share, show_finding, show_step
from hullwatch.cli.isolatewindows import StoredWindows
from hullwatch.cli.options import DEFAULT_DB, json_option, print_json
from hullwatch.errors import InputError, NotDetermined
from hullwatch.isolate.finding import DETERMINED, Entry, Finding
from hullwatch.isolate.layout import EXAMPLE, Layout, layout_of
from hullwatch.isolate.search import Search
from hullwatch.isolate.state import SUFFIX, State, StateFile
from hullwatch.sim.scenario import load_scenario
from hullwatch.store import Reader, Store

_WARM_S = 900.0  # simulated nodes are switched on at the start: their sensors warm up first

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "isolate", epilog="Example: hullwatch isolate station.toml --db node.db --db transfer.db"
)
@click.argument("layout_file", metavar="LAYOUT", type=_FILE)
@click.option(
    "--db",
    "dbs",
    type=_FILE,
    multiple=True,
    help=f"Database a node is logged into; may be given again.  [default: {DEFAULT_DB}]",
)
@click.option(
    "--bench", type=click.Choice(["sim"]), default=None, help="Search a --scenario, virtually."
)
@click.option("--scenario", type=_FILE, default=None, help="Sections and hatches, simulated.")
@click.option(
    "--rate", type=float, default=2.0, show_default=True, help="Samples per second (sim)."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is random (sim).")
@click.option("--journal", type=_FILE, default=None, help="Write every step as JSON.")
@click.option(
    "--state", type=_FILE, default=None,
    help="Keep how it stands as JSON.  [default: first --db with .isolate.json; none with sim]",
)  # fmt: skip
@json_option
def command(
    layout_file: Path, dbs: tuple[Path, ...], bench: str | None, scenario: Path | None,
    rate: float, seed: int, journal: Path | None, state: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Find the section that leaks by closing one hatch after the other.

    LAYOUT is a TOML file of sections with their volumes and nodes, and the hatches between
    them: docs/isolation.md. Without --bench you are told which hatch to close and open, while
    hullwatch log fills the databases. Exit code 0: a section is named; 60: none is, and why.
    """
    data = tomlrows.read_toml(layout_file, "layout", EXAMPLE)
    layout = layout_of(data, str(layout_file))
    if (bench is None) != (scenario is None):
        raise click.UsageError("--bench sim and --scenario belong together")
    if scenario is not None and dbs:
        raise click.UsageError("--scenario keeps no database: leave --db away")
    with contextlib.ExitStack() as stack:
        if scenario is None:
            windows = _stored(dbs or (DEFAULT_DB,), layout, stack)
            site: CrewSite | SimulatedSite = CrewSite(windows)
        else:
            windows, site = stack.enter_context(_simulated(layout, scenario, rate, seed))
        kept = _state_file(state, dbs, scenario, layout)

        def told(entry: Entry) -> None:
            if kept is not None:
                kept.take(entry)
            if not as_json:
                show_step(entry)

        finding = _searched(Search(layout, site, told), kept)
    if journal is not None:
        _write(journal, finding)
    if as_json:
        print_json({"layout": str(layout_file), "t_ref_k": windows.t_ref_k, **finding.as_dict()})
    else:
        show_finding(finding, windows.t_ref_k)
    if finding.verdict != DETERMINED:
        likely = ", ".join(f"{name} {share(chance)}" for name, chance in finding.candidates)
        still = f"; hatch {finding.still_closed} is closed" if finding.still_closed else ""
        raise NotDetermined(f"no section named: {finding.reason}{still}", f"candidates: {likely}")


def _state_file(
    path: Path | None, dbs: tuple[Path, ...], scenario: Path | None, layout: Layout
) -> StateFile | None:
    if path is None and scenario is None:
        first = (*dbs, DEFAULT_DB)[0]
        path = first.with_name(first.name + SUFFIX)
    return None if path is None else StateFile(path, State(layout))


def _searched(search: Search, kept: StateFile | None) -> Finding:
    """The finding; whatever ends a search before, a hatch left closed is named."""
    try:
        finding = search.run()
        if kept is not None:
            kept.state.finish(finding)
        return finding
    finally:
        if kept is not None:
            kept.state.end("the search was ended")
            kept.write()
        if search.closed:
            click.echo(f"hatch {search.closed} IS CLOSED: open it", err=True)


def _stored(paths: tuple[Path, ...], layout: Layout, stack: contextlib.ExitStack) -> StoredWindows:
    readers = [stack.enter_context(Reader.open(path)) for path in paths]
    return StoredWindows(readers, layout, isolatesites.utc_now_s)


@contextlib.contextmanager
def _simulated(
    layout: Layout, scenario: Path, rate: float, seed: int
) -> Iterator[tuple[StoredWindows, SimulatedSite]]:
    """The scenario with a node in every section that has one, logged into a passing database."""
    network = load_scenario(scenario)
    check_scenario(layout, network)
    measured = [section.name for section in layout.sections if section.node]
    period_us = benches.period_us(rate)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hullwatch-")))
        store = Store.open(folder / "search.db", time.time_ns() // 1000, "hullwatch isolate")
        stack.callback(store.close)
        running = NodesBench(network, measured, store, seed, period_us=period_us)
        stack.callback(running.close)
        running.run_until(running.utc_s() + _WARM_S)
        named = dataclasses.replace(
            layout,
            sections=tuple(
                dataclasses.replace(section, node=running.uids.get(section.name, ""))
                for section in layout.sections
            ),
        )
        reader = stack.enter_context(store.reader())
        windows = StoredWindows([reader], named, running.utc_s)
        yield windows, SimulatedSite(running, windows)


def _write(path: Path, finding: Finding) -> None:
    try:
        path.write_text(json.dumps(finding.as_dict(), indent=1, allow_nan=False) + "\n", "utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "choose another --journal") from error
