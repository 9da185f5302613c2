"""The dashboard of a demo, in a thread beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import click

from hullwatch.bench.spec import BenchSpec
from hullwatch.cli import dashboard
from hullwatch.cli.democontrol import DemoControl
from hullwatch.cli.demorun import DemoRun
from hullwatch.errors import AddressTaken, ControlError
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.store import CalibrationRow, Store

_HOST = "127.0.0.1"
_WIRING = "16:supply:fill:nc:60:dump;17:dump:vent:nc:0"
_U_VOLUME = 0.002
_SETTINGS: dict[str, object] = {
    "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "temp_gradient_uk": 100,
    "settling_ms": 3_000, "u_volume_ppm": round(_U_VOLUME * 1e6),
}  # fmt: skip


def with_valves(spec: BenchSpec) -> BenchSpec:
    """The bench with a supply and a vent valve, and gas that follows the wall within seconds.

    So half a minute of stabilising is enough for a test that somebody watches.
    """
    chamber = replace(
        spec.chamber, day_amplitude_k=0.0, weather_rms_k=0.0, gas_tau_s=2.0, probe_tau_s=2.0,
        wall_j_m2_k=1e6, self_heat_k=0.0,
    )  # fmt: skip
    plumbing = PlumbingSpec(_WIRING, vented=True, start_pa=chamber.pressure_pa)
    return replace(spec, chamber=chamber, plumbing=plumbing, extra={**spec.extra, **_SETTINGS})


def calibrate_volume(run: DemoRun, store: Store) -> None:
    """Enter the volume of the simulated chamber, as a certificate would: tests ask for it."""
    collector = run.logger.collector
    if collector.boot is None or run.spec.plumbing is None:
        return
    now_us = round(run.bench.utc_s() * 1e6)
    volume_m3 = run.spec.chamber.volume_m3
    store.add_calibration(
        CalibrationRow(
            node=collector.node, sensor="", kind="volume", value=volume_m3,
            u=_U_VOLUME * volume_m3, dof=None, unit="m³", t_ref_k=None, calibrated_utc_us=now_us,
            valid_until_utc_us=None, recorded_utc_us=now_us, method="entered",
            certificate="simulated", instrument="the chamber of the demo", note="", budget="[]",
        )
    )  # fmt: skip


def _nothing() -> None:
    pass


@contextlib.contextmanager
def served(
    run: DemoRun, store: Store, http_port: int | None, token_file: Path | None, seen: bool
) -> Iterator[Callable[[], None]]:
    """The demo's dashboard and control socket; gives what answers the latter's requests.

    Without `http_port` only where somebody can look at it: `seen`, and not in virtual time, which
    is over at once.
    """
    if http_port is None and (not seen or run.bench.name == "sim"):
        yield _nothing
        return
    with contextlib.ExitStack() as stack:
        try:
            poll = stack.enter_context(DemoControl(run, store)).poll
        except ControlError as error:
            click.echo(f"{error.message}: other commands cannot ask this demo", err=True)
            poll = _nothing
        if http_port is not None:
            dashboard.check_installed()
        if dashboard.installed():
            stack.enter_context(_dashboard(run, store, http_port, token_file))
        yield poll


@contextlib.contextmanager
def _dashboard(
    run: DemoRun, store: Store, http_port: int | None, token_file: Path | None
) -> Iterator[None]:
    from hullwatch.alarms.settings import usual
    from hullwatch.web.owners import Owners
    from hullwatch.web.server import DEFAULT_PORT, in_thread, listening
    from hullwatch.web.site import Site
    from hullwatch.web.storedalarms import StoredAlarms

    path = Path(store.path)
    token = dashboard.token_of(token_file, loopback=True)
    try:
        listener = listening(_HOST, DEFAULT_PORT if http_port is None else http_port)
    except AddressTaken:
        if http_port is not None:
            raise
        listener = listening(_HOST, 0)
    with (
        resources.as_file(resources.files("hullwatch.cli") / "demorecipes") as recipes,
        contextlib.closing(listener),
    ):
        site = Site(
            path, lambda: round(run.bench.utc_s() * 1e6), token, Owners(path), recipes=recipes,
            alarms=StoredAlarms(path, usual()),
        )  # fmt: skip
        with in_thread(site, listener):
            dashboard.tell(listener, _HOST, None if token_file else token)
            yield
