"""Gas in a volume by the real equation of state: CoolProp, an optional extra.

I. H. Bell et al., Ind. Eng. Chem. Res. 53 (2014) 2498. The pressure is turned into that which an
ideal gas of the same molar density would have at the reference temperature, so that every method
works on it unchanged.
"""

from __future__ import annotations

import importlib

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError, MissingCapability
from hullwatch.units.constants import R

_FLUIDS = {
    "air": "Air", "nitrogen": "Nitrogen", "helium": "Helium", "argon": "Argon",
    "carbon dioxide": "CarbonDioxide",
}  # fmt: skip


def normalised_pa(
    gas: str, pressure_pa: ArrayLike, temperature_k: ArrayLike, t_ref_k: float
) -> Floats:
    """Molar density times R·T_ref, Pa.

    MissingCapability without CoolProp; InputError for a gas it is not asked about, and for states
    outside the equation.
    """
    fluid = _FLUIDS.get(gas)
    if fluid is None:
        raise InputError(f"no equation of state of {gas!r}", f"there are: {', '.join(_FLUIDS)}")
    try:
        properties = importlib.import_module("CoolProp.CoolProp")
    except ImportError as error:
        raise MissingCapability(
            "the real-gas option needs CoolProp", "pip install 'hullwatch[realgas]'"
        ) from error
    try:
        density = properties.PropsSI(
            "Dmolar", "P", np.asarray(pressure_pa, np.float64), "T",
            np.asarray(temperature_k, np.float64), fluid,
        )  # fmt: skip
    except ValueError as error:
        raise InputError(f"{gas} has no such state", "absolute pressure and temperature") from error
    found: Floats = np.asarray(density, np.float64) * float(R) * t_ref_k
    if not np.isfinite(found).all():
        raise InputError(f"{gas} has no such state", "absolute pressure and temperature")
    return found
