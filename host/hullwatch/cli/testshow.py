"""`hullwatch test show`: everything that is stored of one test."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.options import DEFAULT_DB, db_option, json_option, print_json
from hullwatch.cli.standingview import behind_object, lines
from hullwatch.cli.testrun import known_database
from hullwatch.leaktest.facts import TestFacts, facts
from hullwatch.store import Reader


@click.command("show", epilog="Example: hullwatch test show A-017 --db jar.db --json")
@click.argument("part")
@click.option("--attempt", type=click.IntRange(1), default=None, help="Not the newest one.")
@db_option(None)
@json_option
def command(part: str, attempt: int | None, db: Path | None, as_json: bool) -> None:
    """Show all that is stored of one test of PART: verdict, phases, recipe, what stands behind it.

    Without --db: the database of the running logger, else hullwatch.db.
    """
    with Reader.open(known_database(db) or DEFAULT_DB) as reader:
        found = facts(reader, part, attempt)
    if as_json:
        print_json({**found.as_dict(), "behind": behind_object(found.behind)})
    else:
        _show(found)


def _show(found: TestFacts) -> None:
    row = found.verdict
    rate = ""
    if row.leak_rate_pa_m3_s is not None:
        at = "" if found.t_ref_k is None else f" {figures.reference(found.t_ref_k)}"
        told = figures.with_uncertainty(row.leak_rate_pa_m3_s, row.guard_pa_m3_s, figures.LEAK_UNIT)
        factor = "" if found.k is None else f" (guard band, k = {found.k:.2f})"
        rate = f", {told}{at}{factor}"
    click.echo(f"{row.part}, attempt {row.attempt}: {row.verdict}{rate}")
    for name, meaning in found.reasons:
        click.echo(f"  {name}: {meaning}")
    click.echo(
        f"node {row.node}, firmware {found.boot.firmware}, record {row.number}, "
        f"SHA-256 {found.record_sha256}"
    )
    phases = Table(title="phases", title_justify="left")
    for name in ("phase", "from sample", "UTC"):
        phases.add_column(name)
    for phase in found.phases:
        phases.add_row(phase.name, str(phase.sample), figures.utc(phase.utc_us) or "unknown")
    Console().print(phases)
    recipe = Table(title="recipe", title_justify="left")
    for name in ("key", "value"):
        recipe.add_column(name)
    for key, value in found.recipe.items():
        if value is None:
            continue
        recipe.add_row(key, f"{value:g}" if isinstance(value, float) else str(value))
    Console().print(recipe)
    for line in lines(found.behind):
        click.echo(line)
