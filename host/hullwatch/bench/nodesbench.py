"""Several simulated nodes in one network, each logged into the same database, in virtual time.

Every node has a virtual clock of its own; `turns` keeps them together, so no two differ by more
than a short step when a hatch is operated.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hullwatch.bench import turns
from hullwatch.bench.simbench import EPOCH_S, SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.dialogue import new_session
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Event
from hullwatch.sim.network import Network
from hullwatch.sim.networkspec import NetworkSpec
from hullwatch.store import Store

COMMIT_S = 5.0
_STEP_S = 2.0


class _Node:
    """One bench with its logger."""

    def __init__(self, spec: BenchSpec, network: Network, store: Store) -> None:
        self.bench = SimBench(spec, network)
        self.port = self.bench.open_port()
        self.logger = Logger(self.port, store, self.bench, new_session(), _ignore, COMMIT_S)

    def step(self, seconds: float) -> None:
        self.logger.step(seconds)

    def close(self) -> None:
        self.logger.finish()
        self.port.close()
        self.bench.close()


class NodesBench:
    """``sections`` each get a node; `uids` tells whose id is where. Close it."""

    def __init__(
        self, spec: NetworkSpec, sections: list[str], store: Store, seed: int,
        **rest: object,
    ) -> None:  # fmt: skip
        self.network = Network(spec)
        self._now_us = 0
        with contextlib.ExitStack() as stack:
            self._nodes: dict[str, _Node] = {}
            for at, name in enumerate(sections):
                one = BenchSpec.in_network(spec, name, seed=1000 * seed + at, **rest)
                self._nodes[name] = node = _Node(one, self.network, store)
                stack.callback(node.close)
            self._stack = stack.pop_all()

    @property
    def uids(self) -> dict[str, str]:
        """Id of the node in each section, as the database has it."""
        return {name: node.bench.board.uid.hex() for name, node in self._nodes.items()}

    def utc_s(self) -> float:
        """UTC of virtual time."""
        return EPOCH_S + self._now_us / 1e6

    def run_until(
        self, utc_s: float, progress: Callable[[float], None] = lambda _utc_s: None
    ) -> None:
        """Let every node run and be logged up to that time."""
        turns.run_until(self._nodes.values(), utc_s, _STEP_S, progress)
        self._now_us = max(self._now_us, round((utc_s - EPOCH_S) * 1e6))

    def operate(self, path: str, opened: bool) -> None:
        """Open or close a path now; KeyError for none."""
        # a node may have overrun by what one of its calls blocks: nobody's past is changed
        self._now_us = max([self._now_us, *(n.bench.clock.us for n in self._nodes.values())])
        self.network.operate(self._now_us, path, opened)

    def close(self) -> None:
        """Store what is left, stop the nodes, free everything."""
        self._stack.close()


def _ignore(_event: Event) -> None:
    pass
