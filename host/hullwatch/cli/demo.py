"""`hullwatch demo`: a leaking chamber on a bench, the logger on it, the leak rate on screen."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from hullcore import settings
from hullwatch.bench import byname
from hullwatch.bench.base import Bench
from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli import benches
from hullwatch.cli.demorun import DemoRun
from hullwatch.cli.demosaga import is_saga, run_saga
from hullwatch.cli.demoserve import calibrate_volume, served, with_valves
from hullwatch.cli.demoview import LiveView, silent_view
from hullwatch.cli.options import DURATION, db_option, json_option, print_json
from hullwatch.cli.paths import data_folder
from hullwatch.cli.summary import as_json as summary_json
from hullwatch.cli.summary import show as show_summary
from hullwatch.store import Store


def _fresh_database() -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    return data_folder("demo") / f"demo-{stamp}.db"


@click.command(
    "demo",
    epilog="Example: hullwatch demo --bench sim --for 2h --volume 1.0 --leak 1e-4 --seed 7 --json",
)
@click.option(
    "--bench",
    type=click.Choice(byname.NAMES),
    default="mpy",
    show_default=True,
    help="Where the firmware runs: CPython in virtual time, MicroPython VM, emulated Pico.",
)
@click.option(
    "--speed", type=float, default=1.0, show_default=True, help="Device seconds per second (mpy)."
)
@click.option(
    "--for",
    "for_s",
    type=DURATION,
    default=None,
    help="Device time from the first sample.  [default: 90s, or the whole replay]",
)
@click.option("--rate", type=float, default=10.0, show_default=True, help="Samples per second.")
@click.option("--volume", type=float, default=1.0, show_default=True, help="Litres.")
@click.option(
    "--leak",
    type=float,
    default=1e-4,
    show_default=True,
    help="Pa·m³/s at the start, at 20 °C; positive = gas lost.",
)
@click.option(
    "--pressure", type=float, default=120000.0, show_default=True, help="Pa absolute at the start."
)
@click.option("--sensor", default="auto", show_default=True, help="bmp581, bmp280 or ms5837.")
@click.option(
    "--compensation",
    type=click.Choice(settings.COMPENSATIONS),
    default=None,
    help="Temperature compensation; probe and reference add a second sensor.  "
    "[default: sensor where permitted]",
)
@click.option(
    "--profile",
    type=click.Choice(["default", "rough", "none"]),
    default="default",
    show_default=True,
    help="Random walk of the sensor: 0.001, 0.03 or 0 Pa²/s.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is random.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="CSV t_s,p_pa,temp_c fed through the sensor's registers instead of the physics.",
)
@click.option(
    "--pressure-kind",
    type=click.Choice(["abs", "gauge"]),
    default="abs",
    show_default=True,
    help="What the replay's p_pa is.",
)
@click.option("--ambient", type=float, default=None, help="Pa to add to gauge values of a replay.")
@click.option(
    "--scenario",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="TOML file of sections, hatches and events; or prk: five years of a station.",
)
@click.option(
    "--section", default=None, help="Where the node is in the scenario.  [default: the first]"
)
@click.option(
    "--uf2",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    envvar="HULLWATCH_UF2",
    help="MicroPython for pico-emu.",
)
@click.option("--valves", is_flag=True, help="Supply and vent valve: leak tests can be run.")
@click.option(
    "--http-port", type=click.IntRange(0, 65535), default=None,
    help="Port of the dashboard, 0 any free one.  [default: 8321 or any; none with --bench sim]",
)  # fmt: skip
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help="File with the dashboard's token.  [default: a new one, printed]",
)  # fmt: skip
@click.option(
    "--no-log", is_flag=True, help="Only serve the port, for hullwatch log (mpy, pico-emu)."
)
@db_option(None)
@json_option
@click.pass_context
def command(
    context: click.Context, /, bench: str, speed: float, for_s: float | None, seed: int,
    scenario: Path | None, uf2: Path | None, http_port: int | None, token_file: Path | None,
    no_log: bool, db: Path | None, as_json: bool, **_world: object,
) -> None:  # fmt: skip
    """Run a leaking chamber, log it and show the leak rate.

    Pressure, temperature and the leak rate of every ready window with its 95 % half-width are
    shown while it runs, and stored. Without --db a new file is made in the user's data folder.
    --scenario prk plays five years of a station's leak, and scores what was called.
    """
    if is_saga(scenario):
        _refuse_saga_options(context)
        run_saga(str(scenario), for_s, seed, db or _fresh_database(), as_json)
        return
    speed = benches.check_speed(bench, speed)
    if scenario is not None:
        _refuse_chamber_options(context)
    spec = _spec(context.params)
    if no_log:
        _serve(byname.start(bench, spec, speed, uf2), for_s)
        return
    database = db or _fresh_database()
    with (  # the bench first: where it cannot run, no empty database is left
        contextlib.closing(byname.start(bench, spec, speed, uf2)) as running,
        contextlib.closing(Store.open(database, time.time_ns() // 1000, "hullwatch demo")) as store,
    ):
        run = DemoRun(running, spec, store, for_s)
        _drive(run, store, http_port, token_file, as_json)
        summary = run.summary(str(store.path))
    if as_json:
        print_json(summary_json(summary))
    else:
        show_summary(summary)


def _spec(given: dict[str, Any]) -> BenchSpec:
    """What the options ask for, checked."""
    recording = benches.load_replay(given["replay"], given["pressure_kind"], given["ambient"])
    scenario, section, sensor = given["scenario"], given["section"], given["sensor"]
    pressure, seed = given["pressure"], given["seed"]
    rest: dict[str, Any] = {
        "period_us": benches.period_us(given["rate"]), "compensation": given["compensation"],
        "profile": given["profile"], "seed": seed,
    }  # fmt: skip
    if scenario is not None or section is not None:
        spec = benches.in_scenario(scenario, section, sensor, **rest)
    else:
        spec = BenchSpec(
            chamber=benches.chamber(given["volume"], given["leak"], pressure, seed),
            sensor=benches.choose_sensor(sensor, recording, pressure), replay=recording, **rest,
        )  # fmt: skip
    spec = with_valves(spec) if given["valves"] else spec
    spec.check()
    return spec


def _drive(
    run: DemoRun, store: Store, http_port: int | None, token_file: Path | None, as_json: bool
) -> None:
    """Run it to its end, on screen and, where that can be had, in a browser."""
    with (
        served(run, store, http_port, token_file, not as_json) as answer,
        silent_view(run) if as_json else LiveView(run) as view,
    ):
        run.start(answer, view.refresh)
        calibrate_volume(run, store)
        run.drive(answer, view.refresh)


def _refuse_chamber_options(context: click.Context) -> None:
    """A scenario says what they would say: none of them is silently ignored."""
    for name in ("volume", "leak", "pressure", "replay"):
        source = context.get_parameter_source(name)
        if source is not None and source is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name} does not go with --scenario: write it in the file")


def _refuse_saga_options(context: click.Context) -> None:
    """A saga says everything but its seed and where it ends."""
    for name in ("volume", "leak", "pressure", "replay", "section", "rate", "speed", "no_log",
                 "valves", "sensor", "compensation", "profile"):  # fmt: skip
        source = context.get_parameter_source(name)
        if source is not None and source is not ParameterSource.DEFAULT:
            option = name.replace("_", "-")
            raise click.UsageError(f"--{option} does not go with a saga: it is in its file")
    source = context.get_parameter_source("bench")
    if context.params["bench"] != "sim" and source is not ParameterSource.DEFAULT:
        raise click.UsageError("a saga runs on the sim bench only")


def _serve(bench: Bench, for_s: float | None) -> None:
    """Hold the bench open for another program."""
    terminal = None
    if isinstance(bench, EmuBench):
        from hullwatch.bench.emu.terminal import EmuTerminal

        terminal = EmuTerminal(bench)
    path = getattr(terminal or bench, "port_path", None)
    if path is None:
        bench.close()
        raise click.UsageError(f"--no-log serves a terminal, which --bench {bench.name} has not")
    try:
        click.echo(f"node on {path}")
        click.echo(f"in another terminal: hullwatch log {path}")
        click.echo("Ctrl-C ends it")
        deadline = None if for_s is None else bench.now_s() + for_s
        while deadline is None or bench.now_s() < deadline:
            time.sleep(0.2)
            if terminal is not None and terminal.fault is not None:
                raise terminal.fault
    finally:
        if terminal is not None:
            terminal.close()
        bench.close()
