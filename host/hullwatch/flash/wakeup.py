"""Who answers at a port: before a board is touched, and after it was restarted."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from hullwatch.errors import TransportError, VersionMismatch, WrongDevice
from hullwatch.flash.errors import NotStarted
from hullwatch.ingest.dialogue import Dialogue, new_session
from hullwatch.ingest.realclock import RealClock
from hullwatch.link.events import Event, Hello, Prompt
from hullwatch.transport.discover import PortInfo
from hullwatch.transport.opening import open_patiently
from hullwatch.transport.rawrepl import CommandFailed, RawRepl

ASK_S = 3.0
"""A running node answers within milliseconds; one that is just starting, in two seconds."""

SILENT_S = 40.0
"""USB is back in a second, a node starts in three: nobody is coming any more."""

START_S = 300.0
"""Longest start of a board that gives signs of life all the time."""

_CRASH_LINE = "open('crash.txt').readline() if 'crash.txt' in __import__('os').listdir() else ''"
AT_PROMPT = "it is at its prompt"
_PAUSE_S = 0.2


class _Listener:
    """Remembers whether a prompt was seen, and whether anything was."""

    def __init__(self) -> None:
        self.prompt = False
        self.heard = False

    def __call__(self, event: Event) -> None:
        self.heard = True
        if isinstance(event, Prompt):
            self.prompt = True


@contextlib.contextmanager
def conversation(device: str, listener: Callable[[Event], None]) -> Iterator[Dialogue]:
    """A dialogue on a port this process holds; acknowledges nothing, restarts nothing."""
    with contextlib.closing(open_patiently(device)) as port:
        yield Dialogue(port, RealClock(), new_session(), listener, revive=False)


def who(device: str, wait_s: float = ASK_S) -> tuple[Hello | None, str]:
    """(HELLO, "") of the node, or (None, why there is none). Raises what `open_port` raises."""
    return _who(device, wait_s, _Listener())


def _who(device: str, wait_s: float, listener: _Listener) -> tuple[Hello | None, str]:
    with conversation(device, listener) as dialogue:
        deadline_s = time.monotonic() + wait_s
        try:
            while dialogue.session.hello is None and time.monotonic() < deadline_s:
                dialogue.step()
                if listener.prompt:
                    return None, AT_PROMPT
        except (VersionMismatch, WrongDevice) as error:
            return None, error.message
        hello = dialogue.session.hello
        return hello, "" if hello else "nothing answers"


def await_node(find: Callable[[], PortInfo]) -> Hello:
    """HELLO of a node that was just restarted, wherever its port comes back, however slow it is.

    NotStarted with what it printed when it stays at its prompt, after SILENT_S in which neither a
    word came nor the port came or went, or after START_S.
    """
    began_s = alive_s = time.monotonic()
    reason = ""
    while time.monotonic() < min(alive_s + SILENT_S, began_s + START_S):
        listener = _Listener()
        try:
            hello, why = _who(find().device, ASK_S, listener)
        except TransportError as error:
            why = error.message
        else:
            if hello is not None:
                return hello
            if why == AT_PROMPT:  # it has run and ended
                reason = _last_words(find().device)
                break
        if listener.heard or why != reason:
            alive_s = time.monotonic()
        reason = why
        time.sleep(_PAUSE_S)
    raise NotStarted(
        f"the node does not start: {reason}", "hullwatch node log shows its last crash; hullwatch "
        "flash again puts every file right",
    )  # fmt: skip


def _last_words(device: str) -> str:
    """Why a node stands at its prompt: its crash log, or what its program raises when loaded."""
    with RawRepl(device) as repl:
        crash = repl.value(_CRASH_LINE)
        try:
            repl.run("from hullnode import guard")
        except CommandFailed as error:
            return f"{AT_PROMPT}: {error.message}"
        finally:
            repl.friendly()  # where hullwatch log and people find it
    return f"{AT_PROMPT}: {str(crash).strip()}" if crash else AT_PROMPT
