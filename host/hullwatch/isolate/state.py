"""A search as it stands: sections, hatches, probabilities and what was done, for who draws it.

`State` is fed with the search's entries; `StateFile` keeps it on disk after every one of them, so
that another program can read it at any moment: the file is whole, old or new.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from hullwatch.errors import InputError
from hullwatch.isolate.belief import Belief
from hullwatch.isolate.finding import Entry, Finding
from hullwatch.isolate.layout import Layout

SUFFIX = ".isolate.json"
"""Added to the name of the first database searched: where the state lies unless told otherwise."""


class State:
    """What is known of a search; `as_dict` is plain values, times in s of UTC.

    ``sections``: name, volume, node, probability of the leak. ``hatches``: name, the sections they
    join, whether open (None: not known to be), whether trusted to be tight. ``doing``: what is
    waited for. ``steps``: the journal so far. ``finding``: the result without its journal, None
    while it runs; ``ended``: why there is none, when it was cut short.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._probabilities = Belief(layout).probabilities()
        self._open: dict[str, bool | None] = {hatch.name: True for hatch in layout.hatches}
        self._untrusted: set[str] = set()
        self._steps: list[Entry] = []
        self._finding: dict[str, object] | None = None
        self._ended = ""
        self.doing = "all hatches open: the whole"

    def take(self, entry: Entry) -> None:
        """One entry of the journal."""
        self._steps.append(entry)
        step, hatch = entry["step"], str(entry.get("hatch", ""))
        if step == "close":
            self._open[hatch], self.doing = False, f"hatch {hatch} closed"
        elif step == "open":
            self._open[hatch], self.doing = None, f"hatch {hatch} opened: both sides"
        elif step == "check":
            self._open[hatch] = entry["opened"] != "no"
        elif step == "weigh":
            self._probabilities = cast("dict[str, float]", entry["probabilities"])
            self._untrusted = set(cast("list[str]", entry["untrusted"]))
            self.doing = "choosing the next hatch"

    def finish(self, finding: Finding) -> None:
        """The result."""
        self._finding = {k: v for k, v in finding.as_dict().items() if k != "journal"}
        self.doing = ""

    def end(self, why: str) -> None:
        """Cut short; does nothing to a search that has its result."""
        if self._finding is None:
            self._ended, self.doing = why, ""

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        others = dict(self._probabilities)
        sections = [
            {"name": s.name, "volume_m3": s.volume_m3, "node": s.node or None,
             "probability": others.pop(s.name)}
            for s in self._layout.sections
        ]  # fmt: skip
        baseline = next((e for e in self._steps if e["step"] == "baseline"), {})
        return {
            "running": self._finding is None and not self._ended,
            "doing": self.doing,
            "sections": sections,
            "hatches": [
                {"name": h.name, "between": list(h.between), "open": self._open[h.name],
                 "trusted": h.name not in self._untrusted}
                for h in self._layout.hatches
            ],
            "other_probabilities": others,
            "confidence_wanted": self._layout.confidence,
            "rate_pa_m3_s": baseline.get("rate_pa_m3_s"),
            "u95_pa_m3_s": baseline.get("u95_pa_m3_s"),
            "steps": self._steps,
            "finding": self._finding,
            "ended": self._ended,
        }  # fmt: skip


class StateFile:
    """A `State` written to ``path`` as it changes; InputError when it cannot be."""

    def __init__(self, path: Path, state: State) -> None:
        self._path = path
        self.state = state
        self.write()

    def take(self, entry: Entry) -> None:
        """One more entry."""
        self.state.take(entry)
        self.write()

    def write(self) -> None:
        """Put the new state in the place of the old, at once."""
        beside = self._path.with_name(self._path.name + ".new")
        try:
            beside.write_text(json.dumps(self.state.as_dict(), allow_nan=False) + "\n", "utf-8")
            beside.replace(self._path)
        except OSError as error:
            raise InputError(f"{self._path}: {error.strerror}", "choose another --state") from error


def read_state(path: Path) -> dict[str, Any] | None:
    """What a search has written; None where there is no such file. InputError for another file."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}", "is it the state of a search?") from error
    if not isinstance(found, dict) or "sections" not in found:
        raise InputError(f"{path} is no state of a search", "see: hullwatch isolate --help")
    return found
