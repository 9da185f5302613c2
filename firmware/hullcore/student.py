"""Student's t, two-sided 95 %: t(0.975, ν) as integers.

Source: the quantile of Student's distribution, tabulated in any statistics text (e.g. NIST/SEMATECH
e-Handbook 1.3.6.7.2); the tests recompute every entry with scipy. Rounded up to 1e-4.
"""

from hullcore.compat import const

T95_SCALE = 10000
_T95 = (
    127063, 43027, 31825, 27765, 25706, 24470, 23647, 23061, 22622, 22282,
    22010, 21789, 21604, 21448, 21315, 21200, 21099, 21010, 20931, 20860,
    20797, 20739, 20687, 20639, 20596, 20556, 20519, 20485, 20453, 20423,
)  # fmt: skip
_T95_MANY = const(20423)  # ν > 30: the value at 30, at most 4 % wide


def t95(dof: int) -> int:
    """t(0.975, dof) · T95_SCALE for dof ≥ 1; above 30 the (wider) value at 30."""
    if dof <= len(_T95):
        return _T95[dof - 1]
    return _T95_MANY
