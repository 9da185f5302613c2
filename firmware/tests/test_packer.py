"""Raw blocks, unpacked by an independent reading of the layout, give back what was packed."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.rawblock import CAPACITY, RawPacker

P_MAX = (1 << 30) - 1
MAX_PAYLOAD = 180


def pack(samples: list[tuple[int, int]], p_shift: int, t_shift: int) -> list[bytes]:
    """All blocks of a stream, closed the way the pipeline closes them."""
    packer = RawPacker(p_shift, t_shift)
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
        packer.add(*sample)
        if packer.full:
            close()
    close()
    assert not packer.full
    return blocks


def check(wire, samples: list[tuple[int, int]], p_shift: int = 0, t_shift: int = 0) -> list:
    """Round trip; the decoded blocks."""
    blocks = [wire.raw_block(data) for data in pack(samples, p_shift, t_shift)]
    got = [pair for b in blocks for pair in zip(b.pressure, b.temperature, strict=True)]
    assert got == samples
    expected = 1000
    for b in blocks:
        assert b.first == expected
        assert (b.ps, b.ts) == (p_shift, t_shift)
        assert {b.pw, b.tw} <= {0, 1, 2, 4}
        expected += b.count
    assert all(len(data) <= MAX_PAYLOAD for data in pack(samples, p_shift, t_shift))
    return blocks


def noise(seed: int, n: int, p_spread: int, t_spread: int, step: int = 1) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    return [
        (25_939_200 + step * rng.randint(-p_spread, p_spread),
         19_539_558 + rng.randint(-t_spread, t_spread))
        for _ in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("p_spread", "t_spread", "widths", "least"),
    [
        (0, 0, (0, 0), 64),
        (0, 60, (0, 1), 64),
        (60, 60, (1, 1), 56),
        (60, 10_000, (1, 2), 40),
        (10_000, 10_000, (2, 2), 32),
        (10_000, 1_000_000, (2, 4), 16),
        (1_000_000, 1_000_000, (4, 4), 16),
    ],
)
def test_noise_of_every_width(wire, p_spread, t_spread, widths, least):
    blocks = check(wire, noise(1, 1000, p_spread, t_spread))
    assert {(b.pw, b.tw) for b in blocks[:-1]} == {widths}
    assert min(b.count for b in blocks[:-1]) >= least


def test_shifted_noise_needs_one_byte(wire):
    blocks = check(wire, noise(2, 1000, 60, 60, step=4), p_shift=2)
    assert {b.pw for b in blocks} == {1}


def test_low_bits_of_the_first_value_stay(wire):
    """The shift is that of the differences; the first value itself keeps all its bits."""
    samples = [(25_939_203 + 4 * k, 19_539_558) for k in range(20)]
    check(wire, samples, p_shift=2)


def test_extremes(wire):
    alternating = [(P_MAX * (k & 1), P_MAX * (k >> 1 & 1)) for k in range(200)]
    check(wire, alternating)
    check(wire, [(P_MAX, 0)] * 200)
    check(wire, [(0, P_MAX)] * 3 + [(P_MAX, 0)] * 200)
    check(wire, [(-P_MAX, -P_MAX), (P_MAX, P_MAX)] * 40)  # what a nonsense driver value may be


@pytest.mark.parametrize("width", [1, 2, 4])
def test_differences_at_the_edge_of_each_width(wire, width):
    low, high = -(1 << 8 * width - 1), (1 << 8 * width - 1) - 1
    base = 1 << 29
    if width == 4:
        low, high = -base, base - 1
    for d in (low, low + 1, high - 1, high):
        assert {b.pw for b in check(wire, [(base, 0), (base + d, 0)])} == {width}
    if width < 4:
        for d in (low - 1, high + 1):
            assert {b.pw for b in check(wire, [(base, 0), (base + d, 0)])} == {2 * width}


@pytest.mark.parametrize("at", range(1, 64))
def test_a_step_anywhere_in_a_block(wire, at):
    """Differences outgrow the block after it was filled on the expectation of small ones."""
    before, after = noise(3, at, 50, 50), noise(4, 100, 50, 50)
    for jump in (200, 40_000, 400_000_000):
        check(wire, before + [(p + jump, t) for p, t in after])
        check(wire, before + [(p + jump, t + 60_000_000) for p, t in after])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, P_MAX), st.integers(1000, 1100), st.integers(0, 70_000)),
            st.one_of(st.integers(0, P_MAX), st.integers(1000, 1003)),
        ),
        min_size=1,
        max_size=150,
    ),
    st.integers(0, 4),
    st.integers(0, 4),
)
def test_any_samples(wire, samples, p_shift, t_shift):
    check(wire, [(p >> p_shift << p_shift, t >> t_shift << t_shift) for p, t in samples],
          p_shift, t_shift)  # fmt: skip


def test_a_block_never_outgrows_its_buffer():
    packer = RawPacker(0, 0)
    for _ in range(CAPACITY):
        assert not packer.full
        packer.add(5, 5)
    assert packer.full


def test_header_fields():
    packer = RawPacker(2, 1)
    packer.add(4000, 600)
    packer.add(4008, 598)
    data = packer.close(0xFFFFFFFF, 7, 1 << 40, 65535, P_MAX, 123_456, 99)
    head = struct.unpack_from("<IIQHIIBBBBBiiI", data)
    assert head == (0xFFFFFFFF, 7, 1 << 40, 65535, P_MAX, 123_456, 2, 1, 2, 1, 1, 4000, 600, 99)
    assert data[-2:] == bytes([2, 255])


def test_the_same_on_every_interpreter_and_nothing_allocated_by_add(all_vms):
    printed = all_vms(
        """
import gc
from hullcore.rawblock import RawPacker
try:
    from micropython import heap_lock, heap_unlock
except ImportError:
    def heap_lock(): pass
    heap_unlock = heap_lock
packer = RawPacker(2, 0)
def fill(seed, spread):
    x = seed
    heap_lock()
    while not packer.full:
        x = (x * 3877 + 29573) % 139968
        packer.add((50000000 + x * spread) & 0x3FFFFFFC, 19539558 + x % 300)
    heap_unlock()
def drain(seed):
    while packer.count:
        print(packer.close(1, 2, seed, 3, 4, 5, 6))
for seed in range(40):
    fill(seed, (0, 4, 40, 4000)[seed & 3])
    drain(seed)
    gc.collect()
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
