"""Ports behind TCP: a raw serial server, and RFC 2217 with pyserial's own server part."""

import contextlib
import socket
import struct
import threading

import pytest
import serial
import serial.rfc2217

from hullwatch.errors import InputError, PortLost, PortMissing, WriteStalled
from hullwatch.transport.opening import open_port

LONG_S = 20.0


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LONG_S)
        yield server


def url_of(listener, scheme="socket"):
    return f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"


def unused_url(scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        return url_of(server, scheme)


def test_bytes_pass_both_ways(listener):
    with contextlib.closing(open_port(url_of(listener))) as port:
        server, _ = listener.accept()
        with server:
            assert port.read(0.0) == b""
            server.sendall(b"\x1eline\n")
            assert port.read(LONG_S) == b"\x1eline\n"
            port.write(b"answer")
            assert server.recv(100) == b"answer"


def test_a_closed_connection_is_a_lost_port_after_its_last_bytes(listener):
    with contextlib.closing(open_port(url_of(listener))) as port:
        server, _ = listener.accept()
        server.sendall(b"last")
        server.close()
        assert port.read(LONG_S) == b"last"
        with pytest.raises(PortLost, match="other end"):
            port.read(LONG_S)


def test_a_reset_connection_is_a_lost_port_and_closes_cleanly(listener):
    with contextlib.closing(open_port(url_of(listener))) as port:
        server, _ = listener.accept()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()  # with that option: a reset
        with pytest.raises(PortLost, match="reset"):
            port.read(LONG_S)
        with pytest.raises(PortLost):
            port.write(b"x")


def test_a_server_that_does_not_read_stalls_the_write(listener):
    with contextlib.closing(open_port(url_of(listener), write_timeout_s=0.05)) as port:
        server, _ = listener.accept()
        with server, pytest.raises(WriteStalled):
            port.write(bytes(64_000_000))


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
def test_nobody_listens(scheme):
    url = unused_url(scheme)
    with pytest.raises(PortMissing, match=url):
        open_port(url)


@pytest.mark.parametrize(
    "url",
    ["socket://host", "socket://:5000", "socket://host:99999", "socket://host:x", "foo://a:1"],
)
def test_unusable_urls(url):
    with pytest.raises(InputError, match=url) as caught:
        open_port(url)
    assert "socket://HOST:PORT" in caught.value.hint


class _Wire:
    """The one direction of a server's connection that pyserial's server part writes to."""

    def __init__(self, link):
        self.write = link.sendall


def read_for_ever(port):
    while True:
        port.read(LONG_S)


def echo_rfc2217(listener, line):
    """Serve one connection with a serial line that sends back what it gets, until "bye"."""
    link, _ = listener.accept()
    with link:
        remote = serial.rfc2217.PortManager(line, _Wire(link))
        link.settimeout(0.01)
        data = b""
        while data != b"bye":
            with contextlib.suppress(TimeoutError):
                line.write(b"".join(remote.filter(link.recv(4096))))
            data = line.read(4096)
            link.sendall(b"".join(remote.escape(data)))


@pytest.mark.filterwarnings("ignore:set(Daemon|Name)")  # pyserial 3.5 uses old names
def test_rfc2217_passes_bytes_and_notices_the_end(listener):
    every_byte = bytes(range(256))
    with serial.serial_for_url("loop://", timeout=0) as line:
        server = threading.Thread(target=echo_rfc2217, args=(listener, line), daemon=True)
        server.start()
        with contextlib.closing(open_port(url_of(listener, "rfc2217"))) as port:
            assert port.read(0.0) == b""
            port.write(every_byte)
            got = b""
            while len(got) < 256:
                got += port.read(LONG_S)
            assert got == every_byte
            port.write(b"bye")
            server.join()
            with pytest.raises(PortLost, match="connection ended"):
                read_for_ever(port)
            port.close()
            port.close()
