"""Where a sensor is put into a network, and what that section really lost."""

from collections.abc import Iterable

from hullwatch.errors import InputError
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT
from hullwatch.sim.network import Network
from hullwatch.sim.networkspec import NetworkSpec


def outside_of(spec: NetworkSpec, section: str) -> str:
    """The boundary a section's leaks end at: the first one that a path of it names.

    Else "outside", else the first there is; InputError without any.
    """
    names = [boundary.name for boundary in spec.boundaries]
    if not names:
        raise InputError("nothing is outside of the sections", "add a [[boundary]]")
    for path in spec.paths:
        if section in path.ends and path.kind != "regulator":
            for end in path.ends:
                if end in names:
                    return end
    return "outside" if "outside" in names else names[0]


class SectionPort:
    """A sensor in a section: absolute pressure, and what is outside of it for a gauge chip.

    ``outside`` is the boundary its other side is open to.
    """

    def __init__(self, network: Network, section: str, outside: str = "outside") -> None:
        self._network = network
        self._section = section
        self._outside = outside

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Pressure (Pa) and probe temperature (K) at ``t_us``."""
        state = self._network.section(self._section, t_us)
        return state.pressure_pa, state.probe_k

    def outside_pa(self, t_us: int) -> float:
        """Pressure of the outside (Pa) at ``t_us``."""
        return self._network.boundary_pa(self._outside, t_us)


class DifferentialPort:
    """A differential sensor between a section and a reference chamber."""

    def __init__(self, network: Network, section: str, reference: str) -> None:
        self._network = network
        self._section = section
        self._reference = reference

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Pressure above the reference (Pa), temperature of the section's probe (K)."""
        state = self._network.section(self._section, t_us)
        reference = self._network.section(self._reference, t_us)
        return state.pressure_pa - reference.pressure_pa, state.probe_k


def leak_of(section: str) -> str:
    """Name of the path that is the leak of a section."""
    return f"leak-{section}"


class SectionLeak:
    """The leak of a section: its path of the name `leak_of` gives, from the section outwards.

    ``t_ref_k``: the temperature leak rates are stated at.
    """

    def __init__(self, network: Network, section: str, t_ref_k: float) -> None:
        self._network = network
        self._path = leak_of(section)
        self._t_ref_k = t_ref_k

    def set_leak(self, t_us: int, leak_pa_m3_s: float) -> None:
        """As `Chamber.set_leak`; at once where the network was changed after ``t_us``.

        InputError when there is no such path, or the pressures cannot drive it.
        """
        if self._path not in {path.name for path in self._network.spec.paths}:
            raise InputError(f"no path {self._path!r} that could leak", "add it to the network")
        t_us = max(t_us, self._network.settled_us)  # nodes' clocks differ a little
        mol_s = leak_pa_m3_s / (MOLAR_GAS_CONSTANT * self._t_ref_k)
        self._network.pass_flow(t_us, self._path, mol_s)


class SectionLoss:
    """What a section has lost, as `truth.ChamberTruth` wants it.

    ``paths``: those that count, such as the part's own leak; None is every path of the
    section. Gas from the walls is no negative leak and never counts.
    """

    def __init__(self, network: Network, section: str, paths: Iterable[str] | None = None) -> None:
        self._network = network
        self._signed = tuple(
            (path.name, 1.0 if path.ends[0] == section else -1.0)
            for path in network.spec.paths
            if section in path.ends and (paths is None or path.name in set(paths))
        )

    def lost_mol(self, t_us: int) -> float:
        """Amount that left from the start to ``t_us``, mol."""
        return sum(sign * self._network.moved_mol(path, t_us) for path, sign in self._signed)
