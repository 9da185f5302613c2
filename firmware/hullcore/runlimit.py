"""How many equal readings in a row a sensor's own noise permits.

Let the noise of the readings have the white variance σ² and a random walk of q a second, let both
be Gaussian, and let the value stand still or drift in any way. A reading m samples after another
falls into the same step of width L, whatever was before, with a probability of at most

    p(m) = P(|N(0, 1)| ≤ u),   u² = (L/2)² / (σ² + m·Δ·q)

(T. W. Anderson, Proc. Amer. Math. Soc. 6 (1955) 170: the centre of the step is the worst case). So
1 + k·m equal readings have at most p(m)^k. The limit is the smallest run over m = 1, 2, 4, … that
begins anywhere in a day with a probability below 10^-6. Integers.
"""

from hullcore.compat import const
from hullcore.stale import MOST

# −log2 P(|N| ≤ u) in 2^-20, rounded down, at u² = 2^(-12 + k/2), k = 0 … 32
_BITS_Q20 = (
    6633089, 6370970, 6108862, 5846769, 5584697, 5322655, 5060655, 4798715, 4536860, 4275123,
    4013556, 3752227, 3491235, 3230718, 2970874, 2711977, 2454416, 2198733, 1945690, 1696339,
    1452137, 1215067, 987790, 773788, 577449, 403972, 258901, 147014, 70446, 26534,
    7092, 1164, 95,
)  # fmt: skip
_ROOT2_Q16 = const(92681)  # √2 · 2^16, rounded down
_FPA2_PER_Q16 = const(15258789062)  # 10^15 / 65536, fPa² of one (1/256 Pa)²
_PPM = const(1000000)
_RARE_A_DAY = const(86400000000000000)  # 10^6 · µs in a day
_MOST_LOG2 = const(28)


def run_limit(step_q8: int, white: int, walk: int, period_us: int) -> int:
    """Equal readings in a row from which on a sensor is stuck; MOST when any number is possible.

    `step_q8`: resolution in 1/256 Pa, its square below 2^40; `white` in fPa²·s, `walk` in fPa²/s
    as in a noise profile.
    """
    num = step_q8 * step_q8 * _FPA2_PER_Q16 << 12  # fPa² of the step · 2^12; u² = num / 2^14 v
    sigma2 = white * _PPM // period_us
    rare = 0  # log2 of 10^6 days in samples, rounded up
    while 1 << rare < _RARE_A_DAY // period_us + 1:
        rare += 1
    best = MOST
    k = len(_BITS_Q20) - 1
    for log2 in range(_MOST_LOG2):
        den = 4 * (sigma2 + (walk * period_us << log2) // _PPM)
        if not _within(num, den, k):
            continue  # the step is so wide that the table ends
        while k and _within(num, den, k - 1):
            k -= 1
        best = min(best, 1 + ((-(-(rare << 20) // _BITS_Q20[k])) << log2))
        if not k or not walk:
            break  # nothing is gained by looking at readings further apart
    return best


def _within(num: int, den: int, k: int) -> bool:
    """Whether u² = 2^-12 num/den is at most that of column k."""
    limit = den << (k >> 1)
    if k & 1:
        limit = limit * _ROOT2_Q16 >> 16
    return num <= limit


def profile_limit(profile, step_q8: int, period_us: int) -> int:
    """`run_limit` of a noise profile, each of its numbers two standard deviations lower."""
    white = max(0, profile.white - 2 * profile.sd_white)
    walk = max(0, profile.walk - 2 * profile.sd_walk)
    return run_limit(step_q8, white, walk, period_us)
