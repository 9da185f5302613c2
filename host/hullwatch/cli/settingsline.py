"""Settings given as words of a command line."""

from __future__ import annotations

from collections.abc import Iterable

from hullwatch.errors import InputError


def parse_changes(words: Iterable[str]) -> dict[str, str]:
    """KEY=VALUE words as a mapping; InputError for a word without `=`."""
    wanted = {}
    for word in words:
        key, mark, value = word.partition("=")
        if not mark:
            raise InputError(f"{word!r} is no KEY=VALUE", "such as volume_ul=1000000")
        wanted[key] = value
    return wanted
