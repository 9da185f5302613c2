"""Valves of a network that a node's outputs drive: each moves the path of its own name."""

from __future__ import annotations

from hullwatch.errors import InputError
from hullwatch.sim.network import Network
from hullwatch.sim.networkspec import NetworkSpec
from hullwatch.sim.plumbing import Pins, PlumbingSpec


def check_wiring(wiring: str, spec: NetworkSpec) -> None:
    """InputError unless every output of the `outputs` setting is a path of the network."""
    names = [path.name for path in spec.paths]
    for row in PlumbingSpec(wiring).rows():
        if row[1] not in names:
            raise InputError(
                f"no path {row[1]!r} for the output of that name", "there are " + ", ".join(names)
            )


class NetworkPins(Pins):
    """As `Pins`; an output that is open opens its path, one that is closed leaves its seat."""

    def __init__(self, wiring: str, network: Network) -> None:
        super().__init__(PlumbingSpec(wiring))
        self._network = network
        self._change(0)

    def _change(self, t_us: int) -> None:
        super()._change(t_us)
        opened = self.opened()
        for row in self._rows:
            if self._network.is_open(row[1]) != (row[1] in opened):
                now_us = max(t_us, self._network.settled_us)  # nodes' clocks differ a little
                self._network.operate(now_us, row[1], row[1] in opened)
