"""The windows of the node's estimator as they are usually written: in floats.

Plain code for MicroPython, imported there by `usualway`. Both give the least-squares slopes of the
normalised and of the measured pressure over the samples of the open window; both start over when
it is full. Neither knows gaps, late samples, intervals or longer windows.
"""


class ListFit:
    """Keeps every sample of the window in lists and fits them anew at every sample."""

    def __init__(self, window: int, period_s: float, t_ref_k: float) -> None:
        self.window = window
        self.period_s = period_s
        self.t_ref_k = t_ref_k
        self.time: list[float] = []
        self.y: list[float] = []
        self.p: list[float] = []
        self.slope_y = self.slope_p = 0.0

    def keep(self, p_pa: float, t_k: float) -> None:
        """Take a sample without fitting."""
        if len(self.time) == self.window:
            self.time, self.y, self.p = [], [], []
        self.time.append(len(self.time) * self.period_s)
        self.y.append(p_pa * self.t_ref_k / t_k)
        self.p.append(p_pa)

    def sample(self, p_pa: float, t_k: float) -> None:
        """Take a sample and fit."""
        self.keep(p_pa, t_k)
        if len(self.time) > 1:
            self.fit()

    def fit(self) -> None:
        """Fit both lines, about the means."""
        n = len(self.time)
        mean_t = sum(self.time) / n
        mean_y = sum(self.y) / n
        mean_p = sum(self.p) / n
        tt = ty = tp = 0.0
        for i in range(n):
            d = self.time[i] - mean_t
            tt += d * d
            ty += d * (self.y[i] - mean_y)
            tp += d * (self.p[i] - mean_p)
        self.slope_y = ty / tt
        self.slope_p = tp / tt


class RunningSums:
    """Keeps sums only, and takes both slopes from them at every sample."""

    def __init__(self, window: int, period_s: float, t_ref_k: float) -> None:
        self.window = window
        self.period_s = period_s
        self.t_ref_k = t_ref_k
        self.slope_y = self.slope_p = 0.0
        self.clear()

    def clear(self) -> None:
        """Start the next window."""
        self.n = 0
        self.t = self.tt = self.y = self.ty = self.p = self.tp = 0.0

    def sample(self, p_pa: float, t_k: float) -> None:
        """Take a sample; slopes from the second on."""
        if self.n == self.window:
            self.clear()
        t = self.n * self.period_s
        y = p_pa * self.t_ref_k / t_k
        self.n += 1
        self.t += t
        self.tt += t * t
        self.y += y
        self.ty += t * y
        self.p += p_pa
        self.tp += t * p_pa
        spread = self.n * self.tt - self.t * self.t
        if spread > 0:
            self.slope_y = (self.n * self.ty - self.t * self.y) / spread
            self.slope_p = (self.n * self.tp - self.t * self.p) / spread
