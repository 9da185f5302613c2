"""The pytest plugin: benches, what tests need of them, what is measured, what is reported.

pytest loads this wherever Hullwatch is installed, so nothing of Hullwatch is imported, and nothing
done, before a test asks for one of these fixtures or an option is given.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hullwatch.hil.benchfile import BenchFile
    from hullwatch.hil.chamber import Chamber
    from hullwatch.hil.measured import Measured
    from hullwatch.hil.node import Node
    from hullwatch.hil.testbench import TestBench

USUAL = ("sim", "mpy")
"""Benches of a run without `--bench`."""

_FILES = pytest.StashKey[dict[str, "BenchFile"]]()
_BROKEN = pytest.StashKey[dict[str, tuple[str, str]]]()
_NOTES = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a run on benches."""
    group = parser.getgroup("hullwatch", "Hullwatch, hardware in the loop")
    group.addoption(
        "--bench", action="append", default=[], metavar="NAME|FILE.toml",
        help=f"bench to run on, repeatable; without it: {' and '.join(USUAL)}",
    )  # fmt: skip
    group.addoption(
        "--hil-report",
        type=Path,
        metavar="FILE.html",
        help="write what was measured, with limits, plots and evidence, into one HTML file",
    )
    group.addoption(
        "--hil-data", type=Path, metavar="FOLDER", help="keep the databases of all tests there"
    )
    group.addoption(
        "--hil-strict", action="store_true",
        help="a bench that this machine cannot offer is an error, not a skip",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """The marker; and whatever is wrong with a bench that was asked for, before anything runs."""
    config.addinivalue_line("markers", "needs(*capabilities): what a bench must be able to do")
    config.stash[_BROKEN] = {}
    config.stash[_FILES] = {}
    for wanted in config.getoption("--bench"):
        _declared(config, wanted)
    if config.getoption("--hil-report") is not None:
        from hullwatch.hil.reporting import Reporter

        config.pluginmanager.register(Reporter(config.getoption("--hil-report")), "hil-report")


def _declared(config: pytest.Config, wanted: str) -> BenchFile:
    """The bench of a name or file, read once; UsageError in one line."""
    from hullwatch.errors import HullwatchError
    from hullwatch.hil import benchfile

    known = config.stash[_FILES]
    if wanted not in known:
        places = [config.invocation_params.dir, config.rootpath]
        places += [Path(argument.partition("::")[0]) for argument in config.args]
        try:
            path = benchfile.find(wanted, [place / "benches" for place in places])
            known[wanted] = benchfile.load(path)
        except HullwatchError as error:
            hint = f" ({error.hint})" if error.hint else ""
            raise pytest.UsageError(f"{error.message}{hint}") from error
    return known[wanted]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a bench runs on each."""
    if "hil_declared" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--bench") or USUAL
        _check_needs(metafunc.definition)
        metafunc.parametrize("hil_declared", list(dict.fromkeys(wanted)), indirect=True, ids=_id)


def _id(wanted: str) -> str:
    return Path(wanted).stem if wanted.endswith(".toml") else wanted


def _check_needs(item: pytest.Item) -> None:
    """A capability that does not exist would be skipped on every bench, for ever."""
    from hullwatch.hil.capabilities import MEANINGS

    for name in _needs(item):
        if name not in MEANINGS:
            known = ", ".join(MEANINGS)
            pytest.fail(f"needs({name!r}): no such capability; there are {known}", pytrace=False)


def _needs(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("needs") for name in mark.args]


@pytest.fixture
def hil_declared(request: pytest.FixtureRequest) -> BenchFile:
    """What the bench's file says; skips what it or this machine cannot do, and broken benches."""
    from hullwatch.hil import testbench

    declared = _declared(request.config, request.param)
    for name in _needs(request.node):
        if name not in declared.can:
            pytest.skip(f"bench {declared.name} has no {name}")
    if lacking := testbench.lacks(declared):
        told = f"bench {declared.name} needs {lacking}"
        if request.config.getoption("--hil-strict"):
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    broken = request.config.stash[_BROKEN].get(declared.name)
    if broken is not None:
        pytest.skip(f"bench {declared.name} is broken, see {broken[0]}: {broken[1]}")
    return declared


@pytest.fixture
def bench(
    hil_declared: BenchFile, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[TestBench]:
    """The bench this test runs on: `bench.start(…)` gives a node."""
    from hullwatch.hil import evidence, testbench

    config = request.config

    def broken(cause: str) -> None:
        config.stash[_BROKEN].setdefault(hil_declared.name, (request.node.nodeid, cause))

    folder = config.getoption("--hil-data") or tmp_path
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", request.node.name).strip("_")
    made = testbench.TestBench(hil_declared, Path(folder), name, broken)
    try:
        yield made
        plots = config.getoption("--hil-report") is not None
        _notes(request.node).update(evidence.of_test(made, plots))
    finally:
        made.close()


@pytest.fixture
def node(bench: TestBench) -> Node:
    """A node of this bench, freshly started and logged."""
    return bench.start()


@pytest.fixture
def chamber(node: Node) -> Chamber:
    """What can be done to that node's chamber."""
    return node.chamber


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured(name, value, unit, low=…, high=…, u95=…)`: reported, and fails outside limits."""
    from hullwatch.hil.measured import Measured

    return Measured(_notes(request.node).setdefault("measured", []))


def _notes(item: pytest.Item) -> dict[str, Any]:
    return item.stash.setdefault(_NOTES, {})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test measured and with what goes into its report, and so into JUnit XML.

    A switch that fails in the middle of a test breaks the bench for those that follow.
    """
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    wanted = getattr(getattr(item, "callspec", None), "params", {}).get("hil_declared")
    if wanted is not None:
        name = _declared(item.config, wanted).name
        vars(report)["hullwatch_bench"] = name
        if getattr(error, "breaks_bench", False):
            item.config.stash[_BROKEN].setdefault(name, (item.nodeid, str(error)))
    notes = item.stash.get(_NOTES, None)
    if notes and report.when == "teardown":
        from hullwatch.hil import evidence

        report.user_properties += evidence.properties(notes)
        vars(report)["hullwatch"] = notes
    return report


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which bench files are in use; nothing when none was asked for."""
    return [
        f"bench {one.name}: {os.path.relpath(one.source)}" for one in config.stash[_FILES].values()
    ]
