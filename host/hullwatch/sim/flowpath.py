"""One path of a network: its law, whether it is open, and how its size changes in time."""

import math

from hullwatch.sim.gas import Gas
from hullwatch.sim.leaks import LaminarCapillary, Leak, MolecularLeak, Opening, Orifice
from hullwatch.sim.networkspec import PathSpec


class Regulator:
    """A supply regulator of unit area: an orifice that closes as the far side nears set_pa.

    Full open down to droop_pa below; no flow back (not relieving).
    """

    def __init__(self, set_pa: float, droop_pa: float, gas: Gas) -> None:
        self._set_pa = set_pa
        self._droop_pa = droop_pa
        self._flow = Orifice(1.0, gas).molar_flow

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow from the supply in mol/s, >= 0."""
        lift = min((self._set_pa - p_out_pa) / self._droop_pa, 1.0)
        if lift <= 0.0 or p_in_pa <= p_out_pa:
            return 0.0
        return lift * self._flow(p_in_pa, t_in_k, p_out_pa, t_out_k)


class FlowPath:
    """A path as it is from its last change on: all laws are proportional to size.

    ``size`` in the unit of its kind, ``open`` and ``growth_per_s`` may be changed by
    `change`, which says from when on.
    """

    def __init__(self, spec: PathSpec, gas: Gas) -> None:
        self.spec = spec
        self.open = spec.open
        self._size = spec.size
        self._growth_per_s = spec.growth_per_s
        self._since_s = 0.0
        self._unit_flow = _unit_law(spec, gas).molar_flow

    def size_at(self, t_s: float) -> float:
        """Size at ``t_s`` as if open; it grows exponentially."""
        if self._growth_per_s == 0.0:
            return self._size
        return self._size * math.exp(self._growth_per_s * (t_s - self._since_s))

    def change(
        self, t_s: float, opened: bool | None, size: float | None, growth_per_s: float | None
    ) -> None:
        """Be different from ``t_s`` on; None leaves as it is."""
        self._size = self.size_at(t_s) if size is None else size
        self._since_s = t_s
        if opened is not None:
            self.open = opened
        if growth_per_s is not None:
            self._growth_per_s = growth_per_s

    def molar_flow(
        self, t_s: float, p_a_pa: float, t_a_k: float, p_b_pa: float, t_b_k: float
    ) -> float:
        """Flow from the first end to the second, mol/s."""
        size = self.size_at(t_s)
        if not self.open:
            size *= self.spec.seat
        return size * self._unit_flow(p_a_pa, t_a_k, p_b_pa, t_b_k) if size else 0.0


def _unit_law(spec: PathSpec, gas: Gas) -> Leak:
    """The law of that kind at size 1."""
    if spec.kind == "regulator":
        return Regulator(spec.set_pa, spec.droop_pa, gas)
    if spec.kind == "orifice":
        return Orifice(1.0, gas)
    if spec.kind == "laminar":
        return LaminarCapillary(1.0)
    return MolecularLeak(1.0) if spec.kind == "molecular" else Opening(1.0)
