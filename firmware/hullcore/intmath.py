"""Integer arithmetic shared by the estimator: rounding division, square root, saturation."""

I64_MAX = (1 << 63) - 1


def div_round(num: int, den: int) -> int:
    """num / den rounded to nearest, halves away from zero; den > 0. Any magnitude."""
    if num < 0:
        return -((-num + (den >> 1)) // den)
    return (num + (den >> 1)) // den


def isqrt_up(value: int) -> int:
    """Smallest r with r·r ≥ value, for value ≥ 0 (an uncertainty is never rounded down)."""
    if value < 2:
        return value
    # start above the root: 2^ceil(bits / 2); Newton then only descends
    root = 1
    top = value
    while top > 0x3FFFFFFF:  # in long steps while each of them allocates
        top >>= 30
        root <<= 15
    while top:
        top >>= 2
        root <<= 1
    while True:
        nxt = (root + value // root) >> 1
        if nxt >= root:
            break
        root = nxt
    if root * root < value:
        root += 1
    return root


def saturate_i64(value: int) -> int:
    """value limited to ±(2^63 − 1); the caller compares and sets the saturation flag."""
    if value > I64_MAX:
        return I64_MAX
    if value < -I64_MAX:
        return -I64_MAX
    return value
