"""Allan variance of the normalised pressure, streaming, at lags that double: what noise is made of.

Fed with the mean of every block of the base window. At level k the means of 2^k consecutive
blocks are compared with their successors; per level only the count of differences, their sum and
the sum of their squares are kept, all exact integers. A gap restarts the comparison at every level.

Source of the estimator: D. W. Allan (1966); block length = lag, as `uncertainty.md` found best for
learning. The removal of a linear trend and its effect on the expectations is in `noisefit`.
"""

LEVELS = 18  # 2^17 blocks of 1.7 s are two and a half days
FRACTION = 12  # block means carry this many bits below 1/256 Pa


class AllanLevels:
    """`add` one block mean, `gap` when a block is missing or incomplete.

    `count[k]`, `total[k]`, `squares[k]`: the differences at lag 2^k blocks, in units of
    2^k · 2^-FRACTION / 256 Pa. Lists instead of an object per level: a third of the heap.
    """

    def __init__(self) -> None:
        self.count = [0] * LEVELS
        self.total = [0] * LEVELS
        self.squares = [0] * LEVELS
        self._previous: list = [None] * LEVELS
        self._half: list = [None] * LEVELS

    def add(self, total: int, n: int) -> None:
        """Take a complete block: the sum of its n normalised pressures."""
        value = (total << FRACTION) // n
        for k in range(LEVELS):
            before = self._previous[k]
            if before is not None:
                d = value - before
                self.count[k] += 1
                self.total[k] += d
                self.squares[k] += d * d
            self._previous[k] = value
            if self._half[k] is None:
                self._half[k] = value
                return
            value += self._half[k]
            self._half[k] = None

    def gap(self) -> None:
        """The next block is no neighbour of the one before."""
        for k in range(LEVELS):
            self._previous[k] = None
            self._half[k] = None

    def spread(self, k: int) -> int:
        """count · Σ(D − D̄)² at level k: the trend removed, exact."""
        return self.squares[k] * self.count[k] - self.total[k] * self.total[k]
