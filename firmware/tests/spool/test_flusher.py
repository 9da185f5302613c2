"""When the node writes to its flash: in time, right after a trigger, not during a measurement."""

import pytest

from hullcore.messages import EVENT_NO_FLASH, EVENT_SENSOR_FAULT, EVENT_UNSYNCED
from hullcore.moremessages import EVENT_BOOT
from hullnode.node import Node
from hullwatch.link import recordkinds


class Bench:
    """A node on a fake board; `writes` has (ms, µs to the next deadline) of each write."""

    def __init__(self, fakes, root):
        self.board = fakes.Board(root)
        self.board.link_us = 20_000
        self.writes = []
        self.start()

    def start(self):
        self.node = Node(self.board, 0)
        self.node.flusher.hold = False

    def run(self, ms):
        time = self.board.time
        node = self.node
        for _ in range(100 * ms):
            if ms <= 0:
                return
            before = node.flusher.writes
            wait = node.poll()
            if node.flusher.writes != before:
                self.writes.append((time.ms, node.sampler.slack_us()))
            step = max(wait, 1000)
            time.advance(step)
            ms -= step / 1000

    def events(self):
        spool = self.node.spool
        for number in range(spool.oldest, spool.next):
            record = spool.get(number)
            if record and record[12] == recordkinds.EVENT.id:
                values = recordkinds.EVENT.unpack(record)
                yield values["code"] | values["severity"] << 12


@pytest.fixture
def bench(fakes, tmp_path):
    return Bench(fakes, str(tmp_path))


def test_records_are_synced_a_minute_after_the_first_that_waits(bench):
    bench.run(2000)
    assert bench.node.spool.synced == bench.node.spool.next  # a new spool at once
    bench.writes.clear()
    bench.run(300_000)
    pages = bench.board.files.listdir(bench.board.root + "/raw")
    # windows end every 10 s, so the first that waits is up to 10 s younger than the last sync
    assert 300 // 70 <= len(bench.writes) - len(pages) <= 300 // 60


def test_a_write_begins_right_after_a_conversion_has(bench):
    bench.run(200_000)
    assert len(bench.writes) >= 4
    # what a conversion delivers can wait: nearly all of the slot of 100 ms is left
    assert all(after >= 95_000 for _, after in bench.writes)


def test_a_warning_is_synced_at_once_but_ten_seconds_apart(bench):
    bench.run(15_000)
    node = bench.node
    bench.writes.clear()
    at = bench.board.time.ms
    node.pipeline.event(EVENT_SENSOR_FAULT, 5, 0, 0, "")
    bench.run(300)
    assert node.spool.synced == node.spool.next
    assert bench.writes[0][0] - at <= 200
    node.pipeline.event(EVENT_SENSOR_FAULT, 5, 0, 0, "")
    bench.run(9000)
    assert node.spool.synced < node.spool.next
    bench.run(1500)
    assert node.spool.synced == node.spool.next


def test_hold_puts_off_what_can_wait_and_an_alarm_cannot(bench):
    bench.run(2000)
    node = bench.node
    node.flusher.hold = True
    synced = node.spool.synced
    bench.run(80_000)
    assert node.spool.synced == synced
    node.pipeline.event(EVENT_SENSOR_FAULT, 5, 0, 0, "")
    bench.run(300)
    assert node.spool.synced == node.spool.next


def test_a_stop_leaves_everything_on_the_flash_and_no_gap(bench):
    bench.run(35_000)
    kept = bench.node.spool.next
    epoch = bench.node.spool.epoch
    bench.node.stop()
    bench.start()
    assert bench.node.spool.epoch == epoch
    assert EVENT_UNSYNCED & 0xFFF not in [code & 0xFFF for code in bench.events()]
    assert [bench.node.spool.get(n)[8] for n in (kept - 1, kept)] == [1, 2]


def test_a_run_without_a_stop_is_told_and_its_numbers_not_used_again(bench):
    bench.run(35_000)
    spool = bench.node.spool
    synced, given = spool.synced, spool.next
    assert synced < given
    bench.start()
    assert list(bench.events()).count(EVENT_UNSYNCED) == 1
    assert list(bench.events()).count(EVENT_BOOT) == 2
    assert bench.node.stamp.number > given
    assert all(bench.node.spool.get(n) == b"" for n in range(synced, synced + 12))


def test_a_flash_that_fails_restarts_the_node_which_goes_on_without(bench):
    bench.run(2000)
    node = bench.node

    def refuse(path, mode="r"):
        raise OSError(5, "input/output error")

    bench.board.files.open = refuse
    bench.run(75_000)
    assert node.restart
    assert node.spool.failed == 5
    bench.board.scratch = 0x800
    bench.start()
    assert not bench.node.spool.flash
    assert EVENT_NO_FLASH in list(bench.events())
    bench.run(40_000)
    assert not bench.node.restart
    assert bench.node.spool.next > 5
