"""Measure how soon the trend finds a change and how often it cries wolf.

Writes the tables of `host/docs/change_detection.md`, between `<!-- generated: NAME -->` and
`<!-- end of NAME -->`; `--check` only compares. Seeded: they come out the same every time. Takes
about five minutes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from change_cases import YEAR_S, Interval, delay, intervals, learned_delay
from hullcore import cusum
from run_length import mean_run

PAGE = Path(__file__).resolve().parent.parent / "host" / "docs" / "change_detection.md"
LENGTHS = {"24 h": 86400, "1 h": 3600, "1 min": 60}
RUNS = {"24 h": (5 * 365, 20_000), "1 h": (8760, 12_000), "1 min": (131_400, 5000)}
"""Windows that each chain runs for (5 years, 1 year, 3 months), and how many chains."""

RHOS = (0.25, 0.35, 0.5, 0.71, 1.0, 1.41, 2.0)
LARGE = (2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
LEARNED = (0.25, 0.5, 1.0, 2.0, 4.0)
_POWERS = range(10, 31, 5)


def _row(first: str, cells: list[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def _head(first: str, cells: list[str]) -> str:
    return _row(first, cells) + "\n|" + "---|" * (len(cells) + 1)


def _thresholds() -> Iterator[str]:
    yield _head("one chart alarms once in", [f"2^{power}" for power in _POWERS])
    for i in range(cusum.CUSUMS):
        k = 2.0 ** (i - 3)
        cells = []
        for power in _POWERS:
            h = cusum.thresholds(1 << power)[i] / cusum.UNIT
            cells.append(f"{h:.3f} ({mean_run(k, h) / 2**power:.2f})")
        yield _row(f"k = {k:g}: h (run length reached / asked)", cells)
    single = [cusum.thresholds(1 << power)[cusum.CUSUMS] / cusum.UNIT for power in _POWERS]
    yield _row("single window: z", [f"{z:.3f}" for z in single])


def _years(seen: Interval, length_s: int) -> str:
    years = seen.windows * length_s / YEAR_S
    return f"{years:.3g} a (± {100 / math.sqrt(max(1, seen.alarms)):.1f} %)"


def _intervals() -> Iterator[str]:
    yield _head("case", [f"{name} windows" for name in LENGTHS])
    columns = [list(intervals(LENGTHS[name], *RUNS[name])) for name in LENGTHS]
    for row in zip(*columns, strict=True):
        cells = [_years(seen, s) for seen, s in zip(row, LENGTHS.values(), strict=True)]
        yield _row(row[0].case, cells)


def _delays(rhos: tuple[float, ...]) -> Iterator[str]:
    names = "aligned|any phase|same, 5 lengths|same, σ margin 20 %|permitted|best possible"
    yield _head("windows", ["ρ", *names.split("|")])
    for name, length_s in LENGTHS.items():
        for rho in rhos:
            d = delay(length_s, rho)
            cells = (d.aligned, d.phased, d.five, d.margin, d.permitted, d.best)
            yield _row(name, [f"{rho:g}", *(f"{x:.1f}" for x in cells)])


def _learned() -> Iterator[str]:
    yield _head("windows before the change", [f"ρ = {rho:g}" for rho in LEARNED])
    for before in (10, 30, 100, 300, 1000, 3000):
        found = [learned_delay(3600, rho, before) for rho in LEARNED]
        yield _row(str(before), [f"{100 * share:.0f} %: {mean:.1f}" for share, mean in found])


def page() -> str:
    """The page with all its tables made anew."""
    text = PAGE.read_text("utf-8")
    tables = {
        "thresholds": _thresholds(),
        "intervals": _intervals(),
        "delays": _delays(RHOS),
        "large": _delays(LARGE),
        "learned": _learned(),
    }
    for name, lines in tables.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end of {name} -->"
        before, rest = text.split(start)
        text = before + start + "\n".join(lines) + "\n" + end + rest.split(end)[1]
    return text


@click.command()
@click.option("--check", is_flag=True, help="Fail when the page on disk differs.")
def main(check: bool) -> None:
    """Simulate and write the tables, or compare them with what is on disk."""
    text = page()
    if not check:
        PAGE.write_text(text, "utf-8")
    elif PAGE.read_text("utf-8") != text:
        click.echo(f"{PAGE.name} is out of date: run tools/change_detection.py", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
