"""A node in the middle of a leak test is not stopped by a command that could wait."""

from __future__ import annotations

from hullwatch.errors import Refused
from hullwatch.flash.errors import TestRunning
from hullwatch.flash.wakeup import conversation, who
from hullwatch.ingest.dialogue import Dialogue, ignore_event
from hullwatch.leaktest import follow
from hullwatch.link import messages as m
from hullwatch.link.events import Hello


class _Node:
    """A dialogue as `leaktest.follow` asks it."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        """Data of the answer."""
        return self._dialogue.ask_now(message, payload)


def who_may_be_stopped(device: str) -> tuple[Hello | None, str]:
    """What `who` gives for a port of this process; TestRunning when a test runs on the node.

    Whatever else is on the port, or nothing, may be stopped.
    """
    hello, why = who(device)
    if hello is None:
        return None, why
    with conversation(device, ignore_event) as dialogue:
        dialogue.greet()
        try:
            now = follow.progress(_Node(dialogue))
        except Refused:
            return hello, ""  # a version without test programs
    if now.running:
        raise TestRunning(
            f"test {now.number} is running on this node (phase {now.phase})",
            "wait for its verdict, or end it: hullwatch test abort",
        )
    return hello, ""
