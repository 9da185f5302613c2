"""The report of a run as one HTML file: nothing in it comes from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from hullwatch.hil import plots

if TYPE_CHECKING:
    from hullwatch.hil.reporting import Result

_BAR_PX = 150.0
_MARGIN = 0.12
"""Share of the bar on each side of the limits."""


def rendered(results: Sequence[Result], counts: Mapping[str, int], run: Mapping[str, str]) -> str:
    """The page. ``counts`` by outcome of all tests of the run, ``run`` as `evidence.of_run`."""
    environment = Environment(
        loader=PackageLoader("hullwatch.hil", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    benches = {one.notes["bench"]: one.notes for one in results if "bench" in one.notes}
    return environment.get_template("report.html.j2").render(
        results=results,
        passed=not (counts.get("failed", 0) or counts.get("broken", 0)),
        counts=counts,
        run=run,
        benches=[_bench(notes) for notes in benches.values()],
        glance=_glance(results),
        values=[(one, value, bar(value)) for one in results for value in _measured(one)],
        skips=Counter(one.told for one in results if one.outcome == "skipped").most_common(),
        course=plots.course,
    )


def _glance(results: Sequence[Result]) -> list[tuple[str, dict[str, Counter[str]]]]:
    """Per test, over its parameters: outcomes on each bench, in the order they ran."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for one in results:
        on = found.setdefault(one.test, {}).setdefault(one.bench or "no bench", Counter())
        on[one.outcome] += 1
    return list(found.items())


def _measured(result: Result) -> list[dict[str, Any]]:
    return list(result.notes.get("measured", []))


def _bench(notes: Mapping[str, Any]) -> dict[str, str]:
    path = Path(notes["bench_file"])
    return {
        "name": notes["bench"], "file": path.name, "sha256": notes["bench_sha256"],
        "text": path.read_text("utf-8"),
    }  # fmt: skip


def bar(value: Mapping[str, Any]) -> dict[str, float] | None:
    """Where limits, value and its interval stand on a bar, px; None without any limit.

    A value far outside sits at the end of the bar.
    """
    low: float | None = value["low"]
    high: float | None = value["high"]
    if low is None and high is None:
        return None
    if low is None:
        low = min(0.0, value["value"], high)
    if high is None:
        high = max(2.0 * low if low > 0.0 else 1.0, value["value"])
    start_at, span = low, (high - low) or abs(high) or 1.0

    def at(x: float) -> float:
        share = _MARGIN + (1.0 - 2.0 * _MARGIN) * (x - start_at) / span
        return round(_BAR_PX * min(max(share, 0.02), 0.98), 1)

    u95 = value["u95"] or 0.0
    return {
        "width": _BAR_PX, "low": at(low), "high": at(high), "value": at(value["value"]),
        "from": at(value["value"] - u95), "to": at(value["value"] + u95),
    }  # fmt: skip
