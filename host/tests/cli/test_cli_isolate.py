"""`hullwatch isolate`: the example in virtual time, a crew that does as it is told, refusals."""

import contextlib
import json
import re
from pathlib import Path

import pytest

from hullwatch.bench.nodesbench import NodesBench
from hullwatch.cli import isolatesites
from hullwatch.errors import InputError
from hullwatch.isolate.state import StateFile, read_state
from hullwatch.sim.scenario import load_scenario
from hullwatch.store import Store

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
LAYOUT, SCENARIO = EXAMPLES / "station.toml", EXAMPLES / "station-leak.toml"

SMALL_LAYOUT = """
baseline_s = 600
[[section]]
name = "node"
volume_m3 = 40.0
node = "{node}"
[[section]]
name = "transfer"
volume_m3 = 4.0
node = "{transfer}"
[[hatch]]
name = "H"
between = ["node", "transfer"]
"""
SMALL_SCENARIO = """
[[section]]
name = "node"
volume_m3 = 40.0
pressure_pa = 101325.0
[[section]]
name = "transfer"
volume_m3 = 4.0
pressure_pa = 101325.0
[[boundary]]
name = "space"
pressure_pa = 0.0
[[path]]
name = "H"
ends = ["node", "transfer"]
kind = "opening"
size = 1.0
[[path]]
name = "crack"
ends = ["transfer", "space"]
size = 6e-8
"""


@pytest.fixture
def small(home):
    (home / "layout.toml").write_text(SMALL_LAYOUT.format(node="n1", transfer="n2"))
    (home / "leak.toml").write_text(SMALL_SCENARIO)
    return "isolate", "layout.toml", "--bench", "sim", "--scenario", "leak.toml"


def test_the_example_finds_the_crack(json_of):
    found = json_of("isolate", LAYOUT, "--bench", "sim", "--scenario", SCENARIO, "--json")
    assert (found["verdict"], found["section"]) == ("determined", "transfer")
    assert found["confidence"] > 0.99
    assert found["t_ref_k"] == 293.15
    # choked flow of the crack at the station's pressure: 4.5e-8 m2, 295 K
    c = 1.4**0.5 * (2 / 2.4) ** 3
    truth = 4.5e-8 * c * 101_325.0 * (8.314462618 * 295.0 / 0.0289652) ** 0.5 * 293.15 / 295.0
    assert abs(found["rate_pa_m3_s"] - truth) < 1.5 * found["u95_pa_m3_s"]
    assert found["u95_pa_m3_s"] < 0.2 * truth
    assert found["journal"][0]["step"] == "baseline"
    closed = [entry for entry in found["journal"] if entry["step"] == "open"]
    assert len(closed) == found["closings"]
    assert all(entry["limit_kept"] for entry in closed)


def test_steps_result_and_journal_for_a_person(hullwatch, small, home):
    code, out, err = hullwatch(*small, "--journal", "steps.json")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("all open   the whole loses (")
    assert re.match(r"close      H for \d+ s, at most \d+ s", lines[1])
    assert re.match(r"leak in transfer, (0\.99\d\d|>0\.9999); \(.*\)e.* at 20 °C", lines[-1])
    journal = json.loads((home / "steps.json").read_text())
    assert journal["section"] == "transfer"


def test_no_leak_is_not_determined_with_its_bound(hullwatch, small, home):
    (home / "leak.toml").write_text(SMALL_SCENARIO.replace("6e-8", "0.0"))
    code, out, err = hullwatch(*small, "--json")
    assert code == 60
    found = json.loads(out)
    assert found["verdict"] == "not determined"
    assert found["closings"] == 0
    assert re.fullmatch(
        r"hullwatch: no section named: no loss above its uncertainty: at most \S+ Pa·m³/s with all "
        r"hatches open \(candidates: .*\)\n",
        err,
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "match"),
    [
        (
            "layout.toml",
            'between = ["node", "transfer"]',
            'between = ["node", "lab"]',
            "no section 'lab'",
        ),
        ("layout.toml", "[[hatch]]", "[[hatches]]", "hatch"),
        ("leak.toml", 'name = "H"', 'name = "J"', "no path H between node and transfer"),
        ("leak.toml", 'name = "transfer"', 'name = "lab"', "transfer"),
        ("leak.toml", "size = 1.0", "size = 1.0\nopen = false", "path H is closed"),
    ],
)
def test_bad_files_are_refused_in_a_line(refused, small, home, file, old, new, match):
    text = (home / file).read_text()
    assert old in text
    (home / file).write_text(text.replace(old, new))
    assert match in refused(2, *small)


def test_refusals_before_anything_is_asked(refused, small, home):
    assert "nothing.toml" in refused(2, "isolate", "nothing.toml")
    assert "belong together" in refused(2, "isolate", "layout.toml", "--bench", "sim")
    assert "leave --db away" in refused(2, *small, "--db", "x.db")
    assert "no database there" in refused(6, "isolate", "layout.toml", "--db", "none.db")


class Crew:
    """Reads what it is told on stderr and does it in the simulation; time is the simulation's."""

    def __init__(self, bench, capsys):
        self._bench = bench
        self._capsys = capsys
        self.told = []
        self.leaves_after = 99

    def readline(self):
        _out, err = self._capsys.readouterr()
        what, hatch = re.findall(r"(OPEN|CLOSE) hatch (\S+) now", err)[-1]
        self.told.append((what, hatch))
        if len(self.told) > self.leaves_after:
            return ""
        self._bench.run_until(self._bench.utc_s() + 10.0)  # it takes its time
        self._bench.operate(hatch, what == "OPEN")
        return "\n"

    def sleep(self, seconds):
        self._bench.run_until(self._bench.utc_s() + max(seconds, 20.0))


@pytest.fixture
def crew(home, monkeypatch, capsys):
    """A station logged into station.db, its crew at the prompt."""
    (home / "leak.toml").write_text(SMALL_SCENARIO)
    with contextlib.ExitStack() as stack:
        store = Store.open(home / "station.db", 1_700_000_000_000_000)
        stack.callback(store.close)
        bench = NodesBench(
            load_scenario(home / "leak.toml"), ["node", "transfer"], store, 1, period_us=500_000
        )
        stack.callback(bench.close)
        (home / "layout.toml").write_text(SMALL_LAYOUT.format(**bench.uids))
        bench.run_until(bench.utc_s() + 900.0)
        made = Crew(bench, capsys)
        monkeypatch.setattr(isolatesites, "utc_now_s", bench.utc_s)
        monkeypatch.setattr(isolatesites.time, "sleep", made.sleep)
        monkeypatch.setattr(isolatesites.sys, "stdin", made)
        yield made


def test_a_crew_is_told_what_to_close_and_open(hullwatch, crew):
    code, out, err = hullwatch("isolate", "layout.toml", "--db", "station.db")
    assert (code, err) == (0, "")
    assert crew.told == [("CLOSE", "H"), ("OPEN", "H")]
    assert "leak in transfer" in out


def test_a_crew_that_leaves_is_reminded_of_the_closed_hatch(hullwatch, crew):
    crew.leaves_after = 1
    code, _out, err = hullwatch("isolate", "layout.toml", "--db", "station.db")
    assert code == 130
    assert "hatch H IS CLOSED: open it" in err


def test_an_unknown_node_is_refused(refused, crew, home):
    text = (home / "layout.toml").read_text()
    (home / "layout.toml").write_text(re.sub(r'node = "\w+"', 'node = "00ff"', text, count=1))
    assert "no database given has node 00ff" in refused(
        2, "isolate", "layout.toml", "--db", "station.db"
    )


# --- how it stands, for a dashboard ---------------------------------------------------------------


def test_the_state_on_disk_is_that_of_every_step(hullwatch, small, home, monkeypatch):
    seen = []
    write = StateFile.write

    def watched(self):
        write(self)
        seen.append(read_state(home / "state.json"))

    monkeypatch.setattr(StateFile, "write", watched)
    code, _, _ = hullwatch(*small, "--state", "state.json")
    assert code == 0
    first, last = seen[0], seen[-1]
    assert (first["running"], first["steps"], first["finding"]) == (True, [], None)
    assert [s["probability"] for s in first["sections"]] == pytest.approx([0.49, 0.49])
    for state in seen:
        total = sum(s["probability"] for s in state["sections"])
        assert total + sum(state["other_probabilities"].values()) == pytest.approx(1.0)
    opens = [state["hatches"][0]["open"] for state in seen]
    assert (opens[0], opens[-1]) == (True, True)
    assert False in opens
    assert (last["running"], last["finding"]["section"]) == (False, "transfer")
    assert last["sections"][1]["probability"] > 0.99
    assert [s["step"] for s in last["steps"]][-1] == "end"
    assert not list(home.glob("*.new"))


def test_a_search_that_is_cut_short_says_so(hullwatch, small, home, monkeypatch):
    def interrupted(self, hatch, opened):
        raise KeyboardInterrupt

    monkeypatch.setattr(isolatesites.SimulatedSite, "operate", interrupted)
    code, _, err = hullwatch(*small, "--state", "state.json")
    assert code == 130
    assert "H IS CLOSED" in err
    state = read_state(home / "state.json")
    assert (state["running"], state["ended"]) == (False, "the search was ended")
    assert state["hatches"][0]["open"] is False


def test_what_is_no_state_is_refused(home):
    assert read_state(home / "none.json") is None
    (home / "other.json").write_text("[]")
    with pytest.raises(InputError, match="no state of a search"):
        read_state(home / "other.json")
