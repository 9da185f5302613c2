"""The page "Build the bench": its bench file parses, its tests run, its capabilities are tested."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from hullwatch.hil import benchfile
from hullwatch.hil.capabilities import MEANINGS, NOT_ON_SIM, POSSIBLE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "host" / "docs" / "bench.md"
_EXAMPLE = re.compile(r"<!-- example: ([a-z ]+) -->\n```\w+\n(.*?)```", re.DOTALL)


def examples():
    return dict(_EXAMPLE.findall(PAGE.read_text("utf-8")))


def test_the_bench_file_of_the_page(tmp_path):
    path = tmp_path / "desk.toml"
    path.write_text(examples()["bench"])
    bench = benchfile.load(path)
    assert bench.can == {
        "repl", "heap", "leak", "truth", "power_cut", "heat", "bus_fault", "hatches",
    }  # fmt: skip
    assert [leak.pa_m3_s for leak in bench.leaks] == [1.02e-4, 9.7e-4, 1.8e-2]
    assert [leak.name for leak in bench.leaks_at(bench.port)] == ["L4", "L3"]
    assert [row.switch for row in bench.hatches] == ["hatch-1"]


def test_the_tests_of_the_page_run_on_sim(pytester):
    found = examples()
    pytester.makepyfile(test_one=found["test"], test_two=found["test with limits"])
    done = pytester.runpytest_subprocess("-p", "hullwatch.hil.plugin", "--bench", "sim")
    done.assert_outcomes(passed=2)


def needed():
    """What the project's tests name in `needs`."""
    found = set()
    for path in (ROOT / "hil_tests").rglob("test_*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.needs"):
                found |= {argument.value for argument in call.args}
    return found


@pytest.mark.parametrize("name", sorted(MEANINGS))
def test_every_capability_is_asked_for_by_a_test(name):
    if name == "usb_stalls":  # only the emulator has it: host/tests/test_emu_smoke.py
        assert name in benchfile.load(benchfile.find("pico-emu", [])).can
    else:
        assert name in needed()


def test_what_sim_declares_is_all_used():
    assert benchfile.load(benchfile.find("sim", [])).can <= needed()


def test_what_sim_cannot_do_has_its_reason():
    assert POSSIBLE["sim"] == benchfile.load(benchfile.find("sim", [])).can
    assert set(NOT_ON_SIM) == set(MEANINGS) - POSSIBLE["sim"]
