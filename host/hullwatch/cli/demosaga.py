"""`hullwatch demo --scenario prk`: years of a station in minutes, called and scored."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.bench.sagarun import play
from hullwatch.cli.options import print_json
from hullwatch.cli.sagascore import Scored, followed, scored
from hullwatch.cli.waiting import waiting
from hullwatch.errors import InputError
from hullwatch.sim.saga import DAY_S, Saga, load_saga, names
from hullwatch.store import Store
from hullwatch.vigil import ChamberVigil


def is_saga(scenario: Path | None) -> bool:
    """Whether that is the name of a shipped saga, and no file."""
    return scenario is not None and str(scenario) in names() and not scenario.exists()


def run_saga(name: str, for_s: float | None, seed: int, database: Path, as_json: bool) -> None:
    """Play it into a new database, follow it, show calls beside the truth."""
    if database.exists():
        raise InputError(f"{database} exists", "a saga needs a new database: name another --db")
    saga = load_saga(name, None if for_s is None else for_s / DAY_S)
    begun_s = time.monotonic()
    with (
        waiting("per cent of the saga") as bar,
        Store.open(database, saga.start_utc_us, "hullwatch demo") as store,
    ):
        samples = play(saga, store, seed, lambda share: bar.advance_to(round(100 * share), 100))
        with store.reader() as reader:
            station = followed(reader, saga)
            found = scored(reader, saga, station)
    took_s = time.monotonic() - begun_s
    if as_json:
        print_json(_object(saga, station, found, samples, str(database), took_s))
    else:
        _show(saga, station, found, samples, str(database), took_s)


def _date(saga: Saga, day: float | None) -> str:
    if day is None:
        return ""
    return datetime.fromtimestamp(saga.utc_us(day) / 1e6, UTC).date().isoformat()


def _object(
    saga: Saga, station: ChamberVigil, found: list[Scored], samples: int, db: str, took_s: float
) -> dict[str, object]:
    calls = [
        {
            **asdict(one), "date": _date(saga, one.day) or None,
            "truth_date": _date(saga, one.truth_day) or None, "delay_days": one.delay_days,
            "right": one.right,
        }
        for one in found
    ]  # fmt: skip
    return {
        "db": db, "days": saga.days, "samples": samples, "took_s": round(took_s, 1),
        "state": station.state, "calls": calls, "right": sum(one.right for one in found),
    }  # fmt: skip


def _show(
    saga: Saga, station: ChamberVigil, found: list[Scored], samples: int, db: str, took_s: float
) -> None:
    table = Table(title="calls, made without seeing the truth", title_justify="left")
    for name in ("call", "made on", "true on", "delay", "right"):
        table.add_column(name)
    for one in found:
        delay = "" if one.delay_days is None else f"{one.delay_days:.1f} d"
        call = one.said if one.call == one.said or not one.said else f"{one.call}: {one.said}"
        table.add_row(
            call or one.call, _date(saga, one.day), _date(saga, one.truth_day), delay,
            "yes" if one.right else "NO",
        )  # fmt: skip
    Console().print(table)
    years = saga.days / 365.25
    click.echo(f"{years:.1f} years, {samples} samples in {took_s:.0f} s; now {station.state}")
    click.echo(f"database: {db}; see: hullwatch vigil --db {db} --at {_date(saga, saga.days)}")
