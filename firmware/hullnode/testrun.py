"""One test in progress: what its phases need of recipe and configuration."""

from hullcore.estimator import estimator_for
from hullcore.interlocks import BLEED, ISOLATE
from hullcore.measurement import window_body
from hullcore.plan import WindowPlan
from hullcore.recipe import has_settled, lengths


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
        _, body = window_body(self.m, length_s, first, last, sums, scatter, 0)
        return has_settled(self.m, self.recipe, body)
