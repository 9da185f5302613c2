"""The core hash: which files are on a node, in 32 bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def file_hash(content: bytes) -> str:
    """Return the SHA-256 of one file in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def core_hash(files: Mapping[str, str]) -> str:
    """Return the core hash in hexadecimal of `files`: path on the node to `file_hash`.

    It is the SHA-256 over, for each file in order of its path's bytes: the path as UTF-8 with `/`
    between folders, a zero byte, and the 32 bytes of the file's own SHA-256. The files are
    `main.py` and everything under `hullcore`, `hullnode` and `board`, so a node computes it from
    its file system alone, one file at a time.
    """
    digest = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        digest.update(path.encode() + b"\0" + bytes.fromhex(files[path]))
    return digest.hexdigest()
