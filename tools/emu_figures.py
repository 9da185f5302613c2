"""Figures that only the emulated Pico gives: heap, processor time, jitter, stalls, safe outputs.

Each part is a run of its own, in emulated time: one chip, its chamber, a host.

    HULLWATCH_UF2=image.uf2 python tools/emu_figures.py --part full --seconds 120
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import HullwatchError
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.settings import read_settings
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.link import messages as m
from hullwatch.link.events import Event, Status
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.store import Store

WIRING = "16:supply:fill:nc:60:dump;17:dump:vent:nc:0"
LEAVE, START = b"\x03", b"\x04"
EXAMPLE = Path(__file__).parents[1] / "host" / "docs" / "examples" / "recipes" / "decay.toml"
RECIPE = EXAMPLE.read_text().replace("time_s = 20", "time_s = 55")
RECIPE = RECIPE.replace("[stabilise]\ntime_s = 60", "[stabilise]\ntime_s = 600")
_TESTED = {
    "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "temp_gradient_uk": 100,
    "settling_ms": 3_000, "u_volume_ppm": 2_000,
}  # fmt: skip
_LONGEST_S = 90.0
_LONGEST_SAFE_S = 5.0
_EARLIEST_US = 1_000.0
_CAUSES_OF_A_LONG_LOOP_US = 5_000.0


class Run:
    """A bench, a logger and what it heard; `spec` are further fields of the bench's."""

    def __init__(self, uf2: Path | None, folder: Path, **spec: object) -> None:
        self.bench = EmuBench(BenchSpec(seed=3, **spec), uf2)  # type: ignore[arg-type]
        self.port = self.bench.open_port()
        self.statuses: list[dict[str, int]] = []
        self.store = Store.open(folder / "figures.db", round(self.bench.utc_s() * 1e6), "figures")
        self.logger = self.log()
        self._wall_s = time.monotonic()

    def log(self) -> Logger:
        """A new logger on the port."""
        self.logger = Logger(self.port, self.store, self.bench, 0x1234, self._heard)
        return self.logger

    def _heard(self, event: Event) -> None:
        if isinstance(event, Status):
            self.statuses.append(event.fields)

    def until(self, done: Callable[[], bool], within_s: float = _LONGEST_S) -> None:
        """Log until it holds."""
        end_s = self.bench.now_s() + within_s
        while not done():
            if self.bench.now_s() > end_s:
                raise HullwatchError("waited in vain on the emulated Pico")
            self.logger.step(0.02)

    def log_for(self, seconds: float) -> None:
        """Log for so long, from the first STATUS on."""
        self.until(lambda: bool(self.statuses))
        end_s = self.bench.now_s() + seconds
        self.until(lambda: self.bench.now_s() >= end_s, seconds + _LONGEST_S)

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        """An answer of the node; see `hullwatch.leaktest.follow`."""
        return self.logger.ask_now(message, payload)

    def start_test(self) -> None:
        """Load the recipe and start it; the supply is open when this returns."""
        self.until(lambda: self.logger.session.hello is not None)
        config = nodebody.configuration(read_settings(self.logger))
        body = nodebody.body_of(recipefile.parse(RECIPE, "jar.toml"), config)
        follow.start(self, follow.load(self, body), "P1")
        self.until(lambda: bool(self.bench.world.pins.high))

    def heap(self) -> dict[str, int]:
        """Free heap as counted after collections: the first, the least and the last of all.

        What the first STATUS tells was counted before the start's garbage was collected.
        """
        free = [status["heap_free"] for status in self.statuses]
        counted = [heap for heap in free if heap != free[0]] or free
        return {"heap_first": counted[0], "heap_least": min(counted), "heap_last": counted[-1]}

    def lateness(self) -> dict[str, int]:
        """Samples late and missed, and the longest stretches of the node's own loop."""
        last = self.statuses[-1]
        return {
            "late": last["late"], "missed": last["missed"], "collect_us": last["collect_us"],
            "loop_us": max(status["loop_us"] for status in self.statuses),
        }  # fmt: skip

    def emulated(self) -> dict[str, float]:
        """How long it was."""
        return {"emulated_s": self.bench.now_s(), "wall_s": time.monotonic() - self._wall_s}


def spread(values: np.ndarray, name: str) -> dict[str, float]:
    """Mean, 99th percentile and maximum."""
    return {
        f"{name}_n": len(values), f"{name}_mean": float(values.mean()),
        f"{name}_p99": float(np.quantile(values, 0.99)), f"{name}_max": float(values.max()),
    }  # fmt: skip


def processor(run: Run, window_samples: int) -> dict[str, float]:
    """Processor time a sample: all; those that only sample; those that close a window."""
    cpu = np.array(run.bench.meter.samples_us)
    number = np.arange(len(cpu))
    cpu, number = cpu[20:], number[20:]  # the start of node, sensor and link is another matter
    closing = number % window_samples == window_samples - 1
    long = cpu > np.median(cpu) + _CAUSES_OF_A_LONG_LOOP_US
    return (
        spread(cpu, "all_us")
        | spread(cpu[~closing & ~long], "plain_us")
        | (spread(cpu[~closing & long], "collecting_us") if np.any(~closing & long) else {})
        | (spread(cpu[closing], "record_us") if np.any(closing) else {})
    )


def jitter(run: Run, since: int = 20) -> dict[str, float]:
    """How late the triggers of the conversions are, against the grid they keep.

    A trigger is never early; what looks so is a second look at the chip for the sample before.
    """
    started = np.array(run.bench.meter.started_us[since:])
    period = run.bench.world.spec.period_us
    late = started - np.round((started - started[0]) / period) * period
    late -= np.median(late)
    return spread(late[late > -_EARLIEST_US], "late_us")


# --- the parts -----------------------------------------------------------------------------------


def plain(run: Run, seconds: float) -> dict[str, float]:
    """One BMP581 at the default 10 Hz with a host."""
    run.log_for(seconds)
    return run.heap() | run.lateness() | processor(run, 100) | jitter(run)


def full(run: Run, seconds: float) -> dict[str, float]:
    """Two sensors, valves, a test program running, the spool."""
    run.start_test()
    run.log_for(seconds)
    return run.heap() | run.lateness() | processor(run, 100) | jitter(run)


def away(run: Run, seconds: float) -> dict[str, float]:
    """Nobody at the port: records and raw samples go to the flash."""
    run.log_for(3)
    run.port.close()
    operations = run.bench.chip.flash.operations
    first = len(run.bench.meter.started_us)
    run.bench.run_for(seconds)
    written = run.bench.chip.flash.operations - operations
    found = jitter(run, first)
    run.port = run.bench.open_port()
    run.statuses.clear()
    run.log()
    run.log_for(1)
    return found | run.lateness() | {"flash_operations": written}


def stall(run: Run, seconds: float) -> dict[str, float]:
    """A host that holds the port open and does not read."""
    run.log_for(3)
    first = len(run.bench.meter.started_us)
    run.bench.stall(True)
    run.bench.run_for(seconds)
    run.bench.stall(False)
    found = jitter(run, first)
    run.statuses.clear()
    run.log()
    run.log_for(1)
    return found | run.lateness()


def stop(run: Run, seconds: float) -> dict[str, float]:
    """0x03 with a valve powered until it is released, again and again."""
    draw = random.Random(1)
    took = []
    while run.bench.now_s() < seconds:
        run.start_test()
        run.bench.run_for(draw.uniform(0.05, 0.35))
        pins = run.bench.world.pins
        sent_us = run.bench.chip.us
        run.port.write(LEAVE)
        while pins.high:
            run.bench.chip.run_until(run.bench.chip.us + 1000)
            if run.bench.chip.us > sent_us + _LONGEST_SAFE_S * 1e6:
                raise HullwatchError("an output is still powered long after 0x03")
        took.append(pins.log[-1][0] - sent_us)
        run.bench.power_cut(0.5)
        run.statuses.clear()
        run.log()
    return spread(np.array(took) / 1000, "safe_ms")


_TWO: dict[str, object] = {
    "plumbing": PlumbingSpec(WIRING, open_area_m2=1e-9, vented=True),
    "compensation": "reference", "extra": _TESTED,
}  # fmt: skip
PARTS: dict[str, tuple[Callable[[Run, float], dict[str, float]], dict[str, object]]] = {
    "plain": (plain, {}),
    "full": (full, _TWO),
    "away": (away, {"extra": {"sync_s": 10}}),
    "stall": (stall, {}),
    "stop": (stop, _TWO | {"compensation": "sensor"}),
}


@click.command()
@click.option("--uf2", type=click.Path(path_type=Path, dir_okay=False), envvar="HULLWATCH_UF2")
@click.option("--part", type=click.Choice(list(PARTS)), required=True)
@click.option(
    "--seconds", type=float, default=60.0, help="Emulated seconds of the run's main phase."
)
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def main(uf2: Path | None, part: str, seconds: float, as_json: bool) -> None:
    """Run one part on the emulated Pico and print its figures."""
    drive, spec = PARTS[part]
    with tempfile.TemporaryDirectory() as folder:
        try:
            run = Run(uf2, Path(folder), **spec)
            with contextlib.closing(run.store):
                figures = drive(run, seconds) | run.emulated()
        except HullwatchError as error:
            click.echo(f"Error: {error.message}\n{error.hint}", err=True)
            sys.exit(error.exit_code)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:18} {value:.6g}")


if __name__ == "__main__":
    main()
