"""The `bench` of a test: starts nodes on a declared bench, and remembers that it is broken."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hullwatch.bench import byname
from hullwatch.bench.simbench import EPOCH_S
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import HullwatchError, InputError
from hullwatch.hil import realstation, simstation
from hullwatch.hil.benchfile import BenchFile
from hullwatch.hil.chamber import lacking
from hullwatch.hil.node import Node
from hullwatch.hil.realnode import RealNode, chosen
from hullwatch.hil.simnode import SimulatedNode
from hullwatch.hil.station import Station
from hullwatch.sim.chamberspec import ChamberSpec

_SEED = 7


class BenchBroken(HullwatchError):
    """The bench itself does not work; the message is the first cause."""


def lacks(declared: BenchFile) -> str:
    """What this machine lacks for a bench: a program, a package, a variable; empty if nothing."""
    for program in declared.needs_programs:
        beside = Path(sys.executable).parent / program
        if not beside.exists() and shutil.which(program) is None:
            return f"the program {program}"
    for package in declared.needs_packages:
        if importlib.util.find_spec(package) is None:
            return f"the Python package {package}"
    for variable in declared.needs_environment:
        if not os.environ.get(variable):
            return f"the environment variable {variable}"
    return ""


class TestBench:
    """The bench of one test. `nodes` are those it has started, `databases` theirs in that order.

    `close` ends them all; simulated time begins at `epoch_s`, UTC.

    ``broken(cause)`` is told when the bench turns out not to work.
    """

    epoch_s = EPOCH_S
    __test__ = False  # pytest takes classes of this name for tests

    def __init__(
        self, declared: BenchFile, folder: Path, name: str, broken: Callable[[str], None]
    ) -> None:
        self.declared = declared
        self.nodes: list[Node] = []
        self.databases: list[Path] = []
        self._folder = folder
        self._name = name
        self._broken = broken
        self._stack = contextlib.ExitStack()

    @property
    def name(self) -> str:
        """As in its file."""
        return self.declared.name

    def can(self, capability: str) -> bool:
        """Whether its file says so."""
        return capability in self.declared.can

    def start(
        self,
        leak_pa_m3_s: float | None = None,
        settings: Mapping[str, object] | None = None,
        **spec: Any,
    ) -> Node:
        """A node that is being logged, freshly started.

        ``leak_pa_m3_s``: the leak of its chamber; a real bench opens the known leak of that size.
        ``settings``: those of the node that matter to the test. ``spec``: fields of
        `bench.spec.BenchSpec`, for benches that can have any chamber; others skip the test.
        """
        node = self._started(leak_pa_m3_s, dict(settings or {}), spec)
        self.nodes.append(node)
        return node

    def station(self, settings: Mapping[str, object] | None = None) -> Station:
        """The sections and hatches of the bench's file, a node in every section being logged.

        ``settings``: those of every node that matter to the test.
        """
        if not self.can("hatches"):
            lacking(self.name, "hatches")
        try:
            station = self._station(dict(settings or {}))
        except InputError:  # the test asks for what cannot be
            raise
        except (HullwatchError, OSError) as error:
            raise self._is_broken(error) from error
        self.nodes += station.nodes.values()
        return station

    def _station(self, settings: dict[str, object]) -> Station:
        if self.declared.kind == "real":
            return realstation.started(self.declared, settings, self._database, self._stack)
        return simstation.started(self.declared, settings, _SEED, self._database, self._stack)

    def _database(self) -> Path:
        """Path of a new database of this test."""
        self._folder.mkdir(parents=True, exist_ok=True)
        number = f"-{len(self.databases) + 1}" if self.databases else ""
        path = self._folder / f"{self._name}{number}.db"
        for old in self._folder.glob(f"{path.name}*"):  # of a run before, with its log
            old.unlink()
        self.databases.append(path)
        return path

    def close(self) -> None:
        """End what was started."""
        self._stack.close()

    def _started(
        self, leak: float | None, settings: dict[str, object], spec: dict[str, Any]
    ) -> Node:
        if self.declared.kind != "real":
            made = self._spec(leak, settings, spec)
            try:
                bench = byname.start(self.declared.kind, made, self.declared.speed, _uf2())
                node = SimulatedNode(self.declared, self._database(), bench, made)
                self._stack.callback(node.close)
                return node
            except InputError:  # the test asks for what cannot be
                raise
            except (HullwatchError, OSError) as error:
                raise self._is_broken(error) from error
        if spec:
            lacking(self.name, f"any_chamber: {', '.join(spec)} cannot be chosen")
        if leak is not None:
            chosen(self.declared, leak, self.declared.port)  # before anything is moved
        try:
            real = RealNode(self.declared, self._database(), settings)
            self._stack.callback(real.close)
            if leak is not None:
                real.chamber.leak(leak)
        except (HullwatchError, OSError) as error:
            raise self._is_broken(error) from error
        return real

    def _spec(self, leak: float | None, settings: dict[str, object], spec: dict[str, Any]) -> Any:
        if leak is not None:
            spec["chamber"] = ChamberSpec(
                **{"seed": _SEED, **spec.get("chamber", {}), "leak_pa_m3_s": leak}
            )
        elif isinstance(spec.get("chamber"), dict):
            spec["chamber"] = ChamberSpec(**{"seed": _SEED, **spec["chamber"]})
        return BenchSpec(**{"seed": _SEED, "extra": settings, **spec})

    def _is_broken(self, error: Exception) -> BenchBroken:
        cause = error.message if isinstance(error, HullwatchError) else str(error)
        self._broken(cause)
        return BenchBroken(f"bench {self.name} is broken: {cause}", getattr(error, "hint", ""))


def _uf2() -> Path | None:
    named = os.environ.get("HULLWATCH_UF2")
    return Path(named) if named else None
