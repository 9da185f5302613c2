"""The search for the leaking section, as its journal tells it."""

from __future__ import annotations

import json
from typing import Any

from hullwatch.errors import InputError
from hullwatch.web.ask import Ask

_MOST_BYTES = 4_000_000


def state(ask: Ask) -> dict[str, Any]:
    """What the journal of `hullwatch isolate` holds now; `search` is null without one."""
    path = ask.site.journal
    if path is None:
        return {"search": None, "reason": "this server was given no --journal"}
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {"search": None, "reason": "the journal is too large to be one"}
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {"search": None, "reason": "no search has begun"}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", "is it the journal of hullwatch isolate?") from error
    return {"search": found, "reason": ""}
