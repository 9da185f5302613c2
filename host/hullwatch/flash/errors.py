"""What can go wrong between the sources and a node's file system."""

from __future__ import annotations

from hullwatch.errors import HullwatchError


class BuildError(HullwatchError):
    """The firmware cannot be built: no compiler, no such board, a source it refuses."""

    exit_code = 41
