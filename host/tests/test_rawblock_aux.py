"""The third column of raw blocks, from bytes to arrays."""

import struct

import numpy as np
import pytest

from hullcore.auxblock import AuxPacker
from hullcore.estimator import NO_AUX
from hullwatch.errors import ProtocolError
from hullwatch.link import rawblock

HEAD = "<IIQHIIBBBBBiiI"  # as documented for RAW and RAW_AUX, written out
AUX = "<BBi"


def payload(p, t, aux, widths, shifts=(0, 0, 0), first=1000):
    """A block built one byte at a time."""
    out = struct.pack(
        HEAD, 7, 3, first, 2, 123456, 0, len(p), widths[0], shifts[0], widths[1],
        shifts[1] | 0x80, p[0], t[0], 0,
    )  # fmt: skip
    for k, values in enumerate((p, t, aux)):
        if k == 2:
            out += struct.pack(AUX, widths[2], shifts[2], aux[0])
        for value in values[1:]:
            step = (value - values[0]) >> shifts[k]
            out += step.to_bytes(widths[k], "little", signed=True)
    return out


GOOD = payload([100, 90], [7, 8], [5000, 5512], (1, 1, 1), (0, 0, 9))


def test_a_block_written_by_hand():
    data = bytes.fromhex(
        "07000000 03000000 e803000000000000 0200 40e20100 00000000 02 01 02 00 80"
        "10270000 00000100 00000000"
        "ff"  # pressure −1·4; temperature has no width
        "02 09 00008000 feff"  # 2^23, −2·512
    )
    block = rawblock.decode(data)
    assert block.p_q8.tolist() == [10000, 9996]
    assert block.t_q16.tolist() == [65536, 65536]
    assert block.aux.tolist() == [1 << 23, (1 << 23) - 1024]
    assert block.aux.dtype == np.int32


def test_two_and_three_columns_together_keep_their_order():
    rng = np.random.default_rng(3)
    packer = AuxPacker(2, 0, 9)
    t = (19211919 + rng.integers(-100, 100, 400)).tolist()
    p = (25939200 + 4 * rng.integers(-2000, 2000, 400)).tolist()
    aux = (19200000 + 512 * rng.integers(-3, 4, 400)).tolist()
    for k in (*range(30, 35), 100, 399):
        aux[k] = NO_AUX
    payloads, at = [], 0

    def close(end):
        nonlocal at
        while packer.count:
            payloads.append(packer.close(1, 0, at, 0, at * 100, 0, 0))
            at = end - packer.count

    for k in range(400):
        if not packer.matches(aux[k]):
            close(k)
        packer.add_aux(p[k], t[k], aux[k])
        if packer.full:
            close(k + 1)
    close(400)
    blocks = rawblock.decode_many(payloads)
    assert np.concatenate([b.p_q8 for b in blocks]).tolist() == p
    assert np.concatenate([b.t_q16 for b in blocks]).tolist() == t
    assert [v for b in blocks for v in ([NO_AUX] * b.count if b.aux is None else b.aux)] == aux
    assert [b.first for b in blocks[1:]] == [b.past for b in blocks[:-1]]


def changed(offset, *values):
    data = bytearray(GOOD)
    data[offset : offset + len(values)] = values
    return bytes(data)


AUX_AT = struct.calcsize(HEAD) + 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (GOOD[: AUX_AT + 3], "differences of 1 \\+ 1 \\+ 255"),
        (GOOD[:-1], "do not hold"),
        (GOOD + b"\0", "do not hold"),
        (changed(AUX_AT, 3), "differences of 1 \\+ 1 \\+ 3"),
        (changed(AUX_AT + 1, 40), "shifts of 0 and 0 and 40"),
        (changed(AUX_AT + 1, 31), "second sensor's value beyond 32 bits"),
        (changed(26, 0), "no samples"),
    ],
)
def test_malformed_third_columns_are_refused_with_the_reason(data, reason):
    rawblock.decode(GOOD)
    with pytest.raises(ProtocolError, match=reason):
        rawblock.decode(data)
