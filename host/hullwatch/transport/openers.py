"""Which programs have a device open, as far as this user may know."""

from __future__ import annotations

import contextlib
from pathlib import Path


def openers_of(path: str, proc: Path = Path("/proc")) -> list[str]:
    """`NAME (process N)` of each process that has `path` open, by process number.

    Reads /proc: empty on other systems, and blind for other users' processes.
    """
    device = str(Path(path).resolve())
    found: list[tuple[int, str]] = []
    for process in proc.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended, or belongs to another user
            if any(_target(fd) == device for fd in (process / "fd").iterdir()):
                name = (process / "comm").read_text(errors="replace").strip()
                found.append((int(process.name), name))
    return [f"{name} (process {pid})" for pid, name in sorted(found)]


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""
