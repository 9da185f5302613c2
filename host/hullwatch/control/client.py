"""Asking the owner of a port."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

from hullwatch.control.wire import ANSWER_LIMIT, Message, decoded, encoded, raise_refused
from hullwatch.errors import ControlError, InputError, OwnerGone, OwnerSilent

_CHUNK = 1 << 16


def call(
    socket_path: str | Path,
    request: Message,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Message:
    """Send one request and return the answer, all within `timeout_s`.

    Raises what the owner raised (by its exit code), OwnerGone when nobody listens or the owner
    ended, OwnerSilent at the deadline; a request not yet begun by then is dropped by the owner.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with link:
        deadline_s = clock() + timeout_s

        def wait_on() -> None:
            left_s = deadline_s - clock()
            if left_s <= 0:
                raise TimeoutError
            link.settimeout(left_s)

        try:
            wait_on()
            link.connect(str(socket_path))
            line = _exchanged(link, encoded(request), wait_on)
        except (TimeoutError, BlockingIOError) as error:  # the latter: its queue is full
            raise OwnerSilent(
                f"the owner of the port did not answer within {timeout_s:g} s",
                "it may be busy; try again",
            ) from error
        except OSError as error:
            raise _gone(error.strerror or str(error)) from error
    try:
        answer = decoded(line)
    except InputError as error:
        raise ControlError(f"{socket_path}: {error.message}") from error
    raise_refused(answer)
    return answer


def _exchanged(link: socket.socket, line: bytes, wait_on: Callable[[], None]) -> bytes:
    """Send a line, receive a line. `wait_on` sets the time left, or raises TimeoutError."""
    wait_on()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why
        link.sendall(line)
    received = bytearray()
    while not received.endswith(b"\n"):
        wait_on()
        chunk = link.recv(_CHUNK)
        if not chunk:
            raise _gone("it ended before it answered")
        received += chunk
        if len(received) > ANSWER_LIMIT:
            raise ControlError("the owner's answer does not end")
    return bytes(received)


def _gone(reason: str) -> OwnerGone:
    return OwnerGone(f"the owner of the port is gone ({reason})", "try again without it")
