"""`hullwatch serve`: the dashboard in a browser, beside a logger or without one."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import click

from hullwatch.alarms.settings import load, usual
from hullwatch.cli import dashboard
from hullwatch.cli.options import DEFAULT_DB, db_option
from hullwatch.cli.paths import running_database

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("serve", epilog="Example: hullwatch serve --db jar.db --recipes recipes/")
@db_option(None)
@click.option(
    "--http-port", type=click.IntRange(0, 65535), default=None,
    help="TCP port; 0 takes any free one.  [default: 8321]",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--allow-host", multiple=True, help="Name by which browsers call this server; may be repeated."
)
@click.option(
    "--token-file", type=_FILE, default=None,
    help="File with the token for orders.  [default: a new token each time, printed]",
)  # fmt: skip
@click.option(
    "--recipes", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="Folder of test recipes that may be started.",
)  # fmt: skip
@click.option(
    "--alarms", "alarm_file", type=_FILE, default=None,
    help="Alarm file: its channels are told who acknowledged.",
)  # fmt: skip
@click.option(
    "--isolation", type=_FILE, default=None,
    help="State of a hullwatch isolate.  [default: that of the database]",
)  # fmt: skip
def command(
    db: Path | None, http_port: int | None, host: str, allow_host: tuple[str, ...],
    token_file: Path | None, recipes: Path | None, alarm_file: Path | None,
    isolation: Path | None,
) -> None:  # fmt: skip
    """Show chambers, leak rates and tests live in a browser.

    Reads the database beside whatever writes it. Starting and aborting tests goes through the
    program that logs, and takes the token. Without --db: the database of the running logger, else
    hullwatch.db. Listens on this machine only unless --host says otherwise.
    """
    dashboard.check_installed()
    from hullwatch.web.owners import Owners
    from hullwatch.web.server import DEFAULT_PORT, is_loopback, listening, server_of
    from hullwatch.web.site import Site
    from hullwatch.web.storedalarms import StoredAlarms

    token = dashboard.token_of(token_file, is_loopback(host))
    site = Site(
        database=(path := (db or running_database() or DEFAULT_DB).absolute()),
        now_utc_us=lambda: time.time_ns() // 1000, token=token, owners=Owners(path),
        recipes=recipes, search=isolation,
        alarms=StoredAlarms(path, load(alarm_file) if alarm_file else usual()),
        hosts=dashboard.names(host, allow_host),
    )  # fmt: skip
    site.open_reader().close()  # what is wrong with the database is told now
    with contextlib.closing(
        listening(host, DEFAULT_PORT if http_port is None else http_port)
    ) as at:
        dashboard.tell(at, host, None if token_file else token)
        server_of(site).run([at])
