"""The user's own directory for what lives as long as a process: locks and sockets."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from hullwatch.errors import ControlError

_NAME = "hullwatch"


def own_runtime_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The directory to create files in, mode 0700; made when missing. Raises ControlError."""
    directory = _candidates(environ)[0]
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ControlError(
            f"{directory}: cannot be created ({error.strerror})",
            "set XDG_RUNTIME_DIR to a directory of your own",
        ) from error
    if not _is_private(directory):
        raise ControlError(
            f"{directory} is not yours alone",
            "remove it, or set XDG_RUNTIME_DIR to a directory of your own",
        )
    return directory


def runtime_dirs(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Where to look for files of this user's programs; only directories that are the user's own.

    More than one, because a service started without a login session has no /run/user directory
    when a later command of the same user has.
    """
    return [directory for directory in _candidates(environ) if _is_private(directory)]


def _candidates(environ: Mapping[str, str]) -> list[Path]:
    uid = os.getuid()
    session = Path(f"/run/user/{uid}")
    fallback = Path(f"/tmp/{_NAME}-{uid}")
    given = environ.get("XDG_RUNTIME_DIR", "")
    if given and Path(given) != session and _is_own(Path(given)):
        return [Path(given) / _NAME]
    return [session / _NAME, fallback] if _is_own(session) else [fallback]


def _is_own(directory: Path) -> bool:
    """A real directory (no link another user could turn) that belongs to this user."""
    try:
        facts = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()


def _is_private(directory: Path) -> bool:
    return _is_own(directory) and directory.lstat().st_mode & 0o077 == 0
