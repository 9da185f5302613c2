"""Whatever may sit on a serial port that is no Hullwatch node of our version."""

import re
import sqlite3
import threading
import time

import pytest

from hullwatch import errors
from hullwatch.link import messages as m

PROMPT = b"\r\n>>> "


def made(files):
    """Files left behind, the registry's own aside."""
    return [name for name in files() if not name.startswith("run/")]


@pytest.mark.parametrize("command", [("log",), ("config", "show", "--port")])
def test_silence(refused, device, files, hurried, command):
    silent = device(lambda data: b"")
    line = refused(errors.WrongDevice.exit_code, *command, silent.path)
    assert silent.path in line
    assert made(files) == []


def test_an_echo(refused, device, files, hurried):
    echo = device(lambda data: data)
    refused(errors.WrongDevice.exit_code, "log", echo.path)
    assert len(echo.heard) > 20
    assert made(files) == []


def test_a_chatterbox(refused, device, files, hurried):
    lines = device(lambda data: b"$GPGGA,123519,4807.038,N\r\n" * 20)
    refused(errors.WrongDevice.exit_code, "log", lines.path)
    assert made(files) == []


def test_random_bytes_without_a_line_end(refused, device, files, hurried):
    noise = device(lambda data: bytes(range(0x20, 0x7F)) * 200)
    refused(errors.WrongDevice.exit_code, "log", noise.path)
    assert made(files) == []


class BareRepl:
    """MicroPython's prompt with nothing of ours behind it: echoes, answers, restarts at Ctrl-D."""

    def __init__(self):
        self.resets = 0
        self.lines = 0

    def __call__(self, data):
        said = b""
        for byte in data:
            if byte == 4:
                self.resets += 1
                said += b"\r\nMPY: soft reboot\r\nMicroPython v1.28 on 2026-01-01; Pico"
                said += b'\r\nType "help()" for more information.' + PROMPT
            elif byte in b"\r\n":
                self.lines += 1
                said += b"\r\nTraceback (most recent call last):\r\nSyntaxError: bad" + PROMPT
            else:
                said += bytes([byte])
        return said


def test_a_bare_micropython_is_restarted_twice_and_given_up(refused, device, files, hurried):
    repl = BareRepl()
    bare = device(repl)
    line = refused(errors.WrongDevice.exit_code, "log", bare.path)
    assert re.search("flash|firmware", line)
    assert repl.resets == 2
    assert repl.lines <= 6  # frames are not typed into a prompt for ever
    assert made(files) == []


def test_nodes_leaves_a_board_at_its_prompt_alone(hullwatch, device, hurried):
    repl = BareRepl()
    bare = device(repl)
    code, out, _ = hullwatch("nodes", bare.path, "--json")
    assert code == 0
    assert "at its prompt" in out
    assert repl.resets == 0


class OtherVersion:
    """A node that answers WHO in another protocol."""

    def __init__(self, wire, protocol):
        self._wire = wire
        self._protocol = protocol
        self.asked = []

    def __call__(self, data):
        frames = self._wire.parse(data)
        self.asked += [message for message, *_ in frames]
        return b"".join(
            self._wire.hello(m.WHO.unpack(payload)["session"], protocol=self._protocol)
            for message, _, _, payload in frames
            if message is m.WHO
        )


@pytest.mark.parametrize("command", [("log",), ("config", "show", "--port")])
@pytest.mark.parametrize("protocol", [99, 0])
def test_another_protocol_version(refused, device, files, wire, command, protocol):
    node = OtherVersion(wire, protocol)
    old = device(node)
    line = refused(errors.VersionMismatch.exit_code, *command, old.path)
    assert str(protocol) in line
    assert re.search("flash|firmware", line)
    assert set(node.asked) == {m.WHO}
    assert made(files) == []


def test_nodes_tells_what_it_found_on_each_port(hullwatch, device, wire, hurried):
    ports = [
        device(lambda data: b"").path, device(OtherVersion(wire, 99)).path, "/dev/nope",
    ]  # fmt: skip
    code, out, err = hullwatch("nodes", *ports, "--json")
    assert (code, err) == (0, "")
    for port in ports:
        assert port in out
    assert "protocol 99" in out


def test_a_port_that_vanishes_before_the_node_has_answered(refused, device, files, hurried):
    gone = device(lambda data: b"")
    threading.Timer(0.3, gone.close).start()
    refused(errors.PortLost.exit_code, "log", gone.path)
    assert made(files) == []


def test_a_port_that_vanishes_later_is_waited_for(start, device, wire, home):
    node = OtherVersion(wire, m.PROTOCOL_VERSION)
    gone = device(node)
    log = start("log", gone.path, "--db", "a.db")
    log.until("node [0-9a-f]{16} on", where="err")
    gone.close()
    log.until("trying again", where="err")
    time.sleep(1)
    assert log.running()
    log.signal(2)
    assert log.end() == 130
    assert not re.search("Traceback", log.err.decode())


def test_rubbish_in_a_record_is_counted_and_logging_goes_on(start, device, wire, json_of):
    class Rubbish(OtherVersion):
        seq = 0

        def __call__(self, data):
            answer = super().__call__(data)
            for _, session, _, _ in wire.parse(answer):
                answer += wire.frame(m.RECORD, session, 1, bytes(176))
            return answer

    node = device(Rubbish(wire, m.PROTOCOL_VERSION))
    log = start("log", node.path, "--db", "a.db", "--for", "2s")
    assert log.end() == 0
    assert b"Traceback" not in log.err
    connection = sqlite3.connect("a.db")
    try:
        assert connection.execute("SELECT SUM(malformed) FROM sessions").fetchall() == [(1,)]
        assert connection.execute("SELECT COUNT(*) FROM records").fetchall() == [(0,)]
    finally:
        connection.close()
