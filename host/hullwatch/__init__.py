"""Host toolkit of the Hullwatch leak-rate instrument."""

from hullcore import VERSION as __version__

__all__ = ["__version__"]
