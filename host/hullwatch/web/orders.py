"""What a dashboard may order, with the token: through the program that holds the port."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from hullwatch.control import requests
from hullwatch.errors import InputError
from hullwatch.leaktest import attempts, follow, nodebody, recipefile
from hullwatch.leaktest.readiness import ready
from hullwatch.store import MarkRow
from hullwatch.store.marks import KINDS, REVOKE
from hullwatch.web.ask import Ask
from hullwatch.web.failures import NoSuch
from hullwatch.web.owners import NodeAsker

MARKS = tuple(name for name, kind in KINDS.items() if not kind.rated and name != REVOKE)
"""Kinds of marks that need no leak rate."""


def recipes(ask: Ask) -> dict[str, Any]:
    """The recipes that may be started, by name; one that breaks its language says how."""
    found = []
    for name, path in _recipes(ask.site.recipes).items():
        try:
            recipe = recipefile.load(path)
        except InputError as error:
            found.append({"recipe": name, "name": "", "valves": [], "error": error.message})
        else:
            valves = list(recipe.valves)
            found.append({"recipe": name, "name": recipe.name, "valves": valves, "error": ""})
    return {"recipes": found}


def _recipes(folder: Path | None) -> dict[str, Path]:
    """Never a path from a request: a name is looked up among what the folder holds."""
    if folder is None:
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.toml")) if path.is_file()}


def start(ask: Ask) -> dict[str, Any]:
    """Load a recipe into the node and start it on a part."""
    node, part = ask.node, str(ask.values["part"])
    path = _recipes(ask.site.recipes).get(ask.values["recipe"])
    if path is None:
        raise NoSuch(f"no recipe {ask.values['recipe']!r}", "see /api/v1/recipes")
    attempts.check_part(part)
    recipe = recipefile.load(path)
    attempt = attempts.next_attempt(ask.reader, part)
    asker = NodeAsker(ask.site.owners, ask.site.owners.of(node))
    config = nodebody.configuration(asker.settings())
    ready(ask.reader, node, recipe, config, ask.site.now_utc_us())
    body = nodebody.body_of(recipe, config)
    number = follow.start(asker, follow.load(asker, body), part, attempt)
    return {"test": number, "part": part, "attempt": attempt}


def abort(ask: Ask) -> dict[str, Any]:
    """End a running test by venting, or acknowledge a fault that made the outputs safe."""
    asker = NodeAsker(ask.site.owners, ask.site.owners.of(ask.node))
    follow.abort(asker)
    return asdict(follow.progress(asker))


def mark(ask: Ask) -> dict[str, Any]:
    """Enter a mark of a moment, through the program that writes the database."""
    node, now = ask.node, ask.site.now_utc_us()
    row = MarkRow(
        number=0, kind=ask.values["kind"], node=node, chamber="", from_utc_us=now, to_utc_us=now,
        text=ask.values["text"], rate_pa_m3_s=None, u_pa_m3_s=None, bound_pa_m3_s=None,
        t_ref_k=None, told=False, entered_by=ask.values["by"], entered_utc_us=now, revokes=None,
    )  # fmt: skip
    owners = ask.site.owners
    return owners.ask(owners.writer(), {"do": requests.MARK_ADD, "mark": asdict(row)})


def acknowledge(ask: Ask) -> dict[str, Any]:
    """Acknowledge an alarm."""
    ask.site.alarms.acknowledge(ask.path["key"], ask.values["by"], ask.site.now_utc_us())
    return alarms(ask)


def token(_: Ask) -> dict[str, Any]:
    """Whoever gets here has the right one."""
    return {"right": True}


def alarms(ask: Ask) -> dict[str, Any]:
    """Alarms that are raised or wait to be acknowledged."""
    return {"alarms": [asdict(alarm) for alarm in ask.site.alarms.alarms()]}
