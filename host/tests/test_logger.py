"""One node into one store through everything that goes wrong between them, in virtual time."""

import contextlib
import random
import struct

import numpy as np
import pytest

from hullwatch.errors import DiskFull
from hullwatch.link import messages as m
from hullwatch.sim.flashfiles import FIRMWARE_BLOCKS
from hullwatch.store import Store

NOW_US = 1_700_000_000_000_000
SMALL = FIRMWARE_BLOCKS + 24 + 20
"""Blocks of a flash with firmware, reserve, 10 blocks of raw samples, two files of records."""


def test_a_quiet_line_gives_every_sample_and_record_once(site):
    quiet = site()
    quiet.log()
    quiet.run(300)
    quiet.logger.finish()
    raw = quiet.complete()
    assert len(raw.sample) >= 2950
    assert np.all(raw.late_us == 0)
    assert raw.due_us[100] - raw.due_us[0] == 10_000_000
    summary = quiet.summary()
    assert (summary.duplicates, summary.crc_errors, summary.malformed) == (0, 0, 0)
    assert summary.telemetry_lost == 0
    assert quiet.status()["records_dropped"] == quiet.status()["raw_dropped"] == 0


@pytest.mark.parametrize(("share", "seed"), [(0.01, 1), (0.05, 2), (0.15, 3), (0.05, 4)])
def test_loss_doubling_flips_tears_and_reordering_cost_nothing(site, noisy, share, seed):
    clean = site()
    clean.log()
    clean.run(240)
    clean.logger.finish()
    harmed = site()
    port = noisy(harmed.port, seed, share)
    harmed.log(port)
    harmed.run(170)
    port.calm()
    harmed.drain()
    assert port.harmed > 10
    got, wanted = harmed.complete(), clean.complete()
    n = min(len(got.sample), len(wanted.sample))
    assert n > 2300
    assert np.array_equal(got.p_q8[:n], wanted.p_q8[:n])
    assert np.array_equal(got.t_q16[:n], wanted.t_q16[:n])
    with clean.store.reader() as a, harmed.store.reader() as b:
        theirs = {(w.window_s, w.first_sample): w.slope_pa_s for w in a.windows()}
        ours = {(w.window_s, w.first_sample): w.slope_pa_s for w in b.windows()}
    common = theirs.keys() & ours.keys()
    assert len(common) >= 20
    assert all(ours[key] == theirs[key] for key in common)


def test_what_the_line_spoils_is_counted(site, noisy):
    harmed = site()
    port = noisy(harmed.port, 9, 0.1)
    harmed.log(port)
    harmed.run(120)
    port.calm()
    harmed.drain()
    summary = harmed.summary()
    assert summary.crc_errors + summary.malformed > 10
    assert summary.duplicates > 0
    assert harmed.status()["rx_bad"] > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_logger_loses_and_doubles_nothing(site, seed):
    draw = random.Random(seed)
    killed = site()
    for _ in range(12):
        killed.log(commit_s=draw.choice([0.25, 1.0, 5.0]))
        killed.run(draw.uniform(0.1, 20), step_s=draw.choice([0.05, 0.3]))
        killed.die()
    killed.log()
    killed.drain(20)
    assert len(killed.complete().sample) > 200
    assert killed.summary().boots == 1


def test_a_commit_that_fails_acknowledges_nothing(site, monkeypatch):
    full = site()
    full.log()
    full.run(20)
    acknowledged = full.status()
    real = Store.atomic
    monkeypatch.setattr(Store, "atomic", contextlib.contextmanager(no_space))
    with pytest.raises(DiskFull):
        full.run(20)
    monkeypatch.setattr(Store, "atomic", real)
    assert acknowledged["next_record"] > 0
    full.die()
    full.log()
    full.drain(20)
    full.complete()


def no_space(store):
    raise DiskFull("no space left", "free some")
    yield


def test_a_sample_that_was_never_taken_is_said_to_be_so_to_whoever_asks_before_the_next_block(site):
    missed = site()
    missed.log()
    missed.run(20)
    pipeline = missed.bench.node.pipeline
    pipeline.flush(0)
    hole = pipeline.next_number()
    pipeline.missed()  # just behind what is about to be stored
    missed.run(3, 0.05)
    missed.logger.finish()
    missed.sleep(2)
    pipeline.flush(0)
    missed.log()  # HELLO comes before the block that tells of it
    missed.drain(20)
    gaps = [gap for gap in missed.summary().gaps if gap.first <= hole < gap.past]
    assert [gap.reason for gap in gaps] == ["no sample was taken"]


def test_records_wait_while_nobody_listens(site):
    late = site()
    late.bench.run_until(50_000_000)
    late.log()
    late.drain(30)
    assert len(late.complete().sample) > 750


def test_what_was_overwritten_before_anyone_came_is_a_stated_gap_and_the_loss_ends(site):
    late = site(flash_blocks=SMALL)
    late.bench.run_until(1_800_000_000)  # half an hour: more than such a node holds
    late.log()
    late.run(30)
    raw_dropped = late.status()["raw_dropped"]
    late.run(240)
    assert raw_dropped > 0
    assert late.status()["raw_dropped"] == raw_dropped
    late.logger.finish()
    raw = late.raw()
    first = int(raw.sample[0])
    assert 1_000 < first < 9_000
    assert raw.sample.tolist() == list(range(first, first + len(raw.sample)))
    gaps = late.summary().gaps
    assert [(g.first, g.past) for g in gaps if g.stream == "raw"] == [(0, first)]
    assert all(gap.reason for gap in gaps)


@pytest.mark.parametrize("blocks", [352, SMALL])
def test_a_host_that_sleeps_an_hour_loses_nothing_that_the_flash_holds(site, blocks):
    asleep = site(flash_blocks=blocks)
    asleep.log()
    asleep.run(60)
    asleep.sleep(3600 if blocks == 352 else 1000)
    asleep.drain(60)
    status = asleep.status()
    assert status["raw_dropped"] == status["records_dropped"] == 0
    asleep.complete()


@pytest.mark.parametrize("asleep_s", [2000, 5000])
def test_a_host_that_sleeps_loses_only_what_is_stated_and_the_loss_ends(site, asleep_s):
    asleep = site(flash_blocks=SMALL)
    asleep.log()
    asleep.run(60)
    asleep.sleep(asleep_s)
    asleep.run(240)
    dropped = [asleep.status()[key] for key in ("raw_dropped", "records_dropped")]
    asleep.run(120)
    asleep.logger.finish()
    assert dropped[0] > 0
    assert (dropped[1] > 0) == (asleep_s > 4000)
    assert [asleep.status()[key] for key in ("raw_dropped", "records_dropped")] == dropped
    raw = asleep.raw()
    gaps = asleep.summary().gaps
    assert {gap.stream for gap in gaps} >= {"raw"}
    assert all(gap.reason for gap in gaps)
    held = np.ones(int(raw.sample[-1]) + 1, bool)
    for gap in gaps:
        if gap.stream == "raw":
            held[gap.first : gap.past] = False
    assert raw.sample.tolist() == np.flatnonzero(held).tolist()


class Meddler:
    """Puts good frames with rubbish in them between the node's own, one a read."""

    name = "meddler"

    def __init__(self, port, wire):
        self._port = port
        self._wire = wire
        self._session = 0
        self.rubbish = [
            (m.RECORD, bytes(176)),
            (m.RECORD, b"short"),
            (m.RAW, b""),
            (m.RAW, struct.pack("<IIQHIIBBBBBiiI", *[255] * 11, 9, 9, 255)),
            (m.RAW, bytes(m.RAW.struct.size)),
            (m.STATUS, b"x"),
            (m.REPLY, b""),
            (250, b"what"),
        ]

    def read(self, timeout_s):
        data = self._port.read(timeout_s)
        if data.endswith(b"\n") and self._session and self.rubbish:
            data += self._wire.frame(
                self.rubbish[-1][0], self._session, 0xFFFF, self.rubbish.pop()[1]
            )
        return data

    def write(self, data):
        for message, _, _, payload in self._wire.parse(data):
            if message is m.WHO:
                self._session = m.WHO.unpack(payload)["session"]
        self._port.write(data)

    def close(self):
        self._port.close()


def test_malformed_contents_in_good_frames_are_counted_and_end_nothing(site, wire):
    fed = site()
    meddler = Meddler(fed.port, wire)
    fed.log(meddler)
    fed.run(60)
    fed.logger.finish()
    assert meddler.rubbish == []
    fed.complete()
    assert fed.summary().malformed == 5


class Lossy:
    """Loses the raw block that holds sample 100 once, and the first requests to send again."""

    name = "lossy"

    def __init__(self, port, wire):
        self._port = port
        self._wire = wire
        self.lost = []

    def read(self, timeout_s):
        kept = b""
        for line in self._port.read(timeout_s).splitlines(keepends=True):
            ((message, _, _, payload),) = self._wire.parse(line)
            block = m.RAW.unpack(payload) if message is m.RAW else {"first": 1e9, "count": 0}
            if m.RAW not in self.lost and block["first"] <= 100 < block["first"] + block["count"]:
                self.lost.append(m.RAW)
            else:
                kept += line
        return kept

    def write(self, data):
        for line in data.splitlines(keepends=True):
            ((message, _, _, payload),) = self._wire.parse(line)
            asks = message is m.ACK and m.ACK.unpack(payload)["flags"] & 2
            if asks and self.lost.count(m.ACK) < 2:
                self.lost.append(m.ACK)
            else:
                self._port.write(line)


def test_a_lost_request_to_send_again_is_made_again(site, wire):
    holed = site()
    port = Lossy(holed.port, wire)
    holed.log(port, commit_s=0.25)
    holed.run(50)
    assert port.lost == [m.RAW, m.ACK, m.ACK]
    assert len(holed.complete().sample) > 350
