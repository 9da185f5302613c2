"""Real pseudo terminals: what a tty does when it is shared, unread, or goes away."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import termios
import tty
from dataclasses import dataclass

import pytest

from hullwatch.control.registry import claim
from hullwatch.errors import (
    InputError,
    PortBusy,
    PortDenied,
    PortLost,
    PortMissing,
    TransportError,
    WriteStalled,
)
from hullwatch.transport.opening import open_port
from hullwatch.transport.port import READ_LIMIT
from hullwatch.transport.serialport import is_pty, refusal, shut_out_others

LONG_S = 20.0  # more than any of this takes; reached only when something is broken

HOLDER = """
import sys
from hullwatch.transport.opening import open_port
port = open_port(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""

READER = """
import sys
from hullwatch.transport.opening import open_port
port = open_port(sys.argv[1])
port.write(b"!")
try:
    port.read(60)
except Exception as error:
    print(type(error).__name__)
"""


@dataclass
class Pty:
    master: int
    path: str

    def unplug(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


@pytest.fixture(autouse=True)
def _runtime_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def pty():
    master, slave = os.openpty()
    tty.setraw(slave)
    node = Pty(master, os.ttyname(slave))
    yield node
    os.close(slave)
    node.unplug()


@pytest.fixture
def lone_pty():
    """A pty whose slave nobody but the port keeps open."""
    master, slave = os.openpty()
    tty.setraw(slave)
    node = Pty(master, os.ttyname(slave))
    os.close(slave)
    yield node
    node.unplug()


@pytest.fixture
def holder(pty):
    """Another process that holds the pty."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, pty.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


def read_all(port, size):
    data = b""
    while len(data) < size:
        chunk = port.read(LONG_S)
        assert chunk
        data += chunk
    return data


def test_bytes_pass_both_ways_unchanged(pty):
    every_byte = bytes(range(256))
    with contextlib.closing(open_port(pty.path)) as port:
        assert port.name == pty.path
        os.write(pty.master, every_byte)
        assert read_all(port, 256) == every_byte
        port.write(every_byte)
        assert os.read(pty.master, 1000) == every_byte


def test_a_cooked_tty_is_made_raw():
    master, slave = os.openpty()  # echo, line mode, signals: as the kernel makes it
    with contextlib.closing(open_port(os.ttyname(slave))) as port:
        os.write(master, b"\x03\r\x04")
        assert read_all(port, 3) == b"\x03\r\x04"
        port.write(b"a\nb")
        assert os.read(master, 100) == b"a\nb"
    os.close(slave)
    os.close(master)


def test_nothing_there_is_an_empty_read_and_no_wait_when_none_is_asked_for(pty):
    with contextlib.closing(open_port(pty.path)) as port:
        assert port.read(0.0) == b""
        assert port.read(-1.0) == b""
        assert port.read(0.001) == b""


def test_a_read_returns_more_than_the_kernel_gives_at_once(pty):
    with contextlib.closing(open_port(pty.path)) as port:
        os.set_blocking(pty.master, False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < READ_LIMIT:
                sent += os.write(pty.master, bytes(1024))
        assert sent > 4096  # one read of a tty gives 4095 at most
        assert len(port.read(LONG_S)) > 4096


def test_an_unplugged_port_is_lost_for_reading_and_writing(pty):
    with contextlib.closing(open_port(pty.path)) as port:
        pty.unplug()
        with pytest.raises(PortLost, match="unplugged"):
            port.read(LONG_S)
        with pytest.raises(PortLost):
            port.write(b"x")
        with pytest.raises(PortLost):
            port.read(0.0)


def test_a_hang_up_ends_a_waiting_read(pty):
    waiting = subprocess.Popen([sys.executable, "-c", READER, pty.path], stdout=subprocess.PIPE)
    with waiting:
        assert os.read(pty.master, 1) == b"!"
        pty.unplug()
        assert waiting.stdout.read() == b"PortLost\n"


def test_a_node_that_does_not_read_stalls_the_write(pty):
    port = open_port(pty.path, write_timeout_s=0.05)
    with pytest.raises(WriteStalled, match=r"of 1000000 bytes were not taken within 0.05 s"):
        port.write(bytes(1_000_000))
    port.close()  # does not wait for the node either


def test_a_write_after_a_stall_works_once_the_node_reads_again(pty):
    with contextlib.closing(open_port(pty.path, write_timeout_s=0.05)) as port:
        with pytest.raises(WriteStalled):
            port.write(bytes(1_000_000))
        os.set_blocking(pty.master, False)
        with contextlib.suppress(BlockingIOError):
            while os.read(pty.master, 65536):
                pass
        port.write(b"again")
        os.set_blocking(pty.master, True)
        seen = b""
        while not seen.endswith(b"again"):
            seen = (seen + os.read(pty.master, 65536))[-100:]


def test_closing_twice_is_harmless_and_a_closed_port_is_lost(pty):
    port = open_port(pty.path)
    port.close()
    port.close()
    with pytest.raises(PortLost, match="closed"):
        port.read(0)
    with pytest.raises(PortLost, match="closed"):
        port.write(b"x")


def test_a_lost_port_can_be_closed(lone_pty):
    port = open_port(lone_pty.path, write_timeout_s=0.05)
    with contextlib.suppress(WriteStalled):
        port.write(bytes(1_000_000))
    lone_pty.unplug()
    port.close()


def test_the_same_pty_can_be_opened_again(lone_pty):
    for text in (b"one", b"two"):
        with contextlib.closing(open_port(lone_pty.path)) as port:
            port.write(text)
            assert os.read(lone_pty.master, 100) == text


def test_a_port_held_by_another_process_is_busy_and_names_it(pty, holder):
    with pytest.raises(PortBusy, match=rf"in use by .*\(process {holder.pid}\)"):
        open_port(pty.path)


def test_the_registry_knows_the_holder_better_than_the_system(pty, holder):
    with (
        claim(pty.path, "hullwatch log"),
        pytest.raises(PortBusy, match=rf"hullwatch log \(process {os.getpid()}\)"),
    ):
        open_port(pty.path)


def test_a_killed_holder_leaves_the_port_free(pty, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    open_port(pty.path).close()


def test_a_second_open_in_one_process_is_busy_too(pty):
    with contextlib.closing(open_port(pty.path)), pytest.raises(PortBusy):
        open_port(pty.path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whether a tty is exclusive")
def test_ttys_are_made_exclusive_but_ptys_are_not(pty):
    tiocgexcl = 0x80045440  # asm-generic/ioctls.h

    def exclusive(fd):
        return fcntl.ioctl(fd, tiocgexcl, bytes(4)) != bytes(4)

    assert is_pty(pty.path)
    assert not is_pty("/dev/ttyACM0")
    with contextlib.closing(open_port(pty.path)):
        watcher = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
        assert not exclusive(watcher)  # it would outlive a killed logger
        shut_out_others(watcher)
        assert exclusive(watcher)
        fcntl.ioctl(watcher, termios.TIOCNXCL)
        os.close(watcher)


def test_no_such_port():
    with pytest.raises(PortMissing, match="/dev/ttyACM99: no such port"):
        open_port("/dev/ttyACM99")


@pytest.mark.parametrize("what", ["file", "folder", "fifo"])
def test_what_is_no_device_is_not_even_opened(tmp_path, what):
    path = tmp_path / "thing"
    {"file": path.touch, "folder": path.mkdir, "fifo": lambda: os.mkfifo(path)}[what]()
    with pytest.raises(InputError, match="not a serial port"):
        open_port(str(path))


def test_a_device_that_is_no_tty():
    with pytest.raises(InputError, match="/dev/null is not a serial port"):
        open_port("/dev/null")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.EACCES, PortDenied),
        (errno.EPERM, PortDenied),
        (errno.ENODEV, PortMissing),
        (errno.EIO, PortMissing),
        (errno.EBUSY, PortBusy),
        (errno.ENOMEM, TransportError),
    ],
)
def test_each_errno_has_its_meaning(code, kind):
    error = refusal("/dev/ttyACM99", code)
    assert type(error) is kind
    assert "\n" not in error.message
    assert error.message.startswith("/dev/ttyACM99")


def test_a_link_opens_what_it_leads_to(pty, tmp_path):
    link = tmp_path / "by-id"
    link.symlink_to(pty.path)
    with contextlib.closing(open_port(str(link))) as port:
        os.write(pty.master, b"hello")
        assert port.read(LONG_S) == b"hello"
        with pytest.raises(PortBusy):
            open_port(pty.path)
