"""Temperatures around the chamber: room, vessel wall, gas, probe.

The room is a mean, a day cycle and slow weather. The wall follows the room, the gas follows
the wall and is cooled by its own expansion, the probe follows the gas and is warmed by its
own power. All four are first-order, so a settled start can be solved instead of waited for.
"""

import math
from dataclasses import dataclass

import numpy as np

DAY_S = 86400.0

# Periods of the weather, s: four a day to three days and a half, with no common multiple
# worth mentioning. Amplitude grows with period, so the sum looks like a random walk to a
# test that is shorter, yet it stays bounded, needs no memory and can be asked at any time.
_WEATHER_PERIODS_S = (21600.0, 36000.0, 61200.0, 104400.0, 180000.0, 298800.0)
_PERIOD_SPREAD = (0.8, 1.25)


@dataclass(frozen=True, slots=True)
class Wave:
    """``amplitude`` x sin(``omega_rad_s`` t + ``phase_rad``)."""

    amplitude: float
    omega_rad_s: float
    phase_rad: float


@dataclass(frozen=True, slots=True)
class Course:
    """A quantity outside the chamber over time: ``mean`` plus waves, t in s from the start."""

    mean: float
    waves: tuple[Wave, ...]

    def at(self, t_s: float) -> float:
        """Value at ``t_s``."""
        value = self.mean
        for wave in self.waves:
            value += wave.amplitude * math.sin(wave.omega_rad_s * t_s + wave.phase_rad)
        return value


def weather_waves(rms: float, rng: np.random.Generator) -> tuple[Wave, ...]:
    """Slow waves with that root-mean-square sum; phases and periods drawn from ``rng``.

    The draws are made whatever ``rms`` is, so switching the weather off leaves the other
    seeded numbers as they were.
    """
    spread = rng.uniform(*_PERIOD_SPREAD, len(_WEATHER_PERIODS_S))
    phases = rng.uniform(0.0, 2.0 * math.pi, len(_WEATHER_PERIODS_S))
    if rms == 0.0:
        return ()
    periods_s = [float(p * s) for p, s in zip(_WEATHER_PERIODS_S, spread, strict=True)]
    scale = rms / math.sqrt(sum(p * p for p in periods_s) / 2.0)
    return tuple(
        Wave(scale * period_s, 2.0 * math.pi / period_s, float(phase))
        for period_s, phase in zip(periods_s, phases, strict=True)
    )


@dataclass(frozen=True, slots=True)
class ThermalPath:
    """How heat travels, all times in s (> 0).

    ``gas_tau_s``: gas towards the wall at constant volume. The exchange is taken
    proportional to the amount of gas, so this time does not change as the chamber empties.
    ``wall_tau_s``: wall towards the room. ``probe_tau_s``: probe towards the gas.
    ``wall_capacity_j_k``: heat capacity of the wall. ``self_heat_k``: how much warmer than
    the gas the probe's own power makes it once settled; it builds up with ``probe_tau_s``.
    """

    gas_tau_s: float
    wall_tau_s: float
    probe_tau_s: float
    wall_capacity_j_k: float
    self_heat_k: float

    def settled(
        self, room: Course, gas_capacity_j_k: float, gamma: float, flow_per_s: float
    ) -> tuple[float, float, float]:
        """Gas, wall and probe temperature (K) at t = 0 of a chamber that has long stood.

        ``gas_capacity_j_k`` = n cv; ``flow_per_s`` = flow/n, positive when gas leaves and
        cools what stays, negative when gas of room temperature is pushed in. Each wave of
        the room is followed through the linear system in the frequency domain, so nothing
        of the start's own transient is left.
        """
        to_gas = 1.0 / self.gas_tau_s
        to_room = 1.0 / self.wall_tau_s
        from_gas = gas_capacity_j_k / (self.gas_tau_s * self.wall_capacity_j_k)
        to_probe = 1.0 / self.probe_tau_s
        leaving, entering = max(flow_per_s, 0.0), max(-flow_per_s, 0.0)
        matrix = np.array(
            [
                [-to_gas - (gamma - 1.0) * leaving - entering, to_gas, 0.0],
                [from_gas, -from_gas - to_room, 0.0],
                [to_probe, 0.0, -to_probe],
            ]
        )
        drive = np.array([gamma * entering, to_room, 0.0])
        heat = np.array([0.0, 0.0, to_probe * self.self_heat_k])
        state = np.linalg.solve(-matrix, drive * room.mean + heat)
        for wave in room.waves:
            phasor = wave.amplitude * np.exp(1j * wave.phase_rad)
            system = 1j * wave.omega_rad_s * np.eye(3) - matrix
            state = state + np.linalg.solve(system, drive * phasor).imag
        gas_k, wall_k, probe_k = (float(value) for value in state)
        return gas_k, wall_k, probe_k
