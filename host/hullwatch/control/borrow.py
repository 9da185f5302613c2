"""Having a port for oneself for a while, also while a logger owns it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator

from hullwatch.control import requests
from hullwatch.control.client import call
from hullwatch.control.registry import Holder, claim, holder_of
from hullwatch.errors import ControlError, OwnerSilent, PortBusy
from hullwatch.transport.discover import PortInfo

_ASK_S = 30.0
_PAUSE_S = 0.2


@contextlib.contextmanager
def held(info: PortInfo, program: str, drain_s: float = 0.0) -> Iterator[None]:
    """Hold the port for the block; its owner, if there is one, lends it and gets it back.

    With `drain_s` an owner first logs, for at most so long, until nothing is left on the node.
    Raises PortBusy when the holder lends nothing, OwnerSilent when draining takes too long.
    """
    holder = holder_of(info.device)
    with contextlib.ExitStack() as stack:
        if holder is not None:
            _ask(holder, program, drain_s)
            stack.callback(_give_back, holder)
        stack.enter_context(claim(info.device, program, info.serial_number or ""))
        yield


def _ask(
    holder: Holder, program: str, drain_s: float, clock: Callable[[], float] = time.monotonic
) -> None:
    if not holder.control:
        raise PortBusy(f"{holder.port} is held by {holder.describe()}", "end it first")
    request = {
        "do": requests.RELEASE, "port": holder.port, "pid": os.getpid(), "program": program,
        "drain": drain_s > 0,
    }  # fmt: skip
    deadline_s = clock() + drain_s
    while not call(holder.control, request, _ASK_S)["released"]:
        if clock() > deadline_s:
            raise OwnerSilent(
                f"{holder.describe()} has not yet received all that the node holds",
                "wait until it has caught up, then run the command again",
            )
        time.sleep(_PAUSE_S)


def _give_back(holder: Holder) -> None:
    with contextlib.suppress(ControlError):  # it has ended meanwhile: nobody waits for the port
        call(holder.control, {"do": requests.TAKE_BACK, "port": holder.port}, _ASK_S)
