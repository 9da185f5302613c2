"""Water vapour in the gas: the pressure that is not the dry gas's.

Saturation over water by the Magnus form of the WMO Guide to Instruments and Methods of Observation
(WMO-No. 8), annex 4.B: 611.2 Pa · exp(17.62·t/(243.12 + t)), t in °C from −45 to 60. Within
0.4 % of the steam tables (IAPWS R7-97).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

_ICE_POINT_K = 273.15
_LOWEST_C, _HIGHEST_C = -45.0, 60.0


def saturation_pa(temperature_k: ArrayLike) -> Floats:
    """Vapour pressure over water at saturation; InputError outside −45 to 60 °C."""
    t_c = np.asarray(temperature_k, np.float64) - _ICE_POINT_K
    if not ((t_c >= _LOWEST_C) & (t_c <= _HIGHEST_C)).all():
        raise InputError("vapour pressure outside −45 to 60 °C", "the formula ends there")
    found: Floats = 611.2 * np.exp(17.62 * t_c / (243.12 + t_c))
    return found


def vapour_pa(relative_humidity: float, temperature_k: ArrayLike) -> Floats:
    """Vapour pressure at a relative humidity of 0 to 1 over water."""
    if not 0 <= relative_humidity <= 1:
        raise InputError(f"a relative humidity of {relative_humidity}", "0 to 1")
    return relative_humidity * saturation_pa(temperature_k)
