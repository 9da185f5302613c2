"""Bench files: TOML that says what a bench is and can do, every mistake told in one line.

A simulated bench:

    name = "sim"
    kind = "sim"
    step_s = 0.5
    capabilities = ["leak", "truth", "power_cut"]

`host/docs/bench.md` shows a real one. Whatever a file declares is checked before anything starts.
"""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import hullwatch
from hullwatch import tomlrows
from hullwatch.errors import InputError
from hullwatch.hil import stationfile
from hullwatch.hil.capabilities import (
    ACTUATED,
    MEANINGS,
    OF_KNOWN_LEAKS,
    OF_SECTIONS,
    POSSIBLE,
)
from hullwatch.hil.stationfile import HatchRow, SectionRow

_PAGE: Final = "host/docs/bench.md explains bench files"


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """Something with two positions: two commands, or an output of a second node.

    ``on``, ``off``: program and arguments, exit code 0 when done. ``node``: port of the second node
    (USB serial number, path or URL), ``output``: the name of its output. ``settle_s``: how long it
    takes until the position is reached. ``longest_s``: how long a second node keeps it on when
    nobody says anything more; it goes off by itself.
    """

    name: str
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    node: str = ""
    output: str = ""
    settle_s: float = 0.5
    longest_s: float = 600.0


@dataclass(frozen=True, slots=True)
class LeakRow:
    """A calibrated leak that a switch opens: Pa·m³/s at the node's reference temperature.

    ``u95_pa_m3_s``: half-width of its 95 % interval, from the certificate. ``section``: where it
    is, if not in the chamber of the bench's own node.
    """

    name: str
    switch: str
    pa_m3_s: float
    u95_pa_m3_s: float
    certificate: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class ActuatorRow:
    """Which switch serves a capability. ``off_s``: how long a cut lasts, s."""

    capability: str
    switch: str
    off_s: float = 2.0


@dataclass(frozen=True, slots=True)
class BenchFile:
    """One bench.

    ``speed``: of the node's clock against the wall's (`mpy`). ``step_s``: longest step of the
    logging loop. ``port``: of a real node, as `hullwatch log` takes it. ``sections``, ``hatches``:
    of a station, which `hullwatch.hil.stationfile` explains. ``needs_…``: programs,
    Python packages and environment variables without which this machine cannot offer the bench.
    ``source``, ``sha256``: path and hash of the file it was read from.
    """

    name: str
    kind: str
    capabilities: tuple[str, ...] = ()
    speed: float = 1.0
    step_s: float = 0.2
    port: str = ""
    needs_programs: tuple[str, ...] = ()
    needs_packages: tuple[str, ...] = ()
    needs_environment: tuple[str, ...] = ()
    switches: tuple[SwitchRow, ...] = ()
    leaks: tuple[LeakRow, ...] = ()
    actuators: tuple[ActuatorRow, ...] = ()
    sections: tuple[SectionRow, ...] = ()
    hatches: tuple[HatchRow, ...] = ()
    source: str = field(init=False, default="")
    sha256: str = field(init=False, default="")

    @property
    def can(self) -> frozenset[str]:
        """All capabilities: those declared, and those of switches, known leaks and sections."""
        found = {*self.capabilities, *(row.capability for row in self.actuators)}
        found |= set(OF_SECTIONS if self.sections else ())
        return frozenset(found | set(OF_KNOWN_LEAKS if self.leaks else ()))

    def leaks_at(self, port: str) -> tuple[LeakRow, ...]:
        """Known leaks in the chamber or section of the node on a port."""
        ports = {row.name: row.port for row in self.sections}
        return tuple(row for row in self.leaks if ports.get(row.section, self.port) == port)

    def switch(self, name: str) -> SwitchRow:
        """The switch of that name."""
        return next(row for row in self.switches if row.name == name)


_TABLES: Final[dict[str, tuple[str, type]]] = {
    "switch": ("switches", SwitchRow),
    "leak": ("leaks", LeakRow),
    "actuator": ("actuators", ActuatorRow),
    "section": ("sections", SectionRow),
    "hatch": ("hatches", HatchRow),
}


def load(path: Path) -> BenchFile:
    """Read and check a bench file; InputError names the file and what is wrong."""
    data = tomlrows.read_toml(path, "bench", _PAGE)
    bench = tomlrows.nested(BenchFile, data, _TABLES, str(path))
    object.__setattr__(bench, "source", str(path))
    object.__setattr__(bench, "sha256", hashlib.sha256(path.read_bytes()).hexdigest())
    try:
        _check(bench)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", error.hint) from error
    return bench


def supplied() -> Path:
    """Folder of the benches that come with Hullwatch, in a wheel or in a checkout."""
    in_wheel = Path(hullwatch.__file__).parent / "hil" / "benches"
    return in_wheel if in_wheel.is_dir() else Path(__file__).parents[3] / "hil_tests" / "benches"


def find(wanted: str, folders: list[Path]) -> Path:
    """The file of a bench: a path that ends in .toml, or a name looked for in `folders`."""
    if wanted.endswith(".toml"):
        return Path(wanted)
    known: dict[str, Path] = {}
    for folder in [*folders, supplied()]:
        for path in sorted(folder.glob("*.toml")):
            known.setdefault(path.stem, path)
    if wanted not in known:
        raise InputError(f"no bench {wanted!r}", "there are " + ", ".join(sorted(known)))
    return known[wanted]


def _check(bench: BenchFile) -> None:
    if bench.kind not in POSSIBLE:
        raise InputError(f"unknown kind {bench.kind!r}", _one_of(bench.kind, POSSIBLE))
    for capability in bench.capabilities:
        _check_capability(bench, capability)
    for value, name in ((bench.speed, "speed"), (bench.step_s, "step_s")):
        if not 0.001 <= value <= 1000.0:
            raise InputError(f"{name} {value:g} is outside 0.001 to 1000", _PAGE)
    if bench.sections or bench.hatches:
        _check_capability(bench, *OF_SECTIONS)
        stationfile.layout(bench.sections, bench.hatches)
    if bench.kind == "real":
        _check_real(bench)
        return
    stationfile.check_simulated(bench.sections, bench.hatches)
    if bench.port or bench.switches or bench.leaks or bench.actuators:
        raise InputError(
            f"port, switch, leak and actuator do not belong to a bench of kind {bench.kind}",
            'a bench with a board on it has kind = "real"',
        )


def _check_capability(bench: BenchFile, capability: str) -> None:
    if capability not in MEANINGS:
        raise InputError(f"unknown capability {capability!r}", _one_of(capability, MEANINGS))
    if capability not in POSSIBLE[bench.kind]:
        raise InputError(
            f"a bench of kind {bench.kind} cannot have the capability {capability}",
            "it can have " + ", ".join(sorted(POSSIBLE[bench.kind])),
        )
    if capability in OF_SECTIONS and not (bench.sections and bench.hatches):
        raise InputError(
            f"{capability} needs sections and what joins them", "add [[section]] and [[hatch]]"
        )
    if bench.kind != "real":
        return
    if capability in ACTUATED and capability not in [row.capability for row in bench.actuators]:
        raise InputError(
            f"{capability} has no actuator",
            f'add [[actuator]] capability = "{capability}", switch = "…"',
        )
    if capability in OF_KNOWN_LEAKS and not bench.leaks:
        raise InputError(f"{capability} needs a known leak", "add a [[leak]] from its certificate")


def _check_real(bench: BenchFile) -> None:
    if not bench.port:
        raise InputError("a real bench needs a port", "USB serial number, path or URL of the node")
    if bench.speed != 1.0:
        raise InputError("a real bench has no speed", "leave it away")
    names = [row.name for row in bench.switches]
    logged = {bench.port, *(row.port for row in bench.sections)}
    for row in bench.switches:
        _check_switch(row, names)
        if row.node and row.node in logged:
            raise InputError(
                f"switch {row.name}: the node {row.node} is a measuring one",
                "a node that is being logged moves nothing: use a second one",
            )
    _check_station(bench, names)
    for leak in bench.leaks:
        _known_switch(f"leak {leak.name}", leak.switch, names)
        if not (leak.pa_m3_s > 0.0 and 0.0 <= leak.u95_pa_m3_s < leak.pa_m3_s):
            raise InputError(
                f"leak {leak.name}: {leak.pa_m3_s:g} ± {leak.u95_pa_m3_s:g} Pa·m³/s is no leak",
                "a positive value, and an uncertainty below it",
            )
    served = [row.capability for row in bench.actuators]
    for actuator in bench.actuators:
        if actuator.capability not in ACTUATED:
            raise InputError(
                f"actuator for {actuator.capability!r}: none of that name takes one",
                _one_of(actuator.capability, ACTUATED),
            )
        if served.count(actuator.capability) > 1:
            raise InputError(f"two actuators for {actuator.capability}", "name one")
        _known_switch(f"actuator for {actuator.capability}", actuator.switch, names)


def _check_station(bench: BenchFile, switches: list[str]) -> None:
    stationfile.check_real(bench.sections, bench.hatches)
    others = {row.switch: f"leak {row.name}" for row in bench.leaks}
    others |= {row.switch: f"actuator for {row.capability}" for row in bench.actuators}
    for hatch in bench.hatches:
        _known_switch(f"hatch {hatch.name}", hatch.switch, switches)
        if hatch.switch in others:
            raise InputError(
                f"switch {hatch.switch} moves hatch {hatch.name} and {others[hatch.switch]}",
                "every hatch needs its own",
            )
    sections = [row.name for row in bench.sections]
    for leak in bench.leaks:
        if leak.section and leak.section not in sections:
            raise InputError(
                f"leak {leak.name}: no section {leak.section!r}", _one_of(leak.section, sections)
            )


def _check_switch(row: SwitchRow, names: list[str]) -> None:
    if names.count(row.name) > 1:
        raise InputError(f"two switches of the name {row.name!r}", "every switch needs its own")
    commands, output = bool(row.on and row.off), bool(row.node and row.output)
    if commands == output or (output and (row.on or row.off)):
        raise InputError(
            f"switch {row.name}: needs two commands (on, off) or a second node (node, output)",
            'such as on = ["uhubctl", "-l", "1-1", "-a", "on"]',
        )


def _known_switch(what: str, switch: str, names: list[str]) -> None:
    if switch not in names:
        raise InputError(f"{what}: no switch {switch!r}", _one_of(switch, names))


def _one_of(wanted: str, known: object) -> str:
    names = sorted(known)  # type: ignore[call-overload]
    close = difflib.get_close_matches(wanted, names, 1)
    return f"did you mean {close[0]}?" if close else "there are " + (", ".join(names) or "none")
