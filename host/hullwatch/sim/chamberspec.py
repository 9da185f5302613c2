"""What a simulated chamber is made of, checked before anything runs.

The defaults are a one-litre glass jar with a sensor board inside, pumped up to 120 kPa in
an ordinary room, holding a leak:

* 120 kPa inside: the reference sensor ends at 125 kPa and the jar may warm by several
  kelvin (0.41 kPa each). Outside is plain room air, so a bicycle pump makes the same test.
  The flow is subsonic (ratio 0.84); at 1e-4 Pa m3/s it weakens by about 1 % an hour, which
  bends the decay far less than one sensor's noise does.
* gas 20 s: conduction in a sphere of one litre, R^2/(pi^2 a) with a = 2e-5 m2/s, gives
  19.5 s; differences of millikelvins stir no convection.
* wall 600 s: 3 mm of glass (6300 J/(m2 K)) in still air with 10 W/(m2 K).
* probe 60 s: a breakout board of 0.2 J/K with 2.4 cm2 in still gas, radiation included.
* self-heating 0.05 K: 0.5 mW through about 100 K/W; the host board is outside the jar.
* day cycle 1 K, weather 0.2 K rms: a heated room.
"""

import math
from dataclasses import dataclass

from hullwatch.errors import AbsurdValue, InputError
from hullwatch.sim.gas import REFERENCE_TEMPERATURE_K, gas_named
from hullwatch.sim.leaks import LEAK_KINDS

VOLUME_MIN_M3, VOLUME_MAX_M3 = 1e-6, 1e4
PRESSURE_MAX_PA = 41e5
"""Pressure travels as 1/256 Pa in 31 bits: 41.9 bar is the end of the scale."""

_EMPTY_MIN_S = 1.0


@dataclass(frozen=True, slots=True)
class ChamberSpec:
    """One section and its surroundings; see the module for why the defaults are these.

    ``leak_pa_m3_s``: molar loss at the start x R x ``t_ref_k``, positive = gas leaves,
    negative = gas enters (inside below outside). ``leak_kind``: "orifice" or "laminar".
    ``day_phase_rad``: None draws it from ``seed``; 0 starts at the mean, warming.
    ``p_out_weather_pa``: rms of the slow barometer. ``fill_excess_k``: gas this much warmer
    than settled at the start, as compression on filling leaves it; 0 = settled.
    ``warm_up``: the sensor is switched on at the start instead of long before.
    ``wall_j_m2_k``: wall heat capacity per inner area, taken as that of a cube.
    """

    section: str = "main"
    volume_m3: float = 1e-3
    pressure_pa: float = 120_000.0
    p_out_pa: float = 101_325.0
    p_out_weather_pa: float = 0.0
    gas: str = "air"
    leak_pa_m3_s: float = 1e-4
    leak_kind: str = "orifice"
    t_ref_k: float = REFERENCE_TEMPERATURE_K
    room_k: float = 293.15
    day_amplitude_k: float = 1.0
    day_phase_rad: float | None = None
    weather_rms_k: float = 0.2
    gas_tau_s: float = 20.0
    wall_tau_s: float = 600.0
    probe_tau_s: float = 60.0
    self_heat_k: float = 0.05
    wall_j_m2_k: float = 6300.0
    fill_excess_k: float = 0.0
    warm_up: bool = False
    seed: int = 0

    @property
    def wall_capacity_j_k(self) -> float:
        """Heat capacity of the wall, J/K."""
        area_m2: float = 6.0 * self.volume_m3 ** (2.0 / 3.0)
        return self.wall_j_m2_k * area_m2

    def check(self) -> None:
        """Raise InputError with a hint unless every value is physically possible."""
        self._check_vessel()
        self._check_leak()
        for name in ("gas_tau_s", "wall_tau_s", "probe_tau_s"):
            _in_range(name, getattr(self, name), 0.1, 1e8, "time constants are in seconds")
        _in_range("t_ref_k", self.t_ref_k, 200.0, 400.0, "kelvin: 20 degC is 293.15")
        _in_range("room_k", self.room_k, 200.0, 400.0, "kelvin: 20 degC is 293.15")
        _in_range("day_amplitude_k", self.day_amplitude_k, 0.0, 50.0, "kelvin")
        _in_range("weather_rms_k", self.weather_rms_k, 0.0, 20.0, "kelvin")
        _in_range("self_heat_k", self.self_heat_k, 0.0, 50.0, "kelvin")
        _in_range("fill_excess_k", self.fill_excess_k, -100.0, 300.0, "kelvin")
        _in_range("wall_j_m2_k", self.wall_j_m2_k, 1.0, 1e9, "3 mm of glass has 6300")
        if self.seed < 0:
            raise AbsurdValue(f"seed {self.seed} is negative", "use 0 or a positive whole number")

    def _check_vessel(self) -> None:
        gas_named(self.gas)
        _in_range(
            "volume_m3",
            self.volume_m3,
            VOLUME_MIN_M3,
            VOLUME_MAX_M3,
            "from 1 millilitre to 10,000 cubic metres; one litre is 0.001 m3",
        )
        if not 0.0 < self.pressure_pa <= PRESSURE_MAX_PA:
            raise AbsurdValue(
                f"chamber pressure {self.pressure_pa:g} Pa is outside 0..{PRESSURE_MAX_PA:g} Pa",
                "absolute pressure in pascal: room air is about 101325",
            )
        _in_range("p_out_pa", self.p_out_pa, 0.0, PRESSURE_MAX_PA, "absolute, in pascal")
        _in_range(
            "p_out_weather_pa",
            self.p_out_weather_pa,
            0.0,
            self.p_out_pa / 10.0,
            "rms of the barometer, at most a tenth of the outside pressure",
        )

    def _check_leak(self) -> None:
        if self.leak_kind not in LEAK_KINDS:
            hint = "choose one of " + ", ".join(LEAK_KINDS)
            raise InputError(f"unknown leak kind {self.leak_kind!r}", hint)
        if not math.isfinite(self.leak_pa_m3_s):
            raise AbsurdValue("the leak is not a number", "give it in Pa m3/s, such as 1e-4")
        most_pa_m3_s = self.pressure_pa * self.volume_m3 / _EMPTY_MIN_S
        if abs(self.leak_pa_m3_s) > most_pa_m3_s:
            raise AbsurdValue(
                f"a leak of {self.leak_pa_m3_s:g} Pa m3/s changes {self.volume_m3:g} m3 at "
                f"{self.pressure_pa:g} Pa completely in under a second",
                f"at most {most_pa_m3_s:g} Pa m3/s here; a larger chamber allows more",
            )


def _in_range(name: str, value: float, low: float, high: float, hint: str) -> None:
    if not low <= value <= high:
        raise AbsurdValue(f"{name} {value:g} is outside {low:g}..{high:g}", hint)
