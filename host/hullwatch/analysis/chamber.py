"""What has to be known of a chamber and its sensor besides the readings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hullwatch.errors import InputError


@dataclass(frozen=True)
class Chamber:
    """None where nothing is known: what needs it is then refused, nothing else.

    `u_volume`, `u_gain`: relative standard uncertainties. Bounds: the gas follows the thermometer
    within `temp_lag_s`, and differs from it otherwise by at most `temp_gradient_k`; the sensor's
    temperature coefficient and drift; the longest settling time constant. `lsb_pa`: resolution.
    `outside_pa` ± `u_outside_pa`. `relative_humidity`: of the gas, 0 to 1.
    """

    volume_m3: float | None
    t_ref_k: float = 293.15
    gas: str = "air"
    u_volume: float | None = None
    u_gain: float = 0.0
    outside_pa: float | None = None
    u_outside_pa: float = 0.0
    compensation: str = "sensor"
    temp_lag_s: float | None = None
    temp_gradient_k: float = 0.0
    tempco_pa_k: float = 0.0
    drift_pa_day: float = 0.0
    settling_s: float | None = None
    reference_drift_pa_day: float | None = None
    lsb_pa: float = 0.0
    lsb_k: float = 0.0
    reserve_limit_pa: float | None = None
    relative_humidity: float | None = None
    u_relative_humidity: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, float) and not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} = {value}", "a finite number, not negative")
        if self.volume_m3 is not None and not self.volume_m3 > 0:
            raise InputError(f"a volume of {self.volume_m3} m³", "give the free volume, positive")
        if not 200 <= self.t_ref_k <= 400:
            raise InputError(f"a reference temperature of {self.t_ref_k} K", "200 to 400 K")
        if self.relative_humidity is not None and self.relative_humidity > 1:
            raise InputError(f"a relative humidity of {self.relative_humidity:.0%}", "0 to 100 %")
