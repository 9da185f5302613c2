"""What is on this board: run by `hullwatch flash` in the REPL, writes nothing."""

import hashlib
import os
import sys

_CODE = ("hullcore", "hullnode", "board")


def digest(path: str, size: int = -1) -> str:
    """SHA-256 in hexadecimal of the first `size` bytes of a file (all: −1); "" without it."""
    h = hashlib.sha256()
    try:
        f = open(path, "rb")
    except OSError:
        return ""
    left = size
    while left:
        part = f.read(1024 if left < 0 or left > 1024 else left)
        if not part:
            break
        h.update(part)
        if left > 0:
            left -= len(part)
    f.close()
    return "".join(["%02x" % byte for byte in h.digest()])


def tree(folder: str, found: list) -> None:
    """Append (path, hash) of every file below a folder, if there is one."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            tree(path, found)
        else:
            found.append((path, digest(path)))


def text(path: str) -> str:
    """The first 2000 bytes of a text file, "" without it or when it is no text."""
    try:
        with open(path) as f:
            return f.read(2000)
    except (OSError, UnicodeError):
        return ""


def names(folder: str) -> list:
    """What lies in a folder, nothing without it."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def unique_id() -> str:
    """The chip's id in hexadecimal, "" where `machine` cannot say."""
    try:
        import machine

        return "".join(["%02x" % byte for byte in machine.unique_id()])
    except (ImportError, AttributeError):
        return ""


def size_of(path: str) -> int:
    """Bytes of a file, −1 without it."""
    try:
        return os.stat(path)[6]
    except OSError:
        return -1


def survey() -> dict:
    """All that decides whether and how this board can be flashed."""
    found = []
    for folder in _CODE:
        tree(folder, found)
    implementation = sys.implementation
    volume = os.statvfs("")
    return {
        "name": implementation[0],
        "version": tuple(implementation[1][:3]),
        "machine": getattr(implementation, "_machine", ""),
        "mpy": getattr(implementation, "_mpy", 0),
        "platform": sys.platform,
        "maxsize": sys.maxsize,
        "uid": unique_id(),
        "code": found,
        "main": digest("main.py"),
        "main_text": text("main.py"),
        "boot": "boot.py" in os.listdir(),
        "pack": size_of("update.pack"),
        "crash": text("crash.txt"),
        "cursor": (text("spool.0"), text("spool.1")),
        "raw": len(names("raw")),
        "block": volume[0],
        "blocks": volume[2],
        "free": volume[3] if volume[3] <= volume[2] else 0,  # littlefs counts below 0 when full
    }
