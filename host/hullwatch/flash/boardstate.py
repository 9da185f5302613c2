"""What is on a board, as its REPL tells, and whether a build fits it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hullwatch.flash.build import Build
from hullwatch.flash.corehash import core_hash, file_hash
from hullwatch.flash.errors import WrongMicroPython
from hullwatch.flash.mpyfile import is_whole
from hullwatch.flash.onboard import FOLDER
from hullwatch.transport.rawrepl import RawRepl

OLDEST = (1, 27)
"""Oldest MicroPython that the firmware's tests run on."""

_BOARDS = {"rp2": "pico", "linux": "vm", "darwin": "vm"}
"""Folder of firmware/boards for each sys.platform."""

_LAYOUTS = ("hullcore/messages.mpy", "hullcore/records.mpy")
"""Files that decide how a record lies in the spool."""

_OURS = ("hullnode", "Hullwatch")
"""What every main.py of ours says; another one is kept."""

_AT_ONCE = 16
"""Files told in one answer: 2 kB, which neither the board's heap nor a terminal's buffer minds."""

_MPY_MAGIC = 0x4D
_FORGET = """
import gc, sys
try:
    _f.close()  # of an upload whose host went away
except Exception:
    pass
for n in list(sys.modules):
    if n.split(".")[0] in ("hullcore", "hullnode", "board"):
        del sys.modules[n]
for n in ("board", "guard"):
    globals().pop(n, None)
gc.collect()
"""
_GET_UF2 = (
    "put a newer MicroPython on it: download the .uf2 for your board from micropython.org/download,"
    " then: hullwatch flash --uf2 FILE"
)


@dataclass(frozen=True)
class BoardState:
    """One look at a board. `code` is path to SHA-256 of what lies where the firmware lies."""

    uid: str
    machine: str
    platform: str
    name: str
    version: tuple[int, ...]
    mpy: int
    maxsize: int
    code: Mapping[str, str]
    main_text: str
    boot_py: bool
    pack_bytes: int
    crash: str
    unacked_records: int
    raw_pages: int
    block_bytes: int
    free_blocks: int

    @property
    def micropython(self) -> str:
        """`MicroPython 1.28.0 on Raspberry Pi Pico with RP2040`."""
        number = ".".join(str(part) for part in self.version)
        kind = "MicroPython" if self.name == "micropython" else self.name
        return f"{kind} {number} on {self.machine or self.platform}"

    @property
    def core_hash(self) -> str:
        """As the node would compute it: over code files only."""
        return core_hash({p: h for p, h in self.code.items() if p.endswith((".py", ".mpy"))})

    @property
    def updating(self) -> bool:
        """Whether an update was cut short after it had begun to put files in place."""
        return self.code.get("main.py") == file_hash((FOLDER / "switch.py").read_bytes())

    @property
    def foreign_main(self) -> bool:
        """Whether main.py is there and somebody else's."""
        return bool(self.main_text) and not any(mark in self.main_text for mark in _OURS)

    @property
    def board(self) -> str:
        """Which board's firmware belongs on it. WrongMicroPython when there is none."""
        if self.platform not in _BOARDS:
            raise WrongMicroPython(
                f"{self.micropython}: there is no firmware for this kind of board",
                "boards with an RP2040 or RP2350 are supported",
            )
        return _BOARDS[self.platform]

    def layout_changes(self, build: Build) -> bool:
        """Whether `build` may lay records out differently from what is on the board."""
        return any(
            self.code.get(name) != file_hash((build.root / name).read_bytes()) for name in _LAYOUTS
        )


def survey(repl: RawRepl) -> BoardState:
    """Look at the board behind a REPL; changes nothing but its heap."""
    repl.run(_FORGET)
    repl.run((FOLDER / "survey.py").read_text("utf-8"))
    repl.run("_s = survey()")
    count: Any = repl.value("len(_s['code'])")
    code: dict[str, str] = {}
    for first in range(0, count, _AT_ONCE):
        rows: Any = repl.value(f"_s['code'][{first}:{first + _AT_ONCE}]")
        code |= dict(rows)
    repl.run("del _s['code']")
    found: Any = repl.value("_s")
    if found["main"]:
        code["main.py"] = found["main"]
    return BoardState(
        uid=found["uid"], machine=found["machine"], platform=found["platform"],
        name=found["name"], version=tuple(found["version"]), mpy=found["mpy"],
        maxsize=found["maxsize"], code=code, main_text=found["main_text"],
        boot_py=found["boot"], pack_bytes=found["pack"], crash=found["crash"],
        unacked_records=_unacked(found["cursor"]), raw_pages=found["raw"],
        block_bytes=found["block"], free_blocks=found["free"],
    )  # fmt: skip


def check_fits(state: BoardState, build: Build) -> None:
    """Refuse a board that could not load the build's files: WrongMicroPython."""
    if state.name != "micropython" or state.version[:2] < OLDEST:
        oldest = ".".join(str(part) for part in OLDEST)
        raise WrongMicroPython(f"{state.micropython}; at least {oldest} is needed", _GET_UF2)
    if state.board != build.board:
        raise WrongMicroPython(
            f"{state.micropython} takes the firmware for {state.board}, not for {build.board}",
            "hullwatch flash without --build makes the right one",
        )
    for name in build.files:
        if name.endswith(".mpy"):
            _check_mpy(name, (build.root / name).read_bytes(), state)


def _check_mpy(name: str, data: bytes, state: BoardState) -> None:
    """What py/persistentcode.c checks of a header: version, native code, small-int bits.

    And what it does not: that the file is whole.
    """
    head = data[:4]
    version, arch, sub = state.mpy & 0xFF, state.mpy >> 10, state.mpy >> 8 & 3
    if len(head) < 4 or head[0] != _MPY_MAGIC:
        raise WrongMicroPython(f"{name} is no .mpy file", "remove the build folder, build again")
    if head[1] != version:
        raise WrongMicroPython(
            f"{name} has .mpy format {head[1]}, {state.micropython} loads format {version}",
            _GET_UF2,
        )
    native = head[2] >> 2 & 0x0F
    if not native and not is_whole(data):
        raise WrongMicroPython(f"{name} is damaged", "remove the build folder, build again")
    if native and (native != arch or head[2] & 3 != sub):
        raise WrongMicroPython(
            f"{name} holds machine code for architecture {native}.{head[2] & 3}, the board has "
            f"{arch}.{sub}", "hullwatch flash without --build makes the right one",
        )  # fmt: skip
    if head[3] > state.maxsize.bit_length():
        raise WrongMicroPython(
            f"{name} needs {head[3]}-bit small integers, the board has "
            f"{state.maxsize.bit_length()}", "hullwatch flash without --build makes the right one",
        )  # fmt: skip


def _unacked(copies: tuple[str, str]) -> int:
    """Records in the spool that no host has acked, by the newer whole copy of its cursor."""
    best, value = -1, None
    for copy in copies:
        line, _, crc = copy.partition("\n")
        try:
            if zlib.crc32(line.encode()) == int(crc, 16):
                generation, found = json.loads(line)
                if generation > best:
                    best, value = generation, found
        except (ValueError, TypeError):
            continue  # cut short while it was written: the other one counts
    return max(0, value[2] - value[1]) if value else 0
