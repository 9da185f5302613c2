"""The volume of a chamber, from a known leak or from expansion into a known volume.

**Known leak** q, as Pa·m³/s at the reference temperature, opened and shut: with the slopes b of the
pressure normalised to that temperature, q = V·(b_shut − b_open), whatever else leaks at the same
pressure. A wrong gain or temperature scale of the sensor stretches the slopes:

    V = q · gain · (T/T_shown) / (b_shut − b_open)

**Known expansion**: a known volume V_k at p_k, T_k is connected to the chamber at p, T; afterwards
both are at p₂, the gas in the chamber at T₂, that in the known volume at T_k2. For an ideal gas

    V = V_k · (p_k/T_k − p₂/T_k2) / (p₂/T₂ − p/T)

The gain of the pressure sensor cancels; its zero error o, common to the three, does not where
temperatures or pressures differ. What the valve adds to V_k belongs to V_k.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hullwatch.analysis.budget import Budget, Quantity, combine, rectangular
from hullwatch.errors import InputError

LARGEST_RELATIVE_U = 0.1
"""Above this the linear budget is no longer good, and the calibration no longer one."""


def by_known_leak(
    leak: Quantity,
    slope_open: Quantity,
    slope_shut: Quantity,
    *,
    gain: Quantity | None = None,
    temperature: Quantity | None = None,
    pressure_step_relative: float = 0.0,
) -> Budget:
    """V in m³.

    `leak` in Pa·m³/s at the reference temperature of the slopes (Pa/s), out of the chamber
    positive. `gain` (about 1) and `temperature` (K) of the sensor with their uncertainties. By
    `pressure_step_relative` the mean driving pressures of the two slopes differ: the other leaks
    differ by no more than that share. InputError when the slopes do not show the leak.
    """
    shown = temperature or Quantity("temperature", 1.0, 0.0)
    other = abs(slope_shut.value * pressure_step_relative)
    inputs = [
        replace(leak, name="leak"),
        replace(slope_open, name="slope with leak"),
        replace(slope_shut, name="slope without"),
        replace(gain or Quantity("gain", 1.0, 0.0), name="sensor gain"),
        replace(shown, name="temperature"),
        Quantity("other leaks at another pressure", 0.0, rectangular(other), "Pa/s"),
    ]

    def model(x: Mapping[str, float]) -> float:
        fall = (
            x["slope without"] - x["slope with leak"] + x["other leaks at another pressure"]
        ) / (x["sensor gain"] * shown.value / x["temperature"])
        return x["leak"] / fall

    return _volume(combine(model, inputs), "the slopes do not show the known leak")


def by_expansion(
    known_volume: Quantity,
    chamber: tuple[Quantity, Quantity],
    known: tuple[Quantity, Quantity],
    common: Quantity,
    after: tuple[Quantity, Quantity],
    zero: Quantity | None = None,
) -> Budget:
    """V in m³.

    (pressure, temperature) of the chamber and of the known volume before, the `common` pressure
    and both temperatures after: absolute, Pa and K. `zero`: the error of the pressure readings that
    is common to all three. InputError when the pressures do not show an expansion.
    """
    inputs = [
        replace(known_volume, name="known volume"),
        replace(chamber[0], name="chamber pressure"),
        replace(chamber[1], name="chamber temperature"),
        replace(known[0], name="known pressure"),
        replace(known[1], name="known temperature"),
        replace(common, name="common pressure"),
        replace(after[0], name="chamber temperature after"),
        replace(after[1], name="known temperature after"),
        replace(zero or Quantity("zero", 0.0, 0.0, "Pa"), name="pressure zero"),
    ]
    for x in inputs:
        if "temperature" in x.name and not x.value > 0:
            raise InputError(f"{x.name}: {x.value} {x.unit}", "absolute, in K")

    def model(x: Mapping[str, float]) -> float:
        zero_pa = x["pressure zero"]
        common_pa = x["common pressure"] - zero_pa
        came = (x["known pressure"] - zero_pa) / x["known temperature"]
        came -= common_pa / x["known temperature after"]
        gained = common_pa / x["chamber temperature after"]
        gained -= (x["chamber pressure"] - zero_pa) / x["chamber temperature"]
        return x["known volume"] * came / gained

    return _volume(combine(model, inputs), "the pressures do not show the expansion")


def _volume(found: Budget, missing: str) -> Budget:
    if not found.value > 0:
        raise InputError(f"{missing}: V = {found.value:.4g} m³", "are two readings exchanged?")
    if found.u > LARGEST_RELATIVE_U * found.value:
        raise InputError(
            f"{missing} well enough: u is {found.u / found.value:.0%} of the volume",
            "a larger leak, a larger pressure step or a longer measurement",
        )
    return found
