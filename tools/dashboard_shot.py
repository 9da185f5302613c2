"""Photograph the dashboard for the README: host/docs/dashboard.png. Needs Chromium and playwright.

A transfer chamber whose crack grows until it is patched, simulated for 30 hours, and two tight
sections beside it.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Literal

import click
from playwright.sync_api import Page, sync_playwright

from hullwatch.bench.simbench import EPOCH_S, SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.sim.networkspec import (
    BoundarySpec,
    EventSpec,
    NetworkSpec,
    PathSpec,
    SectionSpec,
)
from hullwatch.store import MarkRow, Store
from hullwatch.web.owners import Owners
from hullwatch.web.server import in_thread, listening
from hullwatch.web.site import Site

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "host" / "docs" / "dashboard.png"
HOURS, PATCHED_H, GROWS_H = 30.0, 22.0, 6.0
_HOUR_US = 3_600_000_000
_COMMIT_S = 60.0
_CRACK = (
    EventSpec(GROWS_H * 3600, "crack", growth_per_s=1.2e-5),
    EventSpec(PATCHED_H * 3600, "crack", size=1e-10, growth_per_s=0.0),
)
_SETTINGS: dict[str, object] = {
    "reserve_limit_pa": 80_000, "trend_s": (600,), "trend_learn": 30, "temp_lag_ms": 5_000,
    "temp_gradient_uk": 200, "windows_s": (60, 600, 3600),
}  # fmt: skip


def scene(path: Path) -> str:
    """Log the three sections into a database; the id of the leaking one's node."""
    leaking = ""
    with Store.open(path, round(EPOCH_S * 1e6)) as store:
        for at, (name, volume_m3) in enumerate(
            (("transfer", 7.0), ("lab", 90.0), ("service", 75.0))
        ):
            tight = PathSpec("crack", (name, "space"), size=4.5e-8 if name == "transfer" else 1e-10)
            network = NetworkSpec(
                (SectionSpec(name, volume_m3, 101_325.0),), (BoundarySpec("space", 0.0),), (tight,),
                _CRACK if name == "transfer" else (), room_k=295.0, day_amplitude_k=0.3, seed=at,
            )  # fmt: skip
            spec = BenchSpec.in_network(
                network, name, seed=at, period_us=4_000_000, extra={"name": name, **_SETTINGS}
            )
            node = _logged(spec, store, HOURS if not leaking else 2.0)
            leaking = leaking or node
        for kind, text, start_h, end_h in (
            ("docking", "Progress 91, hatch closed again", 10.0, 10.8),
            ("repair", "crack sealed from inside", 21.7, 22.3),
        ):
            start, end = (round((EPOCH_S + h * 3600) * 1e6) for h in (start_h, end_h))
            store.add_mark(
                MarkRow(0, kind, leaking, "", start, end, text, None, None, None, None, False,
                        "flight engineer 2", end, None)
            )  # fmt: skip
    return leaking


def _logged(spec: BenchSpec, store: Store, hours: float) -> str:
    with contextlib.closing(SimBench(spec)) as bench:
        logger = Logger(bench.open_port(), store, bench, 7, lambda _: None, _COMMIT_S)
        while bench.now_s() < hours * 3600:
            logger.step(2.0)
        logger.finish()
        return bench.board.uid.hex()


def photograph(page: Page, address: str, node: str, into: Path) -> None:
    """The chamber's page: figures, plots, and the panels' upper edge."""
    page.goto(f"{address}#/chamber/{node}")
    page.wait_for_selector(".plots[data-drawn]")
    page.wait_for_selector("td:has-text('sealed')")
    page.click("button:text-is('All')")
    page.wait_for_timeout(1500)
    page.screenshot(path=into)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=PICTURE)
@click.option("--scheme", type=click.Choice(["light", "dark"]), default="light")
@click.option("--keep", type=click.Path(path_type=Path), default=None, help="Keep the database.")
def main(out: Path, scheme: Literal["light", "dark"], keep: Path | None) -> None:
    """Simulate, serve, photograph."""
    with tempfile.TemporaryDirectory() as folder:
        path = keep or Path(folder) / "station.db"
        node = scene(path)
        listener = listening("127.0.0.1", 0)
        now_us = round((EPOCH_S + HOURS * 3600) * 1e6)
        site = Site(path, lambda: now_us, "", Owners(path, list))
        with in_thread(site, listener), sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            page = browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
            photograph(page, f"http://127.0.0.1:{listener.getsockname()[1]}/", node, out)
            browser.close()
    click.echo(f"{out}: {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
