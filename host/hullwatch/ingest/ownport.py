"""A port of one's own for short questions to the node behind it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hullwatch.control.registry import claim
from hullwatch.ingest.dialogue import Dialogue, ignore_event, new_session
from hullwatch.ingest.realclock import RealClock
from hullwatch.transport.discover import find_port
from hullwatch.transport.opening import open_port


@contextlib.contextmanager
def own_dialogue(port: str | None) -> Iterator[Dialogue]:
    """A dialogue on a port nobody holds; it acknowledges nothing and restarts nothing."""
    info = find_port(port)
    with (
        claim(info.device, "hullwatch", info.serial_number or ""),
        contextlib.closing(open_port(info.device)) as opened,
    ):
        dialogue = Dialogue(opened, RealClock(), new_session(), ignore_event, revive=False)
        dialogue.greet()
        yield dialogue
