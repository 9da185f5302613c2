"""Vacuum-side leak check of a closed volume: 40 CFR 1065.644."""

from __future__ import annotations

from dataclasses import dataclass

from hullwatch.errors import InputError
from hullwatch.units.constants import R


@dataclass(frozen=True)
class State:
    """The gas of the volume at one moment: absolute pressure, temperature, time."""

    pressure_pa: float
    temperature_k: float
    time_s: float

    def __post_init__(self) -> None:
        if not (self.pressure_pa >= 0 and self.temperature_k > 0):
            raise InputError("a pressure or temperature is not positive", "absolute: Pa and K")


def inward_leak_mol_s(
    volume_m3: float, start: State, end: State, r_j_mol_k: float = float(R)
) -> float:
    """V/R · (p₂/T₂ − p₁/T₁)/(t₂ − t₁): gas entering the volume, mol/s.

    Positive inwards, as in the regulation: the negative of this project's leak rate. InputError
    for a volume or a time span that is not positive.
    """
    span_s = end.time_s - start.time_s
    if not (volume_m3 > 0 and span_s > 0):
        raise InputError(f"a volume of {volume_m3} m³ over {span_s} s", "both positive")
    change = end.pressure_pa / end.temperature_k - start.pressure_pa / start.temperature_k
    return volume_m3 / r_j_mol_k * change / span_s
