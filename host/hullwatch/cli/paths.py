"""Where this user's files go when no path was given."""

from __future__ import annotations

import os
from pathlib import Path

from hullwatch.control.registry import holders
from hullwatch.errors import StoreError


def data_folder(name: str) -> Path:
    """`$XDG_DATA_HOME/hullwatch/NAME`, made if missing; StoreError when it cannot be."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    folder = Path(base) / "hullwatch" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}", "name a file with --db") from error
    return folder


def running_database() -> Path | None:
    """The database that is being logged into, when there is one only."""
    known = [Path(holder.database) for holder in holders() if holder.database]
    return known[0] if len(known) == 1 else None
