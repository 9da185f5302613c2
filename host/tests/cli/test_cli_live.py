"""Commands beside a logger on a real MicroPython VM: each a process of its own on one terminal."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

import capability
from hullwatch import errors
from hullwatch.link import messages as m
from hullwatch.store import Reader


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return found


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def a_second_logger_is_refused(served, log, refused, files):
    # a second logger names the holder and writes nothing
    before = files()
    line = refused(errors.PortBusy.exit_code, "log", served, "--db", "b.db")
    assert f"hullwatch log (process {log.pid})" in line
    assert served in line
    assert files() == before
    line = refused(errors.StoreLocked.exit_code, "demo", "--bench", "sim", "--db", "a.db")
    assert f"process {log.pid}" in line


def commands_work_beside_it(served, node, log, hullwatch, json_of, home):
    # commands beside it
    for args in (("nodes", "--json"), ("nodes", served, "--json")):
        (found,) = json_of(*args)["nodes"]
        assert (found["port"], found["node"], found["boot"]) == (served, node, 1)
        assert str(log.pid) in found["held_by"]
        assert found["remark"] == ""
    assert json_of("rates", "--json")["db"] == str(home / "a.db")
    shown = json_of("config", "show", "--json")
    assert shown["volume_ul"] == "1000000"
    assert shown["sensor"] == "bmp581"
    code, out, _ = hullwatch("config", "show")
    assert code == 0
    assert "volume_ul" in out
    log.until('"window_s": 10.0')
    (rate,) = wait_for(lambda: json_of("rates", "--json")["rates"])
    assert (rate["node"], rate["window_s"]) == (node, 10.0)
    assert 8 <= rate["n"] <= 100  # a busy machine makes late samples


def settings_go_through_the_logger(served, log, hullwatch, json_of):
    # settings through the logger: the node restarts, the logger follows
    assert json_of("config", "set", "volume_ul=2000000", "--json")["written"]
    log.until(r"boot 2\b", where="err")
    wait_for(lambda: json_of("nodes", "--json")["nodes"][0]["boot"] == 2)
    assert json_of("config", "show", "--port", served, "--json")["volume_ul"] == "2000000"
    code, _, err = hullwatch("config", "set", "volume_ul=0")
    assert code == errors.InputError.exit_code
    assert "volume_ul" in err


def printed(logger):
    """(boot, number) of every window and event that a logger printed."""
    lines = [line for line in logger.out.decode().splitlines() if line.endswith("}")]
    return [(found["boot"], found["number"]) for found in map(json.loads, lines)]


def another_logger_follows_a_killed_one(served, log, start):
    # SIGKILL, at once another logger on the same database
    time.sleep(1.5)
    log.signal(signal.SIGKILL)
    assert log.end() == -signal.SIGKILL
    again = start("log", served, "--db", "a.db", "--json")
    again.until(r"boot 2\b", where="err")
    again.until('"window_s": 10.0')
    again.signal(signal.SIGINT)
    assert again.end() == 130
    told = [printed(one) for one in (log, again)]
    assert all(told)
    assert not set(told[0]) & set(told[1])  # nothing is printed again after a kill
    assert [len(set(numbers)) for numbers in told] == [len(numbers) for numbers in told]
    assert b"Traceback" not in again.err


def nothing_is_lost_or_doubled(path, node):
    # nothing lost, nothing doubled: from the file alone
    boots = rows(path, "SELECT epoch, boot, samples, raw_next FROM boots ORDER BY boot")
    assert [boot for _, boot, _, _ in boots] == [1, 2]
    for epoch, boot, samples, raw_next in boots:
        blocks = rows(
            path,
            f"SELECT first, past FROM raw_blocks WHERE epoch = {epoch} AND boot = {boot}"
            " ORDER BY first",
        )
        assert all(a[1] <= b[0] for a, b in pairwise(blocks))
        assert sum(past - first for first, past in blocks) == samples > 50
        assert blocks[-1][1] == raw_next
        numbers = [
            n for (n,) in rows(path, f"SELECT number FROM records WHERE epoch = {epoch} ORDER BY 1")
        ]
        assert numbers == list(range(len(numbers)))
    assert rows(path, "SELECT COUNT(*) FROM conflicts") == [(0,)]
    with Reader.open(path) as reader:
        # a busy machine lets the VM miss a slot: that is told, everything else would not be
        assert {gap.reason for gap in reader.gaps(node)} <= {"no sample was taken"}
    leaks = rows(path, "SELECT w.leak_rate_pa_m3_s, w.slope_pa_s, w.boot FROM windows w")
    for leak, slope, boot in leaks:
        assert leak == pytest.approx(-slope * (1e-3 if boot == 1 else 2e-3), rel=1e-5)


@pytest.mark.timeout(180)
def test_a_day_in_the_life_of_a_logger(served, start, hullwatch, refused, json_of, files, home):
    log = start("log", served, "--db", "a.db", "--json")
    log.until(r"boot 1\b", where="err")
    node = re.search(r"node ([0-9a-f]{16})", log.err.decode())[1]
    a_second_logger_is_refused(served, log, refused, files)
    commands_work_beside_it(served, node, log, hullwatch, json_of, home)
    settings_go_through_the_logger(served, log, hullwatch, json_of)
    another_logger_follows_a_killed_one(served, log, start)
    nothing_is_lost_or_doubled(home / "a.db", node)

    # the port is free again
    (found,) = json_of("nodes", served, "--json")["nodes"]
    assert (found["node"], found["boot"], found["held_by"]) == (node, 2, "")


@pytest.mark.timeout(120)
def test_config_without_a_logger_and_rates_of_no_node(served, json_of, refused, hullwatch):
    assert json_of("config", "show", "--port", served, "--json")["gas"] == "air"
    assert json_of("config", "set", "gas=helium", "--port", served, "--json")["written"]
    wait_for(lambda: json_of("nodes", served, "--json")["nodes"][0]["boot"] == 2)
    assert json_of("config", "show", "--port", served, "--json")["gas"] == "helium"
    # the node refuses what is wrong only together; nothing of it is kept
    line = refused(
        errors.Refused.exit_code,
        "config", "set", "pressure_kind=gauge", "name=other", "--port", served,
    )  # fmt: skip
    assert "compensation" in line
    shown = json_of("config", "show", "--port", served, "--json")
    assert (shown["pressure_kind"], shown["name"]) == ("abs", "chamber")


@pytest.mark.timeout(120)
def test_another_database_must_say_take_over(served, start, refused, files, home):
    log = start("log", served, "--db", "a.db", "--for", "2s")
    assert log.end() == 0
    line = refused(errors.Refused.exit_code, "log", served, "--db", "b.db", "--for", "2s")
    assert "--take-over" in line
    take = start("log", served, "--db", "b.db", "--for", "2s", "--take-over")
    assert take.end() == 0
    assert rows(home / "b.db", "SELECT SUM(samples) FROM boots")[0][0] > 10
    line = refused(errors.Refused.exit_code, "log", served, "--db", "a.db", "--for", "2s")
    assert "--take-over" in line


@pytest.mark.timeout(120)
def test_ctrl_c_ends_a_server_and_its_vm(start):
    capability.executable("micropython")
    demo = start("demo", "--bench", "mpy", "--no-log", "--for", "300s")
    path = demo.until(r"node on (\S+)\n")[1]
    demo.signal(signal.SIGINT)
    assert demo.end(15) == 130
    assert demo.err.strip() == b""
    assert not Path(path).exists()


def test_ctrl_c_ends_a_demo_and_leaves_what_it_stored(start, json_of, home):
    demo = start("demo", "--bench", "sim", "--for", "30d", "--db", "a.db", "--json")
    wait_for(lambda: (home / "a.db").exists() and rows(home / "a.db", "SELECT * FROM windows"))
    demo.signal(signal.SIGINT)
    assert demo.end(15) == 130
    assert demo.out == b""
    assert b"Traceback" not in demo.err
    assert json_of("rates", "--db", "a.db", "--json")["rates"]


def between(lines, first, last):
    return [line for line in lines[first:last] if "a.db-wal" in line]


@pytest.mark.timeout(120)
def test_the_kernel_sees_a_sync_of_the_log_before_every_ack(served, start, wire, home):
    """What `hullwatch log` writes to the node, and when its database's log reached the disk."""
    trace = home / "trace"
    strace = [
        capability.executable("strace"), "-f", "-y", "-s", "4000", "-o", str(trace),
        "-e", "trace=fsync,fdatasync,write,pwrite64",
    ]  # fmt: skip
    probe = subprocess.run([*strace, "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("needs a machine that lets strace trace")
    log = start("log", served, "--db", "a.db", "--for", "5s", prefix=strace)
    assert log.end(60) == 0
    lines = trace.read_text().splitlines()
    tty = re.compile(rf' write\(\d+<{re.escape(served)}[^>]*>, "([^"]*)"')
    acknowledged = []
    for at, line in enumerate(lines):
        if sent := tty.search(line):
            text = sent[1].encode().decode("unicode_escape").encode("latin-1")
            for message, _, _, payload in wire.parse(text):
                ack = m.ACK.unpack(payload) if message is m.ACK else {"flags": 0}
                if ack["flags"] & 1:
                    acknowledged.append((at, (ack["record_next"], ack["raw_next"])))
    assert len(acknowledged) >= 3
    assert acknowledged[-1][1][1] >= 100
    before, since = (0, 0), 0
    for at, numbers in acknowledged:
        calls = between(lines, since, at)
        if numbers > before:
            written = [k for k, line in enumerate(calls) if " pwrite64(" in line]
            synced = [
                k for k, line in enumerate(calls) if re.search(r" f(data)?sync\(.*= 0$", line)
            ]
            assert written
            assert synced
            assert synced[-1] > written[-1]
        before, since = numbers, at
