"""Integers of any size as bytes, seven bits a byte, small ones short.

n ≥ 0 becomes 2n, n < 0 becomes −2n − 1 (zigzag, as in Protocol Buffers); then groups of seven bits,
lowest first, bit 7 set while more follow.
"""


def pack(values: tuple) -> bytes:
    """All values, one after the other."""
    out = bytearray()
    for value in values:
        rest = value << 1 if value >= 0 else -(value << 1) - 1
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def unpack(data: bytes, count: int) -> tuple:
    """The first `count` values; what follows is ignored. ValueError when there are fewer."""
    values: list = []
    n = shift = 0
    for byte in data:
        if len(values) == count:
            break
        n |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            values.append(-((n + 1) >> 1) if n & 1 else n >> 1)
            n = shift = 0
    if len(values) < count:
        raise ValueError("%d of %d values" % (len(values), count))
    return tuple(values)
