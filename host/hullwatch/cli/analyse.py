"""`hullwatch analyse`: the host's second opinion on a node's leak rate, by every method."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from hullwatch.cli import analyseview
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import DURATION, MOMENT, db_option, json_option, print_json
from hullwatch.cli.readings import PRESSURE, RATIO, VOLUME
from hullwatch.errors import InputError, NotDetermined
from hullwatch.store import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hullwatch.analysis.budget import Quantity
    from hullwatch.analysis.whole import Mark
    from hullwatch.assess import Overrides


@click.command(
    "analyse",
    epilog="Example: hullwatch analyse --db jar.db --from 2026-03-01T10:00 --to 2026-03-02",
)
@db_option()
@click.option("--node", default=None, help="Node, when the database has several.")
@click.option("--from", "start", type=MOMENT, default=None, help="UTC, or an age: 2d.")
@click.option("--to", "past", type=MOMENT, default=None, help="UTC, or an age.")
@click.option(
    "--repair", "repairs", type=MOMENT, multiple=True, metavar="TIME",
    help="When the leak was worked on, beside the marks of the database.",
)  # fmt: skip
@click.option(
    "--volume", type=VOLUME, default=None, help='Instead of the settings\': "1.02 ± 0.01 L".'
)
@click.option("--outside", type=PRESSURE, default=None, help='Pressure outside: "101.3 ± 1 kPa".')
@click.option("--humidity", type=RATIO, default=None, help='Of the gas: "40 ± 5 %" relative.')
@click.option(
    "--reserve-limit", type=PRESSURE, default=None, help='Pressure to keep: "65 ± 0 kPa".'
)
@click.option("--temp-lag", type=DURATION, default=None, help="Bound: gas behind the thermometer.")
@click.option("--real-gas", is_flag=True, help="Also by the real equation of state (CoolProp).")
@click.option(
    "--plots", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="Folder for SVG pictures; it is made.",
)  # fmt: skip
@json_option
def command(
    db: Path, node: str | None, start: int | None, past: int | None, repairs: tuple[int, ...],
    volume: Quantity | None, outside: Quantity | None, humidity: Quantity | None,
    reserve_limit: Quantity | None, temp_lag: float | None, real_gas: bool, plots: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Analyse the raw samples of a node: leak rate with interval, by every method that applies.

    Noise is fitted to Allan variances, so that an interval is right under a random walk too. Says
    which method to quote, whether the temperature compensation is one, when the rate changed, what
    a marked repair did, and how long the pressure will last. Ends with 60 where no rate can be
    given.
    """
    from hullwatch.analysis.whole import Mark
    from hullwatch.assess import analyse

    if start is not None and past is not None and past <= start:
        raise InputError("--to is not after --from", "both in UTC")
    marks: list[Mark] = [Mark("repair", at / 1e6) for at in repairs]
    given = _overrides(volume, outside, humidity, reserve_limit, temp_lag)
    with Reader.open(db) as reader, _bar() as advance:
        known = node_of(reader, node)
        found = analyse(
            reader, known, start, past, marks=marks, overrides=given, real_gas=real_gas,
            advance=advance,
        )  # fmt: skip
    drawn: list[Path] = []
    if plots is not None:
        from hullwatch.cli.analyseplots import draw

        drawn = draw(found, plots)
    if as_json:
        print_json(analyseview.as_json(found, drawn))
    else:
        analyseview.show(found, drawn)
    if found.analysis.best.value is None:
        raise NotDetermined("no leak rate: " + "; ".join(found.analysis.best.refusals))


def _overrides(
    volume: Quantity | None, outside: Quantity | None, humidity: Quantity | None,
    reserve_limit: Quantity | None, temp_lag: float | None,
) -> Overrides:  # fmt: skip
    from hullwatch.assess import Overrides

    return Overrides(
        volume_m3=volume.value if volume else None,
        u_volume=volume.u / volume.value if volume and volume.value else None,
        outside_pa=outside.value if outside else None,
        u_outside_pa=outside.u if outside else None,
        relative_humidity=humidity.value if humidity else None,
        u_relative_humidity=humidity.u if humidity else None,
        reserve_limit_pa=reserve_limit.value if reserve_limit else None,
        temp_lag_s=temp_lag,
    )


@contextmanager
def _bar() -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} samples"),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip
        task = bar.add_task("reading", total=None)
        yield lambda samples: bar.advance(task, samples)
