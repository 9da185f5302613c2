"""The gas in the chamber: molar mass and heat-capacity ratio.

Source: CODATA 2018 (R, exact); molar masses from IUPAC standard atomic weights, dry air
28.9647 g/mol as the U.S. Standard Atmosphere has it; gamma near 293 K from the usual
ideal-gas tables (diatomic 1.40, monatomic 5/3).
"""

from dataclasses import dataclass

from hullwatch.errors import InputError

MOLAR_GAS_CONSTANT = 8.31446261815324
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


_GASES = {
    gas.name: gas
    for gas in (
        Gas("air", 0.0289647, 1.40),
        Gas("nitrogen", 0.0280134, 1.40),
        Gas("helium", 0.004002602, 5.0 / 3.0),
        Gas("argon", 0.039948, 5.0 / 3.0),
    )
}


def gas_named(name: str) -> Gas:
    """The gas of that name; InputError listing the known ones if there is none."""
    try:
        return _GASES[name]
    except KeyError:
        known = ", ".join(sorted(_GASES))
        raise InputError(f"unknown gas {name!r}", f"choose one of {known}") from None
