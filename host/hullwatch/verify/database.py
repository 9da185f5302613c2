"""A whole database: every hash chain walked, every boot replayed."""

from __future__ import annotations

from collections.abc import Callable

from hullwatch.errors import CorruptDatabase, ProtocolError
from hullwatch.link.recordkinds import CONFIG, PROFILE, RECIPE, RecordKind
from hullwatch.link.recordview import Record
from hullwatch.store import BootRow, Break, Reader
from hullwatch.verify.boots import BootCheck, Snapshots
from hullwatch.verify.outcome import Outcome
from hullwatch.verify.pages import PAGE, whole
from hullwatch.verify.spans import Holes
from hullwatch.verify.verdicts import VerdictCheck


def verify(reader: Reader, node: str | None, progress: Callable[[int], None]) -> Outcome:
    """Recompute what the records of one node, or of all, say; see `Outcome`.

    `progress` is told how many samples or links of a chain were just done, of `work` altogether.
    """
    outcome = Outcome(heads=reader.chain_heads(node))
    breaks = []
    for found in reader.check_chains(node, progress):
        outcome.note_break(found)
        breaks.append(found)
    boots = reader.boots(node)
    for spool in dict.fromkeys((boot.key.node, boot.key.epoch) for boot in boots):
        snapshots = Snapshots(_of_kind(reader, spool, CONFIG), _of_kind(reader, spool, PROFILE))
        recipes = _of_kind(reader, spool, RECIPE)
        for boot in boots:
            if (boot.key.node, boot.key.epoch) == spool:
                _replay(reader, boot, snapshots, recipes, outcome, breaks, progress)
    return outcome


def work(reader: Reader, node: str | None) -> int:
    """Samples and links that `verify` will go through."""
    links = sum(head.links for head in reader.chain_heads(node))
    return links + sum(boot.samples for boot in reader.boots(node))


def _replay(
    reader: Reader, boot: BootRow, snapshots: Snapshots, recipes: dict[int, Record],
    outcome: Outcome, breaks: list[Break], progress: Callable[[int], None],
) -> None:  # fmt: skip
    suspect = [b for b in breaks if (b.stream, b.node, b.epoch, b.boot) == ("raw", *boot.key)]
    damaged = [(b.first, b.past) for b in suspect if not _readable(reader, boot, b)]
    holes = Holes(boot, reader.raw_gaps(boot.key), damaged)
    configs = [record for record in snapshots.configs.values() if record.boot == boot.key.boot]
    check = BootCheck(reader, boot, snapshots, holes, outcome)
    check.leave_out({record.number for record in configs})
    for config in configs:
        check.run(config, progress)
    check.finish()
    VerdictCheck(reader, boot, snapshots, recipes, holes, outcome).run()


def _readable(reader: Reader, boot: BootRow, suspect: Break) -> bool:
    """Whether samples of a broken stretch can at least be decoded, and so replayed."""
    try:
        for _ in reader.raw_chunks(boot.key, suspect.first, suspect.past):
            pass
    except (CorruptDatabase, ProtocolError):
        return False
    return True


def _of_kind(reader: Reader, spool: tuple[str, int], kind: RecordKind) -> dict[int, Record]:
    """All records of a kind that is rare, by number."""
    found: dict[int, Record] = {}
    after = -1
    while rows := reader.records(*spool, after, PAGE, kind.id):
        after = rows[-1].number
        for row in rows:
            record = whole(row.data)
            if record is not None and record.name == kind.name:
                found[record.number] = record
    return found
