"""What a second sensor touches: a thermometer in the gas, or a sealed reference chamber.

Both follow the gas of the simulated chamber through first-order lags, integrated exactly between
looks at it that are at most `_STEP_US` apart. The start is settled: lagging by lag x rate.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from hullwatch.errors import AbsurdValue

_STEP_US = 2_000_000
_RATE_US = 1_000_000  # over this the rate at the start is taken


class GasState(Protocol):
    """The part of a chamber's state that is looked at."""

    @property
    def gas_k(self) -> float:
        """Temperature of the gas, K."""
        ...


class Gas(Protocol):
    """A chamber whose gas can be asked for at any time from 0 on."""

    def state(self, t_us: int) -> GasState:
        """The state at ``t_us``."""
        ...


class ProbedGas(Gas, Protocol):
    """A chamber with a sensor in it."""

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """True pressure (Pa) and temperature of the sensor (K)."""
        ...


class OpenGas(ProbedGas, Protocol):
    """A chamber that also tells the pressure outside it."""

    def outside_pa(self, t_us: int) -> float:
        """Absolute pressure outside (Pa)."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeSpec:
    """A thermometer of its own: ``lag_s`` behind the gas, off by ``offset_k``.

    ``address`` is that on the I2C bus; 0 is a chip that has a wire to itself, as a ds18b20.
    """

    sensor: str = "tmp117"
    address: int = 0x48
    lag_s: float = 5.0
    offset_k: float = 0.0

    def check(self) -> None:
        """Raise InputError for a lag no probe has."""
        _check_lag("probe lag", self.lag_s)

    def settings(self) -> dict[str, object]:
        """What the node must be told of it."""
        return {"aux_sensor": self.sensor, "aux_address": self.address}


@dataclass(frozen=True, slots=True)
class ReferenceSpec:
    """A sealed chamber beside the first one, with a pressure sensor of its own.

    ``pressure_pa``: at the reference temperature, at the start. ``lag_s``: its gas behind that of
    the chamber, ``gradient_k`` warmer. ``probe_lag_s``: its sensor's temperature behind its gas.
    ``leak_pa_m3_s``: what it loses to the outside, ``cross_pa_m3_s``: what it gains from the
    chamber, both constant: they matter long before they change it much. What crosses is not taken
    from the chamber, whose volume is the larger.
    ``section``: in a network, the section that is the reference chamber; then only sensor, address
    and ``pressure_pa``, what the node is told, count.
    """

    sensor: str = "bmp581"
    address: int = 0x46
    pressure_pa: float = 101_325.0
    volume_m3: float = 1e-4
    lag_s: float = 2.0
    gradient_k: float = 0.0
    probe_lag_s: float = 60.0
    leak_pa_m3_s: float = 0.0
    cross_pa_m3_s: float = 0.0
    section: str = ""

    def check(self) -> None:
        """Raise InputError for what no chamber can be."""
        _check_lag("reference lag", self.lag_s)
        _check_lag("reference sensor's lag", self.probe_lag_s)
        if not self.volume_m3 > 0.0 or not self.pressure_pa > 0.0:
            raise AbsurdValue(
                f"a reference chamber of {self.volume_m3:g} m3 at {self.pressure_pa:g} Pa",
                "volume in m3 and absolute pressure in Pa, both above zero",
            )

    def settings(self) -> dict[str, object]:
        """What the node must be told of it."""
        return {
            "aux_sensor": self.sensor,
            "aux_address": self.address,
            "reference_pa": round(self.pressure_pa),
        }


@dataclass(frozen=True, slots=True)
class DifferenceSpec(ReferenceSpec):
    """A sealed chamber, and a differential transducer of +-``span_pa`` between the first and it.

    ``span_pa``: whole mbar, as an HSC has them.
    """

    sensor: str = "hsc"
    address: int = 0x28
    span_pa: int = 1_000

    def check(self) -> None:
        """Raise InputError for what no chamber and no transducer can be."""
        ReferenceSpec.check(self)
        if not 100 <= self.span_pa <= 99_900 or self.span_pa % 100:
            raise AbsurdValue(f"a span of {self.span_pa} Pa", "1 to 999 whole mbar")

    def settings(self) -> dict[str, object]:
        """What the node must be told of it."""
        told: dict[str, object] = {"sensor_model": f"{self.span_pa // 100:03d}MD"}
        if self.sensor == "ads1115":
            told = {
                "sensor_model": "0.5-4.5V",
                "range_low_pa": -self.span_pa,
                "range_high_pa": self.span_pa,
            }
        return ReferenceSpec.settings(self) | told


@dataclass(frozen=True, slots=True)
class BarometerSpec:
    """A pressure sensor in the air outside, beside a gauge sensor."""

    sensor: str = "bmp581"
    address: int = 0x46

    def check(self) -> None:
        """Nothing about it can be absurd."""

    def settings(self) -> dict[str, object]:
        """What the node must be told of it."""
        return {
            "aux_sensor": self.sensor, "aux_address": self.address, "pressure_kind": "abs"
        }  # fmt: skip


class Follower:
    """A temperature that follows another with a time constant; K, times in µs."""

    def __init__(self, lag_s: float, start_k: float, rate_k_s: float) -> None:
        self._lag_us = lag_s * 1e6
        self._source_k = start_k
        self.value_k = start_k - lag_s * rate_k_s

    def follow(self, source_k: float, dt_us: int) -> None:
        """Its source went evenly to ``source_k`` in ``dt_us``: the exact answer to a ramp."""
        if dt_us <= 0:
            return
        lag_k = self._lag_us * (source_k - self._source_k) / dt_us
        settled_k = source_k - lag_k
        left = self.value_k - (self._source_k - lag_k)
        self.value_k = settled_k + left * math.exp(-dt_us / self._lag_us)
        self._source_k = source_k


class ProbeSpot:
    """Where a probe sits: no pressure, and a temperature that follows the chamber's gas."""

    def __init__(self, chamber: Gas, spec: ProbeSpec) -> None:
        self._chamber = chamber
        gas_k, rate_k_s = _start(chamber)
        self._probe = Follower(spec.lag_s, gas_k, rate_k_s)
        self._offset_k = spec.offset_k
        self._at_us = 0

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """0 and the temperature (K) at ``t_us``; going back gives the newest again."""
        while self._at_us < t_us:
            step_us = min(_STEP_US, t_us - self._at_us)
            self._at_us += step_us
            self._probe.follow(self._chamber.state(self._at_us).gas_k, step_us)
        return 0.0, self._probe.value_k + self._offset_k


class ReferenceSpot:
    """Where the sensor of a reference chamber sits."""

    def __init__(self, chamber: Gas, spec: ReferenceSpec, t_ref_k: float) -> None:
        self._chamber = chamber
        gas_k, rate_k_s = _start(chamber)
        self._gas = Follower(spec.lag_s, gas_k, rate_k_s)
        self._sensor = Follower(spec.probe_lag_s, self._gas.value_k, rate_k_s)
        self._gradient_k = spec.gradient_k
        self._per_k = spec.pressure_pa / t_ref_k
        lost_pa_s = (spec.leak_pa_m3_s - spec.cross_pa_m3_s) / spec.volume_m3
        self._lost_per_us = lost_pa_s / spec.pressure_pa * 1e-6
        self._at_us = 0

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Its pressure (Pa) and its sensor's temperature (K) at ``t_us``; as ProbeSpot."""
        while self._at_us < t_us:
            step_us = min(_STEP_US, t_us - self._at_us)
            self._at_us += step_us
            self._gas.follow(self._chamber.state(self._at_us).gas_k, step_us)
            self._sensor.follow(self._gas.value_k, step_us)
        gas_k = self._gas.value_k + self._gradient_k
        left = max(0.0, 1.0 - self._lost_per_us * self._at_us)
        return self._per_k * gas_k * left, self._sensor.value_k + self._gradient_k


class DifferenceSpot:
    """Where a differential transducer sits: between the chamber and a reference chamber."""

    def __init__(self, chamber: ProbedGas, reference: ReferenceSpot) -> None:
        self._chamber = chamber
        self._reference = reference

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Pressure above the reference chamber (Pa), temperature of its sensor (K)."""
        reference_pa, probe_k = self._reference.pressure_and_probe(t_us)
        return self._chamber.pressure_and_probe(t_us)[0] - reference_pa, probe_k


class OutsideSpot:
    """Where a barometer sits: in the air outside, with the chamber's sensor."""

    def __init__(self, chamber: OpenGas) -> None:
        self._chamber = chamber

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """Pressure outside (Pa), temperature of the sensor (K)."""
        return self._chamber.outside_pa(t_us), self._chamber.pressure_and_probe(t_us)[1]


def _start(chamber: Gas) -> tuple[float, float]:
    """Temperature of the gas at the start, K, and its rate, K/s."""
    first, later = chamber.state(0).gas_k, chamber.state(_RATE_US).gas_k
    return first, (later - first) / (_RATE_US * 1e-6)


def _check_lag(name: str, lag_s: float) -> None:
    if not 0.01 <= lag_s <= 1e6:
        raise AbsurdValue(f"{name} {lag_s:g} s is outside 0.01..1e6 s", "time constants in seconds")
