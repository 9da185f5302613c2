"""`hullwatch test run|list|show|abort`: leak tests that the node runs by itself."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.calibration import Behind, Book, State
from hullwatch.cli import figures, testrun, testshow
from hullwatch.cli.options import DEFAULT_DB, db_option, json_option, print_json
from hullwatch.cli.standingview import behind_object
from hullwatch.cli.testreach import reached
from hullwatch.leaktest import follow
from hullwatch.store import BootKey, Reader, VerdictRow


@click.group("test", epilog="Example: hullwatch test run jar.toml --part A-017")
def command() -> None:
    """Run leak tests. The node runs a test to its end by itself, whatever becomes of the host."""


command.add_command(testrun.command)
command.add_command(testshow.command)


@command.command("list", epilog="Example: hullwatch test list --db jar.db --part A-017")
@db_option(None)
@click.option("--part", default=None, help="Only this part.")
@click.option("--last", type=click.IntRange(1), default=None, help="Only the newest N.")
@json_option
def list_(db: Path | None, part: str | None, last: int | None, as_json: bool) -> None:
    """List the verdicts in a database, newest first, with what stands behind them.

    Without --db: the database of the running logger, else hullwatch.db.
    """
    with Reader.open(testrun.known_database(db) or DEFAULT_DB) as reader:
        rows = reader.tests(None, part, last)[::-1]
        clocks = reader.clocks()
        books = {row.node: Book(reader, row.node) for row in rows}
        listed = []
        for row in rows:
            clock = clocks[BootKey(row.node, row.epoch, row.boot)]
            when = figures.When.of(clock, row.device_ms)
            at_us = when.latest_us or row.received_utc_us
            behind = books[row.node].behind_test(row.epoch, row.recipe, row.config, at_us)
            listed.append((row, when, behind))
    if as_json:
        print_json({"tests": [_row_object(*one) for one in listed]})
        return
    if not rows:
        click.echo("no test is stored")
        return
    table = Table(title="leak rate in Pa·m³/s", title_justify="left")
    for name in ("part", "try", "verdict", "rate ± guard band", "reasons", "ended, UTC", "volume"):
        table.add_column(name, no_wrap=name in ("part", "try", "verdict", "rate ± guard band"))
    for row, when, behind in listed:
        rate = row.leak_rate_pa_m3_s
        told = "" if rate is None else figures.with_uncertainty(rate, row.guard_pa_m3_s)
        table.add_row(
            row.part, str(row.attempt), row.verdict, told, row.reasons.replace(",", ", "),
            str(when), _volume(behind),
        )  # fmt: skip
    Console().print(table)


def _volume(behind: Behind) -> str:
    """What the volume's calibration was worth then."""
    if behind.used is not None and behind.used.of_recipe:
        return "of the recipe"
    row = behind.volume.row
    if row is None:
        return "not calibrated"
    if behind.volume.state is State.EXPIRED:
        return f"expired {behind.volume.ended}"
    if behind.remark:
        return "not as calibrated"
    return row.certificate or row.method


@command.command("abort", epilog="Example: hullwatch test abort")
@click.argument("port", required=False)
@json_option
def abort(port: str | None, as_json: bool) -> None:
    """End a running test by venting; acknowledge a fault that made the outputs safe."""
    with reached(port) as node:
        follow.abort(node)
        now = follow.progress(node)
    if as_json:
        print_json({"phase": now.phase, "verdict": now.verdict})
    else:
        click.echo(f"phase: {now.phase}")


def _row_object(row: VerdictRow, when: figures.When, behind: Behind) -> dict[str, object]:
    return {
        "node": row.node, "epoch": row.epoch, "record": row.number, "part": row.part,
        "attempt": row.attempt, "verdict": row.verdict,
        "reasons": row.reasons.split(",") if row.reasons else [],
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "guard_pa_m3_s": row.guard_pa_m3_s,
        "received_utc_us": row.received_utc_us, **when.as_json(), "behind": behind_object(behind),
    }  # fmt: skip
