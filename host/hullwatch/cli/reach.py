"""The way to a node for short questions: through the port's owner, else by opening the port."""

from __future__ import annotations

from collections.abc import Callable

from hullwatch.control.client import call
from hullwatch.control.registry import Holder, holder_of, holders
from hullwatch.control.wire import Message
from hullwatch.errors import PortAmbiguous, PortBusy
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.ownport import own_dialogue

ASK_S = 30.0


def holder_for(port: str | None) -> Holder | None:
    """Who holds the port meant; without one, the only holder there is."""
    if port is not None:
        return holder_of(port)
    known = holders()
    if len(known) > 1:
        listed = ", ".join(holder.port for holder in known)
        raise PortAmbiguous(f"several ports are held: {listed}", "name the one you mean")
    return known[0] if known else None


def ask_owner(holder: Holder, request: Message) -> Message:
    """One request to the holder of a port; PortBusy when it offers no socket."""
    if not holder.control:
        raise PortBusy(f"{holder.port} is held by {holder.describe()}", "end it first")
    return call(holder.control, {**request, "port": holder.port}, ASK_S)


def through(port: str | None, request: Message, direct: Callable[[Dialogue], Message]) -> Message:
    """Ask the owner of the port, or do it directly when there is none."""
    holder = holder_for(port)
    if holder is not None:
        return ask_owner(holder, request)
    with own_dialogue(port) as dialogue:
        return direct(dialogue)
