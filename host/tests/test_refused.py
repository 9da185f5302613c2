"""What a node cannot truthfully say is refused, its place in the spool settled, nothing harmed."""

import binascii
import struct

import numpy as np
import pytest

from hullwatch.errors import Impostor
from hullwatch.ingest.collect import Committed
from hullwatch.link import messages as m
from hullwatch.link.recordkinds import HEADER
from hullwatch.verify.database import verify


class Tamper:
    """Changes RECORD and RAW payloads on the way, and seals the frames anew."""

    name = "tamper"

    def __init__(self, port, wire, change):
        self._port = port
        self._wire = wire
        self._change = change

    def read(self, timeout_s):
        out = b""
        for line in self._port.read(timeout_s).splitlines(keepends=True):
            ((message, session, seq, payload),) = self._wire.parse(line)
            changed = self._change(message, payload)
            out += line if changed is payload else self._wire.frame(message, session, seq, changed)
        return out

    def write(self, data):
        self._port.write(data)

    def close(self):
        self._port.close()


def number_of(payload):
    return HEADER.unpack_from(payload)[0]


def sealed(payload, **fields):
    names = ("number", "epoch", "boot", "kind", "version", "wraps", "ms", "flags")
    values = dict(zip(names, HEADER.unpack_from(payload), strict=True)) | fields
    body = HEADER.pack(*values.values()) + payload[HEADER.size : -4]
    return body + struct.pack("<I", binascii.crc32(body))


def tampered(site, wire, change):
    made = site()
    made.notes = []
    made.log(Tamper(made.port, wire, change), commit_s=0.25, note=made.notes.append)
    return made


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda p: p[:60] + bytes([p[60] ^ 1]) + p[61:], "CRC"),
        (lambda p: bytes(len(p)), "CRC"),  # not even the number is left
        (lambda p: p[:100], "100 bytes"),
        (lambda p: sealed(p, number=4_000_000_000), "from the future"),
        (lambda p: sealed(p, epoch=77), "epoch 4d"),
        (lambda p: sealed(p, boot=9), "boot 9"),
    ],
)
def test_a_record_that_stays_unusable_is_given_up_and_the_node_goes_on(site, wire, harm, reason):
    def change(message, payload):
        return harm(payload) if message is m.RECORD and number_of(payload) == 4 else payload

    made = tampered(site, wire, change)
    made.run(150)
    made.logger.finish()
    (gap,) = made.summary().gaps
    assert (gap.stream, gap.first, gap.past) == ("record", 4, 5)
    assert gap.reason.startswith("damaged: ")
    assert reason in gap.reason
    ((_, numbers),) = made.records().items()
    assert numbers == [n for n in range(len(numbers) + 1) if n != 4]
    assert len(numbers) > 14
    assert made.bench.node.spool.acked > 14  # the spool is not stuck behind it
    assert sum("given up" in note for note in made.notes) == 1
    with made.store.reader() as reader:
        assert reader.summary(made.logger.collector.node).conflicts == 1  # its bytes


def test_a_record_damaged_on_the_way_once_is_stored_when_it_comes_again(site, wire):
    times = []

    def change(message, payload):
        if message is m.RECORD and number_of(payload) == 4 and len(times) < 2:
            times.append(1)
            return bytes(len(payload))
        return payload

    made = tampered(site, wire, change)
    made.run(150)
    made.logger.finish()
    made.complete()
    assert len(times) == 2


def test_two_unusable_records_are_both_given_up(site, wire):
    def change(message, payload):
        harmed = message is m.RECORD and number_of(payload) in (3, 7)
        return payload[:50] + bytes([payload[50] ^ 8]) + payload[51:] if harmed else payload

    made = tampered(site, wire, change)
    made.run(200)
    made.logger.finish()
    assert [(gap.first, gap.past) for gap in made.summary().gaps] == [(3, 4), (7, 8)]


def test_samples_from_the_future_open_no_gap(site, wire):
    def change(message, payload):
        fields = m.RAW.unpack(payload) if message is m.RAW else {"first": 0}
        if fields["first"] < 300:
            return payload
        tail = payload[m.RAW.struct.size :]
        return m.RAW.struct.pack(*{**fields, "first": 1 << 40, "gap": 5}.values()) + tail

    made = tampered(site, wire, change)
    made.run(60)
    made.logger.finish()
    raw = made.raw()
    assert raw.sample.tolist() == list(range(len(raw.sample)))
    assert len(raw.sample) >= 300 - 64
    summary = made.summary()
    assert (summary.gaps, summary.conflicts) == ((), 0)
    assert summary.malformed > 3


def test_a_node_that_goes_back_in_time_is_refused(site, wire):
    made = site()
    made.log()
    made.run(30)
    made.logger.finish()
    before = made.summary()
    node = made.bench.node
    node.stamp.boot = 0  # an old copy of the boot counter
    made.log()
    with pytest.raises(Impostor, match="which was in boot 1 before"):
        made.run(10)
    assert made.summary() == before


def test_each_result_is_told_once_after_its_commit(site):
    made = site()
    told, durable = [], []

    def stored(done):
        assert isinstance(done, Committed)
        told.append((done.record.epoch, done.record.number))
        with made.store.reader() as reader:
            durable.append(len(reader.records(done.node, done.record.epoch)))

    for _ in range(5):
        made.log(on_stored=stored)
        made.run(25)
        made.die()  # unacknowledged: the node sends again
    made.log(on_stored=stored)
    made.drain()
    assert len(set(told)) == len(told) > 15
    assert durable == sorted(durable)
    assert all(seen > k for k, seen in enumerate(durable))


# --- the host's clock -----------------------------------------------------------------------------


def bounds_hold(made, true_offset_s=0.0):
    with made.store.reader() as reader:
        for row in reader.windows():
            clock = reader.clocks()[made.boots()[0]]
            utc_us, bound_us = clock.utc_us(np.array([row.device_ms * 1000]))
            true_us = (1_767_225_600 + true_offset_s) * 1e6 + row.device_ms * 1000
            assert abs(utc_us[0] - true_us) <= bound_us[0] + 2000
    return bound_us[0]


def test_records_from_before_the_host_get_their_time_afterwards(site):
    made = site()
    made.sleep(200)  # nobody there yet
    made.log()
    made.run(120)
    made.logger.finish()
    assert bounds_hold(made) < 20_000


def test_a_notebook_that_slept_spoils_no_time(site):
    made = site()
    made.log()
    made.run(60)
    made.sleep(900)
    made.run(120)
    made.logger.finish()
    assert made.logger.collector.clock.steps_s == []
    assert bounds_hold(made) < 50_000


def test_a_clock_that_is_set_is_noticed_and_told(site):
    made = site()
    notes, ahead = [], [0.0]
    real = made.utc_s
    made.utc_s = lambda: real() + ahead[0]
    made.log(note=notes.append)
    made.run(60)
    ahead[0] = 3600.0
    made.run(90)
    made.logger.finish()
    assert made.logger.collector.clock.steps_s == pytest.approx([3600], abs=0.1)
    assert any("clock was set by +3600.0 s" in note for note in notes)
    with made.store.reader() as reader:
        (clock,) = reader.clocks().values()
    assert clock.steps_us == pytest.approx([3600e6], abs=1e5)


def test_a_run_that_no_host_saw_is_unknown_within_its_limits_and_still_verified(site):
    made = site()
    made.log()
    made.run(100)
    made.logger.finish()
    made.sleep(300)
    made.bench.power_cut()
    started_s = made.bench.now_s()
    made.sleep(900)
    made.bench.power_cut()
    made.sleep(60)
    made.log()
    made.run(200)
    made.logger.finish()
    with made.store.reader() as reader:
        one, unseen, last = reader.clocks().values()
        assert (one.source, unseen.source, last.source) == ("clock", "neighbours", "clock")
        low, high = unseen.limits_us(np.array([0]))
        assert low[0] <= (1_767_225_600 + started_s) * 1e6 <= high[0]
        assert high[0] - low[0] < 200e6  # what of 1,300 s neither run covers
        outcome = verify(reader, None, lambda done: None)
        assert (outcome.different, outcome.windows.different) == (0, 0)
        assert outcome.windows.equal > 100
