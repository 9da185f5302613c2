"""`hullwatch alarms`: watch a database and tell people; list and acknowledge."""

from __future__ import annotations

import getpass
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from hullwatch.alarms.channels import Undelivered
from hullwatch.alarms.delivery import Delivery
from hullwatch.alarms.engine import Engine
from hullwatch.alarms.findings import gather
from hullwatch.alarms.rules import RULES
from hullwatch.alarms.settings import AlarmSettings, load, usual
from hullwatch.cli.options import DURATION, db_option, json_option, print_json
from hullwatch.errors import NotTold
from hullwatch.store import Reader
from hullwatch.store.alarmlog import AlarmLog, AlarmRow, path_beside

_SETTINGS = click.option(
    "--config", "file", type=click.Path(path_type=Path, dir_okay=False),
    help="Alarm file (TOML): limits and channels.  [default: usual limits, no channel]",
)  # fmt: skip


def _settings(file: Path | None) -> AlarmSettings:
    return load(file) if file else usual()


def _now_us() -> int:
    return time.time_ns() // 1000


@click.group("alarms", epilog="Example: hullwatch alarms run --db jar.db --config alarms.toml")
def command() -> None:
    """Alarms: raised by rules over the store, latched until acknowledged, told until received."""


@command.command("run", epilog="Example: hullwatch alarms run --db jar.db --config alarms.toml")
@db_option()
@_SETTINGS
@click.option("--every", type=DURATION, default=5.0, help="How often to look.  [default: 5s]")
@click.option("--once", is_flag=True, help="Look and deliver once, then end.")
@json_option
def run(db: Path, file: Path | None, every: float, once: bool, as_json: bool) -> None:
    """Look at a database for ever, beside its logger, and tell the channels.

    What could not be delivered stays in `DB.alarms` and is tried again, also after a restart.
    Each line of `--json` is one transition or failed delivery.
    """
    settings = _settings(file)
    with Reader.open(db) as reader, AlarmLog.beside(db) as log:
        log.hold("hullwatch alarms")
        engine = Engine(log, settings)
        delivery = Delivery(log, [channel for channel, _ in settings.channels])
        while True:
            now_us = _now_us()
            for transition, row in engine.step(gather(reader, now_us), now_us):
                _tell(transition, row, as_json)
            for tried, error in delivery.step():
                if error:
                    _tell_failed(tried.channel, tried.id, error, as_json)
            if once:
                return
            time.sleep(every)


def _tell(transition: str, row: AlarmRow, as_json: bool) -> None:
    if as_json:
        print_json({"transition": transition, **_facts(row)})
        return
    click.echo(f"{_time(_now_us())}  {transition:12} {row.severity:7} {row.subject}  {row.text}")


def _tell_failed(channel: str, message: str, error: str, as_json: bool) -> None:
    if as_json:
        print_json({"channel": channel, "id": message, "error": error})
    else:
        click.echo(f"channel {channel}: {error}; it will be tried again", err=True)


def _facts(row: AlarmRow) -> dict[str, object]:
    return {**asdict(row), "state": row.state}


def _time(utc_us: int) -> str:
    return datetime.fromtimestamp(utc_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


@command.command("list", epilog="Example: hullwatch alarms list --db jar.db --all")
@db_option()
@click.option("--all", "closed", is_flag=True, help="Closed ones too.")
@json_option
def listed(db: Path, closed: bool, as_json: bool) -> None:
    """Show the alarms that are open, and what channels are still owed."""
    Reader.open(db).close()  # a name that is no database makes none
    rows: list[AlarmRow] = []
    waiting: dict[str, tuple[int, str]] = {}
    if path_beside(db).exists():
        with AlarmLog.beside(db) as log:
            rows, waiting = log.alarms(open_only=not closed), log.waiting()
    if as_json:
        owed = {name: {"messages": n, "error": error} for name, (n, error) in waiting.items()}
        print_json({"alarms": [_facts(row) for row in rows], "waiting": owed})
        return
    for row in rows:
        by = f" by {row.acked_by}" if row.acked_by else ""
        click.echo(
            f"{row.id:4}  {row.state + by:20} {row.severity:7} {row.rule:14} {row.subject}"
            f"  since {_time(row.raised_utc_us)}  {row.text}"
        )
    if not rows:
        click.echo("no alarm" if closed else "no open alarm")
    for name, (count, error) in waiting.items():
        click.echo(f"channel {name} is owed {count} messages" + (f": {error}" if error else ""))


@command.command("ack", epilog="Example: hullwatch alarms ack 3 --db jar.db")
@click.argument("alarm", type=int)
@db_option()
@_SETTINGS
@click.option("--by", default=None, help="Who.  [default: the name you are logged in with]")
@json_option
def acknowledge(alarm: int, db: Path, file: Path | None, by: str | None, as_json: bool) -> None:
    """Acknowledge an alarm: somebody knows. It closes once it has cleared, too.

    With `--config` the channels are told who it was; who runs `alarms run` delivers it.
    """
    Reader.open(db).close()
    settings = _settings(file)
    with AlarmLog.beside(db) as log:
        row = Engine(log, settings).acknowledge(alarm, by or getpass.getuser(), _now_us())
    if as_json:
        print_json(_facts(row))
    else:
        click.echo(f"alarm {row.id} acknowledged by {row.acked_by}; it is {row.state}")


@command.command("try", epilog="Example: hullwatch alarms try --config alarms.toml")
@click.option(
    "--config", "file", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="Alarm file (TOML).",
)  # fmt: skip
@json_option
def attempt(file: Path, as_json: bool) -> None:
    """Check an alarm file and send a test message through each of its channels."""
    now = datetime.now(UTC).isoformat()
    message = {
        "id": f"try-{time.time_ns()}", "alarm": 0, "rule": "try", "severity": "warning",
        "state": "closed", "transition": "test", "node": "none", "chamber": "none",
        "text": "a test message: no alarm", "value": None, "unit": "", "times": 0,
        "raised_utc": now, "cleared_utc": None, "acknowledged_utc": None, "acknowledged_by": "",
    }  # fmt: skip
    outcomes: dict[str, str] = {}
    for channel, _ in load(file).channels:
        try:
            channel.send(message)
            outcomes[channel.name] = ""
        except Undelivered as error:
            outcomes[channel.name] = str(error)
    if as_json:
        print_json({"channels": outcomes})
    elif not outcomes:
        click.echo("the file is good; it names no channel")
    for name, trouble in outcomes.items():
        if not as_json:
            click.echo(f"{name}: {trouble or 'received'}")
    failed = [name for name, trouble in outcomes.items() if trouble]
    if failed:
        raise NotTold(f"not received by {', '.join(failed)}", "mend the channel, then try again")


@command.command("rules", epilog="Example: hullwatch alarms rules --config alarms.toml")
@_SETTINGS
@json_option
def rules(file: Path | None, as_json: bool) -> None:
    """Show the rules in force with their limits."""
    settings = _settings(file)
    rows = [
        {
            "rule": rule.name, "severity": rule.severity, "for_s": rule.for_s,
            "limit_s": rule.limit if rule.limit == rule.limit else None,
            "what": RULES[rule.name][3],
        }
        for rule in settings.rules
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    for row in rows:
        limit = "" if row["limit_s"] is None else f" [{row['limit_s']:g} s]"
        click.echo(f"{row['rule']:15} {row['severity']:8} {row['what']}{limit}")
