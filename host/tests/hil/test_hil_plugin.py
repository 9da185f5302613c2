"""The pytest plugin as a user meets it: a folder of their own, their own tests and bench files."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from hullwatch.hil import benchfile, evidence, measured, page, reporting, testbench
from hullwatch.store import Reader

LOADED = (benchfile, evidence, measured, page, reporting, testbench)
"""pytester forgets what a run inside this process imports; their package would not."""

PLUGIN = ("-p", "hullwatch.hil.plugin", "-p", "no:cacheprovider")
TWO_LINES = """
def test_my_jar_is_tight(node):
    assert node.measure(10).leak_rate_pa_m3_s < 1e-2
"""
BROKEN = """
name = "desk"
kind = "real"
port = "/dev/no-such-port"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The wheel, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, check=True)
    (wheel,) = folder.glob("hullwatch-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def run(pytester):
    def run(*arguments, **files):
        pytester.makepyfile(**files)
        return pytester.runpytest_inprocess(*PLUGIN, *arguments)

    return run


@pytest.mark.parametrize("loaded", ["", "-p hullwatch.hil.plugin"])
def test_two_lines_in_an_empty_folder_run_from_the_wheel(site, tmp_path, loaded):
    """pytest finds the plugin by its entry point; naming it as well does not load it twice."""
    (tmp_path / "test_mine.py").write_text(TWO_LINES)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--bench", "sim", "-v", *loaded.split()],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "test_mine.py::test_my_jar_is_tight[sim] PASSED" in done.stdout, done.stdout
    assert "hullwatch/hil/benches/sim.toml" in done.stdout  # the wheel's own
    assert done.returncode == 0


def test_the_entry_point_is_the_plugin():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    ((name, module),) = project["project"]["entry-points"]["pytest11"].items()
    assert name == module == PLUGIN[1]  # else `-p` and the entry point would load it twice


def test_who_does_not_use_it_does_not_notice_it(pytester):
    """Nothing is imported, and fixtures of the same names stay the user's own."""
    pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.fixture
        def bench():
            return "mine"

        def test_mine(bench):
            assert bench == "mine"
            ours = {name for name in sys.modules if name.startswith(("hullwatch", "hullcore"))}
            assert ours <= {"hullwatch", "hullwatch.hil", "hullwatch.hil.plugin", "hullcore",
                            "hullcore.compat"}
            assert not {"numpy", "sqlite3", "serial", "matplotlib", "jinja2"} & set(sys.modules)
        """
    )
    done = pytester.runpytest_subprocess(*PLUGIN, "--strict-markers", "-W", "error")
    done.assert_outcomes(passed=1)
    assert "bench" not in done.outlines[2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--bench", "sym"), "no bench 'sym' (there are mpy, pico-emu, sim)"),
        (("--bench", "nowhere.toml"), "nowhere.toml: No such file or directory"),
        (("--hil-report", "no/such/folder/r.html"), "no such folder, or a folder itself"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(run, arguments, told):
    done = run(*arguments, test_mine=TWO_LINES)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in done.errlines if line.startswith("ERROR")]
    assert told in line


def test_a_missing_capability_is_a_skip_with_its_reason(run):
    done = run(
        "--bench", "sim", "-rs",
        test_mine="""
        import pytest

        @pytest.mark.needs("leak", "usb_stalls")
        def test_stall(node):
            pass
        """,
    )  # fmt: skip
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*bench sim has no usb_stalls*"])


def test_a_capability_that_does_not_exist_is_no_skip(run):
    done = run(
        "--bench", "sim",
        test_mine="""
        import pytest

        @pytest.mark.needs("leek")
        def test_stall(node):
            pass
        """,
    )  # fmt: skip
    assert done.ret not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    done.stdout.fnmatch_lines(["*needs('leek'): no such capability; there are leak, *"])


def test_a_broken_bench_fails_once_with_its_first_cause(run, pytester):
    pytester.path.joinpath("benches").mkdir()
    pytester.path.joinpath("benches/desk.toml").write_text(BROKEN)
    done = run(
        "--bench", "desk", "--bench", "sim", "-rs",
        test_mine="""
        def test_first(node):
            pass

        def test_second(node):
            pass

        def test_third(bench):
            bench.start()
        """,
    )  # fmt: skip
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    done.assert_outcomes(errors=1, skipped=2, passed=3)
    cause = "/dev/no-such-port: no such port"
    done.stdout.fnmatch_lines([f"E *BenchBroken: bench desk is broken: {cause}*"])
    done.stdout.fnmatch_lines(
        [f"*bench desk is broken, see test_mine.py::test_first?desk?: {cause}*"]
    )


def test_a_switch_that_fails_in_a_test_breaks_the_bench(run):
    done = run(
        "--bench", "sim", "-rs",
        test_mine="""
        from hullwatch.hil.switches import SwitchFailed

        def test_first(bench):
            raise SwitchFailed("switch usb: exit code 1")

        def test_second(node):
            pass
        """,
    )  # fmt: skip
    done.assert_outcomes(failed=1, skipped=1)
    done.stdout.fnmatch_lines(
        ["*bench sim is broken, see test_mine.py::test_first?sim?: switch usb: exit code 1*"]
    )


def test_what_this_machine_lacks_is_a_skip_or_with_strict_a_failure(run, pytester):
    text = 'name = "far"\nkind = "mpy"\nneeds_programs = ["no-such-program"]\n'
    pytester.path.joinpath("far.toml").write_text(text)
    done = run("--bench", "far.toml", "-rs", test_mine=TWO_LINES)
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*bench far needs the program no-such-program*"])
    strict = run("--bench", "far.toml", "--hil-strict", test_mine=TWO_LINES)
    strict.assert_outcomes(errors=1)


MEASURES = """
import numpy as np

def test_values(node, measured):
    node.run(12)
    measured("pressure", node.raw().p_q8[-1] / 256, "Pa", 119_000, 121_000, np.float64(30))
    measured("cost", 7, "s", high=5)
"""


def test_measured_values_are_in_junit_and_in_a_report_of_one_file(pytester):
    pytester.makepyfile(test_mine=MEASURES)
    done = pytester.runpytest_subprocess(
        *PLUGIN, "--bench", "sim", "--junitxml", "j.xml", "--hil-report", "r.html",
        "--hil-data", "kept",
    )  # fmt: skip
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["cost: 7 s (at most 5)"])
    found = {
        one.get("name"): one.get("value")
        for one in ET.parse(pytester.path / "j.xml").iter("property")
    }
    (database,) = pytester.path.glob("kept/*.db")
    with Reader.open(database) as reader:
        (boot,) = reader.boots()
        (head,) = [head for head in reader.chain_heads() if head.stream == "raw"]
    assert found["bench"] == "sim"
    assert found["node"] == boot.key.node
    assert found["core_hash"] == boot.core_hash
    assert found["raw_hash"] == head.chain.hex()
    assert found["cost"] == "7 s (at most 5)"
    assert found["pressure"].endswith("± 30 Pa (limits 1.19e+05 to 1.21e+05)")
    page = pytester.path.joinpath("r.html").read_text()
    for value in (found["node"], found["core_hash"], found["raw_hash"], found["bench_sha256"]):
        assert value in page
    assert "<svg" in page
    assert ">FAILED<" in page
    for foreign in ("<link", "<script", "<img", "@import", "url(http"):
        assert foreign not in page


def test_the_report_of_a_broken_bench_says_so(run, pytester):
    pytester.path.joinpath("desk.toml").write_text(BROKEN)
    done = run("--bench", "desk.toml", "--hil-report", "r.html", test_mine=TWO_LINES)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    page = pytester.path.joinpath("r.html").read_text()
    assert "bench desk is broken: /dev/no-such-port: no such port" in page


def test_a_skipped_test_stands_under_its_benchs_name(run, pytester):
    """Names with a hyphen too, on which everything is skipped."""
    pytester.path.joinpath("my-desk.toml").write_text('name = "my-desk"\nkind = "sim"\n')
    done = run(
        "--bench", "my-desk.toml", "--hil-report", "r.html",
        test_mine="""
        import pytest

        @pytest.mark.needs("usb_stalls")
        @pytest.mark.parametrize("case", ["a-b"])
        def test_stall(node, case):
            pass
        """,
    )  # fmt: skip
    done.assert_outcomes(skipped=1)
    page = pytester.path.joinpath("r.html").read_text()
    assert "<th>my-desk</th>" in page
    assert "<th>my</th>" not in page
