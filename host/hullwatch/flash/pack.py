"""An update as one compressed file: what differs from what the board has, and what is to go.

One file instead of many small ones, because each small one would take a block of 4 KiB of flash:
a whole build is 360 kB of them and 64 kB as a pack. The node leaves room for that.

zlib stream of: one line of JSON {"files": [[path, bytes, SHA-256], …], "stale": [path, …]}, then
the files' contents in that order, main.py last. The same difference gives the same bytes, so a
pack that arrived in part can be continued.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from hullwatch.flash.corehash import file_hash

_WINDOW_BITS = 12
"""4 KiB of the board's heap while it unpacks."""


@dataclass(frozen=True)
class Pack:
    """`paths` are the files it holds, in order; `stale` those it removes."""

    data: bytes
    paths: tuple[str, ...]
    stale: tuple[str, ...]

    def hash_of(self, size: int) -> str:
        """SHA-256 of the first `size` bytes."""
        return hashlib.sha256(self.data[:size]).hexdigest()


def make_pack(build: Mapping[str, bytes], on_board: Mapping[str, str]) -> Pack:
    """What makes a board with files `on_board` (path to SHA-256) hold `build` and nothing else.

    main.py is always in it: the board has the switch in its place meanwhile.
    """
    paths = sorted(
        path for path in build if path != "main.py" and on_board.get(path) != file_hash(build[path])
    )
    paths.append("main.py")
    stale = sorted(set(on_board) - set(build))
    plan = {
        "files": [[path, len(build[path]), file_hash(build[path])] for path in paths],
        "stale": stale,
    }
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW_BITS)
    data = packer.compress(json.dumps(plan, separators=(",", ":")).encode() + b"\n")
    for path in paths:
        data += packer.compress(build[path])
    return Pack(data + packer.flush(), tuple(paths), tuple(stale))
