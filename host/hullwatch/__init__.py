"""Host toolkit of the Hullwatch leak-rate instrument."""

from hullcore import VERSION

__version__ = VERSION
