"""The whole chain with an emulated Pico at its start, and the figures only a chip can give.

One minute at 10 Hz into a database, the host not reading for 5 s in the middle of it; then Ctrl-C,
the REPL for more than the watchdog's time, Ctrl-D, and the log goes on. By hand:
`python tools/emu_smoke.py --uf2 FILE` (or HULLWATCH_UF2); a few minutes.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
import numpy as np

from hullwatch.bench.emu.emubench import EmuBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import HullwatchError
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Console, Event, Prompt, Status
from hullwatch.store import Gap, RawSamples, Reader, Store, Summary, WindowRow

LOGGED_S = 60.0
STALL_AT_S, STALL_S = 27.5, 5.0
REPL_S = 10.0
"""Longer than the watchdog, which is armed for 8 s."""
AGAIN_S = 15.0
OUTPUTS = (16, 17, 18, 19)
"""Outputs of the node; the first is driven by hand in the REPL, to see the restart release it."""

_PERIOD_S = 0.1
_RAW_REPL, _FRIENDLY_REPL, _RUN, _LEAVE = b"\x01", b"\x02", b"\x04", b"\x03"
_DRIVE = b"import gc,machine\nmachine.Pin(%d,machine.Pin.OUT,value=1)\nprint(gc.mem_free())\n"
_LONGEST_S = 60.0  # of emulated time for any one thing to happen


@dataclasses.dataclass(frozen=True)
class Cpu:
    """Processor time of one sample (see `hullwatch.bench.emu.cpumeter`), first ones left out."""

    samples: int
    mean_us: float
    median_us: float
    p99_us: float
    longest_us: float


@dataclasses.dataclass(frozen=True)
class Figures:
    """What was measured; times in emulated seconds unless the name says otherwise.

    `busy` is the share of time the processor executed instructions while logging, `heap_…` are
    bytes: of a MicroPython that has imported nothing, in the first STATUS, and the least of all
    STATUS frames. `released_after_s` is from Ctrl-D until the outputs no longer drive.
    """

    first_sample_s: float
    heap_bare: int
    heap_started: int
    heap_least: int
    late_samples: int
    missed_samples: int
    collect_us: int
    loop_us: int
    busy: float
    cpu: Cpu
    released_after_s: float
    wall_s_per_s: float


@dataclasses.dataclass(frozen=True)
class Boot:
    """The last STATUS of one boot, and what the database holds of it."""

    status: dict[str, int]
    raw: RawSamples


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Everything a test looks at. `truth_pa_m3_s` is that of the first minute."""

    figures: Figures
    boots: list[Boot]
    gaps: list[Gap]
    summary: Summary
    windows: list[WindowRow]
    truth_pa_m3_s: float
    events: list[str]
    core_hash: str
    core_hash_built: str
    watchdog_running: bool
    watchdog_in_repl: bool
    driven_on_leaving: bool
    driven_in_repl: bool
    resets: int
    restarts: int
    console: str


class Smoke:
    """One run: `drive` does it, `outcome` tells what came of it."""

    def __init__(self, uf2: Path | None, database: Path, say: Callable[[str], None]) -> None:
        self._say = say
        self._wall_s = time.perf_counter()
        self._bench = EmuBench(BenchSpec(seed=3, period_us=round(_PERIOD_S * 1e6)), uf2)
        self._port = self._bench.open_port()
        self._store = Store.open(database, round(self._bench.utc_s() * 1e6), "emu_smoke")
        self._logger = Logger(self._port, self._store, self._bench, 0x1234, self._on_event)
        self._statuses: list[list[dict[str, int]]] = [[]]
        self._prompts = 0
        self._console: list[str] = []
        self._first_sample_s = self._busy = self._released_s = 0.0
        self._heap_bare = 0
        self._cold = 0
        self._armed = [False, False]
        self._driven = [False, False]

    # --- the run ---------------------------------------------------------------------------------

    def drive(self) -> None:
        """All phases, one after the other."""
        with closing(self._store):
            self._log_with_a_stall()
            self._leave_and_stay()
            self._restart()

    def _log_with_a_stall(self) -> None:
        bench = self._bench
        self._until(lambda: bench.world.model.conversions > 0, "the first sample")
        self._first_sample_s = bench.now_s()
        self._until(lambda: bool(self._statuses[-1]), "the first STATUS")
        busy_us, from_s = bench.chip.busy_us, bench.now_s()
        self._until(lambda: self._seen() * _PERIOD_S >= STALL_AT_S, "the stall")
        self._say(f"sample {self._seen()}: the host stops reading for {STALL_S:g} s")
        bench.stall(True)
        bench.run_for(STALL_S)
        bench.stall(False)
        self._armed[0] = bench.chip.watchdog_armed
        self._until(lambda: self._seen() * _PERIOD_S >= LOGGED_S, "the end of the log")
        self._busy = (bench.chip.busy_us - busy_us) / (bench.now_s() - from_s) / 1e6

    def _leave_and_stay(self) -> None:
        self._say(f"sample {self._seen()}: Ctrl-C")
        self._port.write(_LEAVE)
        self._until(lambda: self._prompts > 0, "the prompt")
        self._armed[1] = self._bench.chip.watchdog_armed
        self._driven[0] = self._drives()
        self._heap_bare = int(self._raw_repl(_DRIVE % OUTPUTS[0]))
        self._driven[1] = self._drives()
        self._bench.run_for(REPL_S)

    def _drives(self) -> bool:
        return any(self._bench.chip.drives(pin) for pin in OUTPUTS)

    def _raw_repl(self, program: bytes) -> str:
        """Run a program in a MicroPython started anew without main.py, as mpremote would."""
        self._port.write(_RAW_REPL)
        self._expect(b"raw REPL; CTRL-B to exit\r\n>")
        self._port.write(_RUN)  # a soft reset
        self._expect(b"raw REPL; CTRL-B to exit\r\n>")
        self._port.write(program + _RUN)
        answer = self._expect(b"\x04\x04>")
        self._port.write(_FRIENDLY_REPL)
        self._expect(b">>> ")
        return answer.split(b"OK", 1)[1].split(b"\x04")[0].decode().strip()

    def _restart(self) -> None:
        self._statuses.append([])
        self._cold = len(self._bench.meter.samples_us)
        since_s = self._bench.now_s()
        self._say("the logger starts the node again")
        while self._drives():
            self._step(since_s, "the outputs released", 0.001)
        self._released_s = self._bench.now_s() - since_s
        self._until(lambda: self._seen() * _PERIOD_S >= AGAIN_S, "the log after the restart")
        self._logger.finish()

    def _until(self, done: Callable[[], bool], what: str) -> None:
        since_s = self._bench.now_s()
        while not done():
            self._step(since_s, what, 0.05)

    def _step(self, since_s: float, what: str, read_s: float) -> None:
        if self._bench.now_s() - since_s > _LONGEST_S + LOGGED_S:
            raise HullwatchError(f"waited in vain for {what}; console: {self._console[-5:]}")
        self._logger.step(read_s)

    def _expect(self, ending: bytes) -> bytes:
        """Console bytes up to and with `ending`, past the logger."""
        got = b""
        end_s = self._bench.now_s() + _LONGEST_S
        while not got.endswith(ending):
            if self._bench.now_s() > end_s:
                raise HullwatchError(f"{ending!r} did not come, but {got!r}")
            got += self._port.read(0.05)
        return got

    # --- what is seen ----------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Status):
            self._statuses[-1].append(event.fields)
        elif isinstance(event, Prompt):
            self._prompts += 1
        elif isinstance(event, Console):
            self._console.append(event.text)

    def _seen(self, boot: int = -1) -> int:
        statuses = self._statuses[boot]
        return statuses[-1]["next_sample"] if statuses else 0

    def outcome(self, database: Path) -> Outcome:
        """Figures, and what the database holds."""
        with Reader.open(database) as reader:
            (node,) = reader.nodes()
            rows = reader.boots()
            boots = [Boot(self._statuses[k][-1], reader.raw(row.key)) for k, row in enumerate(rows)]
            minute = next(row for row in reader.windows() if row.window_s == LOGGED_S)
            first_ms = minute.first_device_ms
            truth = self._bench.truth_pa_m3_s(first_ms, first_ms + round(LOGGED_S * 1000))
            assert truth is not None
            return Outcome(
                figures=self._figures(),
                boots=boots,
                gaps=reader.gaps(node.node),
                summary=reader.summary(node.node),
                windows=reader.windows(),
                truth_pa_m3_s=truth,
                events=[row.event for row in reader.events()],
                core_hash=rows[0].core_hash or "",
                core_hash_built=self._bench.build.core_hash,
                watchdog_running=self._armed[0],
                watchdog_in_repl=self._armed[1],
                driven_on_leaving=self._driven[0],
                driven_in_repl=self._driven[1],
                resets=self._bench.resets,
                restarts=self._logger.restarts,
                console="".join(self._console),
            )

    def _figures(self) -> Figures:
        # the first sample of a boot carries the start of the sensor
        cpu_us = np.delete(np.array(self._bench.meter.samples_us), [0, self._cold])
        logged = self._statuses[0]
        last = logged[-1]
        return Figures(
            first_sample_s=self._first_sample_s,
            heap_bare=self._heap_bare,
            heap_started=logged[0]["heap_free"],
            heap_least=min(status["heap_free"] for status in logged),
            late_samples=last["late"],
            missed_samples=last["missed"],
            collect_us=last["collect_us"],
            loop_us=max(status["loop_us"] for status in logged),
            busy=self._busy,
            cpu=Cpu(
                len(cpu_us), float(cpu_us.mean()), float(np.median(cpu_us)),
                float(np.quantile(cpu_us, 0.99)), float(cpu_us.max()),
            ),
            released_after_s=self._released_s,
            wall_s_per_s=(time.perf_counter() - self._wall_s) / self._bench.now_s(),
        )  # fmt: skip


def smoke(
    database: Path, uf2: Path | None = None, say: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Run it into a new database. MissingCapability without emulator or image."""
    run = Smoke(uf2, database, say)
    run.drive()
    return run.outcome(database)


@click.command()
@click.option("--uf2", type=click.Path(path_type=Path, dir_okay=False), envvar="HULLWATCH_UF2")
@click.option("--json", "as_json", is_flag=True, help="The figures as one JSON object.")
def main(uf2: Path | None, as_json: bool) -> None:
    """Log an emulated Pico through a stall, Ctrl-C and a restart, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            outcome = smoke(Path(folder) / "smoke.db", uf2, lambda text: click.echo(text, err=True))
        except HullwatchError as error:
            click.echo(f"Error: {error.message}\n{error.hint}", err=True)
            sys.exit(error.exit_code)
    figures = dataclasses.asdict(outcome.figures)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in (figures | figures.pop("cpu")).items():
        click.echo(f"{name:18} {value:.6g}" if isinstance(value, float) else f"{name:18} {value}")


if __name__ == "__main__":
    main()
