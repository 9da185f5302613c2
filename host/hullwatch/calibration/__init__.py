"""Calibrations: which is in force, what stands behind a number, what the store has to make one."""

from hullwatch.calibration.behind import Behind, Book, VolumeUsed
from hullwatch.calibration.spans import SpanMean, span_mean
from hullwatch.calibration.standing import Calibrations, Standing, State, in_force, standings

__all__ = [
    "Behind", "Book", "Calibrations", "SpanMean", "Standing", "State", "VolumeUsed", "in_force",
    "span_mean", "standings",
]  # fmt: skip
