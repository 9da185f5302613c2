"""A spool that is new, wiped, full, at its limits, damaged, or on a flash that fails."""

import json
import struct
import zlib

import pytest

from hullcore.messages import EVENT_NEW_SPOOL, EVENT_NO_FLASH, EVENT_UNSYNCED
from hullnode import spoolcursor
from hullnode.spool import BUFFER, SEGMENT, Spool
from hullnode.spoolstart import open_spool
from hullwatch.sim.flashfiles import FIRMWARE_BLOCKS, FlashFiles

SMALL = FIRMWARE_BLOCKS + 24 + 36


def opened(files, epoch=5):
    return open_spool(files, "", lambda: epoch)


def record(number, epoch=5, boot=1):
    body = struct.pack("<III", number, epoch, boot) + bytes(160)
    return body + struct.pack("<I", zlib.crc32(body))


def put(spool, count, boot=1):
    for _ in range(count):
        spool.append(record(spool.next, spool.epoch, boot))


def synced(spool):
    while spool.sync():
        pass


def test_the_first_start_is_a_new_spool_and_says_so():
    spool, pages, events = opened(FlashFiles())
    assert (spool.epoch, spool.oldest, spool.acked, spool.next) == (5, 0, 0, 0)
    assert events == [(EVENT_NEW_SPOOL, 0, 0, 0)]
    assert pages.count == 0


def test_a_wiped_file_system_is_a_new_epoch_and_says_so():
    files = FlashFiles()
    put(opened(files)[0], 100)
    files.wipe()
    spool, _, events = opened(files, 6)
    assert (spool.epoch, spool.next) == (6, 0)
    assert [event[0] for event in events] == [EVENT_NEW_SPOOL]


def test_records_are_files_of_whole_records():
    files = FlashFiles()
    spool, _, _ = opened(files)
    put(spool, SEGMENT + 20)
    synced(spool)
    assert len(files.content["/records/00000000"]) == SEGMENT * 176 <= 32_724
    assert files.content["/records/00000001"] == b"".join(
        record(n) for n in range(SEGMENT, SEGMENT + 20)
    )


def test_what_waits_is_given_out_before_it_is_synced():
    spool, _, _ = opened(FlashFiles())
    put(spool, BUFFER)
    assert spool.synced == 0
    assert [spool.get(n) for n in range(BUFFER)] == [record(n) for n in range(BUFFER)]
    put(spool, 1)
    assert spool.synced == BUFFER
    assert [spool.get(n) for n in range(BUFFER + 1)] == [record(n) for n in range(BUFFER + 1)]


def test_a_full_spool_keeps_the_newest_and_counts_what_it_dropped():
    spool, _, _ = opened(FlashFiles(SMALL))
    put(spool, 2 * SEGMENT)
    synced(spool)
    assert spool.ack(100)
    assert spool.take_lost() == (-1, -1)
    put(spool, BUFFER + 1)
    assert spool.oldest == SEGMENT
    assert spool.take_lost() == (100, SEGMENT - 1)
    assert (spool.dropped, spool.acked) == (SEGMENT - 100, SEGMENT)
    assert spool.get(SEGMENT) == record(SEGMENT)
    assert spool.get(spool.next - 1) == record(spool.next - 1)


def test_acked_records_that_give_way_are_no_loss():
    spool, _, _ = opened(FlashFiles(SMALL))
    put(spool, 2 * SEGMENT)
    assert spool.ack(spool.next)
    assert spool.get(0) == record(0)  # an ack only permits overwriting
    put(spool, SEGMENT)
    assert spool.oldest == SEGMENT
    assert (spool.dropped, spool.take_lost()) == (0, (-1, -1))


@pytest.mark.parametrize("upto", [31, 2**31, 2**32 - 1])
def test_acks_of_what_was_never_given_out_are_refused(upto):
    files = FlashFiles()
    spool, _, _ = opened(files)
    put(spool, 30)
    assert not spool.ack(upto)
    assert spool.acked == 0
    assert spool.ack(30)
    assert spool.ack(10)
    assert spool.acked == 30


def test_the_acked_number_outlives_the_power_only_as_far_as_records_were_synced():
    files = FlashFiles()
    spool, _, _ = opened(files)
    put(spool, 30)
    assert spool.synced < 30
    assert spool.ack(30)
    spoolcursor.save(files, "", spool, False)
    again, _, events = opened(files)
    assert again.acked == spool.synced
    assert events == [(EVENT_UNSYNCED, spool.synced, spool.synced + BUFFER - 1, 0)]
    assert again.next == spool.synced + BUFFER


@pytest.mark.parametrize(
    ("last", "new"), [(0xEFFFFFF0 - 13, False), (0xEFFFFFFF, True), (2**32 - 3, True)]
)
def test_numbers_that_run_out_begin_anew_in_another_epoch(last, new):
    files = FlashFiles()
    files.mkdir("/records")
    segment, place = divmod(last, SEGMENT)
    files.content[f"/records/{segment:08x}"] = bytes(place * 176) + record(last)
    line = json.dumps([1, [5, last - 3, last + 1, 0]])
    files.content["/spool.0"] = f"{line}\n{zlib.crc32(line.encode()):08x}".encode()
    spool, _, events = opened(files, 6)
    if new:
        assert (spool.epoch, spool.next) == (6, 0)
        assert events[0][0] == EVENT_NEW_SPOOL
        assert "/records/00000000" not in files.content
        assert len(files.content) <= 4
    else:
        assert (spool.epoch, spool.acked, spool.next) == (5, last - 3, last + 1 + BUFFER)
        put(spool, 2 * BUFFER)
        assert spool.get(last) == record(last)
        assert spool.get(last + 1) == b""
        assert spool.get(spool.next - 1) == record(spool.next - 1)


def test_a_record_that_cannot_be_read_is_told_once_and_passed_over():
    files = FlashFiles()
    spool, _, _ = opened(files)
    put(spool, 60)
    data = bytearray(files.content["/records/00000000"])
    data[7 * 176 + 20] ^= 1
    data[8 * 176 + 20] ^= 1
    data[20 * 176 + 20] ^= 1
    files.content["/records/00000000"] = bytes(data)
    for _ in range(3):
        read = [n for n in range(48) if spool.get(n)]
        assert read == [n for n in range(48) if n not in (7, 8, 20)]
        told = spool.take_lost()
    assert spool.dropped == 3
    assert told == (-1, -1)


def test_a_missing_file_is_passed_over():
    files = FlashFiles()
    spool, _, _ = opened(files)
    put(spool, 2 * SEGMENT)
    files.remove("/records/00000000")
    assert spool.get(3) == b""
    assert spool.get(SEGMENT) == record(SEGMENT)


def test_a_cursor_that_is_lost_is_a_new_epoch_not_a_number_used_twice():
    files = FlashFiles()
    put(opened(files)[0], 100)
    for copy in (0, 1):
        files.content[f"/spool.{copy}"] = b"what?"
    spool, _, events = opened(files, 6)
    assert (spool.epoch, spool.next) == (6, 0)
    assert events == [(EVENT_NEW_SPOOL, SEGMENT, 0, 0)]


class Refusing(FlashFiles):
    """A flash that can be read, and one day no longer written."""

    broken = False

    def commit(self, path, data, truncated):
        if self.broken:
            raise OSError(5, "input/output error")
        super().commit(path, data, truncated)


def test_a_flash_that_cannot_be_written_leaves_a_spool_in_ram():
    files = Refusing()
    files.broken = True
    spool, pages, events = opened(files)
    assert not spool.flash
    assert pages is None
    assert events == [(EVENT_NO_FLASH, 5, 0, 0)]
    put(spool, 40)
    assert (spool.oldest, spool.dropped) == (8, 8)


def test_a_flash_that_fails_later_is_noticed_and_no_number_given_that_may_come_again():
    files = Refusing()
    spool, _, _ = opened(files)
    put(spool, 2 * BUFFER)
    files.broken = True
    put(spool, 1)
    assert spool.failed == 5
    put(spool, 5)
    assert (spool.next, spool.dropped) == (2 * BUFFER, 6)
    assert [spool.get(n) for n in range(2 * BUFFER)] == [record(n) for n in range(2 * BUFFER)]
    files.broken = False
    again, _, _ = opened(files)
    assert again.next >= spool.next


def test_a_file_system_that_others_fill_makes_the_spool_give_way():
    files = FlashFiles(SMALL)
    spool, _, _ = opened(files)
    put(spool, 2 * SEGMENT - BUFFER)
    synced(spool)
    files.content["/other"] = bytes(4096 * (files.blocks - files.used_blocks() + 1))
    put(spool, BUFFER + 20)
    assert (spool.failed, spool.oldest) == (0, SEGMENT)
    assert spool.take_lost() == (0, SEGMENT - 1)


def test_a_spool_in_ram_has_nothing_to_sync():
    spool = Spool(None, "", 0, 9, 0, 0, -1, 0)
    put(spool, 5)
    assert not spool.sync()
    assert not spool.flash


class OverFull(FlashFiles):
    """A littlefs with three blocks fewer than none: its port says 2^32 − 3."""

    def statvfs(self, path):
        size, fragment, blocks, *rest = super().statvfs(path)
        return (size, fragment, blocks, (1 << 32) - 3, *rest[1:])


def test_a_file_system_that_is_over_full_is_no_large_one():
    spool, pages, _ = opened(OverFull())
    assert spool._most == 2
    assert pages.count == 0
