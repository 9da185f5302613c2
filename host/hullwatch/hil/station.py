"""Several nodes in sections joined by hatches: the `bench.station` of a test, on any bench."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hullwatch.bench import turns

if TYPE_CHECKING:
    from hullwatch.hil.node import Node
    from hullwatch.isolate.layout import Layout


def _unseen(_utc_s: float) -> None:
    """Nobody watches the progress."""


class Station:
    """Sections, their nodes and hatches; every hatch is open at first.

    ``layout``: sections with volumes and the ids of their nodes, and hatches, as
    `hullwatch isolate` takes them. ``nodes``: by section; each logs into a database of its own.
    ``with_leaks``: the sections in which a known leak can be opened, with
    `nodes[section].chamber.leak`.
    """

    def __init__(
        self, layout: Layout, nodes: Mapping[str, Node], with_leaks: tuple[str, ...],
        move: Callable[[str, bool], None], step_s: float,
    ) -> None:  # fmt: skip
        self.nodes = dict(nodes)
        self.with_leaks = with_leaks
        self._move = move
        self._step_s = step_s
        self.layout = dataclasses.replace(
            layout,
            sections=tuple(
                dataclasses.replace(section, node=self.nodes[section.name].boot().node)
                for section in layout.sections
            ),
        )

    @property
    def uids(self) -> dict[str, str]:
        """Id of the node in each section, as the databases have it."""
        return {section.name: section.node for section in self.layout.sections}

    def utc_s(self) -> float:
        """UTC by the clocks of the nodes' benches."""
        return max(node.bench.utc_s() for node in self.nodes.values())

    def run_until(self, utc_s: float, progress: Callable[[float], None] = _unseen) -> None:
        """Log every node up to that time, and commit what came."""
        turns.run_until(self.nodes.values(), utc_s, self._step_s, progress)
        for node in self.nodes.values():
            node.logger.finish()

    def run(self, seconds: float) -> None:
        """Log every node for so long."""
        self.run_until(self.utc_s() + seconds)

    def operate(self, hatch: str, opened: bool) -> None:
        """Open or close a hatch; returns when it is done. KeyError for none of that name.

        SwitchFailed where a real one does not move.
        """
        if hatch not in {row.name for row in self.layout.hatches}:
            raise KeyError(hatch)
        self._move(hatch, opened)
