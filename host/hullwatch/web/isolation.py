"""The search for the leaking section, as `hullwatch isolate` keeps it beside the database."""

from __future__ import annotations

from typing import Any

from hullwatch.isolate.state import read_state
from hullwatch.web.ask import Ask


def state(ask: Ask) -> dict[str, Any]:
    """How the search stands; `search` is null where there was none."""
    return {"search": read_state(ask.site.isolation)}
