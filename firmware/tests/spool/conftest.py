"""A node's spool through many runs: what was given out, what was synced, and what is read again."""

import importlib.util
import random
from pathlib import Path
from types import ModuleType

import pytest

import capability
from hullcore.messages import EVENT_NEW_SPOOL, EVENT_UNSYNCED
from hullcore.records import RecordStamp, event_record
from hullnode import spoolcursor
from hullnode.spool import BUFFER, SEGMENT
from hullnode.spoolstart import open_spool
from hullwatch.sim.flashfiles import FIRMWARE_BLOCKS, FlashFiles, PowerCut

SMALL = FIRMWARE_BLOCKS + 24 + 36  # blocks: two files of records and 18 pages


class Run:
    """One run after another on the same files. `given` has every record that a host may have got,
    `synced` the numbers that must not be lost any more.
    """

    def __init__(self, files) -> None:
        self.files = files
        self.given: dict[int, bytes] = {}
        self.synced: set[int] = set()
        self.acked = self.oldest = self.began = 0
        self.epoch = -1
        self.boot = 0
        self.told: set[int] = set()
        self.lost: set[int] = set()

    def start(self, past_oldest: int | None = None) -> None:
        """Find the spool again, and hold it to what it promised."""
        self.boot += 1
        self.spool, self.pages, events = open_spool(self.files, "", lambda: 1000 + self.boot)
        spool = self.spool
        assert spool.flash
        if spool.epoch != self.epoch:
            assert not self.synced, "an epoch ended although records had been synced"
            assert [e[0] for e in events] == [EVENT_NEW_SPOOL]
            self.epoch, self.given, self.acked, self.oldest = spool.epoch, {}, 0, 0
            self.told, self.began = set(), 0
            return
        for event, a, b, _ in events:
            assert event == EVENT_UNSYNCED
            self.told |= set(range(a, b + 1))
        assert spool.next > max(self.given, default=-1), "a number would be used twice"
        assert spool.acked <= max(self.acked, spool.oldest)
        # the file that was being given up may be gone already, no other
        assert self.oldest <= spool.oldest <= (past_oldest or self.oldest + SEGMENT)
        self.read()
        self.began, self.oldest, self.acked = spool.next, spool.oldest, spool.acked

    def read(self) -> None:
        """All that is held: what was synced is whole, nothing is invented, what lacks is told."""
        spool = self.spool
        for number in range(spool.oldest, spool.next):
            record = spool.get(number)
            if record:
                assert record == self.given[number]
            else:
                assert number not in self.synced
                assert number in self.told

    def append(self, count: int) -> None:
        spool = self.spool
        for _ in range(count):
            number = spool.next
            stamp = RecordStamp(spool.epoch, self.boot, number)
            record = event_record(stamp, 0, 0, 1, number, self.boot, 0, f"r{number}")
            spool.append(record)
            self.given[number] = record
            self.note()

    def note(self) -> None:
        self.oldest = self.spool.oldest
        assert self.spool.next - self.spool.synced <= BUFFER
        self.synced |= set(range(self.began, self.spool.synced))
        self.began = self.spool.synced
        first, last = self.spool.take_lost()
        if first >= 0:
            self.lost |= set(range(first, last + 1))

    def sync(self) -> None:
        while self.spool.sync():
            self.note()

    def ack(self, upto: int) -> None:
        assert self.spool.ack(upto)
        self.acked = max(self.acked, upto)
        spoolcursor.save(self.files, "", self.spool, False)

    def stop(self) -> None:
        self.sync()
        spoolcursor.save(self.files, "", self.spool, True)

    def script(self, seed: int, steps: int = 60) -> None:
        """What a node does, some hundred records of it; PowerCut may end it anywhere."""
        rng = random.Random(seed)
        for _ in range(steps):
            what = rng.random()
            if what < 0.65:
                self.append(rng.randint(1, 2 * BUFFER))
            elif what < 0.9:
                self.sync()
            elif what < 0.97:
                self.ack(rng.randint(self.spool.oldest, self.spool.next))
            else:
                self.stop()
                self.start()


@pytest.fixture
def run():
    """Makes the runs on given files, by default a small simulated flash."""
    return lambda files=None: Run(files or FlashFiles(SMALL))


@pytest.fixture(scope="session")
def cut_script(request):
    """Runs a script that is cut at an operation, and starts again: (operation, torn, seed)."""

    def cut(operation, torn, seed, steps=60):
        files = FlashFiles(SMALL)
        life = Run(files)
        life.start()
        files.cut_at(operation, torn)
        try:
            life.script(seed, steps)
        except PowerCut:
            files.power_on()
            life.start()
            return life
        return None

    return cut


@pytest.fixture(scope="session")
def lfs() -> ModuleType:
    """The module with a littlefs that writes down what is done to its flash."""
    capability.module("littlefs")
    path = Path(__file__).parent / "lfsfiles.py"
    spec = importlib.util.spec_from_file_location("lfsfiles", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
