"""The control socket with real clients: threads, processes, and bare sockets that misbehave."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hullwatch.control.client import call
from hullwatch.control.clients import Limits
from hullwatch.control.server import ControlServer
from hullwatch.control.sockpath import PATH_LIMIT
from hullwatch.errors import (
    ControlError,
    HullwatchError,
    InputError,
    OwnerGone,
    OwnerSilent,
    PortLost,
    StoreLocked,
)

LONG_S = 20.0

OWNER = """
import sys
from pathlib import Path
from hullwatch.control.server import ControlServer

def handler(request):
    print("asked", flush=True)
    sys.stdin.readline()

server = ControlServer(Path(sys.argv[1]))
print("up", flush=True)
while True:
    server.poll(handler)
"""


@pytest.fixture
def folder(monkeypatch):
    """A short path: a socket's name has little room."""
    path = Path(tempfile.mkdtemp(prefix="hw"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def database(folder):
    return folder / "run.db"


@pytest.fixture
def server(database):
    with ControlServer(database) as running:
        yield running


@pytest.fixture
def pool():
    with ThreadPoolExecutor(20) as threads:
        yield threads


def poll_until(server, handler, count):
    """Run the owner's loop until it has answered `count` requests."""
    done = 0
    pause = threading.Event()
    while done < count:
        done += server.poll(handler)
        pause.wait(0.001)


def connect(server):
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(LONG_S)
    link.connect(str(server.path))
    return link


def everything_from(link):
    with link:
        received = b""
        while chunk := link.recv(65536):
            received += chunk
        return received


def test_a_request_is_answered_in_the_owners_thread(server, pool):
    threads = []

    def handler(request):
        threads.append(threading.current_thread())
        return {"got": request}

    answer = pool.submit(call, server.path, {"do": "status"}, LONG_S)
    poll_until(server, handler, 1)
    assert answer.result() == {"got": {"do": "status"}}
    assert threads == [threading.current_thread()]


def test_polling_without_requests_does_nothing(server):
    assert server.poll(lambda request: pytest.fail("nobody asked")) == 0


def test_many_clients_each_get_their_own_answer(server, pool):
    asked = [pool.submit(call, server.path, {"n": n}, LONG_S) for n in range(15)]
    poll_until(server, lambda request: {"square": request["n"] ** 2}, 15)
    assert [one.result() for one in asked] == [{"square": n * n} for n in range(15)]


def test_a_large_answer_arrives_whole(server, pool):
    answer = pool.submit(call, server.path, {"do": "nodes"}, LONG_S)
    poll_until(server, lambda request: {"text": "µ" * 1_000_000}, 1)
    assert answer.result() == {"text": "µ" * 1_000_000}


@pytest.mark.parametrize("error", [StoreLocked("taken", "wait"), InputError("no such setting")])
def test_an_error_of_the_owner_is_raised_at_the_client(server, pool, error):
    def handler(request):
        raise error

    answer = pool.submit(call, server.path, {"do": "config_set"}, LONG_S)
    poll_until(server, handler, 1)
    with pytest.raises(type(error)) as caught:
        answer.result()
    assert (caught.value.message, caught.value.hint) == (error.message, error.hint)


def test_a_bug_in_the_owner_is_answered_and_raised(server, pool):
    answer = pool.submit(call, server.path, {}, LONG_S)

    def handler(request):
        return {"volume": request["volume"]}

    with pytest.raises(KeyError):
        poll_until(server, handler, 1)
    with pytest.raises(HullwatchError, match="the owner failed: KeyError"):
        answer.result()


def test_the_socket_is_beside_the_database_and_for_its_owner_alone(server, database):
    assert server.path == Path(f"{database}.sock")
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600


def test_a_long_path_goes_to_the_runtime_directory(folder):
    deep = folder / ("d" * PATH_LIMIT)
    deep.mkdir()
    with ControlServer(deep / "run.db") as running:
        assert running.path.parent == folder / "hullwatch"
        assert len(os.fsencode(running.path)) <= PATH_LIMIT
        assert running.path.exists()
    assert not running.path.exists()


def test_closing_removes_the_socket_and_twice_is_harmless(database):
    server = ControlServer(database)
    server.close()
    server.close()
    assert not server.path.exists()
    assert server.poll(lambda request: {}) == 0
    with pytest.raises(OwnerGone):
        call(server.path, {}, LONG_S)


def test_a_second_server_is_refused_and_does_no_harm(server, database, pool):
    with pytest.raises(ControlError, match="another program serves this database"):
        ControlServer(database)
    answer = pool.submit(call, server.path, {}, LONG_S)
    poll_until(server, lambda request: {"well": True}, 1)
    assert answer.result() == {"well": True}


def test_a_dead_socket_is_replaced(database, pool):
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"up\n"
        with pytest.raises(ControlError):
            ControlServer(database)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert Path(f"{database}.sock").exists()
    with pytest.raises(OwnerGone):
        call(f"{database}.sock", {}, LONG_S)
    with ControlServer(database) as server:
        answer = pool.submit(call, server.path, {}, LONG_S)
        poll_until(server, lambda request: {"well": True}, 1)
        assert answer.result() == {"well": True}


def test_a_file_with_the_sockets_name_is_left_alone(database):
    path = Path(f"{database}.sock")
    path.write_text("precious")
    with pytest.raises(ControlError, match="no socket of ours"):
        ControlServer(database)
    assert path.read_text() == "precious"


def test_a_successors_socket_survives_the_close(database):
    first = ControlServer(database)
    first.path.unlink()
    with ControlServer(database) as second:
        first.close()
        assert second.path.exists()


def test_an_owner_that_ends_before_it_answers_is_gone(database, pool):
    server = ControlServer(database)
    answer = pool.submit(call, server.path, {}, LONG_S)

    def end(request):
        server.close()
        return {}

    poll_until(server, end, 1)
    with pytest.raises(OwnerGone, match="before it answered"):
        answer.result()


def test_an_answer_given_before_the_close_still_arrives(database, pool):
    server = ControlServer(database)
    answer = pool.submit(call, server.path, {"do": "release"}, LONG_S)
    poll_until(server, lambda request: {"released": True, "why": "x" * 500_000}, 1)
    server.close()
    assert answer.result()["released"] is True


def test_a_killed_owner_is_gone_and_nobody_waits_for_the_deadline(database, pool):
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout.readline() == b"up\n"
        answer = pool.submit(call, f"{database}.sock", {}, 600.0)
        assert process.stdout.readline() == b"asked\n"
        process.kill()
        with pytest.raises(OwnerGone):
            answer.result()


def test_a_busy_owner_is_silent_at_the_deadline_and_drops_the_request(server):
    with pytest.raises(OwnerSilent, match=r"within 0\.05 s"):
        call(server.path, {"do": "config_set"}, 0.05)
    with pytest.raises(OwnerSilent):
        call(server.path, {}, 0.0)
    done = []
    assert server.poll(lambda request: done.append(request) or {}) == 0
    assert done == []


def test_nobody_there(folder):
    with pytest.raises(OwnerGone, match="No such file"):
        call(folder / "none.sock", {}, LONG_S)
    with pytest.raises(OwnerGone, match="too long"):
        call(folder / ("d" * 200), {}, LONG_S)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"not json\n", b"not a line of JSON"),
        (b"\xff\n", b"not a line of JSON"),
        (b"[1]\n", b"a JSON object was expected"),
        (b"\n", b"not a line of JSON"),
        (b"[" * 60_000 + b"\n", b"not a line of JSON"),
    ],
)
def test_nonsense_is_refused_without_the_owner(server, line, message):
    link = connect(server)
    link.sendall(line)
    assert message in everything_from(link)
    assert server.poll(lambda request: pytest.fail("nonsense")) == 0


def test_an_endless_line_is_cut_off(database):
    with ControlServer(database, Limits(line_bytes=1000)) as server:
        link = connect(server)
        link.sendall(b'"' * 1000)
        assert b"too long" in everything_from(link)
        with pytest.raises(InputError, match="too long"):
            call(server.path, {"text": "x" * 1_000_000}, LONG_S)


def test_a_client_that_says_nothing_is_hung_up_on(database):
    with ControlServer(database, Limits(io_s=0.05)) as server:
        assert everything_from(connect(server)) == b""


def test_a_client_that_does_not_fetch_its_answer_is_hung_up_on(database):
    now_s = [0.0]
    with ControlServer(database, Limits(io_s=10.0), clock=lambda: now_s[0]) as server:
        link = connect(server)
        link.sendall(b"{}\n")
        poll_until(server, lambda request: {"text": "x" * 10_000_000}, 1)
        assert link.recv(1) == b"{"  # the answer is on its way, its time is running
        now_s[0] = 10.0
        with connect(server):  # any event lets the server look at its clock
            assert 0 < len(everything_from(link)) < 10_000_000 - 1


def test_too_many_clients_are_told_so_and_others_come_again(database, pool):
    with ControlServer(database, Limits(clients=2)) as server:
        links = [connect(server), connect(server)]
        with pytest.raises(ControlError, match="too many"):
            call(server.path, {}, LONG_S)
        for link in links:
            link.sendall(b'{"do":"wait"}\n')
            link.shutdown(socket.SHUT_WR)  # as `nc -N`: it still wants its answer
        poll_until(server, lambda request: {"done": request["do"]}, 2)
        assert [everything_from(link) for link in links] == [b'{"done":"wait"}\n'] * 2
        answer = pool.submit(call, server.path, {}, LONG_S)
        poll_until(server, lambda request: {"well": True}, 1)
        assert answer.result() == {"well": True}


def test_clients_that_gave_up_do_not_keep_others_out(database, pool):
    with ControlServer(database, Limits(clients=2)) as server:
        for _ in range(6):
            with pytest.raises(OwnerSilent):
                call(server.path, {}, 0.05)
        answer = pool.submit(call, server.path, {"n": 7}, LONG_S)
        poll_until(server, lambda request: request, 1)
        assert answer.result() == {"n": 7}


def test_a_request_in_pieces_is_one_request(server):
    link = connect(server)
    for byte in b'{"do": "status"}\n':
        link.sendall(bytes([byte]))
    poll_until(server, lambda request: {"saw": request["do"]}, 1)
    assert everything_from(link) == b'{"saw":"status"}\n'


def descriptors():
    """How many this process has open; /dev/fd is there on Linux and macOS."""
    return len(list(Path("/dev/fd").iterdir()))


def test_no_thread_and_no_descriptor_is_left(database):
    before = descriptors()
    server = ControlServer(database)
    link = connect(server)
    server.close()
    link.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "control clients"]
    assert descriptors() <= before


def test_the_answer_to_a_lost_port_keeps_its_exit_code(server, pool):
    def handler(request):
        raise PortLost("/dev/ttyACM0: the port went away")

    answer = pool.submit(call, server.path, {}, LONG_S)
    poll_until(server, handler, 1)
    with pytest.raises(PortLost) as caught:
        answer.result()
    assert caught.value.exit_code == 13
