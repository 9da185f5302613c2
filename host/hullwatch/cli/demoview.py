"""The live terminal view of a demo."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from hullcore import settings
from hullwatch.cli import figures
from hullwatch.cli.demorun import DemoRun
from hullwatch.link.recordview import Record

_EVERY_S = 0.25
_STATES = ("measuring", "sensor fault", "idle", "safe mode")


class View(Protocol):
    """Something that is refreshed while a demo runs."""

    def refresh(self) -> None:
        """Show the present state, at most a few times a second."""
        ...


def _progress(stderr: bool) -> Progress:
    console = Console(stderr=stderr)
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=stderr and not console.is_terminal,
    )  # fmt: skip


class _Paced:
    """Lets a view redraw only so often."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def due(self) -> bool:
        """Whether it is time to draw."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + _EVERY_S
        return True


class _BarOnly:
    """A progress bar on stderr while stdout is kept for JSON."""

    def __init__(self, run: DemoRun, bar: Progress) -> None:
        self._run = run
        self._bar = bar
        self._task = bar.add_task(run.bench.name, total=run.target)
        self._paced = _Paced()

    def refresh(self) -> None:
        """Move the bar."""
        if self._paced.due():
            self._bar.update(self._task, completed=self._run.done)


@contextlib.contextmanager
def silent_view(run: DemoRun) -> Iterator[View]:
    """Nothing on stdout; a bar on stderr when that is a terminal."""
    with _progress(stderr=True) as bar:
        yield _BarOnly(run, bar)


class LiveView:
    """Pressure, temperature, newest window of each length, link health, progress."""

    def __init__(self, run: DemoRun) -> None:
        self._run = run
        self._bar = _progress(stderr=False)
        self._task = self._bar.add_task("measured", total=run.target)
        self._live = Live(console=Console(), auto_refresh=False, transient=True)
        self._paced = _Paced()

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._live.__exit__(kind, error, trace)

    def refresh(self) -> None:
        """Draw anew when it is time."""
        if self._paced.due():
            self._bar.update(self._task, completed=self._run.done)
            parts = (self._head(), self._windows(), self._health(), self._bar)
            self._live.update(Group(*parts), refresh=True)

    def _head(self) -> Text:
        status = self._run.status
        text = Text()
        text.append(" Hullwatch demo ", style="bold reverse")
        text.append(f"  bench {self._run.bench.name}, {self._run.spec.sensor}")
        if status:
            text.append(f"\n  pressure     {status['p_q8'] / 256:12.2f} Pa", style="bold")
            text.append(f"\n  temperature  {status['t_q16'] / 65536 - 273.15:12.3f} °C")
        return text

    def _windows(self) -> Table:
        latest = self._run.latest.values()
        refs = (record.integer("t_ref_mk") / 1000 for record in latest)
        table = Table(title=figures.title("newest windows", refs), title_justify="left")
        for name in ("window", "leak rate ± 95 %", "interval contains", "samples", "flags"):
            table.add_column(name)
        for ms, record in sorted(self._run.latest.items()):
            table.add_row(figures.length(ms / 1000), *self._row(record))
        return table

    def _row(self, record: Record) -> tuple[str, str, str, str]:
        half = record.integer("u95_leak_fpa_m3_s")
        shown = figures.with_uncertainty(
            record.integer("leak_rate_fpa_m3_s") / 1e15,
            half / 1e15 if half >= 0 else None,
        )
        kind = settings.U95_KINDS[record.integer("u95_kind")].replace("_", " ")
        gap = "gap" if record.flags & 1 else ""
        return shown, kind, str(record.integer("n")), gap

    def _health(self) -> Text:
        status = self._run.status
        session = self._run.logger.session
        counters = session.splitter.counters
        if not status:
            return Text("  waiting for the node …")
        totals = self._run.logger.collector.totals
        line = (
            f"  {_STATES[status['state']]} · stored {totals.samples} samples, "
            f"{totals.records} records · late {status['late']} · missed {status['missed']} · "
            f"lost frames {session.lost_frames} · CRC errors {counters.bad_crc} · "
            f"bus errors {status['bus_errors']}"
        )
        return Text("\n".join([line, *(f"  node says: {t}" for t in self._run.text)]), style="dim")
