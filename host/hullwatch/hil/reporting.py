"""Gathers what the tests of a run leave, and writes it into one HTML file."""

from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hullwatch.hil import evidence, page

_NEEDED = ("jinja2", "matplotlib")


@dataclass
class Result:
    """One test on one bench: `outcome` is passed, failed, broken (set-up or end) or skipped.

    `bench` is its name, empty for a test that uses none.
    """

    nodeid: str
    bench: str = ""
    outcome: str = "passed"
    seconds: float = 0.0
    told: str = ""
    detail: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def test(self) -> str:
        """Name without file and parameters, as a sentence."""
        return self._name.partition("[")[0].removeprefix("test_").replace("_", " ")

    @property
    def variant(self) -> str:
        """Its parameters, the bench among them."""
        return self._name.partition("[")[2].removesuffix("]")

    @property
    def file(self) -> str:
        """Where it stands."""
        return self.nodeid.partition("::")[0]

    @property
    def _name(self) -> str:
        return self.nodeid.partition("::")[2]


class Reporter:
    """A pytest plugin that writes the report of a run; UsageError when it could not be written."""

    def __init__(self, path: Path) -> None:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise pytest.UsageError(
                f"--hil-report needs {' and '.join(missing)} (pip install 'hullwatch[report]')"
            )
        if not path.absolute().parent.is_dir() or path.is_dir():
            raise pytest.UsageError(f"--hil-report {path}: no such folder, or a folder itself")
        self.path = path
        self._results: dict[str, Result] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        result = self._results.setdefault(report.nodeid, Result(report.nodeid))
        result.seconds += report.duration
        result.notes |= vars(report).get("hullwatch", {})
        result.bench = vars(report).get("hullwatch_bench", result.bench)
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
            result.outcome, result.told = "skipped", reason.removeprefix("Skipped: ")
        elif report.failed and result.outcome != "failed":
            result.outcome = "failed" if report.when == "call" else "broken"
            result.detail = report.longreprtext
            lines = [line for line in report.longreprtext.splitlines() if line.strip()]
            said = [line[1:].strip() for line in lines if line.startswith("E ")]
            result.told = (said or lines[-1:] or [""])[0]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the file."""
        results = [one for one in self._results.values() if one.notes or one.outcome != "passed"]
        if not results:
            results = list(self._results.values())
        counts = Counter(one.outcome for one in self._results.values())
        self.path.write_text(page.rendered(results, counts, evidence.of_run()), "utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where it is."""
        terminalreporter.write_line(f"report: {self.path.absolute()}")
