"""Where the firmware's sources are, in a checkout as in an installed wheel."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import hullwatch
from hullwatch.flash.errors import BuildError

NODE_PACKAGES = ("hullcore", "hullnode")
_NOT_FOR_NODES = {"__pycache__", "tests"}


def _package(name: str) -> Path:
    """Folder of an installed package, found without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(f"the firmware package {name} is not installed", "reinstall hullwatch")
    return Path(spec.submodule_search_locations[0])


def _board_root() -> Path:
    """Folder of `boards/` and `main.py`: inside the wheel, or beside hullcore in a checkout."""
    in_wheel = Path(hullwatch.__file__).parent / "_firmware"
    return in_wheel if in_wheel.is_dir() else _package("hullcore").parent


def _modules(folder: Path, node_folder: str) -> dict[str, Path]:
    found = {}
    for path in folder.rglob("*.py"):
        relative = path.relative_to(folder)
        if not _NOT_FOR_NODES.intersection(relative.parts):
            found[f"{node_folder}/{relative.as_posix()}"] = path
    return found


def boards() -> tuple[str, ...]:
    """Return the names of all boards the firmware can be built for."""
    return tuple(sorted(path.parent.name for path in _board_root().glob("boards/*/__init__.py")))


def firmware_sources(board: str) -> dict[str, Path]:
    """Map each file's path on the node to its source, `.py` on both sides.

    The chosen board becomes the package `board`. Raises BuildError for an unknown board.
    """
    if board not in boards():
        known = ", ".join(boards()) or "none found"
        raise BuildError(f"no board named {board!r}", f"boards: {known}")
    sources = {"main.py": _board_root() / "main.py"}
    for name in NODE_PACKAGES:
        sources |= _modules(_package(name), name)
    return sources | _modules(_board_root() / "boards" / board, "board")
