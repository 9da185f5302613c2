"""Part ids: used once, again only after RETEST."""

from __future__ import annotations

from hullwatch.errors import InputError
from hullwatch.store import Reader

PART_BYTES = 32


def check_part(part: str) -> None:
    """InputError for what is no part id."""
    if not 0 < len(part.encode()) <= PART_BYTES or part.strip() != part:
        raise InputError(f"{part!r} is no part id", f"1 to {PART_BYTES} bytes, no blanks around it")


def next_attempt(reader: Reader, part: str) -> int:
    """1, or the next after RETEST; InputError for a part that has had its verdict."""
    known = reader.tests(None, part, 1)
    if not known:
        return 1
    if known[0].verdict != "RETEST":
        raise InputError(
            f"part {part} was tested: {known[0].verdict} in attempt {known[0].attempt} "
            f"({reader.path})",
            "a part id is used once",
        )
    return known[0].attempt + 1
