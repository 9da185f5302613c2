"""Records and raw blocks that wait for the host: none changed, none lost without being told."""

import random

import pytest

from hullnode.ramspool import RamSpool
from hullnode.rawring import RawRing, blocks_for

RECORD = 176


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


@pytest.mark.parametrize("seed", range(30))
def test_spool_against_a_list(seed):
    rng = random.Random(seed)
    capacity = rng.choice([1, 2, 7, 96])
    spool = RamSpool(capacity)
    losses = Losses(spool)
    acked = appended = 0
    expected_lost = []
    for _ in range(1000):
        if rng.random() < 0.7:
            if appended >= capacity and appended - capacity >= acked:
                expected_lost.append(appended - capacity)
                acked = appended - capacity + 1
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
        assert spool.oldest == max(0, appended - capacity)
        assert spool.dropped == len(expected_lost)
    assert losses.numbers == expected_lost
    for number in range(spool.oldest, spool.next):
        assert spool.get(number) == record(number)


def test_acked_records_stay_until_their_space_is_needed():
    spool = RamSpool(4)
    for number in range(4):
        spool.append(record(number))
    assert spool.ack(4)
    assert [spool.get(n) for n in range(4)] == [record(n) for n in range(4)]
    spool.append(record(4))
    assert (spool.oldest, spool.dropped) == (1, 0)


def test_losses_add_up_to_one_range_until_taken():
    spool = RamSpool(3)
    for number in range(10):
        spool.append(record(number))
    assert spool.dropped == 7
    assert spool.take_lost() == (0, 6)
    assert spool.take_lost() == (-1, -1)


@pytest.mark.parametrize("seed", range(30))
def test_ring_against_a_list(seed):
    rng = random.Random(seed)
    capacity = rng.choice([1, 2, 5, 32])
    ring = RawRing(capacity)
    losses = Losses(ring)
    held: list[tuple[int, int, bytes]] = []  # unacked
    lost: list[int] = []
    sample = last_end = 0
    for _ in range(800):
        if rng.random() < 0.7:
            sample += rng.choice([0, 0, 0, 3])  # a hole
            first, end = sample, sample + rng.randint(1, 64)
            payload = random.Random(first).randbytes(rng.randint(43, 180))
            if len(held) == capacity:
                gone = held.pop(0)
                lost += range(gone[0], gone[1])
            ring.append(payload, first, end)
            held.append((first, end, payload))
            sample = last_end = end
            losses.take()
        else:
            upto = rng.choice([0, last_end, last_end + 1, 2**63, rng.randint(0, last_end)])
            assert ring.ack(upto) is (upto <= last_end)
            if upto <= last_end:
                held = [block for block in held if block[1] > upto]
        assert ring.next - ring.oldest == len(held)
        for index, block in enumerate(held, ring.oldest):
            assert ring.get(index) == block[2]
    assert losses.numbers == lost
    assert ring.dropped >= len({*lost}) / 64


def test_ring_refuses_acks_of_samples_never_packed():
    ring = RawRing(4)
    assert ring.ack(0)
    assert not ring.ack(1)
    ring.append(bytes(50), 10, 20)
    assert not ring.ack(21)
    assert ring.ack(19)
    assert ring.next - ring.oldest == 1  # not the whole block is durable
    assert ring.ack(20)
    assert ring.ack(20)
    assert ring.next == ring.oldest


@pytest.mark.parametrize("period_us", [10_000, 100_000, 1_000_000, 5_000_000, 60_000_000])
@pytest.mark.parametrize("spread", [60, 10_000])
def test_the_ring_holds_a_minute_of_noise(period_us, spread):
    from hullcore.rawblock import RawPacker

    rng = random.Random(1)
    packer = RawPacker(0, 0)
    ring = RawRing(blocks_for(period_us))
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
            ring.append(
                packer.close(0, 0, number, 0, 0, 0, 0), number, number + count - packer.count
            )
            number += count - packer.count
    oldest = ring._first[ring.oldest % ring._capacity]
    assert number - oldest >= samples or ring.dropped == 0
