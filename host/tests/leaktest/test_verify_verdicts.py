"""Stored leak tests recomputed from their samples: equal as run, and what is changed is named."""

from __future__ import annotations

import binascii
import sqlite3
import struct

import pytest

from hullwatch.bench.spec import BenchSpec
from hullwatch.cli.testreach import simulated
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.link.recordkinds import HEADER, TEST
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.store import Reader
from hullwatch.verify.database import verify

SIMPLE = "16:supply:fill:nc:60:dump;17:dump:vent:nc:0"
PUMPED = "16:pump:evacuate:nc:300:vent;17:vent:vent:nc:0"
BLEEDING = (
    "16:supply:fill:nc:60:dump+bleed;17:dump:vent:nc:0;18:iso:isolate:nc:900:bleed;"
    "19:bleed:bleed:nc:900"
)
SETTLED = (
    "[stabilise]\ntime_s = 60", "[stabilise]\ntime_s = 300\nuntil_share = 0.1\nwindow_s = 30"
)  # fmt: skip
NEVER = (
    "[stabilise]\ntime_s = 60",
    "[stabilise]\ntime_s = 40\nuntil_share = 0.0001\nwindow_s = 30",
)  # fmt: skip


@pytest.fixture
def tested(quick_node, tmp_path):
    """Runs one part on a simulated rig, logged; (path of the database, what the node said)."""
    settings, quick = quick_node

    def make(text, leak=1e-4, wiring=SIMPLE, extra=None, chamber=None, abort=False, **plumbing):
        spec = BenchSpec(
            chamber=ChamberSpec(**{"leak_pa_m3_s": leak, "seed": 3, **quick, **(chamber or {})}),
            plumbing=PlumbingSpec(wiring, **{"vented": True, **plumbing}), seed=3,
            extra={**settings, **(extra or {})},
            compensation=(extra or {}).get("compensation"),
        )  # fmt: skip
        path = tmp_path / "tests.db"
        with simulated(spec, path) as node:
            config = nodebody.configuration(node.settings())
            body = nodebody.body_of(recipefile.parse(text, "x.toml"), config)
            follow.start(node, follow.load(node, body), "P1")
            if abort:
                node.wait()
                follow.abort(node)
            return path, follow.until_done(node, node.wait, lambda now: None)

    return make


def check(path):
    with Reader.open(path) as reader:
        return verify(reader, None, lambda done: None)


CASES = {
    "a part that passes": ("PASS", {}, {}, ()),
    "a part that leaks": ("FAIL", {}, {"leak": 2e-3}, ()),
    "until it has settled": ("PASS", {}, {}, SETTLED),
    "never settled": ("INVALID", {}, {"extra": {"settling_ms": 600_000}}, NEVER),
    "dropped while stabilising": ("GROSS", {}, {"leak": 0.2}, ()),
    "dropped while measuring": ("GROSS", {"gross_pa": 6_000}, {"leak": 0.09}, ()),
    "not to be filled": ("GROSS", {}, {"leak": 18.0, "chamber": {"volume_m3": 2e-3}}, ()),
    "away from its pressure": ("INVALID", {"tolerance_pa": 200}, {"leak": 5e-3}, ()),
    "a vacuum": (
        "PASS",
        {"kind": '"vacuum_rise"', "use": '["pump", "vent"]', "target_pa": 60_000,
         "tolerance_pa": 3_000},
        {"wiring": PUMPED, "leak": -1e-4, "extra": {"overpressure_pa": 120_000},
         "chamber": {"pressure_pa": 60_000.0}}, (),
    ),
    "block and bleed": (
        "FAIL", {"use": '["supply", "dump", "iso", "bleed"]', "vented": "false"},
        {"wiring": BLEEDING, "leak": 1.5e-3, "vented": False}, (),
    ),
    "no bound on the seat": ("INVALID", {"vented": "false"}, {"vented": False}, ()),
    "a volume of the recipe": (
        "PASS", {}, {},
        ("[vent]", "[vessel]\nvolume_l = 0.8\nu_volume_percent = 0.5\n[vent]"),
    ),
    "a reference chamber": (
        "PASS", {"kind": '"differential"'},
        {"extra": {"compensation": "reference", "reference_leak_mpa_day": 1000}}, (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_was_tested_is_what_its_samples_give(tested, recipe_text, name):
    expected, changes, options, replaced = CASES[name]
    text = recipe_text(**changes)
    if replaced:
        assert replaced[0] in text
        text = text.replace(*replaced)
    path, done = tested(text, **options)
    assert done.verdict == expected, done
    outcome = check(path)
    assert outcome.describe() == ""
    assert (outcome.tests.equal, outcome.tests.not_verifiable.total()) == (1, 0)


def test_a_test_that_somebody_ended_is_counted_with_the_reason(tested, recipe_text):
    path, done = tested(recipe_text(), abort=True)
    assert (done.verdict, done.reasons) == ("INVALID", ("aborted",))
    outcome = check(path)
    assert outcome.different == 0
    assert dict(outcome.tests.not_verifiable) == {"ended by an event, not by samples: aborted": 1}


def forge(path, **changes):
    """Fields of the stored test record changed, and the record sealed again."""
    with sqlite3.connect(path) as connection:
        (number, data) = connection.execute(
            "SELECT number, data FROM records WHERE kind = ?", (TEST.id,)
        ).fetchone()
        values = TEST.unpack(data) | changes
        body = (data[: HEADER.size] + TEST.struct.pack(*values.values())).ljust(172, b"\0")
        connection.execute(
            "UPDATE records SET data = ? WHERE number = ?",
            (body + struct.pack("<I", binascii.crc32(body)), number),
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", 0), ("rate_fpa_m3_s", 10**10), ("guard_fpa_m3_s", 1), ("filled", 7),
        ("p_start_q8", 5), ("p_end_q8", 5), ("u_b_fpa_m3_s", 0), ("reasons", 2), ("n", 599),
        ("started", 3),
    ],
)  # fmt: skip
def test_a_changed_verdict_is_named(tested, recipe_text, field, value):
    path, done = tested(recipe_text(), leak=2e-3)
    assert done.verdict == "FAIL"
    forge(path, **{field: value})
    outcome = check(path)
    assert outcome.tests.different == 1
    assert (outcome.first.what, outcome.first.field) == ("TEST", field)
    assert outcome.first.stored == str(value)


def test_samples_that_are_gone_are_the_reason(tested, recipe_text):
    path, _ = tested(recipe_text())
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM raw_blocks WHERE first BETWEEN 700 AND 900")
    outcome = check(path)
    assert outcome.tests.different == 0
    (reason,) = outcome.tests.not_verifiable
    assert "raw samples" in reason
