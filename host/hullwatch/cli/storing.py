"""The way into a database for one row: through the logger that writes it, where there is one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from hullwatch.cli.reach import ask_owner
from hullwatch.control.registry import holders
from hullwatch.control.wire import Message
from hullwatch.store import Store


def put_row(
    path: Path, owner: str, request: Message, direct: Callable[[Store], Message]
) -> Message:
    """Ask the writer of the database at ``path``, or do it directly when there is none."""
    real = str(path.resolve())
    for holder in holders():
        if holder.database and holder.control and str(Path(holder.database).resolve()) == real:
            return ask_owner(holder, request)
    with Store.open(path, time.time_ns() // 1000, owner) as store:
        return direct(store)
