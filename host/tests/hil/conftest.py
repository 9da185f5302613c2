"""What the switches of a bench file move where its boards are VMs behind terminals."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

import pytest

SWITCH = """
import socket, sys
with socket.socket(socket.AF_UNIX) as wires:
    wires.connect(sys.argv[1])
    wires.sendall(" ".join(sys.argv[2:]).encode())
    assert wires.recv(10) == b"done"
"""


class Wires:
    """What `switch.py NAME on|off` and the pins of the node with the valves do.

    ``words``: what is done when a word is said; ``follow`` is told which outputs are open when
    that has changed, again and again until it raises no OSError. `command` is how a bench file
    starts the program, `said` the words so far.
    """

    def __init__(self, folder, words, valves, follow):
        self.said = []
        self.command = ", ".join(
            f'"{word}"' for word in (sys.executable, folder / "switch.py", folder / "wires")
        )
        self._words = words
        self._valves = valves
        self._told = follow
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / "wires"))
        self._socket.listen()
        self._folder = folder
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=one) for one in (self._serve, self._follow)]
        for thread in self._threads:
            thread.start()

    def _serve(self):
        while True:
            with self._socket.accept()[0] as caller:
                word = caller.recv(100).decode()
                if word == "end":
                    return
                self.said.append(word)
                self._words.get(word, lambda: None)()
                caller.sendall(b"done")

    def _follow(self):
        seen = frozenset()
        while not self._ending.wait(0.02):
            opened = self._valves.world.pins.opened()
            if opened != seen:
                with contextlib.suppress(OSError):
                    self._told(opened)
                    seen = opened

    def close(self):
        self._ending.set()
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(self._folder / "wires"))
            caller.sendall(b"end")
        for thread in self._threads:
            thread.join(10)
        self._socket.close()


@pytest.fixture
def wires(pytester):
    """Makes `Wires` in the test's folder, with the program that its bench file names."""
    with contextlib.ExitStack() as stack:

        def made(words, valves, follow):
            pytester.makefile(".py", switch=SWITCH)
            joined = Wires(pytester.path, words, valves, follow)
            stack.callback(joined.close)
            return joined

        yield made
