"""What nodes made against what a database holds: lost, doubled, invented, stated as missing.

A witness on a simulated node keeps every sample and record it makes. `audit` compares: each has
to be stored once, byte for byte, or a stated hole says why not; what else is stored was invented.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hullwatch.store import Reader

SpoolKey = tuple[str, int]
_HEADER_BYTES = 22
_RECORD_BYTES = 176
_KIND_AT = 12  # of the header: number, epoch, boot, kind, version, wraps, ms, flags
_WINDOW = 1
_PAGE = struct.Struct("<IIHQQI")  # boot, block, blocks, first sample, end, CRC-32 of what follows
_SPAN = struct.Struct("<IIQQ")  # of a WINDOW: length, configuration, first, last


def slice_and_full(short: int, full: int) -> pytest.MarkDecorator:
    """Parametrises `trials`: a slice with the other tests, all of it in the campaign."""
    marks = [pytest.mark.campaign, pytest.mark.timeout(3600)]
    return pytest.mark.parametrize(
        "trials", [pytest.param(short, id="slice"), pytest.param(full, id="full", marks=marks)]
    )


@dataclass
class Tally:
    """What the audits of one row found."""

    trials: int = 0
    records: int = 0
    samples: int = 0
    stated: int = 0
    cut_off: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)

    def clean(self) -> bool:
        """Whether nothing was lost, doubled or invented."""
        return not (self.lost.total() or self.doubled.total() or self.invented.total())


class Witness:
    """All that the nodes of one bench measured and recorded."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int, int], bytes] = {}
        self.samples: dict[tuple[str, int, int], dict[int, tuple[int, int, bool]]] = {}
        self.rewritten = 0
        """Numbers given to two different records."""
        self.volatile: dict[tuple[str, int, int], set[int]] = {}
        """Samples that were in RAM only when the power went."""
        self.epochs_wiped: set[SpoolKey] = set()

    def watch(self, node: Any, uid: str) -> None:
        """From now on nothing that this node makes escapes; what it spooled so far is taken."""
        spool, pipeline = node.spool, node.pipeline
        key = (uid, node.stamp.epoch)
        for number in range(spool.oldest, spool.next):
            if found := bytes(spool.get(number)):
                self._record(key, number, found)
        append, taken, late = spool.append, pipeline.taken, pipeline.late
        samples = self.samples.setdefault((*key, node.stamp.boot), {})

        def appended(record: bytes) -> None:
            self._record(key, spool.next, bytes(record))
            append(record)

        def in_time(p_q8: int, t_q16: int) -> None:
            samples[pipeline.next_number()] = (p_q8, t_q16, False)
            taken(p_q8, t_q16)

        def too_late(p_q8: int, t_q16: int, late_us: int) -> None:
            samples[pipeline.next_number()] = (p_q8, t_q16, True)
            late(p_q8, t_q16, late_us)

        spool.append = appended
        pipeline.taken = in_time
        pipeline.late = too_late

    def power_gone(self, node: Any, uid: str, files: Mapping[str, bytes]) -> None:
        """What this node has measured and neither sent nor written is gone, and may be missing."""
        key = (uid, node.stamp.epoch, node.stamp.boot)
        held = set(self.samples.get(key, {}))
        for path, page in files.items():
            if "/raw/" in path and len(page) >= _PAGE.size:
                boot, _, _, first, end, crc = _PAGE.unpack_from(page)
                if boot == key[2] and zlib.crc32(page[_PAGE.size :]) == crc:
                    held -= set(range(first, end))
        self.volatile[key] = held
        if not any(
            "/records/0" in path and len(data) >= _RECORD_BYTES for path, data in files.items()
        ):
            self.epochs_wiped.add(key[:2])  # an epoch is known by its records: the next is new

    def wiped(self, uid: str, epoch: int) -> None:
        """The node's file system is gone, and with it what nobody has heard."""
        self.epochs_wiped.add((uid, epoch))

    def _record(self, key: SpoolKey, number: int, record: bytes) -> None:
        if self.records.setdefault((*key, number), record) != record:
            self.rewritten += 1


def audit(path: Path, witness: Witness, tally: Tally) -> None:
    """Add to `tally` what a database lacks, has twice, or has without anyone having made it."""
    tally.trials += 1
    holes = _stated_holes(path)
    _audit_records(path, witness, tally, holes)
    _audit_samples(path, witness, tally, holes)


_Holes = dict[tuple[str, int, int], list[tuple[int, int]]]


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def _stated_holes(path: Path) -> _Holes:
    """By (node, epoch, boot), records under boot −1."""
    found: _Holes = {}
    query = "SELECT node, epoch, boot, stream, first, past FROM stated_holes"
    for node, epoch, boot, stream, first, past in _rows(path, query):
        found.setdefault((node, epoch, boot if stream == "raw" else -1), []).append((first, past))
    return found


def _told(number: int, holes: Iterable[tuple[int, int]]) -> bool:
    return any(first <= number < past for first, past in holes)


def _audit_records(path: Path, witness: Witness, tally: Tally, holes: _Holes) -> None:
    rows = _rows(path, "SELECT node, epoch, number, data FROM records")
    stored = {(node, epoch, number): bytes(data) for node, epoch, number, data in rows}
    windows: Counter[tuple[Any, ...]] = Counter()
    for (node, epoch, _), data in stored.items():
        if data[_KIND_AT] == _WINDOW:
            length, _, first, _ = _SPAN.unpack_from(data, _HEADER_BYTES)
            windows[node, epoch, data[8:12], length, first] += 1
    tally.records += len(stored)
    tally.doubled["record"] += sum(count - 1 for count in windows.values()) + witness.rewritten
    witness.rewritten = 0
    for key, record in stored.items():
        tally.invented["record"] += witness.records.get(key) != record
    for node, epoch, number in witness.records.keys() - stored.keys():
        told = _told(number, holes.get((node, epoch, -1), ()))
        gone = (node, epoch) in witness.epochs_wiped
        tally.stated += told
        tally.cut_off += gone and not told
        tally.lost["record"] += not gone and not told


def _audit_samples(path: Path, witness: Witness, tally: Tally, holes: _Holes) -> None:
    with Reader.open(path) as reader:
        for row in reader.boots():
            key = (row.key.node, row.key.epoch, row.key.boot)
            truth = dict(witness.samples.get(key, {}))
            raw = reader.raw(row.key)
            numbers = raw.sample.tolist()
            tally.samples += len(numbers)
            tally.doubled["sample"] += len(numbers) - len(set(numbers))
            late = (raw.late_us > 0).tolist()
            values = zip(raw.p_q8.tolist(), raw.t_q16.tolist(), late, strict=True)
            for number, value in zip(numbers, values, strict=True):
                tally.invented["sample"] += truth.pop(number, None) != value
            volatile = witness.volatile.get(key, set())
            wiped = key[:2] in witness.epochs_wiped
            for number in truth:
                told = _told(number, holes.get(key, ()))
                gone = wiped or number in volatile
                tally.stated += told
                tally.cut_off += gone and not told
                tally.lost["sample"] += not gone and not told


def count(one: Any, tally: Tally) -> int:
    """Without a witness: every number of records and samples is stored once, or told as missing.

    `one` is a `Rig` of hil_tests. The epoch of its node's spool.
    """
    one.logger.finish()
    with contextlib.closing(sqlite3.connect(one.store.path)) as database:
        records = [n for (n,) in database.execute("SELECT number FROM records ORDER BY number")]
    with one.store.reader() as reader:
        keys = [boot.key for boot in reader.boots()]
        (epoch,) = {key.epoch for key in keys}
        gaps = reader.gaps(keys[0].node)
        tally.invented["record"] += reader.summary(keys[0].node).conflicts
        raw = {key.boot: reader.raw(key).sample for key in keys}
    assert all(gap.reason for gap in gaps)
    told = {n for g in gaps if g.stream == "record" for n in range(g.first, g.past)}
    tally.records += len(records)
    tally.stated += len(told)
    tally.doubled["record"] += len(records) - len(set(records)) + len(told & set(records))
    tally.lost["record"] += len(set(range(records[-1] + 1)) - told - set(records))
    for boot, samples in raw.items():
        told = {
            n for g in gaps if (g.stream, g.boot) == ("raw", boot) for n in range(g.first, g.past)
        }
        tally.samples += len(samples)
        tally.stated += len(told)
        tally.doubled["sample"] += int(np.sum(np.diff(samples) < 1))
        if len(samples):
            tally.lost["sample"] += len(
                set(range(int(samples[-1]) + 1)) - told - set(samples.tolist())
            )
    return int(epoch)
