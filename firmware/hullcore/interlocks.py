"""What masks of open outputs mean: kinds, interlocks, the state without power.

Rows are those of `hullcore.outputs.parse`: (pin, name, kind, normally open, longest ms, never).
"""

FILL = 0
EVACUATE = 1
VENT = 2
ISOLATE = 3
BLEED = 4
BLANKING = 5
REFERENCE = 6


def conflict(rows: tuple, opened: int) -> int:
    """Index of an output that must not be open together with another of the mask, else −1."""
    for k in range(len(rows)):
        if opened >> k & 1 and rows[k][5] & opened:
            return k
    return -1


def normally_open(rows: tuple) -> int:
    """Mask of the outputs that are open without power."""
    mask = 0
    for k in range(len(rows)):
        mask |= rows[k][3] << k
    return mask
