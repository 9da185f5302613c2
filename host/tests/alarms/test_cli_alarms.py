"""`hullwatch alarms` as a user runs it, beside a database that a simulated node has filled."""

import json
import sys

import pytest

from hullwatch.store import Reader

FILE = """
remind = "2h"
[rules.node_silent]
limit = "5min"
[rules.rising]
enabled = false
[[channels]]
name = "siren"
kind = "command"
least = "alarm"
run = {run}
"""


@pytest.fixture
def alarms(hullwatch, tmp_path, monkeypatch):
    """`hullwatch alarms` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: hullwatch("alarms", *words)


@pytest.fixture
def db(site):
    """A node that was last heard in 2023."""
    one = site(seed=7, extra={"name": "jar"})
    one.log()
    one.run(30)
    one.logger.finish()
    return one.path


@pytest.fixture
def file(tmp_path):
    out = tmp_path / "told"
    script = f"import sys; open({str(out)!r}, 'a').write(sys.stdin.read() + '\\n')"
    path = tmp_path / "alarms.toml"
    path.write_text(FILE.format(run=json.dumps([sys.executable, "-c", script])))
    return path, out


def told(out):
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def test_from_silence_to_closed(alarms, db, file):
    path, out = file
    code, text, _ = alarms("run", "--db", db, "--config", path, "--once", "--json")
    assert code == 0
    (line,) = [json.loads(line) for line in text.splitlines()]
    assert (line["transition"], line["rule"], line["state"]) == ("raised", "node_silent", "active")
    (message,) = told(out)
    assert message["chamber"] == "jar"
    assert message["text"].startswith("nothing heard for")
    assert alarms("run", "--db", db, "--config", path, "--once")[1] == ""
    assert len(told(out)) == 1

    code, text, _ = alarms("list", "--db", db, "--json")
    (row,) = json.loads(text)["alarms"]
    assert row["state"] == "active"
    with Reader.open(db) as reader:
        assert row["subject"] == reader.nodes()[0].node

    code, text, _ = alarms("ack", row["id"], "--db", db, "--config", path, "--by", "ada")
    assert (code, text) == (0, "alarm 1 acknowledged by ada; it is acknowledged\n")
    alarms("run", "--db", db, "--config", path, "--once")
    assert [one["transition"] for one in told(out)] == ["raised", "acknowledged"]
    assert told(out)[1]["acknowledged_by"] == "ada"
    code, _, err = alarms("ack", row["id"], "--db", db)
    assert code == 2
    assert "acknowledged already" in err


def test_a_channel_that_fails_is_said_and_owed(alarms, db, tmp_path):
    path = tmp_path / "alarms.toml"
    path.write_text(FILE.format(run=json.dumps([sys.executable, "-c", "raise SystemExit(3)"])))
    code, _, err = alarms("run", "--db", db, "--config", path, "--once")
    assert code == 0
    assert err == "channel siren: exit code 3; it will be tried again\n"
    code, text, _ = alarms("list", "--db", db)
    assert "channel siren is owed 1 messages: exit code 3" in text
    code, text, err = alarms("try", "--config", path)
    assert code == 67
    assert text == "siren: exit code 3\n"
    assert "not received by siren" in err


def test_trying_a_file_sends_a_message_that_is_no_alarm(alarms, file):
    path, out = file
    code, text, _ = alarms("try", "--config", path)
    assert (code, text) == (0, "siren: received\n")
    (message,) = told(out)
    assert (message["transition"], message["alarm"]) == ("test", 0)


def test_rules_in_force(alarms, file):
    code, text, _ = alarms("rules", "--config", file[0], "--json")
    assert code == 0
    rules = {row["rule"]: row for row in json.loads(text)}
    assert rules["node_silent"]["limit_s"] == 300
    assert "rising" not in rules
    assert rules["calibration"]["severity"] == "warning"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[rules.reserv]\n", "no rule 'reserv'"),
        ("[rules.reserve]\nlimt = 3\n", "unknown key 'limt'"),
        ("[rules.rapid]\nlimit = 3\n", "unknown key 'limit'"),
        ('[rules.reserve]\nlimit = "soon"\n', "limit is 'soon'"),
        ("[rules.reserve]\nlimit = -5\n", "limit is -5"),
        ('[rules.reserve]\nseverity = "dire"\n', "severity is 'dire'"),
        ('[rules.reserve]\nenabled = "no"\n', "enabled is neither"),
        ("rules = 3\n", "rules is no table"),
        ("channels = 3\n", "channels is no list"),
        ('[[channels]]\nkind = "mail"\n', "without a name"),
        ('[[channels]]\nname = "a"\nkind = "pigeon"\n', "kind is 'pigeon'"),
        ('[[channels]]\nname = "a"\nkind = "command"\nrun = ["x"]\n' * 2, "one name"),
        ("colour = 1\n", "unknown key 'colour'"),
        ("[rules\n", "line 1"),
    ],
)
def test_a_file_that_cannot_be_used(alarms, tmp_path, db, text, why):
    path = tmp_path / "alarms.toml"
    path.write_text(text)
    code, out, err = alarms("run", "--db", db, "--config", path, "--once")
    assert code == 2
    assert out == ""
    assert why in err
    assert not db.with_name(f"{db.name}.alarms").exists()


def test_no_database_and_no_file(alarms, tmp_path):
    code, _, err = alarms("run", "--once")
    assert code == 6
    assert "hullwatch.db" in err
    code, _, err = alarms("rules", "--config", tmp_path / "none.toml")
    assert code == 2
    assert "No such file" in err
    assert list(tmp_path.iterdir()) == []
