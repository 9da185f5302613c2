"""Entering a mark: one command a kind, made from the table of kinds."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hullwatch.cli import readings
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.marklist import as_object, line
from hullwatch.cli.options import DURATION, MOMENT, db_option, json_option, print_json
from hullwatch.cli.reach import through
from hullwatch.cli.storing import put_row
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import HullwatchError, InputError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.marks import DECLARE, RECOVERED, RELEARN, Mark, send_mark
from hullwatch.store import MarkRow, Reader, Store
from hullwatch.store.marks import KINDS, REVOKE, MarkKind

_FPA = 1e15
_T_REF_K = 293.15  # of a chamber that no node has told of yet
_EXAMPLES = {
    "known-leak": '--from 2h --to 1h --rate "1e-5 ± 2e-7 Pa·m³/s at 20C" "CL 1e-5, no. 411"',
    "baseline": '--rate "2e-6 ± 1e-7 Pa·m³/s at 20C" "as certified"',
    "docking": '--from 2026-03-01T10:00 --to 2026-03-01T14:30 "Progress 91"',
    "note": '--at 2026-03-01T12:00+01:00 "crew heard a hiss"',
}


def _order(kind: str) -> int | None:
    """What a node is told of such a mark; None: it has no word for it."""
    if KINDS[kind].voids:
        return RELEARN
    return {"known-leak": RECOVERED, "baseline": DECLARE}.get(kind)


def _options(kind: str) -> list[Callable[[Any], Any]]:
    found = [
        click.argument("text"),
        db_option(),
        click.option("--node", default=None, help="About this node.  [default: the only one]"),
        click.option("--chamber", default=None, help="About every node of this chamber."),
        click.option("--all", "every", is_flag=True, help="About every node in the database."),
        click.option("--at", type=MOMENT, default=None, help="When, UTC.  [default: now]"),
        click.option("--from", "start", type=MOMENT, default=None, help="When it began."),
        click.option("--to", "end", type=MOMENT, default=None, help="When it was over."),
        click.option("--by", default=None, help="Who says so.  [default: the user's name]"),
    ]
    if KINDS[kind].rated:
        found += [
            click.option("--rate", required=True, help="Leak rate ± its standard uncertainty."),
            click.option(
                "--bound", type=click.FloatRange(0), default=0.0, help="Systematic, Pa·m³/s."
            ),
        ]
    if _order(kind) is not None:
        found += [
            click.option("--tell", is_flag=True, help="Tell the node too, for its own trends."),
            click.option("--port", default=None, help="Of the node, with several ports."),
            click.option("--window", type=DURATION, default=None, help="Tell one trend only."),
        ]
    return [*found, json_option]


def kind_command(kind: str) -> click.Command:
    """The command that enters marks of a kind."""

    def run(text: str, db: Path, as_json: bool, **given: Any) -> None:
        _enter(kind, text, db, as_json, given)

    about: MarkKind = KINDS[kind]
    run.__doc__ = f"{about.doc[0].upper()}{about.doc[1:]}.\n\n{_more(kind)}"
    for option in reversed(_options(kind)):
        run = option(run)
    example = _EXAMPLES.get(kind, '"what was done"')
    return click.command(kind, epilog=f"Example: hullwatch mark {kind} {example}")(run)


def _more(kind: str) -> str:
    if kind == "known-leak":
        return (
            "Whether it was found with its size is judged by `hullwatch vigil`. With --tell you "
            "say that it was, and the node's next proof of cessation may use that."
        )
    if _order(kind) is None:
        return "The node is not told: it has no such mark."
    return "With --tell nothing is stored unless the node has taken it."


def _enter(kind: str, text: str, db: Path, as_json: bool, given: dict[str, Any]) -> None:
    now_us = time.time_ns() // 1000
    start, end = _span(given, now_us)
    with Reader.open(db) as reader:
        node, chamber = _about(reader, given)
        configs = reader.configs(node or None, 1)
    t_ref_k = configs[-1].t_ref_k if configs else _T_REF_K
    rated = KINDS[kind].rated
    rate = readings.leak_rate(given["rate"], t_ref_k) if rated else None
    row = MarkRow(
        number=0, kind=kind, node=node, chamber=chamber, from_utc_us=start, to_utc_us=end,
        text=text, rate_pa_m3_s=rate.value if rate else None, u_pa_m3_s=rate.u if rate else None,
        bound_pa_m3_s=given["bound"] if rate else None, t_ref_k=t_ref_k if rate else None,
        told=given.get("tell", False), entered_by=given["by"] or _user(), entered_utc_us=now_us,
        revokes=None,
    )  # fmt: skip
    if row.told:
        _tell(row, given)
    elif given.get("port") is not None or given.get("window") is not None:
        raise InputError("--port and --window belong to --tell", "add --tell, or leave them away")
    _keep(db, row, as_json)


def _span(given: dict[str, Any], now_us: int) -> tuple[int, int]:
    at, start, end = given["at"], given["start"], given["end"]
    if (start is None) != (end is None):
        raise InputError("--from and --to belong together", "or name a moment with --at")
    if start is None:
        return (now_us, now_us) if at is None else (at, at)
    if at is not None:
        raise InputError("--at is a moment, --from and --to are a span", "give one of the two")
    return start, end


def _about(reader: Reader, given: dict[str, Any]) -> tuple[str, str]:
    """(node, chamber); both empty: all."""
    named = [name for name in ("node", "chamber", "every") if given[name]]
    if len(named) > 1:
        raise InputError("a mark is about one node, one chamber, or all", "name one of them")
    if given["every"]:
        return "", ""
    if given["chamber"]:
        return "", str(given["chamber"])
    return node_of(reader, given["node"]), ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user on this machine
        return "unknown"


def _tell(row: MarkRow, given: dict[str, Any]) -> None:
    """Tell the node; it may refuse, and then nothing is stored."""
    if not row.node:
        raise InputError("--tell speaks to one node", "name it with --node, once for each")
    order = _order(row.kind)
    assert order is not None
    sent = Mark(
        order, round(given["window"] or 0), _fpa(row.rate_pa_m3_s), _fpa(row.u_pa_m3_s),
        _fpa(row.bound_pa_m3_s),
    )  # fmt: skip
    port = given["port"]
    answer = through(port, {"do": requests.STATUS}, lambda dialogue: {"node": dialogue.greet().uid})
    if answer.get("node") != row.node:
        raise InputError(
            f"node {answer.get('node')} is on the port, the mark is about {row.node}",
            "name the port of that node with --port",
        )

    def direct(dialogue: Dialogue) -> Message:
        send_mark(dialogue, sent)
        return {"marked": True}

    through(port, sent.request(requests.TREND_MARK), direct)


def _fpa(rate: float | None) -> int:
    if rate is not None and not abs(rate) < 1e3:
        raise InputError(f"{rate:g} Pa·m³/s is no leak rate", "check its unit")
    return round((rate or 0.0) * _FPA)


@click.command("revoke", epilog='Example: hullwatch mark revoke 3 "wrong day"')
@click.argument("number", type=int)
@click.argument("text")
@db_option()
@click.option("--by", default=None, help="Who says so.  [default: the user's name]")
@json_option
def revoke(number: int, text: str, db: Path, by: str | None, as_json: bool) -> None:
    """Take a mark back: it stays in the list, and nothing follows from it any more.

    What a node was told stays with the node.
    """
    now_us = time.time_ns() // 1000
    row = MarkRow(
        number=0, kind=REVOKE, node="", chamber="", from_utc_us=now_us, to_utc_us=now_us, text=text,
        rate_pa_m3_s=None, u_pa_m3_s=None, bound_pa_m3_s=None, t_ref_k=None, told=False,
        entered_by=by or _user(), entered_utc_us=now_us, revokes=number,
    )  # fmt: skip
    Reader.open(db).close()  # a database is not made for a mark
    _keep(db, row, as_json)


def _keep(db: Path, row: MarkRow, as_json: bool) -> None:
    """Store it and say so."""

    def direct(store: Store) -> Message:
        return {"number": store.add_mark(row)}

    request: Message = {"do": requests.MARK_ADD, "mark": asdict(row)}
    try:
        number = put_row(db, "hullwatch mark", request, direct)["number"]
    except HullwatchError as error:
        if row.told:
            error.message = f"the node was told, but not stored: {error.message}"
        raise
    assert isinstance(number, int)
    with Reader.open(db) as reader:
        (kept,) = [mark for mark in reader.marks(every=True) if mark.number == number]
    if as_json:
        print_json(as_object(kept))
    else:
        click.echo(f"marked: {line(kept)}")
