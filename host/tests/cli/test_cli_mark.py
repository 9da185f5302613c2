"""`hullwatch mark …`: what is kept, what is refused in one line, and where marks show."""

import csv
import json

import pytest

from hullwatch.link.messages import HELLO
from hullwatch.store import Reader, Store

NODES = (bytes.fromhex("e66138528350b42c"), bytes.fromhex("2b1fc4478569a7e9"))
NOW_US = 1_772_359_200_000_000


@pytest.fixture
def db(home):
    return made(home / "one.db", NODES[:1])


@pytest.fixture
def pair(home):
    return made(home / "two.db", NODES)


def made(path, uids):
    with Store.open(path, NOW_US) as store, store.atomic() as batch:
        for uid in uids:
            values = {x.name: 0 for x in HELLO.fields} | {
                "uid": uid, "boot": 1, "epoch": 1, "board": b"pico", "core_hash": bytes(32),
            }  # fmt: skip
            batch.node(HELLO.unpack(HELLO.struct.pack(*values.values())), NOW_US)
    return path


def test_a_mark_is_kept_and_listed(hullwatch, db):
    span = ("--from", "2026-03-01T10:00", "--to", "2026-03-01T12:30+01:00")
    code, out, err = hullwatch("mark", "docking", "Progress 91", "--db", db, *span, "--by", "anna")
    assert (code, err) == (0, "")
    assert out.startswith("marked: docking 1, e66138528350b42c, 2026-03-01T10:00:00.000Z … ")
    code, out, _ = hullwatch("mark", "list", "--db", db, "--json")
    (mark,) = json.loads(out)["marks"]
    assert (mark["kind"], mark["text"], mark["entered_by"]) == ("docking", "Progress 91", "anna")
    assert mark["to"] == "2026-03-01T11:30:00.000Z"
    assert mark["told"] is False
    code, out, _ = hullwatch("mark", "list", "--db", db)
    assert "docking 1" in out


def test_a_rate_is_kept_in_si_units(hullwatch, db):
    code, out, _ = hullwatch(
        "mark", "baseline", "certified", "--db", db, "--json", "--rate", "1 ± 0.1 sccm at 0C (k=2)"
    )
    got = json.loads(out)
    assert code == 0
    assert got["rate_pa_m3_s"] == pytest.approx(1.81240e-3, rel=1e-5)  # of gas at 293.15 K
    assert got["u_pa_m3_s"] == pytest.approx(1.81240e-3 * 0.05, rel=1e-5)
    assert got["t_ref_k"] == 293.15


def test_a_revoked_mark_shows_only_when_asked_for(hullwatch, db):
    hullwatch("mark", "note", "a hiss", "--db", db)
    code, out, _ = hullwatch("mark", "revoke", "1", "it was the fan", "--db", db)
    assert code == 0
    assert "revoke 2 of mark 1" in out
    assert "no marks" in hullwatch("mark", "list", "--db", db)[1]
    both = json.loads(hullwatch("mark", "list", "--db", db, "--json", "--all")[1])["marks"]
    assert [(m["number"], m["revoked_by"]) for m in both] == [(1, 2), (2, None)]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("note", "x", "--at", "2999-01-01"), "future"),
        (("note", "x", "--from", "2h", "--to", "3h"), "ends before it begins"),
        (("note", "x", "--from", "2h"), "belong together"),
        (("note", "x", "--at", "1h", "--from", "2h", "--to", "1h"), "a moment"),
        (("note", "x", "--node", "00"), "no node 00"),
        (("note", "x", "--chamber", "tin"), "no chamber tin"),
        (("note", "x", "--chamber", "tin", "--all"), "one node, one chamber, or all"),
        (("note", " "), "text"),
        (("known-leak", "x", "--rate", "1e-6 ± 1e-8 Pa·m³/s at 20C"), "no duration"),
        (("baseline", "x", "--rate", "1e-6 Pa·m³/s at 20C"), "no uncertainty"),
        (("repair", "x", "--port", "p"), "belong to --tell"),
        (("repair", "x", "--all", "--tell"), "one node"),
        (("revoke", "7", "x"), "no mark 7"),
        (("party", "x"), "No such command"),
    ],
)
def test_what_is_refused_in_one_line_changes_nothing(refused, db, args, words):
    tail = () if args[0] == "party" else ("--db", db)
    assert words in refused(2, "mark", *args, *tail)
    with Reader.open(db) as reader:
        assert reader.marks(every=True) == []


def test_a_database_with_several_nodes_needs_a_name(refused, hullwatch, pair):
    assert "2 nodes" in refused(2, "mark", "note", "x", "--db", pair)
    assert hullwatch("mark", "note", "x", "--db", pair, "--all")[0] == 0
    assert hullwatch("mark", "note", "y", "--db", pair, "--node", NODES[1].hex())[0] == 0
    listed = hullwatch("mark", "list", "--db", pair, "--json", "--node", NODES[0].hex())[1]
    assert [m["text"] for m in json.loads(listed)["marks"]] == ["x"]


def test_no_database_is_made_for_a_mark(refused, home):
    for args in (("note", "x"), ("revoke", "1", "x"), ("list",)):
        refused(6, "mark", *args, "--db", home / "none.db")
    assert not (home / "none.db").exists()


def test_rates_and_export_show_what_touches_a_window(hullwatch, home):
    path = home / "jar.db"
    demo = ("demo", "--bench", "sim", "--for", "61s", "--leak", "1e-3", "--db", path, "--json")
    assert hullwatch(*demo)[0] == 0
    span = ("--from", "2026-01-01T00:00:30", "--to", "2026-01-01T00:00:40", "--db", path)
    assert hullwatch("mark", "docking", "Progress", *span)[0] == 0
    rates = json.loads(hullwatch("rates", "--db", path, "--json")[1])["rates"]
    shown = {row["window_s"]: [mark["number"] for mark in row["marks"]] for row in rates}
    assert shown == {10.0: [], 60.0: [1]}
    assert "docking 1" in hullwatch("rates", "--db", path)[1]
    rows = csv.DictReader(hullwatch("export", "--db", path)[1].splitlines())
    assert sum(row["marks"] == "docking 1" for row in rows) in (3, 4)  # 10 s twice or thrice
    marks = list(
        csv.DictReader(hullwatch("export", "--db", path, "--what", "marks")[1].splitlines())
    )
    assert [row["text"] for row in marks] == ["Progress"]
