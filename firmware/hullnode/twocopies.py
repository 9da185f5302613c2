"""Small persistent values in two copies, each with generation and CRC-32.

A write goes to the older copy, so a power cut at any byte leaves the newer one whole.
"""

import binascii
import json


def _path(root: str, name: str, copy: int) -> str:
    return "%s/%s.%d" % (root, name, copy)


def _read(path: str, opener) -> tuple:
    """(generation, value, state): state 0 absent, 1 good, 2 damaged."""
    try:
        with (opener or open)(path) as f:
            text = f.read()
    except OSError:
        return (-1, None, 0)
    except UnicodeError:
        return (-1, None, 2)
    cut = text.find("\n")
    try:
        crc = int(text[cut + 1 :], 16)
        if cut < 0 or binascii.crc32(text[:cut].encode()) != crc:
            return (-1, None, 2)
        generation, value = json.loads(text[:cut])
    except (ValueError, TypeError):
        return (-1, None, 2)
    if not isinstance(generation, int) or generation < 0:
        return (-1, None, 2)
    return (generation, value, 1)


def load(root: str, name: str, opener=None) -> tuple:
    """(value or None, generation or 0, damaged copies as a bit set)."""
    a = _read(_path(root, name, 0), opener)
    b = _read(_path(root, name, 1), opener)
    damaged = (1 if a[2] == 2 else 0) | (2 if b[2] == 2 else 0)
    best = a if a[0] >= b[0] else b
    return (best[1], max(best[0], 0), damaged)


def save(root: str, name: str, value, opener=None) -> int:
    """Write the next generation over the older copy; returns it. OSError when it cannot."""
    a = _read(_path(root, name, 0), opener)
    b = _read(_path(root, name, 1), opener)
    generation = max(a[0], b[0], 0) + 1
    line = json.dumps([generation, value])
    target = 0 if a[0] < b[0] or a[2] != 1 else 1
    with (opener or open)(_path(root, name, target), "w") as f:
        f.write("%s\n%08x" % (line, binascii.crc32(line.encode())))
    return generation
