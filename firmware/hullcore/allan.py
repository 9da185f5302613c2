"""Allan variance of the normalised pressure, streaming, at lags that double: what noise is made of.

Fed with the mean of every block of the base window. At level k the means of 2^k consecutive
blocks are compared with their successors; per level only the count of differences, their sum and
the sum of their squares are kept, all exact integers. A gap restarts the comparison at every level.

Source of the estimator: D. W. Allan (1966); block length = lag, as `uncertainty.md` found best for
learning. The removal of a linear trend and its effect on the expectations is in `noisefit`.
"""

LEVELS = 20  # 2^19 blocks of 1.7 s are ten days
FRACTION = 12  # block means carry this many bits below 1/256 Pa


class _Level:
    """Differences of neighbouring sums of 2^k block means."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self.squares = 0
        self.previous = None
        self.half = None


class AllanLevels:
    """`add` one block mean, `gap` when a block is missing or incomplete.

    `levels[k]` has count, total and squares of the differences at lag 2^k blocks, in units of
    2^k · 2^-FRACTION / 256 Pa.
    """

    def __init__(self) -> None:
        self.levels = [_Level() for _ in range(LEVELS)]

    def add(self, total: int, n: int) -> None:
        """Take a complete block: the sum of its n normalised pressures."""
        value = (total << FRACTION) // n
        for level in self.levels:
            if level.previous is not None:
                d = value - level.previous
                level.count += 1
                level.total += d
                level.squares += d * d
            level.previous = value
            if level.half is None:
                level.half = value
                return
            value += level.half
            level.half = None

    def gap(self) -> None:
        """The next block is no neighbour of the one before."""
        for level in self.levels:
            level.previous = None
            level.half = None
