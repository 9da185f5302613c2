"""`doctor` and `nodes --watch` with boards plugged in, completion, flashing over a socket."""

import contextlib
import dataclasses
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time

import pytest

import hullwatch
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.cli import doctorboards, main
from hullwatch.flash.boardstate import BoardState
from hullwatch.flash.build import build
from hullwatch.transport.discover import PICO_VID, PortInfo

OF_A_PICO = BoardState(
    uid="e66138528350b42c", machine="Raspberry Pi Pico with RP2040", platform="rp2",
    name="micropython", version=(1, 28, 0), mpy=4870, maxsize=(1 << 31) - 1, code={},
    main_text="", boot_py=False, pack_bytes=-1, crash="", unacked_records=0, raw_pages=0,
    block_bytes=4096, free_blocks=300,
)  # fmt: skip


@pytest.fixture
def board(monkeypatch):
    """Boards in this process that USB seems to know."""
    made = []

    def make(files=None):
        made.append(VmBench(BenchSpec(seed=3), files=files))
        one = made[-1]
        ports = [PortInfo(made.port_path, None, PICO_VID, 5) for made in made]
        monkeypatch.setattr("hullwatch.cli.doctor.list_ports", lambda: ports)
        deadline = time.monotonic() + 60
        while not (one.server.requests > 20 or one.hub._said.endswith(b">>> ")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return one

    yield make
    for one in made:
        one.close()


def about(told, path):
    return [finding for finding in told["needed"] if finding["what"].startswith(path + ": ")]


def test_doctor_names_a_running_node_and_does_not_stop_it(board, json_of):
    one = board()
    (found,) = about(json_of("doctor", "--json"), one.port_path)
    assert found["ok"]
    assert f"board vm, firmware {hullwatch.__version__}" in found["what"]
    assert found["what"].endswith("running")
    assert one.boots == 1
    before = one.server.requests
    time.sleep(0.5)
    assert one.server.requests > before  # it goes on measuring


def test_doctor_asks_a_board_at_its_prompt_for_its_micropython(board, json_of):
    one = board({"main.py": b"print('hello')\n"})
    (found,) = about(json_of("doctor", "--json"), one.port_path)
    assert found["ok"]
    assert "at its prompt, MicroPython 1." in found["what"]
    assert ".mpy format 6" in found["what"]
    again = about(json_of("doctor", "--json"), one.port_path)
    assert again == [found]  # it was left at the same prompt
    assert one.boots == 1


@pytest.mark.parametrize(
    ("change", "told", "ok"),
    [
        ({}, "MicroPython 1.28.0 on Raspberry Pi Pico with RP2040, .mpy format 6, armv6m", True),
        ({"version": (1, 19, 1)}, "at least MicroPython 1.27 is needed", False),
        ({"name": "circuitpython", "version": (9, 2, 0)}, "circuitpython 9.2.0", False),
        ({"mpy": 7 << 10 | 6}, "armv7emsp", True),
    ],
)
def test_what_a_prompt_means(change, told, ok):
    finding = doctorboards.prompt_finding("/dev/x", dataclasses.replace(OF_A_PICO, **change))
    assert finding.ok == ok
    assert told in finding.what
    assert finding.hint


def test_nodes_watch_tells_each_change_once(start, board):
    one = board()
    watching = start("nodes", one.port_path, "--watch", "--json")
    watching.until(r'"board": "vm"')
    time.sleep(3)
    assert watching.out.count(b"\n") == 1  # nothing new, nothing said
    one.close()
    watching.until(r'"remark": "[^"]+"')
    watching.signal(2)
    assert watching.end() == 130


@pytest.mark.parametrize(
    ("words", "expected"),
    [("hullwatch fla", "flash"), ("hullwatch node re", "reboot"), ("hullwatch flash --u", "--uf2")],
)
def test_a_shell_completes_commands_and_options(words, expected):
    shell = dict(os.environ, _HULLWATCH_COMPLETE="bash_complete", COMP_WORDS=words,
                 COMP_CWORD=str(len(words.split()) - 1))  # fmt: skip
    code = "from hullwatch.cli.app import main; import sys; sys.argv[0] = 'hullwatch'; main()"
    ended = subprocess.run([sys.executable, "-c", code], env=shell, capture_output=True, check=True)
    assert f"plain,{expected}" in ended.stdout.decode().splitlines()


@contextlib.contextmanager
def serial_server(path):
    """A raw TCP server in front of a terminal, as ser2net is; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as stack:
        tty = os.open(path, os.O_RDWR | os.O_NOCTTY)
        stack.callback(os.close, tty)
        ending = threading.Event()

        def carry():
            while not ending.is_set():
                if select.select([listener], [], [], 0.1)[0]:
                    with listener.accept()[0] as client:  # one after the other
                        serve(client)

        def serve(client):
            while not ending.is_set():
                ready = select.select([client, tty], [], [], 0.1)[0]
                try:
                    if tty in ready:
                        client.sendall(os.read(tty, 4096))
                    if client in ready:
                        data = client.recv(4096)
                        if not data:
                            return
                        os.write(tty, data)
                except OSError:
                    return  # the client has gone

        thread = threading.Thread(target=carry, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{listener.getsockname()[1]}"
        ending.set()
        thread.join(5)


def test_flashing_over_a_serial_server(board, monkeypatch, capsys):
    one = board({"main.py": b"print('hello')\n"})
    with serial_server(one.port_path) as url:
        told = []
        for _ in range(2):
            monkeypatch.setattr(sys, "argv", ["hullwatch", "flash", "--node", url, "--json"])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code
            told.append(json.loads(capsys.readouterr().out))
    assert [one["core_hash"] for one in told] == [build("vm").core_hash] * 2
    assert [one["up_to_date"] for one in told] == [False, True]
