"""Bench `sim`: the node on CPython in this process, in virtual time.

The port's `read` lets virtual time pass until the node has sent something, so whoever drives the
port drives the simulation, and weeks pass in minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from hullwatch.bench.spec import BenchSpec, World
from hullwatch.sim.board import SimBoard, VirtualClock
from hullwatch.sim.firmware import save_config, start_node
from hullwatch.sim.flashfiles import FlashFiles, PowerCut
from hullwatch.sim.network import Network

_LINK_MOST_US = 1_000_000
"""Input wakes the node at once: a slow one looks at a silent wire as seldom as it has telemetry."""

EPOCH_S = 1_767_225_600.0
"""Virtual time 0 is, unless told otherwise, 2026-01-01T00:00:00Z, so runs repeat to the byte."""


class SimBench:
    """See `bench.base.Bench`. The node is restarted when it asks for it.

    ``network``: shared with the nodes in its other sections. ``begin_utc_s``: UTC of virtual
    time 0.
    """

    name = "sim"

    def __init__(
        self, spec: BenchSpec, network: Network | None = None, begin_utc_s: float = EPOCH_S
    ) -> None:
        spec.check()
        self._begin_utc_s = begin_utc_s
        self._folder = tempfile.TemporaryDirectory(prefix="hullwatch-sim-")
        settings = spec.node_settings()
        save_config(Path(self._folder.name), settings)
        period_us = settings["period_us"]
        assert isinstance(period_us, int)
        self._link_us = min(max(SimBoard.link_us, period_us // 10), _LINK_MOST_US)
        self.clock = VirtualClock()
        self.world = World(spec, self.clock.now_us, network)
        self._spec = spec
        self.files = FlashFiles(spec.flash_blocks)
        self.boot_us = 0
        self._boot()

    def _boot(self) -> None:
        self.boot_us = self.clock.us
        folder = Path(self._folder.name)
        spec = self._spec
        self.board = SimBoard(
            self.clock, self.world.bus, folder, self.files, spec.seed, spec.ticks_at_boot_us,
            self.world.pins, self.world.wire,
        )  # fmt: skip
        self.board.link_us = self._link_us
        self.board.outputs_safe()  # as main.py
        self.node = start_node(self.board)

    def power_cut(self) -> None:
        """Off and on again: what was not on the flash is gone."""
        self.files.power_on()
        self._boot()

    def run_until(self, end_us: int) -> None:
        """Let the node run until it has sent something or virtual time has reached `end_us`."""
        clock = self.clock
        to_host = self.board.console.to_host
        while not to_host:
            try:
                wait = self.node.poll()
                if self.node.restart and not to_host:
                    self.node.stop()
                    self._boot()
                    return
            except PowerCut:
                self.power_cut()
                return
            if to_host:
                return
            now = clock.us
            if now >= end_us:
                return
            clock.us = min(now + (wait if wait > 0 else 1), end_us)

    def elapse(self, seconds: float) -> None:
        """Let virtual time pass while nobody reads."""
        end_us = self.clock.us + round(seconds * 1e6)
        while self.clock.us < end_us:
            self.run_until(end_us)
            self.board.console.to_host.clear()

    def act(self, deed: Callable[[int], None]) -> None:
        """Do something to the world now."""
        deed(self.clock.us)

    def open_port(self) -> SimPort:
        """A connection to the node's console."""
        return SimPort(self)

    def now_s(self) -> float:
        """Virtual seconds."""
        return self.clock.us / 1e6

    def utc_s(self) -> float:
        """UTC of virtual time."""
        return self._begin_utc_s + self.clock.us / 1e6

    def truth_pa_m3_s(self, first_ms: int, last_ms: int) -> float | None:
        """True mean loss between two device times."""
        zero = self.boot_us
        return self.world.truth.mean_loss_pa_m3_s(zero + first_ms * 1000, zero + last_ms * 1000)

    def close(self) -> None:
        """Remove the node's files."""
        self._folder.cleanup()


class SimPort:
    """The console of the simulated node; reading lets virtual time pass."""

    name = "sim"

    def __init__(self, bench: SimBench) -> None:
        self._bench = bench

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the node, after at most `timeout_s` of virtual time."""
        self._bench.run_until(self._bench.clock.us + int(timeout_s * 1e6))
        to_host = self._bench.board.console.to_host
        data = bytes(to_host)
        to_host.clear()
        return data

    def write(self, data: bytes) -> None:
        """Bytes to the node."""
        self._bench.board.console.put(data)

    def close(self) -> None:
        """Nothing to free."""
