"""`hullwatch flash` from end to end: port, what is on the board, records, firmware, settings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hullwatch.control.borrow import held
from hullwatch.control.registry import holder_of, holders
from hullwatch.errors import FLASH_HINT, PortMissing, Unanswered
from hullwatch.flash.build import Build
from hullwatch.flash.errors import NoRoom, RecordsHeld
from hullwatch.flash.job import Job, Outcome
from hullwatch.flash.running import who_may_be_stopped
from hullwatch.flash.upload import Progress
from hullwatch.flash.wakeup import await_node, conversation
from hullwatch.ingest.dialogue import ignore_event
from hullwatch.ingest.owner import Listeners, board_name, firmware_version
from hullwatch.ingest.owners import PortOwners
from hullwatch.ingest.realclock import RealClock
from hullwatch.ingest.settings import check_changes, write_settings
from hullwatch.link.events import Hello
from hullwatch.store import Store
from hullwatch.transport.discover import PortInfo, find_port

PROGRAM = "hullwatch flash"
DRAIN_S = 300.0
"""Longest time for the records of a full spool: 60 kB/s over USB would take half a minute."""


@dataclass(frozen=True)
class Wish:
    """What the user asked for. `build_for` gives the build of a board by name."""

    build_for: Callable[[str], Build]
    settings: Mapping[str, str]
    database: Path | None = None
    discard_records: bool = False


@dataclass(frozen=True)
class Told:
    """Where progress goes: lines for people, and how far a step is."""

    note: Callable[[str], None]
    progress: Progress


def target(spec: str | None) -> PortInfo:
    """The board meant: by path or USB serial number; else the only Pico, else the only held port.

    Raises PortMissing, PortAmbiguous.
    """
    try:
        return find_port(spec)
    except PortMissing:
        known = holders()
        if spec is None and len(known) == 1:
            return PortInfo(known[0].port, known[0].usb_serial or None)
        raise


def flash(info: PortInfo, wish: Wish, told: Told) -> Outcome:
    """Bring one board to the wished firmware and settings; its logger goes on afterwards."""
    if wish.settings:
        check_changes(wish.settings)

    def find() -> PortInfo:
        return find_port(info.spec)

    try:
        with held(info, PROGRAM):
            return _flashed(find, wish, told, False)
    except (RecordsHeld, NoRoom) as error:
        owned = holder_of(info.device) is not None
        if not owned and wish.database is None:
            raise
        told.note(f"{error.message}: they are fetched first")
    if not owned:
        _drain(find, wish, told)
    with held(info, PROGRAM, DRAIN_S):
        return _flashed(find, wish, told, True)


def _flashed(find: Callable[[], PortInfo], wish: Wish, told: Told, drained: bool) -> Outcome:
    device = find().device
    hello, why = who_may_be_stopped(device)
    told.note(f"{find().describe()}: {describe(hello) if hello else why}")
    done = None
    if hello is not None:
        done = _up_to_date(hello, wish)
    if done is None:
        done = Job(
            find, wish.build_for, told.note, told.progress, wish.discard_records, drained
        ).run()
    if wish.settings:
        done = _with_settings(find, wish, done)
    return done


def _up_to_date(hello: Hello, wish: Wish) -> Outcome | None:
    """The outcome for a node that runs this very build already, else None; nothing is touched."""
    core = hello.fields["core_hash"]
    assert isinstance(core, bytes)
    if core.hex() != wish.build_for(board_name(hello)).core_hash:
        return None
    return Outcome(0, (), (), False, False, hello)


def _with_settings(find: Callable[[], PortInfo], wish: Wish, done: Outcome) -> Outcome:
    """Settings go the node's own way: it checks them together and writes both copies."""
    with conversation(find().device, ignore_event) as dialogue:
        dialogue.greet()
        write_settings(dialogue, wish.settings)
    deadline_s = time.monotonic() + 10
    hello = await_node(find)
    while hello.number("boot") == done.hello.number("boot"):
        if time.monotonic() > deadline_s:
            raise Unanswered("the node has the settings but does not restart", FLASH_HINT)
        hello = await_node(find)
    return Outcome(done.sent_bytes, done.placed, done.removed, done.kept_main, done.boot_py, hello)


def _drain(find: Callable[[], PortInfo], wish: Wish, told: Told) -> None:
    """Log into the named database until it has all that the node holds. RecordsHeld if not."""
    database = wish.database
    assert database is not None
    await_node(find)
    clock = RealClock()
    end_s = clock.now_s() + DRAIN_S
    loop = PortOwners(
        [find().spec], lambda: Store.open(database, time.time_ns() // 1000, PROGRAM), clock,
        Listeners(told.note),
    )  # fmt: skip
    (owner,) = loop.owners

    def drained() -> bool:
        return owner.logger is not None and owner.logger.drained()

    loop.run(lambda: drained() or clock.now_s() > end_s)
    if clock.now_s() > end_s:
        raise RecordsHeld(
            f"the node still holds records after {DRAIN_S:.0f} s of logging",
            "hullwatch log keeps on logging; run hullwatch flash while it runs",
        )


def describe(hello: Hello) -> str:
    """`node e661…, board pico, firmware 0.1.0, core hash 0123456789ab…`."""
    core = hello.fields["core_hash"]
    assert isinstance(core, bytes)
    return (
        f"node {hello.uid}, board {board_name(hello)}, firmware {firmware_version(hello)}, "
        f"core hash {core.hex()[:12]}…"
    )
