"""Raw blocks through RAM, flash, restarts and acks: in order, unchanged, losses told."""

import contextlib
import random
import struct

import pytest

from hullnode.rawring import PAGE, RawRing, bytes_for
from hullnode.spoolstart import open_spool
from hullwatch.sim.flashfiles import FIRMWARE_BLOCKS, FlashFiles, PowerCut

SMALL = FIRMWARE_BLOCKS + 24 + 36  # blocks: 18 pages


def block(boot, first, count, size):
    head = struct.pack("<IIQHIIBBBBBiiI", boot, 0, first, 0, 0, 0, count, 1, 0, 1, 0, 0, 0, 0)
    return head + random.Random(first * 7 + boot).randbytes(size - len(head))


class Life:
    """A ring on a flash over several boots; `sent` is what a host that reads all has got."""

    def __init__(self, files=None, seed=0):
        self.files = files or FlashFiles(SMALL)
        self.rng = random.Random(seed)
        self.boot = 0
        self.made = {}

    def start(self):
        self.boot += 1
        self.spool, pages, _ = open_spool(self.files, "", lambda: 5)
        if self.spool.next == 0:
            self.spool.append(bytes(176))  # an epoch without records would be a new one next time
        self.ring = RawRing(bytes_for(100_000), pages, self.boot)
        self.sample = 0
        return self

    def pack(self, blocks, now_ms=10**6):
        for _ in range(blocks):
            count = self.rng.randint(1, 64)
            payload = block(self.boot, self.sample, count, self.rng.randint(43, 180))
            self.made[self.boot, self.sample] = payload
            self.ring.append(payload)
            self.sample += count
            if self.ring.full(now_ms, False):
                self.ring.spill()

    def held(self):
        ring = self.ring
        return [ring.get(index) for index in range(ring.oldest, ring.next)]


@pytest.fixture
def life():
    made = Life().start()
    make_durable(made)
    return made


def make_durable(life):
    """A record on the flash, without which the next start begins an epoch."""
    from hullcore.records import RecordStamp, event_record

    spool = life.spool
    for _ in range(2):
        stamp = RecordStamp(spool.epoch, life.boot, spool.next)
        spool.append(event_record(stamp, 0, 0, 1, 0, 0, 0, ""))
    spool.sync()


def starts(payload):
    boot, _, first = struct.unpack_from("<IIQ", payload)
    return boot, first


def test_pages_are_single_blocks_of_flash_and_nothing_is_lost(life):
    life.pack(400)
    pages = [data for path, data in life.files.content.items() if path.startswith("/raw/") and data]
    assert len(pages) >= 8
    assert all(PAGE - 181 < len(data) <= 4096 for data in pages)
    assert life.held() == list(life.made.values())
    assert life.ring.dropped == 0


def test_with_a_host_that_acks_nothing_is_written(life):
    for _ in range(100):
        life.pack(4, now_ms=5000)
        assert life.ring.ack(1, life.sample, 5000)
    assert not [path for path in life.files.content if path.startswith("/raw/0")]


def test_a_host_that_acks_older_blocks_costs_no_page_until_room_ends(life):
    life.ring.ack(1, 0, 999_000)
    life.pack(22)
    assert not [path for path in life.files.content if path.startswith("/raw/0")]
    life.pack(60)
    assert life.held() == list(life.made.values())


def test_hold_puts_a_page_off_until_room_ends(life):
    ring = life.ring
    while not ring.full(10**6, False):
        life.ring.append(block(1, ring._end, 10, 100))
    assert not ring.full(10**6, True)
    while not ring.full(10**6, True):
        life.ring.append(block(1, ring._end, 10, 100))
    assert ring.dropped == 0


def test_blocks_of_boots_before_come_first_and_are_acked_by_their_boot(life):
    life.pack(150)
    first = [starts(payload) for payload in life.held()]
    life.start()
    life.pack(150)
    again = [starts(payload) for payload in life.held()]
    kept = [key for key in first if key in again]
    assert again[: len(kept)] == kept == first[: len(kept)]
    assert len(first) - len(kept) < 60  # what no page had filled
    assert again[len(kept) :] == [key for key in life.made if key[0] == 2]
    assert [life.made[starts(p)] for p in life.held()] == life.held()
    assert life.ring.held_from() == (1, 0)
    assert life.ring.ack(2, life.sample, 0)
    assert life.ring.held_from() == (1, 0)  # in order
    assert life.ring.ack(1, 10**9, 0)
    assert life.ring.held_from()[0] == 2
    assert life.ring.ack(2, life.sample, 0)
    assert life.held() == []
    while life.ring.sweep():
        pass
    assert not [path for path in life.files.content if path.startswith("/raw/0")]


def test_a_full_flash_gives_up_the_oldest_page_and_tells_its_samples(life):
    life.pack(1500)
    held = [starts(payload) for payload in life.held()]
    assert held == list(life.made)[-len(held) :]
    boot, first, last = life.ring.take_lost()
    assert (boot, first, last) == (1, 0, held[0][1] - 1)
    assert life.ring.dropped == 1500 - len(held)
    assert len([p for p in life.files.content if p.startswith("/raw/0")]) == 18


@pytest.mark.parametrize("order", ["forward", "back", "random"])
def test_any_block_may_be_asked_for(life, order):
    life.pack(300)
    wanted = list(range(life.ring.oldest, life.ring.next))
    if order == "back":
        wanted.reverse()
    elif order == "random":
        random.Random(1).shuffle(wanted)
    payloads = list(life.made.values())
    for index in wanted:
        assert life.ring.get(index) == payloads[index]


def test_a_damaged_page_is_passed_over(life):
    life.pack(200)
    path = sorted(path for path in life.files.content if path.startswith("/raw/0"))[2]
    data = bytearray(life.files.content[path])
    data[100] ^= 4
    life.files.content[path] = bytes(data)
    life.ring._pages._page = -1
    got = [payload for payload in life.held() if payload]
    assert set(got) <= set(life.made.values())
    assert len(life.made) - len(got) < 60
    assert life.ring.ack(1, life.sample, 0)
    assert life.held() == []


@pytest.mark.parametrize("kept", [-1, 0, 2000])
def test_a_cut_at_every_operation_keeps_whole_pages_only(kept):
    for operation in range(4, 40):
        files = FlashFiles(SMALL)
        life = Life(files).start()
        make_durable(life)
        files.cut_at(operation, lambda n: min(n, kept))
        with contextlib.suppress(PowerCut):
            life.pack(900)
        files.power_on()
        pages = [d for p, d in files.content.items() if p.startswith("/raw/0") and len(d) > 3000]
        life.start()
        held = life.held()
        assert all(life.made[starts(payload)] == payload for payload in held)
        order = [starts(payload) for payload in held]
        assert order == sorted(order)
        assert len(held) >= (len(pages) - (kept == 2000)) * 22
        life.pack(100)
        new = [p for key, p in life.made.items() if key[0] == 2]
        assert life.held()[len(held) :] == new
