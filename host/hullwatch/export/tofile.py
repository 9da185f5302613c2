"""An exported file appears under its name only when it is complete."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hullwatch.errors import DiskFull, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullwatch.store import Reader

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def replacing(path: Path | str, reader: Reader) -> Iterator[Path]:
    """A path to write to, which becomes `path` when the block ends without an error.

    InputError when it cannot be written or is the database itself, DiskFull when the space runs
    out; what was there before is then still there.
    """
    path = Path(path).absolute()
    if path.exists() and path.samefile(reader.path):
        raise InputError(f"{path}: is the database itself", "name another file to export to")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise DiskFull(f"{path}: {reason}", "free some space or name another disk") from error
        raise InputError(f"{path}: cannot be written ({reason})", "name another file") from error
    finally:
        if unfinished.exists():
            unfinished.unlink()
