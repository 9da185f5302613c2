"""One test in progress: what its phases need of recipe and configuration."""

from hullcore.compat import const
from hullcore.estimator import estimator_for
from hullcore.interlocks import BLEED, ISOLATE
from hullcore.leakrate import leak_rate_fpa_m3_s
from hullcore.measurement import window_body
from hullcore.plan import WindowPlan

_FEW = const(1086)  # samples: six blocks of hullcore.plan.MAX_BLOCK
_SETTLING = const(27)  # place in the values of window_body


def lengths(period_us: int, length_s: int) -> tuple:
    """Window lengths that measure `length_s` in at most 24 parts where that can be.

    What is kept of each part costs 80 bytes of heap.
    """
    if length_s * 1000000 > _FEW * period_us:
        for parts in range(24, 5, -1):
            if length_s % parts == 0:
                return (length_s // parts, length_s)
    return (length_s,)


def estimator(m, length_s: int, on_window, first: int):
    """Measures one window after another of that length, from sample number `first` on."""

    def whole(length: int, begin: int, last: int, sums, scatter) -> None:
        if length == length_s:
            on_window(length, begin, last, sums, scatter)

    plan = WindowPlan(m.period_us, lengths(m.period_us, length_s))
    return estimator_for(m, plan, whole, first)


class Run:
    """One test: its recipe, its Measurement, the masks of its phases, and what was noted."""

    def __init__(self, recipe, m, rows: tuple, known, measure_s: int) -> None:
        self.recipe = recipe
        self.m = m
        self.moving, self.still, self.venting = recipe.masks(rows)
        kinds = [rows[k][2] for k in range(len(rows)) if recipe.uses >> k & 1]
        self.vented = bool(recipe.vented) or (BLEED in kinds and ISOLATE in kinds)
        self.known = known
        self.measure_s = measure_s
        self.part = ""
        self.attempt = 1
        self.started = self.filled = self.first = 0
        self.p_start_q8 = 0

    def window(self, length_s: int, first: int, last: int, sums, scatter) -> tuple:
        """(flags, values) of the measuring window."""
        return window_body(self.m, length_s, first, last, sums, scatter, 0, self.known)

    def has_settled(self, length_s: int, first: int, last: int, sums, scatter) -> bool:
        """Whether what settling may still contribute is below its share of the limit."""
        recipe = self.recipe
        _, body = window_body(self.m, length_s, first, last, sums, scatter, 0)
        bound = body[_SETTLING]
        if bound < 0:
            return False
        rate = leak_rate_fpa_m3_s(-bound, self.m.volume_ul, 1, 1)
        return rate * 1000000 <= recipe.limit_fpa_m3_s * recipe.settle_ppm
