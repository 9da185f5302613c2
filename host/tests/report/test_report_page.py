"""The documents: the same bytes from the same store, one hash everywhere, nothing hostile."""

import csv
import html.parser
import io
import json
import re

import pytest

import capability


@pytest.fixture
def report(hullwatch, tmp_path, monkeypatch):
    """`hullwatch report` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: hullwatch("report", *words)


class Page(html.parser.HTMLParser):
    """Text, tags and what a page would load."""

    def __init__(self, text):
        super().__init__()
        self.words, self.tags, self.loads = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        for name in ("src", "href", "xlink:href", "action", "data"):
            if name in values and not values[name].startswith("#"):
                self.loads.append(values[name])

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


HEADING = """title = "Certificate of tightness"
organisation = "Ada's <i>Lab</i>"
number = "2026-17"
tested_by = "A. Lovelace"
"""


def test_one_hash_in_every_format(report, leaking_db, tmp_path):
    capability.module("weasyprint")
    pypdf = capability.module("pypdf")
    args = ("--db", leaking_db, "--limit", "2e-4 Pa·m³/s at 20C")
    code, out, _ = report(*args, "--out", "a.html", "--json")
    assert code == 0
    told = json.loads(out)
    digest = told["facts_sha256"]
    assert told["verdict"] == "conforms"
    for name in ("b.html", "a.pdf", "a.json", "a.csv"):
        assert report(*args, "--out", name)[0] == 0
    first = (tmp_path / "a.html").read_bytes()
    assert first == (tmp_path / "b.html").read_bytes()
    assert digest in Page(first.decode()).text
    assert json.loads((tmp_path / "a.json").read_text())["facts_sha256"] == digest
    table = dict(csv.reader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert table["facts_sha256"] == digest
    assert table["verdict.word"] == "conforms"
    pages = pypdf.PdfReader(tmp_path / "a.pdf").pages
    text = "".join(page.extract_text() for page in pages)
    assert digest in "".join(text.split())
    for words in ("conforms", "Uncertainty budget", "Traceability", "nothing differs"):
        assert words in text
    value = json.loads((tmp_path / "a.json").read_text())["facts"]["result"]["value"]
    assert f"({value * 1e5:.2f}"[:4] in text


def test_a_page_needs_nothing_and_believes_no_name(report, leaking_db, tmp_path):
    (tmp_path / "head.toml").write_text(HEADING)
    code, _, _ = report("--db", leaking_db, "--out", "a.html", "--heading", "head.toml")
    assert code == 0
    text = (tmp_path / "a.html").read_text()
    page = Page(text)
    assert page.loads == []
    assert not {"script", "link", "iframe", "img", "object", "b", "i"} & set(page.tags)
    assert "url(http" not in text
    assert "Certificate of tightness" in page.text
    assert "<b>jar&amp;</b>" in page.text  # as it was entered
    assert "Ada's <i>Lab</i>" in page.text
    assert "V-<4711>" in page.text
    assert page.tags.count("figure") == 4
    assert "A. Lovelace" in page.text


def test_without_a_heading_it_is_no_certificate(report, leaking_db, tmp_path):
    report("--db", leaking_db, "--out", "a.html")
    text = Page((tmp_path / "a.html").read_text()).text
    assert "Leak rate report" in text
    assert not re.search("certificate of", text, re.IGNORECASE)
    assert "no verdict" in text


def test_a_leak_test_as_a_page(report, tested_db, tmp_path):
    code, out, _ = report("--db", tested_db, "--test", "<A-3>", "--out", "t.html")
    assert code == 0
    assert out.startswith("t.html: PASS; (")
    page = Page((tmp_path / "t.html").read_text())
    assert "part <A-3>, try 1 of 2; recipe jar decay (pressure decay)" in page.text
    assert "Second opinion of the host" in page.text
    assert page.tags.count("figure") == 3


def test_a_batch_as_a_page(report, tested_db, tmp_path):
    code, out, _ = report("--db", tested_db, "--batch", "--out", "b.html")
    assert (code, out.splitlines()[0]) == (0, "b.html: 3 parts: 1 FAIL, 2 PASS")
    page = Page((tmp_path / "b.html").read_text())
    assert "2 of 3" in page.text
    assert "RETEST" in page.text


def test_a_gauge_study_as_a_page(report, tmp_path):
    rows = ["part,operator,trial,value"]
    for part, value in (("p1", 1.0), ("p2", 2.0), ("p3", 3.0)):
        for k, operator in enumerate("ab"):
            rows += [f"{part},{operator},{trial},{value + 0.01 * (k + trial)}" for trial in (1, 2)]
    (tmp_path / "study.csv").write_text("\n".join(rows))
    code, out, _ = report("--gauge", "study.csv", "--tolerance", 2, "--out", "g.html")
    assert code == 0
    assert "R&R" in out
    text = Page((tmp_path / "g.html").read_text()).text
    assert "Analysis of variance" in text
    assert "of a tolerance of 2." in text


def test_parquet_holds_the_same_facts(report, tested_db, tmp_path):
    parquet = capability.module("pyarrow.parquet")
    report("--db", tested_db, "--test", "A-1", "--out", "a.parquet")
    report("--db", tested_db, "--test", "A-1", "--out", "a.json")
    table = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    facts = json.loads((tmp_path / "a.json").read_text())
    by_name = {row["fact"]: row for row in table}
    assert by_name["facts_sha256"]["text"] == facts["facts_sha256"]
    assert by_name["result.value"]["number"] == facts["facts"]["result"]["value"]
    assert by_name["verdict.word"] == {"fact": "verdict.word", "text": "PASS", "number": None}


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--out", "a.docx"), "no kind of report"),
        (("--out", "a.html", "--test", "A-1", "--batch"), "exclude each other"),
        (("--out", "a.html", "--test", "A-1", "--limit", "1e-3 Pa·m³/s"), "belongs to a span"),
        (("--out", "a.html", "--tolerance", "1"), "belongs to --gauge"),
        (("--out", "a.html", "--test", "nothing"), "no test 'nothing'"),
        (("--out", "a.html", "--from", "2026-02-01", "--to", "2026-01-01"), "not after"),
        (("--out", "a.html", "--from", "2030-01-01", "--batch"), "no leak test"),
        (("--out", "no/such/a.html", "--test", "A-1"), "No such file"),
        (("--out", "a.html", "--heading", "none.toml"), "No such file"),
        (("--out", "a.html", "--limit", "three"), "three"),
    ],
)
def test_what_cannot_be_reported(report, tested_db, tmp_path, args, why):
    before = sorted(tmp_path.iterdir())
    code, out, err = report("--db", tested_db, *args)
    assert code != 0
    assert out == ""
    assert why in err
    assert len(err.strip().splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "why"), [("colour = 'red'", "unknown key 'colour'"), ("number = 17", "number is 17")]
)
def test_a_heading_that_is_none(report, tested_db, tmp_path, text, why):
    (tmp_path / "head.toml").write_text(text)
    code, _, err = report("--db", tested_db, "--out", "a.html", "--heading", "head.toml")
    assert code == 2
    assert why in err


def test_no_database(report, tmp_path):
    code, _, err = report("--out", "a.html")
    assert code == 6
    assert "hullwatch.db" in err
    assert list(tmp_path.iterdir()) == []
