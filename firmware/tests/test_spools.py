"""Records and raw blocks that wait for the host: none changed, none lost without being told."""

import random
import struct

import pytest

from hullnode.rawring import RawRing, bytes_for
from hullnode.spool import Spool

RECORD = 176
SLOTS = 32


def record(number: int) -> bytes:
    return random.Random(number).randbytes(RECORD)


class Losses:
    """Collects what the spool says is lost, range by range."""

    def __init__(self, spool) -> None:
        self.spool = spool
        self.numbers: list[int] = []

    def take(self) -> None:
        first, last = self.spool.take_lost()
        if first >= 0:
            assert first <= last
            self.numbers += range(first, last + 1)
        assert self.spool.take_lost() == (-1, -1)


def ram_spool() -> Spool:
    return Spool(None, "", 0, 5, 0, 0, -1, 0)


@pytest.mark.parametrize("seed", range(30))
def test_a_spool_in_ram_against_a_list(seed):
    rng = random.Random(seed)
    spool = ram_spool()
    losses = Losses(spool)
    acked = appended = 0
    expected_lost = []
    for _ in range(1000):
        if rng.random() < 0.7:
            if appended >= SLOTS and appended - SLOTS >= acked:
                expected_lost.append(appended - SLOTS)
                acked = appended - SLOTS + 1
            spool.append(record(appended))
            appended += 1
            losses.take()
        else:
            upto = rng.choice(
                [0, acked, appended, appended + 1, 2**32 - 1, rng.randint(0, appended)]
            )
            assert spool.ack(upto) is (upto <= appended)
            if upto <= appended:
                acked = max(acked, upto)
        assert (spool.next, spool.acked) == (appended, acked)
        assert spool.oldest == max(0, appended - SLOTS)
        assert spool.dropped == len(expected_lost)
    assert losses.numbers == expected_lost
    for number in range(spool.oldest, spool.next):
        assert spool.get(number) == record(number)


def test_acked_records_stay_until_their_space_is_needed():
    spool = ram_spool()
    for number in range(SLOTS):
        spool.append(record(number))
    assert spool.ack(SLOTS)
    assert [spool.get(n) for n in range(SLOTS)] == [record(n) for n in range(SLOTS)]
    spool.append(record(SLOTS))
    assert (spool.oldest, spool.dropped) == (1, 0)


def test_losses_add_up_to_one_range_until_taken():
    spool = ram_spool()
    for number in range(SLOTS + 7):
        spool.append(record(number))
    assert spool.dropped == 7
    assert spool.take_lost() == (0, 6)
    assert spool.take_lost() == (-1, -1)


def block(boot: int, first: int, count: int, size: int) -> bytes:
    """A RAW payload as far as a ring looks into it."""
    head = struct.pack("<IIQHIIBBBBBiiI", boot, 0, first, 0, 0, 0, count, 1, 0, 1, 0, 0, 0, 0)
    return head + random.Random(first).randbytes(size - len(head))


@pytest.mark.parametrize("seed", range(30))
def test_ring_against_a_list(seed):
    rng = random.Random(seed)
    size = rng.choice([181, 400, 1000, 5792])
    ring = RawRing(size, None, 7)
    held: list[tuple[int, int, bytes]] = []  # unacked
    lost: list[int] = []
    told: list[int] = []
    sample = last_end = dropped = 0
    for _ in range(800):
        if rng.random() < 0.7:
            sample += rng.choice([0, 0, 0, 3])  # a hole
            first, end = sample, sample + rng.randint(1, 64)
            payload = block(7, first, end - first, rng.randint(43, 180))
            while sum(len(b[2]) + 1 for b in held) + len(payload) + 1 > size:
                gone = held.pop(0)
                lost += range(gone[0], gone[1])
                dropped += 1
            ring.append(payload)
            held.append((first, end, payload))
            sample = last_end = end
        else:
            upto = rng.choice([0, last_end, last_end + 1, 2**63, rng.randint(0, last_end)])
            assert ring.ack(7, upto, 0) is (upto <= last_end)
            if upto <= last_end:
                held = [b for b in held if b[1] > upto]
        if rng.random() < 0.5:
            boot, low, high = ring.take_lost()
            told += range(low, high + 1) if boot >= 0 else []
        assert ring.next - ring.oldest == len(held)
        for index in rng.sample(range(len(held)), len(held)):
            assert ring.get(ring.oldest + index) == held[index][2]
        if held:
            assert ring.held_from() == (7, held[0][0])
    while ring.lost:
        told += range(ring.lost[0][1], ring.lost[0][2] + 1)
        ring.take_lost()
    assert set(lost) <= set(told)
    assert not {n for b in held for n in range(b[0], b[1])} & set(told)
    assert ring.dropped == dropped


def test_ring_refuses_acks_of_samples_never_packed():
    ring = RawRing(1000, None, 3)
    assert ring.ack(3, 0, 0)
    assert not ring.ack(3, 1, 0)
    ring.append(block(3, 10, 10, 50))
    assert not ring.ack(3, 21, 0)
    assert ring.ack(3, 19, 0)
    assert ring.next - ring.oldest == 1  # not the whole block is durable
    assert ring.ack(2, 20, 0)
    assert ring.next - ring.oldest == 1  # another boot's samples
    assert ring.ack(3, 20, 0)
    assert ring.ack(3, 20, 0)
    assert ring.next == ring.oldest


@pytest.mark.parametrize("period_us", [10_000, 100_000, 1_000_000, 5_000_000, 60_000_000])
@pytest.mark.parametrize("spread", [60, 10_000])
def test_the_ring_holds_a_minute_of_noise(period_us, spread):
    from hullcore.rawblock import RawPacker

    rng = random.Random(1)
    packer = RawPacker(0, 0)
    ring = RawRing(bytes_for(period_us), None, 0)
    samples = 60_000_000 // period_us
    number = 0
    for k in range(4 * samples):
        if k in (samples, samples + 5, 2 * samples):  # a few holes end blocks early
            packer.full = packer.count > 0
        if not packer.full:
            packer.add(
                25_939_200 + rng.randint(-spread, spread), rng.randint(19_530_000, 19_549_000)
            )
        if packer.full or packer.count * period_us >= 10_000_000:
            count = packer.count
            ring.append(packer.close(0, 0, number, 0, 0, 0, 0))
            number += count - packer.count
    _, oldest = ring.held_from()
    assert number - oldest >= samples or ring.dropped == 0
