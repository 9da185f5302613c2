"""A logger in a process of its own, to be killed: its port and its clock are at the other end.

    python remote_logger.py SOCKET DATABASE SESSION

Each read asks the other end to let virtual time pass. No pytest, no node: what dies here is the
host's side alone.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from hullwatch.ingest.logger import Logger
from hullwatch.store import Store

NOW_US = 1_700_000_000_000_000
EPOCH_S = 1_767_225_600.0


class Remote:
    """Port and clock: one line per request, one line and the bytes as the answer to a read."""

    name = "remote"

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")
        self._us = 0
        self.read(0.0)  # what time it is

    def read(self, timeout_s):
        self._socket.sendall(b"R %d\n" % round(timeout_s * 1e6))
        head = self._file.readline().split()
        if not head:
            sys.exit(0)
        self._us = int(head[0])
        return self._file.read(int(head[1]))

    def write(self, data):
        self._socket.sendall(b"W " + data.hex().encode() + b"\n")

    def now_s(self):
        return self._us / 1e6

    def utc_s(self):
        return EPOCH_S + self._us / 1e6


def main(path, database, session):
    remote = Remote(path)
    with Store.open(Path(database), NOW_US) as store:
        logger = Logger(remote, store, remote, session, lambda event: None, 0.25)
        while True:
            logger.step(0.3)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
