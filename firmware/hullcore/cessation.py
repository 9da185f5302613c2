"""Whether the leak has stopped: every window below the limit, long enough, and a known leak seen.

"Not different from zero" proves nothing. Here the interval of each of consecutive windows, its
systematic part included, lies within ± the limit (gas that flows in, at a leaking supply valve,
hides gas that flows out), under enough driving pressure, and a known leak that was imposed on the
chamber was recovered: the proof that a leak would have been seen.
"""


class Cessation:
    """The run of quiet windows.

    `span`: samples in quiet windows that the proof takes; `gap`: most samples between two of them
    that do not break the run. samples: those counted so far; highest: the largest bound
    among them; recovered: the known leak was recovered (set by the caller, used up by the proof).
    """

    def __init__(self, span: int, gap: int) -> None:
        self._span = span
        self._gap = gap
        self.recovered = False
        self.samples = self.highest = 0

    def broken(self) -> None:
        """What was quiet so far no longer counts."""
        self.samples = self.highest = 0

    def add(self, quiet: bool, upper: int, missed: int, samples: int) -> None:
        """Take a window of `samples` that begins `missed` samples after the end of the last."""
        if not quiet or missed > self._gap:
            self.broken()
        if quiet:
            self.highest = max(upper, self.highest) if self.samples else upper
            self.samples += samples

    def proven(self) -> bool:
        """Whether the leak has ceased."""
        return self.recovered and 0 < self.samples >= self._span

    def values(self) -> tuple:
        """For a snapshot: three ints."""
        return self.samples, self.highest, int(self.recovered)

    def take(self, values: tuple) -> None:
        """Continue from `values`; ValueError when they are impossible."""
        samples, highest, recovered = values
        if samples < 0:
            raise ValueError("cessation: impossible numbers")
        self.samples = samples
        self.highest = highest
        self.recovered = recovered != 0
