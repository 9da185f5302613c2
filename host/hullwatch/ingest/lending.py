"""A logger's port in the hands of another command for a while."""

from __future__ import annotations

import os

from hullwatch.control.wire import Message
from hullwatch.errors import InputError, PortBusy


class Lending:
    """Who has the port: it comes back when the borrower says so, or has ended without a word."""

    def __init__(self) -> None:
        self._borrower = 0

    @property
    def lent(self) -> bool:
        """Whether somebody has the port."""
        if self._borrower and not _alive(self._borrower):
            self._borrower = 0
        return self._borrower != 0

    def lend(self, request: Message) -> None:
        """Remember who asks. PortBusy while another one has the port."""
        pid = request.get("pid")
        if not isinstance(pid, int) or pid <= 0:
            raise InputError("pid missing", "this is a program error")
        if self.lent:
            raise PortBusy(f"the port is lent to process {self._borrower}", "end that one first")
        self._borrower = pid

    def take_back(self) -> None:
        """The borrower is done."""
        self._borrower = 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
