"""The whole logger on a watched disk: nothing is acknowledged before it is synced."""

import contextlib

import pytest

from hullwatch.errors import StoreError
from hullwatch.link import messages as m
from hullwatch.store import Store


class AckWatch:
    """Notes each durable ack among the calls of the disk, as it goes to the node."""

    name = "watched"

    def __init__(self, port, wire, calls):
        self._port = port
        self._wire = wire
        self._calls = calls

    def read(self, timeout_s):
        return self._port.read(timeout_s)

    def write(self, data):
        for message, _, _, payload in self._wire.parse(data):
            ack = m.ACK.unpack(payload) if message is m.ACK else {"flags": 0}
            if ack["flags"] & 1:
                self._calls.append(("ack", (ack["record_next"], ack["raw_next"])))
        self._port.write(data)

    def close(self):
        self._port.close()


def acks(calls):
    return [(at, numbers) for at, (what, numbers) in enumerate(calls) if what == "ack"]


def test_every_ack_comes_after_the_sync_of_the_log_that_holds_what_it_acknowledges(
    disk, site, wire
):
    kept = site()
    wal = f"{kept.path.name}-wal"
    kept.log(AckWatch(kept.port, wire, disk.calls), commit_s=0.25)
    kept.run(130)
    kept.logger.finish()
    found = acks(disk.calls)
    assert len(found) > 20
    assert found[-1][1] > (10, 1000)
    before = (0, 0)
    since = 0
    for at, numbers in found:
        on_wal = [what for what, name in disk.calls[since:at] if name == wal]
        assert not on_wal or on_wal[-1] == "sync"  # nothing written is still on its way
        if numbers > before:
            assert "write" in on_wal
        last = [what for what, name in disk.calls[:at] if name == wal]
        assert last[-1] == "sync"
        before, since = max(before, numbers), at


@pytest.mark.parametrize("call", [0, 1, 2, 5, 6, 7, 20])
def test_a_disk_that_fails_ends_the_acks_and_nothing_is_lost(disk, site, wire, call):
    kept = site()
    kept.log(AckWatch(kept.port, wire, disk.calls))
    kept.run(30)
    broken = disk.fail_from = len(disk.calls) + call
    with pytest.raises(StoreError):
        kept.run(60)
    assert all(at <= broken for at, _ in acks(disk.calls))
    disk.fail_from = None
    kept.die()
    kept.log()
    kept.drain(20)
    assert len(kept.complete().sample) > 400


def test_a_checkpoint_cut_short_at_any_call_leaves_a_database_that_opens(disk, site, wire):
    kept = site()
    for call in range(60):
        kept.log()
        kept.run(40)
        kept.logger.finish()
        checkpoint = len(disk.calls)
        disk.fail_from = checkpoint + call
        with contextlib.suppress(StoreError):
            kept.store.close()
        cut = len(disk.calls) > disk.fail_from
        disk.fail_from = None
        kept.store = Store.open(kept.path, 1)
        with kept.store.reader() as reader:
            assert reader.nodes()
        if not cut:
            break
    else:
        pytest.fail("no checkpoint ever came to its end")
    kept.log()
    kept.drain(20)
    kept.complete()
