"""A span of stored samples analysed as a whole: every method, and what cannot be said."""

from hullwatch.assess.stored import Assessment, Overrides, analyse

__all__ = ["Assessment", "Overrides", "analyse"]
