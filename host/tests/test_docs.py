"""The pages say what is there: generated parts, shown commands and outputs, file names, links."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType

import click
import pytest
from click.testing import CliRunner

import capability
import doc_console
import gen_docs
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli import rates, report
from hullwatch.ingest.logger import Logger
from hullwatch.link.recordkinds import RECORD_BYTES
from hullwatch.store import Store

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "firmware" / "README.md",
    *sorted((ROOT / "host" / "docs").rglob("*.md")),
]
PAGE_IDS = [str(page.relative_to(ROOT)) for page in PAGES]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = dict(gen_docs.commands())


# --- generated parts ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", gen_docs.PAGES)
def test_generated_parts_are_up_to_date(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert gen_docs.filled(text) == text, "run: make docs"


def test_every_generated_part_is_on_a_page() -> None:
    text = "".join((ROOT / name).read_text("utf-8") for name in gen_docs.PAGES)
    for name in gen_docs.PARTS:
        assert text.count(f"<!-- generated: {name} -->") == 1
        assert text.count(f"<!-- end of {name} -->") == 1


def test_a_check_finds_what_was_edited_by_hand(tmp_path: Path) -> None:
    text = (ROOT / "host/docs/wire.md").read_text("utf-8")
    edited = text.replace("| 34 | [PING]", "| 43 | [PING]")
    assert edited != text
    assert gen_docs.filled(edited) == text


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(path: str) -> None:
    command = COMMANDS[path]
    text = f"{command.help or ''}\n{command.epilog or ''}"
    assert (command.help or "").strip(), "no help text"
    examples = re.findall(r"Example: (.*)", text)
    assert examples, "no example"
    for example in examples:
        assert example.startswith(path)
        _parse(example)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.opts}: no help text"


def test_every_command_is_on_the_page() -> None:
    page = (ROOT / "host/docs/cli.md").read_text("utf-8")
    assert re.findall(r"^## (hullwatch.*)$", page, re.MULTILINE) == list(COMMANDS)


def _parse(line: str) -> None:
    """Fail unless every word of a command line is one that the command takes."""
    words = shlex.split(re.split(r" \| |; ", line, maxsplit=1)[0], comments=True)[1:]
    path, command = "hullwatch", COMMANDS["hullwatch"]
    while words and f"{path} {words[0]}" in COMMANDS:
        path = f"{path} {words.pop(0)}"
        command = COMMANDS[path]
    assert path != "hullwatch" or words[:1] in ([], ["--help"], ["--debug"]), f"no such: {line}"
    with contextlib.suppress(click.exceptions.Exit), command.make_context(path, words):
        pass  # its parameters are the command's own


def _shown_lines(page: Path) -> Iterator[str]:
    """Shell lines of all fenced blocks of a page."""
    for language, block in re.findall(
        r"^```(console|sh|text)\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        for line in block.splitlines():
            if language == "sh":
                yield line
            elif line.startswith("$ "):
                yield line[2:]


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_shown_command_lines_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for line in _shown_lines(page):
        words = shlex.split(line, comments=True)
        if not words:
            continue
        program = words[0].removeprefix(".venv/bin/")
        if program == "make":
            assert words[1] in targets, line
        elif program == "hullwatch":
            _parse(line)
        elif program == "python":
            assert words[1] == "-m" or (ROOT / words[1]).is_file(), line
        else:
            assert program in ("pip", "mpremote", "pytest"), f"what is {program!r}?"


@pytest.mark.parametrize("name", ["README.md", "host/docs/leaktest.md"])
def test_shown_outputs_are_the_real_ones(name: str) -> None:
    for one, actual in doc_console.run(doc_console.shown((ROOT / name).read_text("utf-8"))):
        assert doc_console.matches(one.output, actual), (
            f"$ {one.command}\nprinted\n" + "\n".join(actual) + "\nrun: make docs ARGS=--outputs"
        )


def test_an_ellipsis_stands_for_anything_and_nothing_else_does() -> None:
    actual = ("a 12 b", "second", "third", "end")
    assert doc_console.matches(("a … b", "…", "end"), actual)
    assert doc_console.matches(actual, actual)
    assert not doc_console.matches(("a … c", "…", "end"), actual)
    assert not doc_console.matches(("a … b", "end"), actual)
    assert not doc_console.matches(("a . b", "…"), actual)


def test_console_blocks_are_split_into_commands_and_their_output() -> None:
    text = "x\n```console\n$ one\nout\n\n$ two | cat\n```\n```text\n$ three\n```\n"
    assert doc_console.shown(text) == [
        doc_console.Shown("one", ("out", "")),
        doc_console.Shown("two | cat", ()),
    ]


# --- file names and links -------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_named_files_exist(page: Path) -> None:
    for name in re.findall(r"`((?:firmware|host|tools|hil_tests)/[\w./]*)`", page.read_text()):
        assert (ROOT / name).exists(), name


def _anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosting sites make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=PAGE_IDS)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        assert "://" not in name, f"{target}: pages are read offline"
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor:
            assert anchor in _anchors(path), target


def test_the_picture_is_whole() -> None:
    root = ET.parse(ROOT / "host/docs/overview.svg").getroot()
    words = " ".join("".join(root.itertext()).split())
    for station in ("Chamber", "Sensor", "Node", "Link", "Store", "Report"):
        assert station in words


_PRIVATE = "|".join(
    [
        r"(?<![\w.])/(?:work|root|opt|mnt)/",
        r"/home/(?!you\b)\w",
        r"\bpypi\b",
        r"python" + r"hosted",
        r"npm" + r"js",
        r"(?:extra-)?index" + r"-url",
    ]
)


def test_no_tracked_text_names_a_machine_or_a_registry() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    git = capability.executable("git")
    names = subprocess.run(
        [git, "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8"
    ).stdout.split("\0")
    for name in names:
        path = ROOT / name
        if not path.is_file() or path == Path(__file__).resolve():
            continue
        with contextlib.suppress(UnicodeDecodeError):
            found = re.search(_PRIVATE, path.read_text("utf-8"), re.IGNORECASE)
            assert found is None, f"{name}: {found}"


# --- the journey of a sample ----------------------------------------------------------------------

JOURNEY = re.findall(r"^\d+\. `([\w./]+\.py)`", README, re.MULTILINE)
SERIAL_PORT = "host/hullwatch/transport/serialport.py"
READER = "host/hullwatch/store/reader.py"
RATES = "host/hullwatch/cli/rates.py"
SECOND_OPINION = "host/hullwatch/assess/reduction.py"
SIM_PORT = "host/hullwatch/bench/simbench.py"
DIALOGUE = "host/hullwatch/ingest/dialogue.py"
SESSION = "host/hullwatch/link/session.py"

Edges = set[tuple[str, str]]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Edges:
    """(calling file, called file) while one 10 s window goes from the sensor to a report."""
    edges: Edges = set()
    folder = f"{ROOT}/"

    def note(frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and frame.f_back is not None:
            called, calling = frame.f_code.co_filename, frame.f_back.f_code.co_filename
            if called != calling and called.startswith(folder) and calling.startswith(folder):
                edges.add((calling.removeprefix(folder), called.removeprefix(folder)))

    database = tmp_path_factory.mktemp("journey") / "journey.db"
    with contextlib.closing(SimBench(BenchSpec())) as bench, Store.open(database, 0) as store:
        port = bench.open_port()
        logger = Logger(port, store, bench, 1, lambda event: None)
        sys.setprofile(note)
        try:
            while bench.now_s() < 12:
                logger.step(0.25)
            logger.finish()
            shown = CliRunner().invoke(rates.command, ["--db", str(database)])
            page = database.with_suffix(".html")
            made = CliRunner().invoke(report.command, ["--db", str(database), "--out", str(page)])
        finally:
            sys.setprofile(None)
    assert shown.exit_code == 0
    assert "Pa·m³/s" in shown.output
    assert made.exit_code == 0
    assert "Pa·m³/s" in page.read_text("utf-8")
    return edges


def test_the_journey_is_told_from_register_to_report() -> None:
    assert len(JOURNEY) > 15
    assert len(set(JOURNEY)) == len(JOURNEY)
    assert JOURNEY[0] == "firmware/hullnode/drivers/bmp581.py"
    at = JOURNEY.index(RATES)
    assert JOURNEY[at - 2 : at] == ["host/hullwatch/store/batch.py", READER]
    assert JOURNEY[at + 1] == SECOND_OPINION
    assert JOURNEY[-1] == "host/hullwatch/report/page.py"
    for name in JOURNEY:
        assert (ROOT / name).is_file(), name


def test_each_step_of_the_journey_leads_to_the_next(calls: Edges) -> None:
    """One of two neighbours calls the other, or a third file calls both; but for three places.

    Those are the wire (next test) and the database, which is read twice: that `rates` printed the
    window and that the report has a rate is its test.
    """
    callers = {calling for calling, _ in calls}
    for a, b in pairwise(JOURNEY):
        if SERIAL_PORT in (a, b) or b in (READER, SECOND_OPINION):
            continue
        direct = (a, b) in calls or (b, a) in calls
        wired = any((c, a) in calls and (c, b) in calls for c in callers)
        assert direct or wired, f"{a} does not lead to {b}"


def test_the_wire_is_between_frame_and_splitter(calls: Edges) -> None:
    """The simulated port has the place of the serial one: same `read`, same caller."""
    at = JOURNEY.index(SERIAL_PORT)
    assert JOURNEY[at - 1] == "firmware/hullcore/frame.py"
    assert JOURNEY[at + 1] == "host/hullwatch/link/splitter.py"
    assert {(DIALOGUE, SIM_PORT), (DIALOGUE, SESSION), (SESSION, JOURNEY[at + 1])} <= calls


def test_every_step_of_the_journey_ran(calls: Edges) -> None:
    ran = {called for _, called in calls}
    assert set(JOURNEY) - ran == {SERIAL_PORT}


# --- what a board must offer ----------------------------------------------------------------------


def _members_used() -> set[str]:
    """Every `board.X` and `self._board.X` in the guard, the node and its parts."""
    used = set()
    for path in [ROOT / "firmware/main.py", *sorted((ROOT / "firmware/hullnode").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in (
                "board",
                "self._board",
            ):
                used.add(node.attr)
    return used


def test_the_board_table_lists_what_the_node_uses() -> None:
    page = (ROOT / "firmware/README.md").read_text("utf-8")
    section = page.split("## What a board must offer")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)(?:\([^)]*\))?`", cell)}
    assert told == _members_used()


def test_pages_know_the_size_of_the_spool() -> None:
    spool = (ROOT / "firmware/hullnode/spool.py").read_text("utf-8")
    (records,) = re.findall(r"^BUFFER = (\d+)$", spool, re.MULTILINE)
    for name in ("firmware/README.md", "host/docs/decisions/0003-flash-spool.md"):
        assert f"{records} records" in (ROOT / name).read_text("utf-8")
    size = int(records) * RECORD_BYTES
    assert f"{round(size / 1000)} kB" in (ROOT / "firmware/README.md").read_text("utf-8")
