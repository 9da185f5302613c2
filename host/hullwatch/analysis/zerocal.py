"""Zero of a pressure sensor: what it reads above a reference instrument at the same pressure."""

from __future__ import annotations

import math
from dataclasses import replace

from hullwatch.analysis.budget import Budget, Quantity, combine


def zero(reading: Quantity, reference: Quantity, lsb_pa: float = 0.0) -> Budget:
    """Reading minus reference, Pa: to be subtracted from what the sensor reads.

    Both at one moment and height (1 m of air is 12 Pa). `lsb_pa`: resolution of the sensor, its
    rounding counted as ± half of it.
    """
    inputs = [
        replace(reading, name="sensor"),
        replace(reference, name="reference"),
        Quantity("resolution", 0.0, lsb_pa / math.sqrt(12), "Pa"),
    ]
    return combine(lambda x: x["sensor"] - x["reference"] + x["resolution"], inputs)
