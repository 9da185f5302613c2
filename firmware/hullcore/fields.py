"""Packing with the range check that MicroPython's struct omits (it truncates silently)."""

import struct

_LIMITS = {"b": 7, "h": 15, "i": 31, "q": 63, "B": 8, "H": 16, "I": 32, "Q": 64}
_REFUSED = (ValueError, OverflowError, getattr(struct, "error", ValueError))


class FieldRange(ValueError):
    """A value does not fit its field: a programming error, never sent truncated."""


def pack_checked(layout: str, values: tuple) -> bytes:
    """`struct.pack(layout, *values)`; FieldRange instead of a silently truncated integer.

    `layout` is "<" and codes, where a count stands only before s.
    """
    try:
        data = struct.pack(layout, *values)
        # what comes back unchanged has not been truncated: two calls, where a loop over the 14
        # fields of a raw block takes the chip 1.4 ms; strings come back padded
        if struct.unpack(layout, data) == values:
            return data
    except _REFUSED:
        pass
    _check(layout, values)
    return struct.pack(layout, *values)


def _check(layout: str, values: tuple) -> None:
    k = 0
    for code in layout[1:]:
        if code in "0123456789":
            continue
        if code != "s":
            v = values[k]
            bits = _LIMITS[code]
            low = -(1 << bits) if code in "bhiq" else 0
            if not low <= v < 1 << bits:
                raise FieldRange("field %d (%s): %d" % (k, code, v))
        k += 1
