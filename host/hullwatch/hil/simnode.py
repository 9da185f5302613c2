"""A node on a simulated or emulated bench."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hullwatch.bench.base import Simulation
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import WrongDevice
from hullwatch.hil.benchfile import BenchFile
from hullwatch.hil.chamber import SimulatedChamber
from hullwatch.hil.node import COMMIT_S, Node
from hullwatch.ingest.logger import Logger
from hullwatch.transport.port import Port


class SimulatedNode(Node):
    """See `Node`. The bench is another one for every test."""

    bench: Simulation

    def __init__(self, declared: BenchFile, path: Path, bench: Simulation, spec: BenchSpec) -> None:
        super().__init__(declared, path)
        self.bench = bench
        self.spec = spec
        address = spec.node_settings()["address"]
        assert isinstance(address, int)
        self.chamber = SimulatedChamber(self, address)
        self.port: Port = bench.open_port()
        self._logger = self.log()

    @property
    def logger(self) -> Logger:
        """The present logger."""
        return self._logger

    def log(self, **options: Any) -> Logger:
        """A new logger on the same port; it and the one before know nothing of each other."""
        session = random.randrange(1, 0x10000)
        self._logger = Logger(
            self.port, self.store, self.bench, session, self.events.append, COMMIT_S, **options
        )
        return self._logger

    def step(self, seconds: float | None = None) -> None:
        """One step of the logger; where no node answers, another one tries again."""
        try:
            self._logger.step(self.declared.step_s if seconds is None else seconds)
        except WrongDevice:  # eight seconds of a scaled clock are soon over
            self.log()

    def write(self, data: bytes) -> None:
        """To the console."""
        self.port.write(data)

    def away(self, seconds: float) -> None:
        """Nobody holds the port, and what the node sends is gone."""
        self.port.close()
        self.bench.elapse(seconds)
        self.port = self.bench.open_port()
        self.log()

    def close(self) -> None:
        """Stop the bench."""
        self.port.close()
        self.store.close()
        self.bench.close()
