"""`hullwatch report`: a document that someone signs, as HTML, PDF or data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import MOMENT, db_option, json_option, print_json
from hullwatch.cli.readings import VOLUME, leak_rate
from hullwatch.errors import InputError, Unwritable
from hullwatch.store import Reader

if TYPE_CHECKING:
    from hullwatch.analysis.budget import Quantity
    from hullwatch.report.facts import Report

_SUFFIXES = (".html", ".pdf", ".json", ".csv", ".parquet")


@click.command(
    "report", epilog="Example: hullwatch report --db jar.db --test A-017 --out A-017.pdf"
)
@db_option()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help=f"File to write: {', '.join(_SUFFIXES)}.",
)
@click.option("--node", default=None, help="Node, when the database has several.")
@click.option(
    "--test",
    "tested",
    default=None,
    metavar="PART[#TRY]",
    help="A leak test: part, part#try, or record number.",
)
@click.option("--batch", is_flag=True, help="All leak tests of the span.")
@click.option(
    "--gauge",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="A table of readings, as for `hullwatch gauge`, instead of a database.",
)
@click.option("--from", "start", type=MOMENT, default=None, help="UTC, or an age: 2d.")
@click.option("--to", "past", type=MOMENT, default=None, help="UTC, or an age.")
@click.option(
    "--limit",
    default=None,
    metavar="RATE",
    help='Largest permitted leak rate, any unit: "2e-4 Pa·m³/s at 20C".',
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    default=None,
    help="Of the gauge study, in the unit of its values.",
)
@click.option(
    "--volume", type=VOLUME, default=None, help='Instead of the settings\': "1.02 ± 0.01 L".'
)
@click.option(
    "--heading",
    "heading_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Your heading (TOML): title, organisation, number, who signs.",
)
@json_option
def command(
    db: Path, out: Path, node: str | None, tested: str | None, batch: bool, gauge: Path | None,
    start: int | None, past: int | None, limit: str | None, tolerance: float | None,
    volume: Quantity | None, heading_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Report a measurement: verdict first, then everything behind it.

    Of a node over a span, of one leak test, of a batch of them, or of a gauge study. The same
    database and version give the same file, to the byte, and the same facts hash in every format.
    """
    _check(out, tested, batch, gauge, start, past, limit, tolerance)
    from hullwatch.assess import Overrides
    from hullwatch.report import batch as batches
    from hullwatch.report import gauge as gauges
    from hullwatch.report import leaktest, period, template

    heading = template.load(heading_file)
    given = Overrides(
        volume_m3=volume.value if volume else None,
        u_volume=volume.u / volume.value if volume and volume.value else None,
    )
    if gauge is not None:
        report = gauges.of_gauge(gauge, tolerance, heading)
    else:
        with Reader.open(db) as reader, _bar() as advance:
            if tested is not None:
                row = leaktest.found_test(reader, node, tested)
                report = leaktest.of_test(reader, row, heading, given, advance)
            elif batch:
                report = batches.of_batch(reader, node, start, past, heading, advance)
            else:
                known = node_of(reader, node)
                report = period.of_period(
                    reader, known, start, past, heading, _limit(reader, known, limit), given,
                    advance,
                )  # fmt: skip
    _write(out, _rendered(report, out.suffix))
    if as_json:
        print_json({"file": str(out), "kind": report.facts["kind"], "facts_sha256": report.digest,
                    "verdict": report.facts.get("verdict", {}).get("word")})  # fmt: skip
        return
    click.echo(f"{out}: {_said(report)}")
    click.echo(f"facts {report.digest}")


def _check(
    out: Path, tested: str | None, batch: bool, gauge: Path | None, start: int | None,
    past: int | None, limit: str | None, tolerance: float | None,
) -> None:  # fmt: skip
    if out.suffix not in _SUFFIXES:
        raise InputError(f"{out}: no kind of report", f"end the name in {', '.join(_SUFFIXES)}")
    if sum((tested is not None, batch, gauge is not None)) > 1:
        raise InputError("--test, --batch and --gauge exclude each other", "one report at a time")
    if start is not None and past is not None and past <= start:
        raise InputError("--to is not after --from", "both in UTC")
    if tolerance is not None and gauge is None:
        raise InputError("--tolerance belongs to --gauge", "a limit of a leak rate is --limit")
    if limit is not None and (tested is not None or batch or gauge is not None):
        raise InputError("--limit belongs to a span", "a leak test's limit stands in its recipe")
    if tested is not None and (start is not None or past is not None):
        raise InputError("--from and --to do not go with --test", "a test has its own span")


def _limit(reader: Reader, node: str, text: str | None) -> float | None:
    """Pa·m³/s at the reference temperature of the node's newest configuration."""
    if text is None:
        return None
    configs = reader.configs(node, last=1)
    if not configs:
        raise InputError(f"node {node}: no configuration is stored", "without --limit it can be")
    limit = leak_rate(text, configs[0].t_ref_k, need_u=False).value
    if not limit > 0:
        raise InputError(f"a limit of {text}", "a leak rate, positive")
    return limit


def _rendered(report: Report, suffix: str) -> bytes:
    from hullwatch.report import exports, page

    made: dict[str, Callable[[Report], bytes]] = {
        ".html": lambda one: page.html(one).encode(), ".pdf": page.pdf, ".json": exports.to_json,
        ".csv": exports.to_csv, ".parquet": exports.to_parquet,
    }  # fmt: skip
    return made[suffix](report)


def _write(out: Path, content: bytes) -> None:
    """Whole or not at all."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(out)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise Unwritable(f"{out}: {error.strerror}", "name a file in a folder of yours") from error


def _said(report: Report) -> str:
    from hullwatch.units.rounding import with_uncertainty

    facts = report.facts
    if facts["kind"] == "batch":
        counts = ", ".join(f"{n} {word}" for word, n in facts["totals"]["verdicts"].items())
        return f"{facts['totals']['parts']} parts: {counts}"
    if facts["kind"] == "gauge":
        return f"R&R {facts['components']['gauge_percent']:.3g} % of the total variation"
    result, word = facts["result"], facts["verdict"]["word"]
    if result["value"] is None:
        return f"{word}; no rate"
    return f"{word}; {with_uncertainty(result['value'], result['u95'], result['unit'])}"


@contextmanager
def _bar() -> Iterator[Callable[[int], None]]:
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} samples"),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("reading and verifying", total=None)
        yield lambda samples: bar.advance(task, samples)
