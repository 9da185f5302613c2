"""Recomputing the hash chains: what was changed or lost since its commit, with its position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullwatch.store import chain, chainrows, progress
from hullwatch.store.ranges import NO_BOOT, RAW, RECORD
from hullwatch.store.rows import BootKey

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from hullwatch.store.chainrows import ChainRow

    Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is and its value there; ``boot`` is −1 for the records of a spool."""

    stream: str
    node: str
    epoch: int
    boot: int
    links: int
    chain: bytes

    def at(self, other: Head) -> bool:
        """Whether both are heads of the same stream, at whatever time."""
        mine = (self.stream, self.node, self.epoch, self.boot)
        return mine == (other.stream, other.node, other.epoch, other.boot)

    def __str__(self) -> str:
        boot = "" if self.boot == NO_BOOT else f" boot {self.boot}"
        place = f"{self.stream} {self.node} epoch {self.epoch:x}{boot}"
        return f"{place}: {self.links} links, {self.chain.hex()}"


@dataclass(frozen=True, slots=True)
class Break:
    """Numbers first … past − 1 of a stream are not what was committed; ``reason`` says how."""

    stream: str
    node: str
    epoch: int
    boot: int
    first: int
    past: int
    reason: str


def heads(connection: sqlite3.Connection, node: str | None = None) -> list[Head]:
    """Every chain's head, of one node or of all: records first, in order of first contact."""
    wanted = "WHERE ? IN ('', node) ORDER BY rowid"
    found = []
    spools = connection.execute(f"SELECT node, epoch FROM spools {wanted}", (node or "",))
    for name, epoch in spools.fetchall():
        spool = progress.load_spool(connection, (name, epoch))
        found.append(Head(RECORD, name, epoch, NO_BOOT, spool.record_links, spool.record_chain))
    boots = connection.execute(f"SELECT node, epoch, boot FROM boots {wanted}", (node or "",))
    for name, epoch, boot in boots.fetchall():
        state = progress.load_boot(connection, BootKey(name, epoch, boot))
        found.append(Head(RAW, name, epoch, boot, state.raw_links, state.raw_chain))
    return found


def check(connection: sqlite3.Connection, head: Head, advance: Advance) -> Iterator[Break]:
    """What differs from the chain of one stream, in the order of its commits; nothing if intact.

    ``advance`` is called with the number of links looked at, once a row. To be run inside one read
    transaction. Rows without a link, stored before there were chains or added by someone else, are
    one break a stream.
    """
    key = (head.node, head.epoch) if head.stream == RECORD else (head.node, head.epoch, head.boot)
    rows = chainrows.in_order(connection, head.stream, key)
    for found in (
        chainrows.unchained(connection, head.stream, key),
        _walk(head, rows, _anchors(connection, head), advance),
    ):
        for first, past, reason in found:
            yield Break(head.stream, head.node, head.epoch, head.boot, first, past, reason)


def _walk(
    head: Head, rows: Iterator[ChainRow], anchors: dict[int, tuple[int, bytes]], advance: Advance
) -> Iterator[tuple[int, int, str]]:
    """(first, past, reason) of each break; goes on from the value that is stored."""
    at, value = 0, chain.genesis(head.stream, head.node, head.epoch, head.boot)
    end = 0
    for row in rows:
        at, value = _over(anchors, at, value)
        if row.link != at:
            yield end, row.first, f"links {at} to {row.link - 1} of the chain are missing"
        else:
            for content in row.contents:
                value = chain.after(value, content)
            if row.fault:
                yield row.first, row.past, row.fault
            elif value != row.chain:
                yield row.first, row.past, "its content does not give its value in the chain"
        at, value, end = row.link + row.links, row.chain, row.past
        advance(row.links)
    at, value = _over(anchors, at, value)
    if at != head.links:
        yield end, end, f"the chain ends at link {at} instead of {head.links}"
    elif value != head.chain:
        yield end, end, "the chain does not end with the value that is kept for it"


def _over(anchors: dict[int, tuple[int, bytes]], at: int, value: bytes) -> tuple[int, bytes]:
    while at in anchors:
        at, value = anchors[at]
    return at, value


def _anchors(connection: sqlite3.Connection, head: Head) -> dict[int, tuple[int, bytes]]:
    """(end, value there) of the pruned stretches of a chain by their first link."""
    return {
        link: (past, value)
        for link, past, value in connection.execute(
            "SELECT link, past_link, chain FROM chain_anchors"
            " WHERE node = ? AND epoch = ? AND boot = ?",
            (head.node, head.epoch, head.boot),
        )
    }
