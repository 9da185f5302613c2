"""The records of one boot that are to be recomputed, read ahead a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hullwatch.errors import ProtocolError
from hullwatch.link import recordview
from hullwatch.link.recordkinds import RecordKind
from hullwatch.link.recordview import Record
from hullwatch.store import BootKey, Reader

PAGE = 2000


def pages(reader: Reader, boot: BootKey, kind: RecordKind) -> Iterator[list[Record | None]]:
    """Records of one kind of a boot in order of number, in any layout; None for damaged ones."""
    after = -1
    while rows := reader.records(boot.node, boot.epoch, after, PAGE, kind.id, boot.boot):
        after = rows[-1].number
        yield [whole(row.data) for row in rows]


def whole(data: bytes) -> Record | None:
    """The record, None when its length or CRC is wrong."""
    try:
        return recordview.parse(data)
    except ProtocolError:
        return None


class Awaited:
    """Stored records that wait for what is recomputed, by what they name.

    Records lie in the order in which the node made them, so a page ahead of the newest recomputed
    one is enough; memory does not grow with the database. `admit` says of each record whether it
    is to wait, `key` what it names: (…, last sample).
    """

    def __init__(
        self, source: Iterator[list[Record]], admit: Callable[[Record], bool],
        key: Callable[[Record], tuple[int, ...]],
    ) -> None:  # fmt: skip
        self._source = source
        self._admit = admit
        self._key = key
        self._waiting: dict[tuple[int, ...], list[Record]] = {}
        self._ahead = -1  # lowest last sample of the newest page
        self._load()

    def _load(self) -> None:
        page = next(self._source, None)
        if page is None:
            self._ahead = 1 << 64
            return
        keys = [self._key(record) for record in page]
        if keys:
            self._ahead = min(key[-1] for key in keys)
        for record, key in zip(page, keys, strict=True):
            if self._admit(record):
                self._waiting.setdefault(key, []).append(record)

    def take(self, key: tuple[int, ...]) -> list[Record]:
        """The stored records of this key: one, none, or several that claim to be the same."""
        while key[-1] >= self._ahead:
            self._load()
        return self._waiting.pop(key, [])

    def rest(self) -> Iterator[Record]:
        """Those for which nothing was recomputed, in order of number."""
        while self._ahead < 1 << 64:
            self._load()
        left = [record for group in self._waiting.values() for record in group]
        return iter(sorted(left, key=lambda record: record.number))
