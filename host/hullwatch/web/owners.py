"""The programs that hold ports and log into this database, asked through their control sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullwatch.control import requests
from hullwatch.control.client import call
from hullwatch.control.registry import Holder, holders
from hullwatch.control.wire import Message
from hullwatch.errors import HullwatchError, OwnerGone
from hullwatch.ingest.testorders import answer_data, order
from hullwatch.link import messages as m

STATE_S = 2.0
"""How long a look at an owner may take."""

ORDER_S = 20.0
"""How long an order may take, the node's own answer included."""


@dataclass(frozen=True, slots=True)
class Held:
    """A node that is logged now: `state` is what its owner says of it."""

    node: str
    holder: Holder
    state: dict[str, Any]


class Owners:
    """Finds the owner of a node. `held`: who holds ports; the registry unless a test says."""

    def __init__(self, database: Path, held: Callable[[], Iterable[Holder]] = holders) -> None:
        self._database = database.resolve()
        self._held = held

    def nodes(self) -> dict[str, Held]:
        """Every node that is logged into the database now; an owner that is silent has none."""
        found = {}
        for holder in self._writers():
            try:
                state = self.ask(holder, {"do": requests.STATUS}, STATE_S)
            except HullwatchError:
                continue
            node = str(state.get("node", ""))
            if node:
                found[node] = Held(node, holder, state)
        return found

    def of(self, node: str) -> Held:
        """The owner of a node; OwnerGone when nobody logs it."""
        known = self.nodes().get(node)
        if known is None:
            raise OwnerGone(
                f"nobody logs node {node} into this database now", "start hullwatch log"
            )
        return known

    def writer(self) -> Holder:
        """Any program that writes the database; OwnerGone when there is none."""
        for holder in self._writers():
            return holder
        raise OwnerGone("nobody writes this database now", "start hullwatch log")

    def ask(self, holder: Holder, request: Message, timeout_s: float = ORDER_S) -> Message:
        """One request; what the owner raises, OwnerGone, OwnerSilent."""
        return call(holder.control, {**request, "port": holder.port}, timeout_s)

    def _writers(self) -> list[Holder]:
        return [
            holder
            for holder in self._held()
            if holder.control
            and holder.database
            and Path(holder.database).resolve() == self._database
        ]


class NodeAsker:
    """A node's commands about tests, through its owner; see `hullwatch.leaktest.follow.Asker`."""

    def __init__(self, owners: Owners, held: Held, timeout_s: float = ORDER_S) -> None:
        self._owners = owners
        self._held = held
        self._timeout_s = timeout_s

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        """Data of the answer; Refused, Unanswered, ControlError."""
        request = order(message, payload)
        return answer_data(self._owners.ask(self._held.holder, request, self._timeout_s))

    def settings(self) -> dict[str, str]:
        """The node's settings as texts."""
        answer = self._owners.ask(self._held.holder, {"do": requests.CONFIG_SHOW})
        return {str(key): str(value) for key, value in answer["settings"].items()}
