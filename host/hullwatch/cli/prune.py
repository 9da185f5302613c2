"""`hullwatch prune`: remove old raw samples; what they gave stays."""

from __future__ import annotations

import time
from pathlib import Path

import click

from hullwatch.cli.options import MOMENT, db_option, json_option, print_json
from hullwatch.cli.waiting import waiting
from hullwatch.store import Prunable, Reader, Store


@click.command("prune", epilog="Example: hullwatch prune --db jar.db --raw-before 90d")
@db_option()
@click.option(
    "--raw-before", type=MOMENT, required=True,
    help="A date (2026-03-01, UTC unless it says otherwise) or an age (90d).",
)  # fmt: skip
@click.option("--node", default=None, help="Only this node.")
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@click.option("--shrink", is_flag=True, help="Give the space back to the disk: slow, needs room.")
@json_option
def command(
    db: Path, raw_before: int, node: str | None, dry_run: bool, shrink: bool, as_json: bool
) -> None:
    """Remove raw samples older than a time. Not while a logger writes.

    Records, windows, events and what plots are drawn from stay. The samples' numbers become a
    stated hole, the hash chain keeps its value there. Samples whose time nobody knows stay, and
    so do those before which others may still arrive. The space is used again for new samples.
    """
    Reader.open(db).close()  # a name that is no database makes none
    now_us = time.time_ns() // 1000
    found: list[Prunable] = []
    with Store.open(db, now_us, "hullwatch prune") as store, waiting("samples removed") as bar:
        for boot in store.prune_raw(raw_before, now_us, node, dry_run):
            found.append(boot)
            bar.advance_to(sum(each.samples for each in found))
        if shrink and not dry_run:
            store.shrink()
    samples = sum(boot.samples for boot in found)
    if as_json:
        print_json({"removed": not dry_run, "samples": samples, "boots": [_told(b) for b in found]})
        return
    for boot in found:
        if boot.kept:
            click.echo(f"boot {boot.boot.boot} of {boot.boot.node}: some stay, {boot.kept}")
    click.echo(f"{samples} raw samples {'would go' if dry_run else 'removed'}")


def _told(what: Prunable) -> dict[str, object]:
    node, epoch, boot = what.boot
    return {
        "node": node, "epoch": epoch, "boot": boot, "first": what.first, "past": what.past,
        "samples": what.samples, "kept": what.kept,
    }  # fmt: skip
