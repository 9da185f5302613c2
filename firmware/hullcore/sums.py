"""Exact sums of a run of samples, mergeable: what least-squares slopes need, and no more.

About the run's own first sample (index 0): n, Σj, Σj², and Σy, Σj·y, Σy², Σp, Σj·p, ΣT, Σj·T.
Arbitrary-size integers: merging happens when a block closes, never per sample.
"""


class Sums:
    """Sums over the samples present in a span; absent samples simply do not contribute.

    late: samples left out because they came late; stale: those from a stuck sensor, not left out.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Back to the empty run."""
        self.n = self.sj = self.sjj = 0
        self.sy = self.sjy = self.syy = self.sp = self.sjp = self.st = self.sjt = 0
        self.late = self.stale = 0

    def add_shifted(self, other: "Sums", offset: int) -> None:
        """Add a run whose index 0 lies `offset` samples after this run's index 0. Exact."""
        n = other.n
        self.n += n
        self.sj += other.sj + n * offset
        self.sjj += other.sjj + 2 * offset * other.sj + n * offset * offset
        self.sy += other.sy
        self.sjy += other.sjy + offset * other.sy
        self.syy += other.syy
        self.sp += other.sp
        self.sjp += other.sjp + offset * other.sp
        self.st += other.st
        self.sjt += other.sjt + offset * other.st
        self.late += other.late
        self.stale += other.stale

    def spread(self) -> int:
        """n·Σj² − (Σj)²: the denominator of both slopes; 0 when fewer than two indices."""
        return self.n * self.sjj - self.sj * self.sj

    def slope_y(self) -> int:
        """Numerator of the least-squares slope of y per sample, over `spread()`."""
        return self.n * self.sjy - self.sj * self.sy

    def slope_p(self) -> int:
        """Numerator of the least-squares slope of p per sample, over `spread()`."""
        return self.n * self.sjp - self.sj * self.sp

    def slope_t(self) -> int:
        """Numerator of the least-squares slope of T per sample, over `spread()`."""
        return self.n * self.sjt - self.sj * self.st

    def residual(self) -> int:
        """n · spread · Σ(y − ŷ)² of the fitted line: exact, ≥ 0."""
        num = self.slope_y()
        return (self.n * self.syy - self.sy * self.sy) * self.spread() - num * num
