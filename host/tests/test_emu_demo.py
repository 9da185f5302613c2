"""`hullwatch demo --bench pico-emu`: the main job on the emulated Pico, as a user starts it.

Needs a MicroPython image for the Pico, named by HULLWATCH_UF2; without it a stated skip.
"""

import json
import os
import subprocess
import sys

import pytest

import capability
from hullwatch.store import Reader

COMMAND = [sys.executable, "-c", "from hullwatch.cli import main; main()"]
SECONDS = 65
LEAK_PA_M3_S = 1e-3

pytestmark = pytest.mark.timeout(1200)  # a second of the chip takes one to three of a computer


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(summary, folder) of a run with a database of its own."""
    capability.emulated_pico()
    folder = tmp_path_factory.mktemp("demo")
    own = {"XDG_DATA_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    given = ["--for", f"{SECONDS}s", "--leak", str(LEAK_PA_M3_S), "--db", "demo.db", "--json"]
    done = subprocess.run(
        [*COMMAND, "demo", "--bench", "pico-emu", *given],
        capture_output=True, check=False, cwd=folder, env=os.environ | own,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout), folder


def test_every_sample_of_the_minute_is_there_and_in_time(demo):
    summary, _ = demo
    assert summary["bench"] == "pico-emu"
    assert summary["samples"] >= 60 * 10
    for key in ("gaps", "duplicates", "crc_errors", "late_samples"):
        assert summary[key] == 0


def test_the_minutes_window_covers_the_truth(demo):
    (minute,) = (window for window in demo[0]["windows"] if window["window_s"] == 60)
    assert minute["n"] == 600
    error = abs(minute["leak_rate_pa_m3_s"] - minute["truth_pa_m3_s"])
    assert error < 1.5 * minute["u95_pa_m3_s"]
    assert minute["truth_pa_m3_s"] == pytest.approx(LEAK_PA_M3_S, rel=0.02)


def test_the_database_keeps_what_the_summary_says(demo):
    summary, folder = demo
    with Reader.open(folder / "demo.db") as reader:
        (node,) = reader.nodes()
        assert node.node == summary["node"]
        assert node.board == "pico"
