"""A test recipe as the node keeps it: the values of a RECIPE record, what they mean for valves, and
what its windows are. Node and `verify` share it.

Outputs are named by bit k of `uses`, row k of `hullcore.outputs.parse`.
"""

import struct

from hullcore.compat import const
from hullcore.interlocks import BLANKING, BLEED, EVACUATE, FILL, ISOLATE, REFERENCE, VENT
from hullcore.leakrate import leak_rate_fpa_m3_s
from hullcore.testmessages import RECIPE_BODY

DECAY = 0
RISE = 1
DIFFERENTIAL = 2
SEALED = 3
BLANK = 4

_FEW = const(1086)  # samples: six blocks of hullcore.plan.MAX_BLOCK
_SETTLING = const(27)  # place in the values of window_body


class Recipe:
    """The values of a RECIPE body as attributes, by the names of its fields."""

    def __init__(self, body: bytes) -> None:
        (
            self.name, self.kind, self.uses, self.wiring, self.target_pa, self.tolerance_pa,
            self.fill_ms, self.stabilise_ms, self.settle_ppm, self.settle_s, self.measure_s,
            self.goal_fpa_m3_s, self.vent_ms, self.limit_fpa_m3_s, self.gross_pa,
            self.seat_fpa_m3_s, self.vented, self.tries, self.compliance_nl_pa, self.volume_ul,
            self.u_volume_ppm, self.law, self.ref_in_pa, self.ref_out_pa,
        ) = struct.unpack(RECIPE_BODY, body)  # fmt: skip

    def masks(self, rows: tuple) -> tuple:
        """Outputs open while (filling or evacuating, stabilising and measuring, venting)."""
        moving = still = venting = 0
        for k in range(len(rows)):
            if not self.uses >> k & 1:
                continue
            kind = rows[k][2]
            bit = 1 << k
            if kind in (FILL, EVACUATE, ISOLATE, REFERENCE):
                moving |= bit
            if kind == BLEED:  # the line stays vented, whatever passes the supply's seat
                still |= bit
            if kind in (VENT, REFERENCE, BLEED):
                venting |= bit
            if kind == BLANKING and self.kind != BLANK:
                moving |= bit
                still |= bit
                venting |= bit
        return moving, still, venting


def lengths(period_us: int, length_s: int) -> tuple:
    """Window lengths that measure `length_s` in at most 24 parts where that can be.

    What is kept of each part costs 80 bytes of heap.
    """
    if length_s * 1000000 > _FEW * period_us:
        for parts in range(24, 5, -1):
            if length_s % parts == 0:
                return (length_s // parts, length_s)
    return (length_s,)


def has_settled(m, recipe, body: tuple) -> bool:
    """Whether what settling may still contribute to a window is below its share of the limit."""
    bound = body[_SETTLING]
    if bound < 0:
        return False
    rate = leak_rate_fpa_m3_s(-bound, m.volume_ul, 1, 1)
    return rate * 1000000 <= recipe.limit_fpa_m3_s * recipe.settle_ppm
