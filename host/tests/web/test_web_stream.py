"""The stream of changes: what is told, to how many, and who is dropped."""

import contextlib
import json
import socket
import time

import pytest

from hullwatch.store import Store
from hullwatch.web.alarms import Alarm
from hullwatch.web.failures import NoSuch

TOKEN = "a-token-of-the-tests"
START_US = 1_767_225_600_000_000


class Listening:
    """One stream, read as bytes of the wire."""

    def __init__(self, port, last_id=""):
        self.link = socket.create_connection(("127.0.0.1", port), 10)
        header = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        self.link.sendall(
            f"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\n{header}\r\n".encode()
        )
        self.file = self.link.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.head = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            self.head[name.decode().lower()] = value.strip().decode()

    def event(self):
        """The next event: (id, message)."""
        number = ""
        while True:
            line = self.file.readline()
            assert line, "the stream ended"
            if line.startswith(b"id: "):
                number = line[4:].strip().decode()
            if line.startswith(b"data: "):
                return number, json.loads(line[6:])

    def of_kind(self, kind):
        while True:
            number, message = self.event()
            if message["kind"] == kind:
                return number, message

    def rest(self):
        return self.file.read()

    def close(self):
        self.file.close()
        self.link.close()


@pytest.fixture
def listen():
    with contextlib.ExitStack() as stack:

        def start(port, last_id=""):
            made = Listening(port, last_id)
            stack.callback(made.close)
            return made

        yield start


class Bell:
    """An alarm source that a test rings."""

    def __init__(self):
        self.raised = []

    def ring(self, key):
        self.raised.append(Alarm(key, "doubled", "n", "alarm", key, START_US, False, "", None))

    def alarms(self):
        return list(self.raised)

    def acknowledge(self, key, by, now_utc_us):
        known = [alarm for alarm in self.raised if alarm.key == key]
        if not known:
            raise NoSuch(f"no alarm {key!r}")
        self.raised.remove(known[0])


def test_a_stream_begins_with_all_there_is(served, listen):
    stream = listen(served.port)
    assert (stream.status, stream.head["content-type"]) == (200, "text/event-stream")
    _, message = stream.event()
    assert message["kind"] == "all"
    kinds = dict(message["data"])
    while f"node {served.node}" not in kinds:
        _, message = stream.event()
        kinds[message["kind"]] = message["data"]
    assert kinds[f"node {served.node}"] == served.get("nodes")["nodes"][0]


def test_commits_of_a_logger_are_told_while_it_logs(tmp_path, site, serving, listen):
    place = site(period_us=100_000)
    place.log()
    place.run(30)
    client = serving(place.path, now_utc_us=lambda: round(place.bench.utc_s() * 1e6))
    stream = listen(client.port)
    node = place.boots()[0].node
    seen = client.get("nodes")["nodes"][0]["newest"]["samples"][1]
    for _ in range(3):
        place.run(20)
        newest = place.raw().sample[-1] + 1
        while seen < newest:
            _, message = stream.of_kind(f"node {node}")
            assert message["data"]["newest"]["samples"][1] >= seen
            seen = message["data"]["newest"]["samples"][1]
    assert place.summary().samples == seen  # and nothing of it disturbed the writer


def test_who_comes_back_gets_what_was_missed_and_no_more(jar, serving, listen):
    bell = Bell()
    client = serving(jar[0], alarms=bell)
    stream = listen(client.port)
    stream.event()
    bell.ring("first")
    last_id, message = stream.of_kind("alarms")
    while not message["data"]:
        last_id, message = stream.of_kind("alarms")
    assert [alarm["key"] for alarm in message["data"]] == ["first"]
    other = listen(client.port)
    other.event()
    stream.close()
    bell.ring("second")
    while len(message["data"]) < 2:
        _, message = other.of_kind("alarms")
    back = listen(client.port, last_id)
    _, message = back.event()
    assert message["kind"] == "alarms"
    assert [alarm["key"] for alarm in message["data"]] == ["first", "second"]
    for unknown in ("", "x", "0-0", "1234-", last_id + "9", f"other-{last_id}"):
        assert listen(client.port, unknown).event()[1]["kind"] == "all"


def test_one_too_many_is_told_why_and_a_place_becomes_free(jar, serving, listen):
    client = serving(jar[0], streams=3)
    streams = [listen(client.port) for _ in range(3)]
    for stream in streams:
        stream.event()
    answer = client("/api/v1/changes")
    assert (answer.status, "3 pages are open" in answer.json["error"]) == (503, True)
    streams[0].close()
    end_s = time.monotonic() + 10
    while (late := listen(client.port)).status != 200:
        assert time.monotonic() < end_s
        time.sleep(0.05)
    assert late.event()[1]["kind"] == "all"


def test_who_does_not_read_is_dropped_and_the_others_are_not(jar, serving, listen, monkeypatch):
    from hullwatch.web import server

    monkeypatch.setattr(server, "UNREAD_S", 1.0)
    bell = Bell()
    client = serving(jar[0], alarms=bell, streams=2)
    bell.ring("a" * 8_000_000)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", client.port))
        slow.sendall(b"GET /api/v1/changes HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reading = listen(client.port)
        while len(str(reading.event()[1])) < 8_000_000:  # not only slow has it now
            pass
        end_s = time.monotonic() + 20
        while (late := listen(client.port)).status != 200:  # its place has become free
            assert time.monotonic() < end_s
            time.sleep(0.05)
        late.close()
        bell.raised.clear()
        bell.ring("short")
        while "short" not in str(reading.of_kind("alarms")[1]["data"]):
            pass


def test_the_end_of_the_server_ends_its_streams(jar, serving, listen):
    client = serving(jar[0])
    stream = listen(client.port)
    stream.event()
    started_s = time.monotonic()
    client.stop()
    stream.rest()
    assert time.monotonic() - started_s < 10


def test_an_alarm_is_acknowledged_with_the_token_and_told(jar, serving, listen):
    bell = Bell()
    client = serving(jar[0], alarms=bell)
    bell.ring("doubled n")
    path = "/api/v1/alarms/doubled%20n/acknowledge"
    assert client(path, "POST", {"by": "eva"}).status == 401
    assert client(path, "POST", {}, TOKEN).status == 422
    assert client(path, "POST", {"by": "eva"}, TOKEN).json == {"alarms": []}
    assert client(path, "POST", {"by": "eva"}, TOKEN).status == 404
    assert bell.raised == []


def test_a_database_is_watched_by_ten_streams_while_it_is_written(tmp_path, site, serving, listen):
    place = site(period_us=100_000)
    place.log()
    place.run(20)
    client = serving(place.path, now_utc_us=lambda: round(place.bench.utc_s() * 1e6))
    streams = [listen(client.port) for _ in range(10)]
    node = place.boots()[0].node
    place.run(20)
    newest = int(place.raw().sample[-1]) + 1
    for stream in streams:
        seen = 0
        while seen < newest:
            _, message = stream.event()
            data = message["data"]
            one = data.get(f"node {node}", {}) if message["kind"] == "all" else data
            if message["kind"] in ("all", f"node {node}") and one:
                seen = one["newest"]["samples"][1]


def test_a_store_without_a_node_is_an_empty_list(tmp_path, serving):
    Store.open(tmp_path / "new.db", START_US).close()
    assert serving(tmp_path / "new.db").get("nodes")["nodes"] == []
