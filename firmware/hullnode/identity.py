"""Who this node is: boot counter, spool epoch, and the hash of the code that is running."""

import hashlib
import os

from hullcore.compat import const
from hullnode import twocopies

_MAX_BOOT = const(0xFFFFFFFF)  # the field is 32 bits wide
_CODE = ("hullcore", "hullnode", "board")
_MAIN = "main.py"
_CHUNK = const(1024)


def count_boot(root: str) -> int:
    """The number of this boot, one more than the stored one; 0 when it cannot be stored."""
    value, _, _ = twocopies.load(root, "boot")
    number = value + 1 if isinstance(value, int) and 0 <= value < _MAX_BOOT else 1
    try:
        twocopies.save(root, "boot", number)
    except OSError:
        return 0
    return number


def _files(root: str, folder: str, found: list) -> None:
    for name in os.listdir(root + "/" + folder):
        path = folder + "/" + name
        if os.stat(root + "/" + path)[0] & 0x4000:
            _files(root, path, found)
        elif path.endswith((".mpy", ".py")):  # a stray .py would be run instead
            found.append(path)


def _digest(path: str) -> bytes:
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while True:
            part = f.read(_CHUNK)
            if not part:
                return h.digest()
            h.update(part)


def core_hash(code_root: str) -> bytes:
    """SHA-256 over path, zero byte and SHA-256 of every code file, in order of path.

    The same function of the same files as the build manifest (`hullwatch.flash.build`), so a
    difference means that what runs is not what was built.
    """
    found: list = []
    for folder in _CODE:
        try:
            _files(code_root, folder, found)
        except OSError:
            pass  # a board that runs from sources has no such folder
    try:
        os.stat(code_root + "/" + _MAIN)
        found.append(_MAIN)
    except OSError:
        pass
    found.sort()
    h = hashlib.sha256()
    for path in found:
        h.update(path.encode())
        h.update(b"\0")
        h.update(_digest(code_root + "/" + path))
    return h.digest()
