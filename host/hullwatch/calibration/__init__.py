"""Which calibration is in force, and what the store has to make a new one from."""

from hullwatch.calibration.spans import SpanMean, span_mean
from hullwatch.calibration.standing import Standing, State, in_force, standings

__all__ = ["SpanMean", "Standing", "State", "in_force", "span_mean", "standings"]
