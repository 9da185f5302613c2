"""From the firmware's sources to the files of a node, compiled once and cached.

A build holds `main.py` as text, because its guard must be readable on the node, everything else as
`.mpy`, and a `manifest.json` that does not go onto the node. The cache is keyed by what the result
depends on: the sources, the compiler and its options. The same key gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hullwatch import __version__
from hullwatch.flash.compiler import OPTIONS, Compiler
from hullwatch.flash.corehash import core_hash, file_hash
from hullwatch.flash.errors import BuildError
from hullwatch.flash.sources import firmware_sources

MANIFEST = "manifest.json"
_KEPT_BUILDS = 16


@dataclass(frozen=True)
class Build:
    """One finished build.

    `root` holds the files; without `out` it lies in the cache and must not be written to. `files`
    are their paths on the node, sorted, without the manifest. `core_hash` is hexadecimal.
    """

    board: str
    root: Path
    core_hash: str
    files: tuple[str, ...]

    def contents(self) -> dict[str, bytes]:
        """Every file by its path on the node."""
        return {name: (self.root / name).read_bytes() for name in self.files}


def build(board: str, out: Path | None = None) -> Build:
    """Compile the firmware for `board`, a folder name of `firmware/boards`.

    With `out` the files are copied there: a new or empty folder, or one that holds an earlier
    build, whose files are replaced. Raises BuildError; a failed build leaves nothing in the cache.
    """
    sources = firmware_sources(board)
    compiler = Compiler()
    cache = cache_folder()
    root = cache / _key(sources, compiler)
    try:
        if not _intact(root):
            _compile_into(root, board, sources, compiler)
        os.utime(root)
        _forget_old_builds(cache)
        if out is not None:
            _replace(root, out)
    except OSError as error:
        message = f"cannot write the build: {error.strerror}: {error.filename}"
        raise BuildError(message, "set XDG_CACHE_HOME to a folder that can be written") from error
    return _read(out or root)


def load_build(root: Path) -> Build:
    """A finished build in a folder. BuildError when it is none, or a file is not as it was made."""
    if not (root / MANIFEST).is_file():
        raise BuildError(f"{root} holds no build", "tools/build_mpy.py makes one")
    if not _intact(root):
        raise BuildError(f"{root}: a file is missing or damaged", "build it again")
    return _read(root)


def cache_folder() -> Path:
    """Return the folder that holds finished builds; it may not exist yet."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "hullwatch" / "firmware"


def _key(sources: Mapping[str, Path], compiler: Compiler) -> str:
    digest = hashlib.sha256(repr((__version__, compiler.version, OPTIONS)).encode())
    for name in sorted(sources):
        digest.update(f"{name}\0{file_hash(sources[name].read_bytes())}".encode())
    return digest.hexdigest()


def _compile_into(root: Path, board: str, sources: Mapping[str, Path], compiler: Compiler) -> None:
    """Build in a folder of its own and move it into place: builders do not disturb each other."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="building-") as folder:
        work = Path(folder) / "build"
        work.mkdir()
        for name, source in sources.items():
            if name == "main.py":
                shutil.copyfile(source, work / name)
            else:
                compiler.compile(source, name, (work / name).with_suffix(".mpy"))
        _write_manifest(work, board, compiler)
        shutil.rmtree(root, ignore_errors=True)  # a damaged one
        try:
            work.rename(root)
        except OSError:
            if not _intact(root):  # not another builder's, who was faster
                raise


def _write_manifest(root: Path, board: str, compiler: Compiler) -> None:
    paths = [path for path in root.rglob("*") if path.is_file()]
    files = {path.relative_to(root).as_posix(): file_hash(path.read_bytes()) for path in paths}
    manifest = {
        "board": board,
        "compiler": compiler.version,
        "core_hash": core_hash(files),
        "files": files,
        "firmware_version": __version__,
    }
    (root / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def _read(root: Path) -> Build:
    manifest = json.loads((root / MANIFEST).read_text())
    files = tuple(sorted(manifest["files"]))
    return Build(manifest["board"], root, manifest["core_hash"], files)


def _intact(root: Path) -> bool:
    """Whether `root` holds every file of its manifest, unchanged."""
    try:
        files = json.loads((root / MANIFEST).read_text())["files"]
        return all(file_hash((root / name).read_bytes()) == files[name] for name in files)
    except (OSError, ValueError, KeyError):
        return False


def _forget_old_builds(cache: Path) -> None:
    found = [path.parent for path in cache.glob(f"*/{MANIFEST}")]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for root in found[_KEPT_BUILDS:]:
        shutil.rmtree(root, ignore_errors=True)


def _replace(root: Path, out: Path) -> None:
    """Put the build at `root` in place of what `out` holds."""
    if out.exists() and any(out.iterdir()):
        if not (out / MANIFEST).is_file():
            message = f"{out} is not empty and holds no earlier build"
            raise BuildError(message, "name a new folder")
        for name in _read(out).files:
            (out / name).unlink(missing_ok=True)
    shutil.copytree(root, out, dirs_exist_ok=True)
