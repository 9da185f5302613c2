"""Puts a pack onto a board in the REPL and has the board switch to it.

Until the switch takes the place of main.py, the version before is whole and starts. From then on
the board finishes the update by itself, whenever it is powered.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable

from hullwatch.flash.boardstate import BoardState
from hullwatch.flash.build import Build
from hullwatch.flash.errors import FlashError, NoRoom
from hullwatch.flash.onboard import FOLDER
from hullwatch.flash.pack import Pack
from hullwatch.transport.rawrepl import CommandFailed, RawRepl

Progress = Callable[[str, int, int], None]
"""what, done, total"""

_PACK = "update.pack"
_CHUNK = 1024
_SYNC = 4 * _CHUNK
"""So many bytes are safe from a cut each time; a block of the flash."""

_SPARE_BLOCKS = 4  # file system's own, and a file that is written beside the old one
_ENOSPC = ("ENOSPC", "28")
_RUN_SWITCH = """
_g = {"__name__": "switch"}
with open("main.py") as _f:
    exec(_f.read(), _g)
_g["switch"](print)
"""


def check_room(state: BoardState, build: Build, pack: Pack) -> None:
    """Refuse when the pack and the files it adds cannot fit: NoRoom."""
    block = state.block_bytes
    held = max(0, state.pack_bytes) if state.pack_bytes <= len(pack.data) else 0
    needed = _blocks(len(pack.data) - held, block) + _SPARE_BLOCKS
    folders: set[str] = set()
    for path in pack.paths:
        if path not in state.code:
            needed += _blocks((build.root / path).stat().st_size, block)
            folders.add(path.rpartition("/")[0])
    old = {path.rpartition("/")[0] for path in state.code}
    needed += 2 * len(folders - old)  # littlefs keeps two blocks for a folder
    if needed > state.free_blocks:
        raise NoRoom(
            f"{state.free_blocks * block // 1024} kB free on the board, the update needs "
            f"{needed * block // 1024} kB",
            "name a database with --db: what the node holds goes there first; or remove files of "
            "your own in hullwatch shell",
        )


def _blocks(size: int, block: int) -> int:
    return -(-size // block)


def send(repl: RawRepl, pack: Pack, present: int, progress: Progress) -> int:
    """Bring the pack to the board, going on where an earlier run ended; bytes that were sent.

    `present` is how many bytes of a pack are there (−1: none). FlashError when what arrived is
    not what was sent.
    """
    total = len(pack.data)
    at = present if 0 < present <= total and _holds(repl, pack, present) else 0
    first = at
    progress("upload", at, total)
    repl.run("from binascii import a2b_base64 as _d")
    _told_full(repl, f"_f = open({_PACK!r}, {'ab' if at else 'wb'!r})")
    while at < total:
        chunk = pack.data[at : at + _CHUNK]
        text = binascii.b2a_base64(chunk, newline=False).decode()
        at += len(chunk)
        flush = "; _f.flush()" if at % _SYNC == 0 else ""
        _told_full(repl, f"_n = _f.write(_d({text!r})){flush}")
        progress("upload", at, total)
    _told_full(repl, "_f.close()")
    if not _holds(repl, pack, total):
        raise FlashError(
            "what arrived on the board is not what was sent; the version before is untouched",
            "run it again; should it stay so, the board's flash is worn out",
        )
    return total - first


def _holds(repl: RawRepl, pack: Pack, size: int) -> bool:
    return repl.value(f"digest({_PACK!r}, {size})") == pack.hash_of(size)


def commit(repl: RawRepl, state: BoardState) -> None:
    """The switch becomes main.py, in one step; a main.py of somebody else is kept beside it."""
    text = (FOLDER / "switch.py").read_bytes()
    _told_full(repl, f"_f = open('main.py~', 'wb'); _n = _f.write({text!r}); _f.close()")
    if state.foreign_main:
        repl.run("import os; os.rename('main.py', 'main.before.py')")
    repl.run("import os; os.rename('main.py~', 'main.py')")


def switch(repl: RawRepl, total: int, progress: Progress) -> None:
    """Run the switch that is main.py now. FlashError: the board stays at its prompt."""
    done = 0

    def told(_path: str) -> None:
        nonlocal done
        done += 1
        progress("in place", min(done, total), total)

    try:
        repl.run(_RUN_SWITCH, told)
    except CommandFailed as error:
        raise FlashError(
            f"the board could not put the update in place: {_meaning(error)}; it waits at its "
            "prompt, outputs released",
            "run hullwatch flash again",
        ) from error


def discard(repl: RawRepl) -> None:
    """Remove what an update left that is not wanted any more."""
    repl.run(f"import os\nif {_PACK!r} in os.listdir(): os.remove({_PACK!r})")


def _told_full(repl: RawRepl, code: str) -> None:
    """Run a write; a full file system is NoRoom, and what was begun is removed again."""
    try:
        repl.run(code)
    except CommandFailed as error:
        if error.kind == "OSError":
            repl.run(
                "import os\ntry: _f.close()\nexcept Exception: pass\n"
                f"for _n in ('main.py~', {_PACK!r}):\n"
                " if _n in os.listdir(): os.remove(_n)"
            )
            raise NoRoom(
                f"the board cannot write the update: {_meaning(error)}; the version before is "
                "untouched",
                "name a database with --db: what the node holds goes there first",
            ) from error
        raise


def _meaning(error: CommandFailed) -> str:
    if error.kind == "OSError" and any(mark in error.detail for mark in _ENOSPC):
        return "its file system is full"
    return error.message
