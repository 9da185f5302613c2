"""Vigil: hullcore's trend driven from stored windows and marks, and what to make of its state."""

from hullwatch.vigil.assessment import assess
from hullwatch.vigil.states import ChamberVigil, Criteria, NodeVigil

__all__ = ["ChamberVigil", "Criteria", "NodeVigil", "assess"]
