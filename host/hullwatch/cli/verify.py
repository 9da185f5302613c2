"""`hullwatch verify`: is every stored result what its stored samples give?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from hullwatch.cli.options import db_option, json_option, print_json
from hullwatch.errors import InputError, VerificationError
from hullwatch.store import Head, Reader
from hullwatch.verify import database
from hullwatch.verify.compare import NOT_RECOMPUTED
from hullwatch.verify.outcome import Outcome, Tally


@click.command("verify", epilog="Example: hullwatch verify --db jar.db")
@db_option()
@click.option("--node", default=None, help="Only this node.")
@json_option
def command(db: Path, node: str | None, as_json: bool) -> None:
    """Recompute every stored result from the stored samples and compare bit for bit.

    Windows, learned noise profiles, trends and leak tests go through the node's own arithmetic
    again; the hash chains of records and raw blocks are walked, with every record's CRC and its row
    in the plain tables. What cannot be recomputed is counted with the reason. Exit code 0: nothing
    differs; 8: something does, and the first difference is named. Works while a logger writes.
    """
    with Reader.open(db) as reader:
        if node is not None and node not in (known.node for known in reader.nodes()):
            listed = ", ".join(known.node for known in reader.nodes()) or "none"
            raise InputError(f"{db} has no node {node}", f"it has: {listed}")
        with _progress(database.work(reader, node)) as progress:
            outcome = database.verify(reader, node, progress)
    if as_json:
        print_json(_object(db, outcome))
    else:
        _show(outcome)
    if outcome.different:
        raise VerificationError(
            outcome.describe(),
            f"{outcome.different} differ; compare with a backup to see which side was changed",
        )


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=total)
        yield lambda done: bar.update(task, advance=done)


def _object(db: Path, outcome: Outcome) -> dict[str, object]:
    first = outcome.first
    return {
        "db": str(db),
        "ok": not outcome.different,
        "samples": outcome.samples,
        "chains": [_head(head) for head in outcome.heads],
        "chain_breaks": outcome.broken,
        "first_break": None if outcome.first_break is None else asdict(outcome.first_break),
        "windows": _tally(outcome.windows),
        "profiles": _tally(outcome.profiles),
        "trends": _tally(outcome.trends),
        "tests": _tally(outcome.tests),
        "not_recomputed": {kind: sorted(names) for kind, names in NOT_RECOMPUTED.items()},
        "first_difference": None if first is None else {
            "node": first.node, "epoch": first.epoch, "number": first.number, "what": first.what,
            "field": first.field, "stored": first.stored, "recomputed": first.recomputed,
            "first_sample": first.span[0] if first.span else None,
            "last_sample": first.span[1] if first.span else None,
        },
    }  # fmt: skip


def _head(head: Head) -> dict[str, object]:
    return {**asdict(head), "chain": head.chain.hex()}


def _tally(tally: Tally) -> dict[str, object]:
    return {
        "equal": tally.equal,
        "different": tally.different,
        "not_verifiable": dict(tally.not_verifiable.most_common()),
    }


def _show(outcome: Outcome) -> None:
    console = Console()
    links = sum(head.links for head in outcome.heads)
    console.print(f"{len(outcome.heads)} hash chains of {links} links, {outcome.broken} breaks")
    for head in outcome.heads:
        console.print(f"  {head}", soft_wrap=True, highlight=False)
    for name, tally in (
        ("windows", outcome.windows),
        ("noise profiles", outcome.profiles),
        ("snapshots of trends", outcome.trends),
        ("leak tests", outcome.tests),
    ):
        if tally.total or name == "windows":
            console.print(
                f"{tally.equal} {name} equal, {tally.different} different, "
                f"{tally.not_verifiable.total()} not verifiable"
            )
        for reason, count in tally.not_verifiable.most_common():
            console.print(f"  {count}: {reason}", soft_wrap=True)
