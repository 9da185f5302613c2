"""The demo's last word: one JSON object, or a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.demorun import Finished
from hullwatch.store import WindowRow

MOST_WINDOWS = 10_000
"""Above this many, JSON carries the newest window of each length and counts the rest."""


def _kept(done: Finished) -> list[tuple[WindowRow, float | None]]:
    if len(done.windows) <= MOST_WINDOWS:
        return done.windows
    return _newest(done)


def _newest(done: Finished) -> list[tuple[WindowRow, float | None]]:
    newest = {row.window_s: (row, truth) for row, truth in done.windows}
    return [newest[length] for length in sorted(newest)]


def as_json(done: Finished) -> dict[str, object]:
    """The summary object; its keys are part of the command's contract."""
    kept = _kept(done)
    return {
        "node": done.store.node,
        "bench": done.bench,
        "samples": done.samples,
        "records": done.store.records,
        "gaps": len(done.store.gaps),
        "duplicates": done.store.duplicates,
        "crc_errors": done.store.crc_errors,
        "late_samples": done.late_samples,
        "db": done.db,
        "windows_omitted": len(done.windows) - len(kept),
        "windows": [_window(row, truth) for row, truth in kept],
    }


def _window(row: WindowRow, truth: float | None) -> dict[str, object]:
    return {
        "window_s": row.window_s,
        "n": row.n,
        "first_sample": row.first_sample,
        "last_sample": row.last_sample,
        "slope_pa_s": row.slope_pa_s,
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s,
        "u95_pa_m3_s": row.u95_pa_m3_s,
        "u95_kind": row.u95_kind,
        "compensation": row.compensation,
        "t_ref_k": row.t_ref_k,
        "flags": row.flags,
        "truth_pa_m3_s": truth,
    }


def show(done: Finished) -> None:
    """The summary for a person."""
    console = Console()
    newest = _newest(done)
    heading = figures.title("newest windows", (row.t_ref_k for row, _ in newest))
    table = Table(title=heading, title_justify="left")
    for name in ("window", "leak rate ± 95 %", "interval contains", "truth (simulated)"):
        table.add_column(name)
    for row, truth in newest:
        table.add_row(
            figures.length(row.window_s),
            figures.with_uncertainty(row.leak_rate_pa_m3_s, row.u95_pa_m3_s),
            figures.contents(row.u95_kind, row.flags),
            "unknown" if truth is None else f"{truth:.4g}",
        )
    if done.windows:
        console.print(table)
    else:
        console.print("no window is ready yet: the shortest holds 10 s and at least 8 samples")
    store = done.store
    console.print(f"node {store.node}: {done.samples} samples, {store.records} records stored")
    console.print(
        f"gaps {len(store.gaps)}, duplicates {store.duplicates}, "
        f"CRC errors {store.crc_errors}, late samples {done.late_samples}"
    )
    if done.late_samples:
        console.print("late samples are in no window: this computer was too busy for the speed")
    console.print(f"database: {done.db}", soft_wrap=True)
