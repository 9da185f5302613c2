"""Flashing one board, from the first question to the HELLO of the new firmware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hullwatch.errors import HullwatchError
from hullwatch.flash import upload
from hullwatch.flash.boardstate import BoardState, check_fits, survey
from hullwatch.flash.build import Build
from hullwatch.flash.errors import NotStarted, RecordsHeld
from hullwatch.flash.pack import make_pack
from hullwatch.flash.upload import Progress
from hullwatch.flash.wakeup import await_node
from hullwatch.link.events import Hello
from hullwatch.transport.discover import PortInfo
from hullwatch.transport.rawrepl import RawRepl

_WHILE_STOPPING = (2, 1)
"""Records and pages of raw samples that a node may finish between the last ack and its stop."""


@dataclass(frozen=True)
class Outcome:
    """What was done: bytes sent, files put in place and removed; `hello` of the node that runs."""

    sent_bytes: int
    placed: tuple[str, ...]
    removed: tuple[str, ...]
    kept_main: bool
    boot_py: bool
    hello: Hello


class Job:
    """One board. `find` looks for its port wherever it is now; `build_for` gives a board's build.

    `note(text)` is told what is on the board and what is being done. With `discard_records` what
    no database has may be lost; when `drained`, only what the node has written since.
    """

    def __init__(
        self, find: Callable[[], PortInfo], build_for: Callable[[str], Build],
        note: Callable[[str], None], progress: Progress, discard_records: bool = False,
        drained: bool = False,
    ) -> None:  # fmt: skip
        self._find = find
        self._build_for = build_for
        self._note = note
        self._progress = progress
        self._discard = discard_records
        self._tolerated = _WHILE_STOPPING if drained else (0, 0)

    def run(self) -> Outcome:
        """Flash the board; the port must be held by this process.

        Raises RecordsHeld or NoRoom when the node has to be drained first: it was restarted and
        measures. Any other error before files are put in place also leaves the old version
        running.
        """
        with RawRepl(self._find().device) as repl:
            try:
                done = self._replaced(repl)
            finally:
                repl.reset()  # whatever is on it now, runs
        hello = await_node(self._find)
        running = hello.fields["core_hash"]
        assert isinstance(running, bytes)
        build, sent, placed, removed, state = done
        if running.hex() != build.core_hash:
            raise NotStarted(
                f"the node runs, but its files are not those of the build (core hash "
                f"{running.hex()[:12]}… instead of {build.core_hash[:12]}…)",
                "run hullwatch flash again",
            )
        return Outcome(sent, placed, removed, state.foreign_main, state.boot_py, hello)

    def _replaced(
        self, repl: RawRepl
    ) -> tuple[Build, int, tuple[str, ...], tuple[str, ...], BoardState]:
        """Put the build on the board, as far as it is not there."""
        state = survey(repl)
        self._note(state.micropython + (f", id {state.uid}" if state.uid else ""))
        build = self._build_for(state.board)
        check_fits(state, build)
        if state.updating:
            state = self._finished(repl, state)
        if state.core_hash == build.core_hash:
            upload.discard(repl)
            return build, 0, (), (), state
        self._check_records(state, build)
        pack = make_pack(build.contents(), state.code)
        upload.check_room(state, build, pack)
        sent = upload.send(repl, pack, state.pack_bytes, self._progress)
        upload.commit(repl, state)
        upload.switch(repl, len(pack.paths), self._progress)
        return build, sent, pack.paths, pack.stale, state

    def _finished(self, repl: RawRepl, state: BoardState) -> BoardState:
        """An update that was cut short while files were put in place is finished first."""
        self._note("an update was cut short here: finishing it")
        try:
            upload.switch(repl, 0, self._progress)
        except HullwatchError:
            return state  # its pack is damaged: a new one takes its place
        return survey(repl)

    def _check_records(self, state: BoardState, build: Build) -> None:
        if self._discard or not state.layout_changes(build):
            return
        records, pages = self._tolerated
        if state.unacked_records > records or state.raw_pages > pages:
            raise RecordsHeld(
                f"the node holds {state.unacked_records} records and {state.raw_pages} pages of "
                "raw samples that no database has, and the new version lays them out differently",
                "name a database with --db FILE: it gets them first; or --discard-records",
            )
