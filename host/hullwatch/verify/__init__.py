"""Stored samples go through hullcore again: every record must come out the same."""
