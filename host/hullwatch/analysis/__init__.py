"""Reference analysis in floating point: shares no arithmetic with the node, and no code.

One method a module; times in the unit the name says, pressures absolute. What cannot be a
measurement raises InputError, never a plausible number.
"""
