"""The fault campaign: what was measured against what is stored, after every kind of trouble.

A witness on the simulated node keeps every sample and record that it made. After each trial the
store must hold each of them once, byte for byte, or state why it cannot; whatever else it holds
was invented. A short seeded slice of each row runs with the other tests, all of it with

    pytest hil_tests/campaign -m campaign --campaign-page host/docs/campaign.md

which writes the table into that page.
"""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from accounting import Tally, Witness, audit
from hullnode import twocopies
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import WrongDevice
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Status
from hullwatch.sim.flashfiles import PowerCut
from hullwatch.store import Store

NOW_US = 1_700_000_000_000_000
BEGIN, END = "<!-- campaign -->", "<!-- /campaign -->"
ROWS = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--campaign-page", type=Path, help="page whose campaign table is replaced")


def pytest_configure(config):
    config.stash[ROWS] = {}


SMALL_FILES = {}
"""What opens the small files of the node whose folder it is."""


def _open_small(path, mode="r"):
    return SMALL_FILES.get(str(Path(path).parent), open)(path, mode)


class Bench(SimBench):
    """A simulated node under the eyes of a witness."""

    def __init__(self, spec, witness):
        self.witness = witness
        self.cuts = 0
        super().__init__(spec)

    def _open(self, path, mode="r"):
        """Settings, boot counter, owner and trends lie on the flash; the bench provided some."""
        here = path in self.files.content or not mode.startswith("r")
        return self.files.open(path, mode) if here else Path(path).open(mode)

    def _boot(self):
        SMALL_FILES[self._folder.name] = self._open
        super()._boot()
        self.witness.watch(self.node, self.board.uid.hex())

    def power_cut(self):
        self.cuts += 1
        uid = self.board.uid.hex()
        self.witness.power_gone(self.node, uid, self.files.content)
        while True:
            self.board.console.to_host.clear()
            try:
                return super().power_cut()
            except PowerCut:  # in the middle of the start
                continue


class HarmedPort:
    """A port whose bytes suffer, seeded: bits flip, pieces are lost, doubled, swapped.

    `flips`: chance per byte; `lost`, `doubled`, `swapped`: per piece of at most `most` bytes. 0x03
    and 0x04 towards the node are keys to its console, so noise that makes them is a row of its own.
    """

    def __init__(self, port, draw, flips=0.0, lost=0.0, doubled=0.0, swapped=0.0, most=100):
        self._port = port
        self._draw = draw
        self._flips = flips
        self._chances = (lost, doubled, swapped)
        self._most = most
        self.name = port.name

    def _harmed(self, data):
        draw = self._draw
        pieces = []
        while data:
            size = draw.randint(1, self._most)
            piece, data = data[:size], data[size:]
            lost, doubled, swapped = (draw.random() < chance for chance in self._chances)
            if lost:
                continue
            pieces.append(piece)
            if doubled:
                pieces.append(piece)
            if swapped and len(pieces) > 1:
                pieces[-2:] = pieces[:-3:-1]
        out = bytearray(b"".join(pieces))
        if self._flips:
            for k in range(len(out)):
                if draw.random() < self._flips:
                    out[k] ^= 1 << draw.randrange(8)
        return bytes(out)

    def read(self, timeout_s):
        return self._harmed(self._port.read(timeout_s))

    def write(self, data):
        self._port.write(self._harmed(data).replace(b"\x03", b"\x13").replace(b"\x04", b"\x14"))

    def close(self):
        self._port.close()


class Yard:
    """A witnessed node, its database, and whichever logger runs at present."""

    def __init__(self, path, witness=None, store=None, witnessed=True, **spec):
        self.path = path
        self.witness = witness or Witness()
        spec = {"seed": 3, **spec}
        made = BenchSpec(**spec)
        self.bench = Bench(made, self.witness) if witnessed else SimBench(made)
        self.store = store or Store.open(path, NOW_US)
        self.port = self.bench.open_port()
        self.jump_s = 0.0
        self.stood_s = 0.0
        self.draw = random.Random(spec["seed"])
        self.status = {}
        self.logger = None

    def now_s(self):
        return self.bench.now_s() - self.stood_s

    def utc_s(self):
        return self.bench.utc_s() + self.jump_s

    def _event(self, event):
        if isinstance(event, Status):
            self.status = event.fields

    def log(self, port=None, commit_s=1.0, **options):
        """A new logger; the one before says and commits nothing more."""
        session = self.draw.randrange(1, 0x10000)
        self._logs_on = port or self.port
        self.logger = Logger(
            self._logs_on, self.store, self, session, self._event, commit_s, **options
        )
        return self.logger

    def run(self, seconds, step_s=0.5):
        end_s = self.bench.now_s() + seconds
        while self.bench.now_s() < end_s:
            try:
                self.logger.step(step_s)
            except WrongDevice:  # no HELLO came through in eight seconds: whoever logs tries again
                self.log(self._logs_on)

    def sleep(self, seconds):
        """Nobody reads: the node's console fills, USB drops the rest."""
        self.stood_s += seconds
        end_us = self.bench.clock.us + round(seconds * 1e6)
        while self.bench.clock.us < end_us:
            self.bench.run_until(end_us)
            self.bench.board.console.to_host.clear()

    def reopen(self):
        """The database as another process finds it after the one before died."""
        self.store.close()
        self.store = Store.open(self.path, NOW_US)

    def settle(self, seconds=75):
        """A calm link, until the node's own resend of 30 s has come twice; then an audit is fair.

        What the node has made since its last block was sent is not on its way yet: it is left out.
        """
        self.bench.files.power_on()  # no cut from here on
        self.log()
        self.run(seconds)
        self.bench.node.pipeline.flush(0)
        self.run(5, 0.1)
        self.logger.finish()
        self.bench.run_until(self.bench.clock.us + 1)

    @contextlib.contextmanager
    def on_its_way_left_out(self):
        """What has not been packed into a block or not been sent yet is neither lost nor stored."""
        node, uid = self.bench.node, self.bench.board.uid.hex()
        epoch = node.stamp.epoch
        made = self.witness.samples[uid, epoch, node.stamp.boot]
        open_block = {n: made.pop(n) for n in list(made) if n >= node.pipeline._packed_to}
        unsent = {
            (uid, epoch, n): self.witness.records.pop((uid, epoch, n))
            for n in range(self.store.durable_next(uid, epoch), node.spool.next)
        }
        assert len(unsent) <= 2
        yield
        made.update(open_block)
        self.witness.records.update(unsent)

    def audit(self, tally, *neighbours):
        """Count what is missing, doubled or new; neighbours log into the same database."""
        with contextlib.ExitStack() as stack:
            for one in (self, *neighbours):
                stack.enter_context(one.on_its_way_left_out())
            audit(self.path, self.witness, tally)

    def close(self):
        self.port.close()
        self.store.close()
        self.bench.close()


@pytest.fixture
def harmed():
    return HarmedPort


@pytest.fixture
def yard(tmp_path, monkeypatch):
    monkeypatch.setattr(twocopies, "open", _open_small, raising=False)
    with contextlib.ExitStack() as stack:

        def make(path=None, **options):
            made = Yard(path or tmp_path / f"hull{len(list(tmp_path.iterdir()))}.db", **options)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def tally(request):
    """The row's tally, which has to be clean; the campaign puts it into the page."""
    made = Tally()
    yield made
    assert made.trials
    assert made.clean(), made
    mark = request.node.get_closest_marker("row")
    if request.node.get_closest_marker("campaign"):
        request.config.stash[ROWS][mark.args] = made


@pytest.fixture
def audited(yard, tally):
    """`for one in audited(trials)`: a yard a seed; afterwards it is settled and audited."""

    def lives(trials):
        for seed in range(trials):
            one = yard(seed=seed)
            yield one
            one.settle()
            one.audit(tally)
            one.close()

    return lives


def pytest_sessionfinish(session, exitstatus):
    page = session.config.getoption("--campaign-page", default=None)
    rows = session.config.stash.get(ROWS, {})
    if page is None or not rows or exitstatus:
        return
    names = ("trials", "records", "samples", "stated missing", "gone with the power")
    names += ("lost", "doubled", "invented")
    lines = ["| fault | bench | " + " | ".join(names) + " |", "|---|---" + "|---:" * 8 + "|"]
    for (fault, bench), t in rows.items():
        numbers = (t.trials, t.records, t.samples, t.stated, t.cut_off)
        numbers += (t.lost.total(), t.doubled.total(), t.invented.total())
        lines.append(f"| {fault} | {bench} | " + " | ".join(f"{n:,}" for n in numbers) + " |")
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(before + BEGIN + "\n" + "\n".join(lines) + "\n" + END + after)
