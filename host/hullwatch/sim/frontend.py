"""What a sensor feels: the true quantity plus everything that is not the leak.

A register model asks its front end once per conversion, at the moment the conversion was
triggered, and only then quantises. ``PhysicalFrontEnd`` looks into the simulated chamber,
``replay.ReplayFrontEnd`` into a recorded file.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hullwatch.errors import InputError
from hullwatch.sim.gas import REFERENCE_TEMPERATURE_K

ICE_POINT_K = 273.15

DRIFT_PROFILES = {"default": 1e-3, "rough": 0.03, "none": 0.0}
"""Random walk of the pressure reading by profile, Pa2/s.

No data sheet states one. "rough" is what logs of real sensors show (MS5611 at rest 0.03),
ambient and temperature drift included, so it is too much for the chip alone. Two chips of
one kind lying side by side for two days drifted 3.2 Pa apart (BMP388), so each had
(3.2 Pa)^2/2 / 172800 s = 3e-5, with all that was common left out. "default" is about the
geometric mean of the two: 10 Pa in a day, 1.9 Pa in an hour.
"""

_STREAM = 0xF0E5  # keeps these draws apart from other users of the same seed
_CHUNK = 4096  # normals drawn at once: three a sample


class FrontEnd(Protocol):
    """Where a register model gets its physical reading from."""

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        """Pressure (Pa) and temperature (degC) at ``t_us``, before quantisation.

        ``white_pa`` and ``white_k`` are the chip's own noise at its setting, rms. None: no
        reading exists for that time and the conversion never completes.
        """
        ...


class ProbedPressure(Protocol):
    """The part of a chamber a sensor touches."""

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """True pressure (Pa) and temperature of the sensor (K) at ``t_us``."""
        ...


class OpenPressure(ProbedPressure, Protocol):
    """A chamber that also tells the pressure outside it."""

    def outside_pa(self, t_us: int) -> float:
        """Absolute pressure outside (Pa) at ``t_us``."""
        ...


class GaugePort:
    """A sensor whose other side is open to the outside: gauge, or differential against it."""

    def __init__(self, chamber: OpenPressure) -> None:
        self._chamber = chamber

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Pressure above the outside (Pa) and temperature of the sensor (K) at ``t_us``."""
        pressure_pa, probe_k = self._chamber.pressure_and_probe(t_us)
        return pressure_pa - self._chamber.outside_pa(t_us), probe_k


@dataclass(frozen=True, slots=True)
class SensorFaults:
    """How one specimen is off.

    ``offset_pa``: constant. ``tempco_pa_k``: per kelvin of the sensor away from 293.15 K.
    ``temperature_offset_k``: of its thermometer. ``random_walk_pa2_s``: variance the
    reading gains a second (>= 0), see ``DRIFT_PROFILES``.
    """

    offset_pa: float = 0.0
    tempco_pa_k: float = 0.0
    temperature_offset_k: float = 0.0
    random_walk_pa2_s: float = DRIFT_PROFILES["default"]

    @classmethod
    def drawn(
        cls,
        seed: int,
        profile: str = "default",
        offset_max_pa: float = 50.0,
        tempco_max_pa_k: float = 0.5,
        temperature_offset_max_k: float = 0.5,
    ) -> "SensorFaults":
        """A specimen drawn evenly from within the data sheet's limits.

        The defaults are the BMP581's (BST-BMP581-DS004: absolute accuracy +-50 Pa,
        temperature coefficient of offset +-0.5 Pa/K); +-0.5 K is usual for such chips.
        InputError for an unknown profile or a negative seed.
        """
        if profile not in DRIFT_PROFILES:
            raise InputError(
                f"unknown sensor profile {profile!r}", "choose one of " + ", ".join(DRIFT_PROFILES)
            )
        share = _generator(seed, 1).uniform(-1.0, 1.0, 3)
        return cls(
            offset_max_pa * float(share[0]),
            tempco_max_pa_k * float(share[1]),
            temperature_offset_max_k * float(share[2]),
            DRIFT_PROFILES[profile],
        )


class PhysicalFrontEnd:
    """A sensor in the simulated chamber: faults, random walk and white noise on the truth.

    The walk starts at 0 with the first reading and grows with the time between readings,
    so it does not depend on the rate. The same seed and the same query times give the same
    readings. InputError for a negative seed or random walk.
    """

    def __init__(self, chamber: ProbedPressure, faults: SensorFaults, seed: int) -> None:
        if not faults.random_walk_pa2_s >= 0.0:
            raise InputError(
                f"random walk {faults.random_walk_pa2_s:g} Pa2/s is negative",
                "0 switches it off; chips have about 0.001",
            )
        self._look = chamber.pressure_and_probe
        self._rng = _generator(seed, 0)
        self._normals: list[float] = []
        self._next = 0
        self._offset_pa = faults.offset_pa
        self._tempco_pa_k = faults.tempco_pa_k
        self._celsius_shift = faults.temperature_offset_k - ICE_POINT_K
        self._walk_per_us = faults.random_walk_pa2_s * 1e-6
        self._walk_pa = 0.0
        self._last_us = -1
        self._gap_us = 0
        self._stride_pa = 0.0

    def connect(self, port: ProbedPressure) -> None:
        """Feel another place from now on; faults and walk stay the specimen's."""
        self._look = port.pressure_and_probe

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float]:
        """One reading; see FrontEnd. Going back in time adds no walk."""
        at = self._next
        normals = self._normals
        if at >= len(normals):
            normals = self._normals = self._rng.standard_normal(3 * _CHUNK).tolist()
            at = 0
        self._next = at + 3
        pressure_pa, probe_k = self._look(t_us)
        gap_us = t_us - self._last_us
        if gap_us != self._gap_us:
            # Only a change of spacing costs a square root.
            first = self._last_us < 0
            self._stride_pa = 0.0 if first or gap_us <= 0 else math.sqrt(self._walk_per_us * gap_us)
            self._gap_us = 0 if first else gap_us
        self._last_us = t_us
        self._walk_pa += self._stride_pa * normals[at]
        return (
            pressure_pa
            + self._offset_pa
            + self._tempco_pa_k * (probe_k - REFERENCE_TEMPERATURE_K)
            + self._walk_pa
            + white_pa * normals[at + 1],
            probe_k + self._celsius_shift + white_k * normals[at + 2],
        )


def _generator(seed: int, purpose: int) -> np.random.Generator:
    if seed < 0:
        raise InputError(f"seed {seed} is negative", "use 0 or a positive whole number")
    return np.random.default_rng([_STREAM, purpose, seed])
