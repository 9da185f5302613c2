"""Reading and changing a node's settings over an open dialogue."""

from __future__ import annotations

from collections.abc import Mapping

from hullcore import settings
from hullwatch.errors import FLASH_HINT, InputError, ProtocolError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.link import messages as m


def read_settings(dialogue: Dialogue) -> dict[str, str]:
    """All settings in force, as text, in the order of the table; Unanswered, Refused."""
    return {row[0]: read_setting(dialogue, row[0]) for row in settings.SETTINGS}


def read_setting(dialogue: Dialogue, key: str) -> str:
    """One setting in force, as text; Unanswered, Refused."""
    index = [row[0] for row in settings.SETTINGS].index(key)
    text = dialogue.ask_now(m.CONFIG_GET, bytes([index])).decode("utf-8", "replace")
    named, mark, value = text.partition("=")
    if not mark or named != key:
        raise ProtocolError(f"the node answers {text!r} for a setting", FLASH_HINT)
    return value


def check_changes(changes: Mapping[str, str]) -> None:
    """Refuse what the node would refuse, before anything is sent."""
    if not changes:
        raise InputError("no settings given", "write them as KEY=VALUE")
    try:
        for key, text in changes.items():
            settings.check(key, text)
    except settings.SettingError as error:
        known = ", ".join(row[0] for row in settings.SETTINGS)
        raise InputError(str(error), f"settings are: {known}") from error


def write_settings(dialogue: Dialogue, changes: Mapping[str, str]) -> None:
    """Stage and commit changes; the node restarts. Refused leaves everything as it was."""
    check_changes(changes)
    for key, text in changes.items():
        dialogue.ask_now(m.CONFIG_STAGE, f"{key}={text}".encode())
    dialogue.ask_now(m.CONFIG_COMMIT)
