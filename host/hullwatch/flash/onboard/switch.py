"""A Hullwatch update is under way: this stands in for main.py until it is done.

It puts the files of update.pack in place, each whole or not at all, the new main.py last, and
starts that. A cut at any moment: it begins again at the next start, where it was. If it ends with
an error, the board stays at the prompt with its outputs released: run `hullwatch flash` again.
"""

import hashlib
import json
import os

import deflate

_PACK = "update.pack"
_MAIN = "main.py"
_NEW = "~"  # a file that is being written: its name with this behind it


def _hash(path: str) -> str:
    h = hashlib.sha256()
    try:
        with open(path, "rb") as f:
            part = f.read(1024)
            while part:
                h.update(part)
                part = f.read(1024)
    except OSError:
        return ""
    return "".join(["%02x" % byte for byte in h.digest()])


def _folders(path: str) -> None:
    at = path.find("/")
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError:
            pass  # it is there; or the file says what is wrong
        at = path.find("/", at + 1)


def _exactly(stream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = stream.read(size - len(data))
        if not part:
            raise ValueError("update.pack ends early")
        data += part
    return data


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass  # a run before this one has


def _unpack(told) -> None:
    with open(_PACK, "rb") as f:
        stream = deflate.DeflateIO(f, deflate.ZLIB)
        plan = json.loads(stream.readline())
        for path, size, expected in plan["files"]:
            data = _exactly(stream, size)
            if _hash(path) != expected:
                _folders(path)
                with open(path + _NEW, "wb") as new:
                    new.write(data)
                if _hash(path + _NEW) != expected:
                    raise ValueError(path + " was not written right")
                if path != _MAIN:
                    os.rename(path + _NEW, path)
            told(path)
    for path in plan["stale"]:
        _remove(path)


def switch(told) -> None:
    """Put the pack in place; `told(path)` after each file. OSError when the flash is full."""
    if _PACK in os.listdir():
        _unpack(told)
        os.remove(_PACK)
    os.rename(_MAIN + _NEW, _MAIN)  # from here on the new version starts


if __name__ == "__main__":
    switch(print)
    import machine

    machine.reset()
