"""Facts against the store, the truth and code of this test's own."""

import hashlib
import json
import struct

import pytest

from hullwatch.assess import Overrides
from hullwatch.errors import InputError
from hullwatch.report import batch, leaktest, period
from hullwatch.report.facts import Report, canonical, rows
from hullwatch.report.template import Heading

LEAK = 1e-4


@pytest.fixture(scope="module")
def leak_report(leaking_db, quiet):
    from hullwatch.store import Reader

    with Reader.open(leaking_db) as reader:
        node = reader.nodes()[0].node
        return period.of_period(reader, node, None, None, Heading(), 2e-4, Overrides(), quiet)


@pytest.fixture
def tests_report(tested_db, quiet, reader_of):
    def make(wanted):
        reader = reader_of(tested_db)
        row = leaktest.found_test(reader, None, wanted)
        return leaktest.of_test(reader, row, Heading(), Overrides(), quiet)

    return make


def test_the_rate_holds_the_truth_and_the_verdict_follows_from_it(leak_report, leaking):
    facts = leak_report.facts
    result = facts["result"]
    truth = leaking[1]
    assert 0.97 * LEAK < truth < LEAK  # the drive falls by two hundredths
    assert result["low"] < truth < result["high"]
    assert result["u95"] < 0.05 * LEAK
    assert result["whole_budget"]
    assert facts["verdict"]["word"] == "conforms"
    assert result["high"] <= 2e-4
    assert facts["conditions"]["t_ref_k"] == 293.15
    assert facts["span"]["samples"] == facts["integrity"]["raw_samples"]


def test_the_budget_adds_up(leak_report):
    budget = leak_report.facts["budget"]
    whole = sum(line["contribution"] ** 2 for line in budget["lines"]) ** 0.5
    assert whole == pytest.approx(budget["u"], rel=1e-9)
    names = {line["name"] for line in budget["lines"]}
    assert {"noise", "volume"} <= names


def test_the_calibration_in_force_stands_with_its_certificate(leak_report):
    (volume,) = [c for c in leak_report.facts["calibrations"] if c["kind"] == "volume"]
    assert (volume["state"], volume["certificate"]) == ("in force", "V-<4711>")
    assert volume["value"] == 1e-3
    assert leak_report.facts["conditions"]["u_volume"] == pytest.approx(2e-3)


def test_the_raw_hash_is_of_the_samples_that_are_stored(leak_report, leaking_db, reader_of):
    reader = reader_of(leaking_db)
    (boot,) = [row.key for row in reader.boots()]
    raw = reader.raw(boot)
    expected = hashlib.sha256(struct.pack("<qq", boot.epoch, boot.boot))
    for k in range(len(raw.sample)):
        values = (raw.sample[k], raw.p_q8[k], raw.t_q16[k], raw.late_us[k], raw.aux[k])
        expected.update(struct.pack("<5q", *map(int, values)))
    assert leak_report.facts["integrity"]["raw_sha256"] == expected.hexdigest()
    assert leak_report.facts["integrity"]["verify"]["ok"]
    assert leak_report.facts["integrity"]["verify"]["windows"]["equal"] > 700


def test_the_digest_is_of_canonical_json(leak_report):
    data = canonical(leak_report.facts)
    again = json.dumps(
        json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    assert again == data
    assert leak_report.digest == hashlib.sha256(data).hexdigest()
    assert Report({"a": 1.0000000000001}).digest == Report({"a": 1.0}).digest
    assert Report({"a": 1.00000000001}).digest != Report({"a": 1.0}).digest


def test_every_fact_has_a_row():
    facts = {"a": {"b": [1, {"c": None}]}, "d": float("inf")}
    assert list(rows(facts)) == [("a.b.0", 1), ("a.b.1.c", None), ("d", None)]


def test_a_leak_test_says_what_the_node_said(tests_report, tested_db, reader_of):
    report = tests_report("A-1")
    facts = report.facts
    row = reader_of(tested_db).tests(part="A-1")[-1]
    assert facts["verdict"]["word"] == row.verdict == "PASS"
    assert facts["verdict"]["limit"] == 1e-3
    assert facts["result"]["value"] == row.leak_rate_pa_m3_s
    assert facts["result"]["u95"] == row.guard_pa_m3_s
    truth = 0.84 * LEAK  # the drive: 117,000 Pa instead of 120,000 Pa against 101,325 Pa
    assert abs(facts["result"]["value"] - truth) < facts["result"]["u95"]
    assert [phase["name"] for phase in facts["phases"]] == ["fill", "stabilise", "measure", "vent"]
    measure = facts["phases"][2]
    assert (measure["first"], measure["past"] - 1) == (row.first_sample, row.last_sample)
    stabilise_s = (measure["first"] - facts["phases"][1]["first"]) * 0.1
    assert stabilise_s == pytest.approx(60, abs=1)
    opinion = facts["second_opinion"]["result"]
    assert opinion["low"] < truth < opinion["high"]


@pytest.mark.parametrize(
    ("wanted", "word", "attempt"), [("A-2#1", "RETEST", 1), ("A-2", "FAIL", 2)]
)
def test_tries_are_told_apart(tests_report, wanted, word, attempt):
    facts = tests_report(wanted).facts
    assert facts["part"] == {"id": "A-2", "attempt": attempt, "tries": 2}
    assert facts["verdict"]["word"] == word


def test_a_record_number_finds_its_test(tests_report, tested_db, reader_of):
    row = reader_of(tested_db).tests(part="<A-3>")[-1]
    assert tests_report(str(row.number)).facts["part"]["id"] == "<A-3>"
    with pytest.raises(InputError, match="no test 'Z'"):
        tests_report("Z")


def test_a_batch_counts_each_part_by_its_last_try(tested_db, reader_of, quiet):
    report = batch.of_batch(reader_of(tested_db), None, None, None, Heading(), quiet)
    totals = report.facts["totals"]
    assert totals == {
        "parts": 3, "tests": 4, "retried": 1, "verdicts": {"FAIL": 1, "PASS": 2},
    }  # fmt: skip
    assert [test["part"] for test in report.facts["tests"]] == ["A-1", "A-2", "A-2", "<A-3>"]
    assert [test["limit"] for test in report.facts["tests"]] == [1e-3, 8.2e-5, 8.2e-5, 1e-3]
    with pytest.raises(InputError, match="no leak test"):
        batch.of_batch(reader_of(tested_db), None, 0, 1, Heading(), quiet)
