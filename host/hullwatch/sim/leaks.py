"""Leaks: molar flow through a hole or a capillary, either way.

Every leak has ``molar_flow(p_in_pa, t_in_k, p_out_pa, t_out_k)`` in mol/s, positive when
gas leaves the chamber. The upstream side sets density and temperature.

Orifice: isentropic nozzle flow times a discharge coefficient, choked below the critical
pressure ratio (Perry's Chemical Engineers' Handbook, section 10, critical flow nozzle).
Laminar capillary: Hagen-Poiseuille with ideal-gas density, proportional to the difference
of the squared pressures; the viscosity's own temperature dependence is left out.
Molecular: free molecular flow, each side sending its own share (Knudsen).
"""

import math
from typing import Protocol

from hullwatch.errors import InputError
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT, Gas

LEAK_KINDS = ("orifice", "laminar")

# Below 0.1 % pressure difference the flow is taken proportional to the difference. A real
# hole turns laminar there, and the square-root law has an infinite slope at zero, which no
# time step could follow.
_LINEAR_RATIO = 0.999


class Leak(Protocol):
    """A path between the chamber and the outside."""

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow out of the chamber in mol/s, negative when gas comes in."""
        ...


class Orifice:
    """A sharp-edged hole of effective area ``cd_area_m2`` (discharge coefficient x area)."""

    def __init__(self, cd_area_m2: float, gas: Gas) -> None:
        self.cd_area_m2 = cd_area_m2
        gamma = gas.gamma
        self._per_root_k = cd_area_m2 / math.sqrt(gas.molar_mass_kg_mol * MOLAR_GAS_CONSTANT)
        self.critical_ratio: float = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
        self._choked: float = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** (
            (gamma + 1.0) / (2.0 * (gamma - 1.0))
        )
        self._factor = 2.0 * gamma / (gamma - 1.0)
        self._power_low = 2.0 / gamma
        self._power_high = (gamma + 1.0) / gamma
        self._linear_slope = self._subsonic(_LINEAR_RATIO) / (1.0 - _LINEAR_RATIO)

    def _subsonic(self, ratio: float) -> float:
        return math.sqrt(self._factor * (ratio**self._power_low - ratio**self._power_high))

    def flow_function(self, ratio: float) -> float:
        """Dimensionless flow at downstream/upstream pressure ``ratio`` in 0..1."""
        if ratio <= self.critical_ratio:
            return self._choked
        if ratio > _LINEAR_RATIO:
            return self._linear_slope * (1.0 - ratio)
        return self._subsonic(ratio)

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow out of the chamber in mol/s; see the module for the law."""
        if p_in_pa >= p_out_pa:
            if p_in_pa <= 0.0:
                return 0.0
            ratio = p_out_pa / p_in_pa
            return self._per_root_k * p_in_pa / math.sqrt(t_in_k) * self.flow_function(ratio)
        ratio = p_in_pa / p_out_pa
        return -self._per_root_k * p_out_pa / math.sqrt(t_out_k) * self.flow_function(ratio)

    def diameter_m(self, discharge_coefficient: float) -> float:
        """Diameter of the round hole with that discharge coefficient (0..1]."""
        return math.sqrt(4.0 * self.cd_area_m2 / (discharge_coefficient * math.pi))


class LaminarCapillary:
    """A long thin channel: flow = k (p_in^2 - p_out^2) / (R T), ``k`` in m3/(Pa s)."""

    def __init__(self, k_m3_pa_s: float) -> None:
        self.k_m3_pa_s = k_m3_pa_s

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow out of the chamber in mol/s; see the module for the law."""
        upstream_k = t_in_k if p_in_pa >= p_out_pa else t_out_k
        drive_pa2 = p_in_pa * p_in_pa - p_out_pa * p_out_pa
        return self.k_m3_pa_s * drive_pa2 / (MOLAR_GAS_CONSTANT * upstream_k)


class MolecularLeak:
    """Channels narrower than the free path: k (p_in/sqrt(T_in) - p_out/sqrt(T_out)).

    ``k_mol_rootk_pa_s`` in mol K^0.5/(Pa s).
    """

    def __init__(self, k_mol_rootk_pa_s: float) -> None:
        self.k_mol_rootk_pa_s = k_mol_rootk_pa_s

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow out of the chamber in mol/s; see the class for the law."""
        return self.k_mol_rootk_pa_s * (p_in_pa / math.sqrt(t_in_k) - p_out_pa / math.sqrt(t_out_k))


class Opening:
    """A wide passage told by its conductance: flow = C (p_in - p_out)/(R T), C in m3/s."""

    def __init__(self, conductance_m3_s: float) -> None:
        self.conductance_m3_s = conductance_m3_s

    def molar_flow(self, p_in_pa: float, t_in_k: float, p_out_pa: float, t_out_k: float) -> float:
        """Flow out of the chamber in mol/s; see the class for the law."""
        upstream_k = t_in_k if p_in_pa >= p_out_pa else t_out_k
        drive_pa = p_in_pa - p_out_pa
        return self.conductance_m3_s * drive_pa / (MOLAR_GAS_CONSTANT * upstream_k)


def sized_leak(
    kind: str,
    gas: Gas,
    flow_mol_s: float,
    p_in_pa: float,
    t_in_k: float,
    p_out_pa: float,
    t_out_k: float,
) -> Leak:
    """The leak of that kind that passes exactly ``flow_mol_s`` between the two states.

    Both laws are proportional to their size, so one division solves it. InputError when
    the kind is unknown or the pressures cannot drive a flow of that sign.
    """
    if kind not in LEAK_KINDS:
        raise InputError(f"unknown leak kind {kind!r}", "choose one of " + ", ".join(LEAK_KINDS))
    unit: Leak = Orifice(1.0, gas) if kind == "orifice" else LaminarCapillary(1.0)
    unit_flow = unit.molar_flow(p_in_pa, t_in_k, p_out_pa, t_out_k)
    if flow_mol_s != 0.0 and flow_mol_s * unit_flow <= 0.0:
        way = "out of" if flow_mol_s > 0.0 else "into"
        raise InputError(
            f"no gas can leak {way} a chamber at {p_in_pa:g} Pa with {p_out_pa:g} Pa outside",
            "a positive leak needs more pressure inside than outside; leak 0 needs neither",
        )
    size = flow_mol_s / unit_flow if flow_mol_s != 0.0 else 0.0
    return Orifice(size, gas) if kind == "orifice" else LaminarCapillary(size)
