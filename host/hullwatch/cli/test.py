"""`hullwatch test run|list|abort`: leak tests that the node runs by itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.options import DEFAULT_DB, db_option, json_option, print_json
from hullwatch.cli.rates import running_database
from hullwatch.cli.reach import ask_owner, holder_for
from hullwatch.control import requests
from hullwatch.control.registry import Holder
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.ownport import own_dialogue
from hullwatch.ingest.settings import read_settings
from hullwatch.ingest.testorders import answer_data, order
from hullwatch.leaktest import attempts, follow, nodebody, recipefile
from hullwatch.link import messages as m
from hullwatch.link.testnames import REASONS
from hullwatch.store import Reader, VerdictRow

_LOOK_S = 0.5


class _Owned:
    """The node behind a port that another program holds."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        return answer_data(ask_owner(self._holder, order(message, payload)))

    def settings(self) -> dict[str, str]:
        answer = ask_owner(self._holder, {"do": requests.CONFIG_SHOW})["settings"]
        return {str(key): str(value) for key, value in answer.items()}

    def wait(self) -> None:
        time.sleep(_LOOK_S)


class _Own:
    """The node behind a port of ours."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        return self._dialogue.ask_now(message, payload)

    def settings(self) -> dict[str, str]:
        return read_settings(self._dialogue)

    def wait(self) -> None:
        until_s = time.monotonic() + _LOOK_S
        while time.monotonic() < until_s:
            self._dialogue.step()


@contextlib.contextmanager
def _reached(port: str | None) -> Iterator[_Owned | _Own]:
    holder = holder_for(port)
    if holder is not None:
        yield _Owned(holder)
        return
    with own_dialogue(port) as dialogue:
        yield _Own(dialogue)


@click.group("test", epilog="Example: hullwatch test run jar.toml --part A-017")
def command() -> None:
    """Run leak tests. The node runs a test to its end by itself, whatever becomes of the host."""


@command.command("run", epilog="Example: hullwatch test run jar.toml --part A-017 --json")
@click.argument("recipe", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--part", required=True, help="Id of the part, used once.")
@click.option("--port", default=None, help="Port, when there are several.")
@db_option(None)
@json_option
def run(recipe: Path, part: str, port: str | None, db: Path | None, as_json: bool) -> None:
    """Test one part with a recipe and wait for the verdict.

    Exit code 0: PASS; 80: FAIL; 81: RETEST (run it again with the same id); 82: GROSS; 83:
    INVALID. Ctrl-C ends the waiting, not the test: hullwatch test abort does.
    """
    attempts.check_part(part)
    wanted = recipefile.load(recipe)
    attempt = _attempt(db, part)
    with _reached(port) as node:
        body = nodebody.body_of(wanted, nodebody.configuration(node.settings()))
        number = follow.start(node, follow.load(node, body), part, attempt)
        with Console(stderr=True).status(f"test {number} of {part}") as shown:

            def seen(now: follow.Progress) -> None:
                shown.update(_line(part, now))

            done = follow.until_done(node, node.wait, seen)
    if as_json:
        print_json(_object(part, attempt, done))
    else:
        _tell(part, done)
    raise click.exceptions.Exit(follow.EXIT_CODES.get(done.verdict, 83))


@command.command("list", epilog="Example: hullwatch test list --db jar.db --part A-017")
@db_option(None)
@click.option("--part", default=None, help="Only this part.")
@click.option("--last", type=click.IntRange(1), default=None, help="Only the newest N.")
@json_option
def list_(db: Path | None, part: str | None, last: int | None, as_json: bool) -> None:
    """List the verdicts in a database, newest first.

    Without --db: the database of the running logger, else hullwatch.db.
    """
    with Reader.open(db or running_database() or DEFAULT_DB) as reader:
        rows = reader.tests(None, part, last)
    if as_json:
        print_json({"tests": [_row_object(row) for row in rows]})
        return
    if not rows:
        click.echo("no test is stored")
        return
    table = Table(title="leak rate in Pa·m³/s", title_justify="left")
    for name in ("part", "try", "verdict", "rate ± guard band", "reasons"):
        table.add_column(name)
    for row in rows:
        rate = row.leak_rate_pa_m3_s
        told = "" if rate is None else figures.with_uncertainty(rate, row.guard_pa_m3_s)
        table.add_row(row.part, str(row.attempt), row.verdict, told, row.reasons)
    Console().print(table)


@command.command("abort", epilog="Example: hullwatch test abort")
@click.argument("port", required=False)
@json_option
def abort(port: str | None, as_json: bool) -> None:
    """End a running test by venting; acknowledge a fault that made the outputs safe."""
    with _reached(port) as node:
        follow.abort(node)
        now = follow.progress(node)
    if as_json:
        print_json({"phase": now.phase, "verdict": now.verdict})
    else:
        click.echo(f"phase: {now.phase}")


def _attempt(db: Path | None, part: str) -> int:
    """1, or the next after RETEST; InputError for a part that has had its verdict."""
    path = db or running_database()
    if path is None:
        if not DEFAULT_DB.exists():
            return 1
        path = DEFAULT_DB
    with Reader.open(path) as reader:
        return attempts.next_attempt(reader, part)


def _line(part: str, now: follow.Progress) -> str:
    left_s = max(0.0, now.planned_s - now.elapsed_s)
    return f"{part}: {now.phase}, {now.pressure_pa:.0f} Pa, at most {left_s:.0f} s more"


def _tell(part: str, done: follow.Progress) -> None:
    rate = figures.with_uncertainty(done.rate_pa_m3_s, done.guard_pa_m3_s)
    click.echo(f"{part}: {done.verdict}" + (f", {rate} Pa·m³/s" if done.guard_pa_m3_s else ""))
    meanings = dict(REASONS)
    for name in done.reasons:
        click.echo(f"  {name}: {meanings.get(name, '')}")
    if done.phase == "fault":
        click.echo("  the outputs are safe; hullwatch test abort acknowledges the fault")


def _object(part: str, attempt: int, done: follow.Progress) -> dict[str, object]:
    return {
        "part": part, "attempt": attempt, "verdict": done.verdict, "reasons": list(done.reasons),
        "leak_rate_pa_m3_s": done.rate_pa_m3_s, "guard_pa_m3_s": done.guard_pa_m3_s,
        "record": done.record, "test": done.number, "phase": done.phase,
    }  # fmt: skip


def _row_object(row: VerdictRow) -> dict[str, object]:
    return {
        "node": row.node, "epoch": row.epoch, "record": row.number, "part": row.part,
        "attempt": row.attempt, "verdict": row.verdict,
        "reasons": row.reasons.split(",") if row.reasons else [],
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "guard_pa_m3_s": row.guard_pa_m3_s,
        "received_utc_us": row.received_utc_us,
    }  # fmt: skip
