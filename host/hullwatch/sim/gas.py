"""The gas in the chamber: molar mass and heat-capacity ratio.

R and the molar masses are those of `hullwatch.units`; gamma near 293 K from the usual ideal-gas
tables (diatomic 1.40, monatomic 5/3).
"""

from dataclasses import dataclass

from hullwatch.errors import InputError
from hullwatch.units.constants import R
from hullwatch.units.gases import GASES

MOLAR_GAS_CONSTANT = float(R)
"""R, J/(mol K)."""

REFERENCE_TEMPERATURE_K = 293.15
"""Temperature a leak rate in Pa m3/s is stated at unless a node says otherwise."""


@dataclass(frozen=True, slots=True)
class Gas:
    """An ideal gas: ``molar_mass_kg_mol`` and ``gamma`` = cp/cv (both > 0, gamma > 1)."""

    name: str
    molar_mass_kg_mol: float
    gamma: float

    @property
    def cv_j_mol_k(self) -> float:
        """Molar heat capacity at constant volume, J/(mol K)."""
        return MOLAR_GAS_CONSTANT / (self.gamma - 1.0)


_GAMMA = {"air": 1.40, "nitrogen": 1.40, "helium": 5.0 / 3.0, "argon": 5.0 / 3.0}
_GASES = {name: Gas(name, float(GASES[name].kg_mol), gamma) for name, gamma in _GAMMA.items()}


def gas_named(name: str) -> Gas:
    """The gas of that name; InputError listing the known ones if there is none."""
    try:
        return _GASES[name]
    except KeyError:
        known = ", ".join(sorted(_GASES))
        raise InputError(f"unknown gas {name!r}", f"choose one of {known}") from None
