"""Marks in the store: added, never changed, revoked by others, and which windows they touch."""

import csv
import io
import sqlite3
from dataclasses import replace

import pytest

from hullwatch.errors import InputError
from hullwatch.export import csvfile
from hullwatch.store import ClockFit, MarkRow
from hullwatch.store.marks import KINDS
from hullwatch.store.windowtimes import marked, window_limits

NOW_US = 1_700_000_000_000_000
S = 1_000_000


@pytest.fixture
def note(uid):
    return MarkRow(
        number=0, kind="note", node=uid.hex(), chamber="", from_utc_us=NOW_US, to_utc_us=NOW_US,
        text="a hiss", rate_pa_m3_s=None, u_pa_m3_s=None, bound_pa_m3_s=None, t_ref_k=None,
        told=False, entered_by="anna", entered_utc_us=NOW_US + 3600 * S, revokes=None,
    )  # fmt: skip


@pytest.fixture
def known(store, hello, now_us, config_record, window_record):
    """A node with a clock good to 250 µs and three windows of 10 s, ends at 15, 25 and 35 s."""
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        batch.clock(key, ClockFit(0, now_us, 0.0, 250, 0.0))
        batch.record(key.node, config_record(0), now_us)
        for k in range(3):  # each record says that its first sample was due at 5 s
            batch.record(key.node, window_record(1 + k, first=100 * k, ms=15_000), now_us)
        batch.record(key.node, window_record(4, boot=6), now_us)  # a boot without a clock
    return store


def revoking(note, number, **changes):
    return replace(note, kind="revoke", node="", revokes=number, text="mistake", **changes)


def test_marks_come_back_in_order_of_their_time(known, note, uid):
    late = replace(note, from_utc_us=NOW_US + 5 * S, to_utc_us=NOW_US + 6 * S, kind="docking")
    assert [known.add_mark(row) for row in (late, note)] == [1, 2]
    with known.reader() as reader:
        assert reader.marks() == [replace(note, number=2), replace(late, number=1)]
        assert reader.marks("other") == []


def test_a_mark_of_a_chamber_is_about_its_nodes(known, note, uid):
    known.add_mark(replace(note, node="", chamber="jar"))
    known.add_mark(replace(note, node="", text="everywhere"))
    with known.reader() as reader:
        assert [m.number for m in reader.marks(uid.hex())] == [1, 2]
        assert [m.number for m in reader.marks("other")] == [2]


def test_a_revoked_mark_stays_in_the_list_only(known, note, uid):
    known.add_mark(note)
    known.add_mark(revoking(note, 1))
    with known.reader() as reader:
        assert reader.marks() == []
        first, second = reader.marks(every=True)
        assert (first.number, first.revoked_by) == (1, 2)
        assert (second.kind, second.revokes) == ("revoke", 1)


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "already revoked by mark 2"), (2, "is a revocation"), (9, "there is no mark 9")],
)
def test_what_cannot_be_revoked(known, note, number, words):
    known.add_mark(note)
    known.add_mark(revoking(note, 1))
    with pytest.raises(InputError, match=words):
        known.add_mark(revoking(note, number))
    with known.reader() as reader:
        assert len(reader.marks(every=True)) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "party"}, "no kind"),
        ({"chamber": "jar"}, "of a node and of a chamber"),
        ({"to_utc_us": NOW_US - 1}, "ends before it begins"),
        ({"to_utc_us": NOW_US + 3601 * S}, "in the future"),
        ({"text": " "}, "text"),
        ({"text": "two\nlines"}, "text"),
        ({"rate_pa_m3_s": 1e-6}, "has no leak rate"),
        ({"kind": "baseline"}, "needs a leak rate"),
        (
            {"kind": "known-leak", "rate_pa_m3_s": 1e-6, "u_pa_m3_s": 0.0, "bound_pa_m3_s": 0.0,
             "t_ref_k": 293.15},
            "no duration",
        ),
        (
            {"kind": "baseline", "rate_pa_m3_s": float("nan"), "u_pa_m3_s": 0.0,
             "bound_pa_m3_s": 0.0, "t_ref_k": 293.15},
            "needs a leak rate",
        ),
    ],
)  # fmt: skip
def test_what_is_no_mark(note, changes, words):
    with pytest.raises(InputError, match=words):
        replace(note, **changes)


@pytest.mark.parametrize("changes", [{"node": "00"}, {"node": "", "chamber": "tin"}])
def test_a_mark_needs_something_that_is_known(known, note, changes):
    with pytest.raises(InputError, match="in this database") as told:
        known.add_mark(replace(note, **changes))
    assert "it has: " in told.value.hint


def test_nothing_can_be_changed_or_removed(known, note, path):
    known.add_mark(note)
    known.close()
    connection = sqlite3.connect(path)
    for statement in ("UPDATE marks SET text = 'x'", "DELETE FROM marks"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    assert connection.execute("SELECT text FROM marks").fetchall() == [("a hiss",)]
    connection.close()


def test_windows_know_their_time_and_their_marks(known, note, uid):
    """All windows of the fixture run from 5 to 15 s after NOW; the clock is good to 250 µs."""
    before = NOW_US + 5 * S - 251
    known.add_mark(replace(note, from_utc_us=before - 5, to_utc_us=before))
    known.add_mark(replace(note, from_utc_us=before - 5, to_utc_us=before + 1, kind="docking"))
    known.add_mark(replace(note, from_utc_us=NOW_US + 15 * S + 250, to_utc_us=NOW_US + 20 * S))
    known.add_mark(replace(note, from_utc_us=NOW_US + 15 * S + 251, to_utc_us=NOW_US + 20 * S))
    with known.reader() as reader:
        rows = reader.windows(uid.hex())
        assert window_limits(reader, rows)[0] == (NOW_US + 5 * S - 250, NOW_US + 15 * S + 250)
        touching = [[mark.number for mark in on] for on in marked(reader, rows)]
        assert touching == [[2, 3], [2, 3], [2, 3], []]


def test_exports_show_them(known, note, uid):
    known.add_mark(replace(note, kind="docking", to_utc_us=NOW_US + 100 * S))
    known.add_mark(revoking(note, 1))
    known.add_mark(replace(note, to_utc_us=NOW_US + 100 * S))
    with known.reader() as reader:
        windows, marks = io.StringIO(), io.StringIO()
        csvfile.write_windows(reader, windows)
        assert csvfile.write_marks(reader, marks) == 3
    listed = list(csv.DictReader(io.StringIO(windows.getvalue())))
    assert [row["marks"] for row in listed] == ["note 3"] * 3 + [""]
    first = next(csv.DictReader(io.StringIO(marks.getvalue())))
    assert first["from_utc"] == "2023-11-14T22:13:20.000Z"
    assert (first["kind"], first["revoked_by"]) == ("docking", "2")


def test_every_kind_says_what_it_is(uid):
    assert all(kind.doc and not kind.doc.endswith(".") for kind in KINDS.values())
    assert all(kind.masks for kind in KINDS.values() if kind.voids)
