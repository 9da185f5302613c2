"""Raw blocks with a third column, unpacked by an independent reading of the layout."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.auxblock import AuxPacker
from hullcore.estimator import NO_AUX
from hullcore.rawblock import RawPacker

P_MAX = (1 << 30) - 1
HEAD = "<IIQHIIBBBBBiiI"
SHIFT = 9


def column(data: bytes, first: int, count: int, width: int, shift: int) -> list[int]:
    steps = [int.from_bytes(data[k * width : (k + 1) * width], "little", signed=True)
             for k in range(count - 1)]  # fmt: skip
    return [first, *(first + (step << shift) for step in steps)]


def unpack(data: bytes) -> tuple[int, list[tuple[int, int, int]]]:
    """(first sample number, samples) of one block."""
    assert len(data) <= 180
    head = struct.unpack_from(HEAD, data)
    count, pw, ps, tw, ts, p0, t0 = head[6:13]
    at = struct.calcsize(HEAD)
    p = column(data[at:], p0, count, pw, ps)
    at += (count - 1) * pw
    t = column(data[at:], t0, count, tw, ts & 0x7F)
    at += (count - 1) * tw
    aux = [NO_AUX] * count
    if ts & 0x80:
        aw, shift, a0 = struct.unpack_from("<BBi", data, at)
        at += 6
        aux = column(data[at:], a0, count, aw, shift)
        at += (count - 1) * aw
    assert at == len(data), "bytes left over"
    return head[2], list(zip(p, t, aux, strict=True))


def pack(samples: list[tuple[int, int, int]], shift: int = SHIFT) -> list[bytes]:
    """All blocks of a stream, closed the way the pipeline closes them."""
    packer = AuxPacker(0, 0, shift)
    blocks = []
    first = 1000

    def close() -> None:
        nonlocal first
        while packer.count:
            before = packer.count
            blocks.append(packer.close(1, 2, first, 3, 4, 0, 5))
            assert packer.count < before
            first += before - packer.count

    for sample in samples:
        if not packer.matches(sample[2]):
            close()
        packer.add_aux(*sample)
        if packer.full:
            close()
    close()
    return blocks


def check(samples: list[tuple[int, int, int]], shift: int = SHIFT) -> list[bytes]:
    blocks = pack(samples, shift)
    number = 1000
    got = []
    for data in blocks:
        first, some = unpack(data)
        assert first == number
        number += len(some)
        got += some
    assert got == samples
    return blocks


def noise(n: int, spread: int, aux_spread: int) -> list[tuple[int, int, int]]:
    rng = random.Random(n)
    return [
        (25_939_200 + rng.randint(-spread, spread), 19_539_558 + rng.randint(-60, 60),
         19_200_000 + (rng.randint(-aux_spread, aux_spread) << SHIFT))
        for _ in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spread", "aux_spread", "least"),
    [
        (60, 0, 56),
        (60, 60, 40),
        (10_000, 60, 32),
        (10_000, 10_000, 24),
        (4_000_000, 4_000_000 >> 9, 8),
    ],
)
def test_noise_of_every_width(spread, aux_spread, least):
    blocks = check(noise(1000, spread, aux_spread))
    assert min(len(unpack(data)[1]) for data in blocks[:-1]) >= least


def test_samples_without_the_second_value_make_blocks_of_two_columns():
    samples = noise(300, 60, 60)
    for k in (0, 1, 2, 50, 51, 120, 299):
        samples[k] = (*samples[k][:2], NO_AUX)
    blocks = check(samples)
    kinds = [bool(data[30] & 0x80) for data in blocks]
    assert kinds[:2] == [False, True]
    assert kinds[-1] is False


def test_without_any_second_value_the_bytes_are_those_of_two_columns():
    plain = RawPacker(2, 1)
    packer = AuxPacker(2, 1, SHIFT)
    for k in range(40):
        plain.add(4000 + 4 * (k * k % 97), 600 - 2 * k)
        packer.add_aux(4000 + 4 * (k * k % 97), 600 - 2 * k, NO_AUX)
    assert packer.close(1, 2, 3, 4, 5, 6, 7) == plain.close(1, 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize("at", range(1, 60, 7))
def test_a_step_of_the_second_value_anywhere_in_a_block(at):
    before, after = noise(at, 50, 50), noise(100, 50, 50)
    for jump in (200, 40_000, 900_000):
        check(before + [(p, t, aux + (jump << SHIFT)) for p, t, aux in after])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, P_MAX), st.integers(1000, 1100)),
            st.one_of(st.integers(0, P_MAX), st.integers(1000, 1003)),
            st.one_of(st.integers(0, P_MAX), st.integers(5000, 5100), st.just(NO_AUX)),
        ),
        min_size=1,
        max_size=150,
    )
)
def test_any_samples(samples):
    check(samples, shift=0)


def test_the_same_on_every_interpreter_and_nothing_allocated(all_vms):
    printed = all_vms(
        """
import gc
from hullcore.auxblock import AuxPacker
from hullcore.estimator import NO_AUX
try:
    from micropython import heap_lock, heap_unlock
except ImportError:
    def heap_lock(): pass
    heap_unlock = heap_lock
packer = AuxPacker(2, 0, 9)
def fill(seed, spread, absent):
    x = seed
    heap_lock()
    while not packer.full:
        x = (x * 3877 + 29573) % 139968
        aux = NO_AUX if absent else 19200000 + x % 5 * 512
        packer.add_aux((50000000 + x * spread) & 0x3FFFFFFC, 19539558 + x % 300, aux)
    heap_unlock()
def drain(seed):
    while packer.count:
        print(packer.close(1, 2, seed, 3, 4, 5, 6))
for seed in range(40):
    fill(seed, (0, 4, 40, 4000)[seed & 3], seed % 5 == 0)
    drain(seed)
    gc.collect()
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
