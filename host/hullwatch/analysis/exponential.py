"""A loss that is not small: y − y_out = A·exp(−λt), fitted as it is.

Exact for choked flow into vacuum and for pressure differences that are small against the pressure;
a line through a large loss is biased, because the rate falls with what is left (ASTM E2930 keeps
the change of a test below 10 %). The pressure that the decay runs to is known, not fitted: a short
piece of it has no curvature to tell. Its uncertainty is part of the result.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hullwatch.analysis import decay
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.result import Result, measured, refused
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats

LARGE_LOSS = 0.1
"""Share of the driving pressure that is lost, from which on a line is not enough."""

_STEPS = 50


def loss_share(series: Series, outside_pa: float) -> float:
    """Change over the series, as a share of the pressure difference that drives it."""
    tenth = max(1, len(series) // 10)
    first, last = (float(series.y_pa[part].mean()) for part in (slice(tenth), slice(-tenth, None)))
    drive = abs(first - outside_pa)
    return abs(last - first) / drive if drive else math.inf


def exponential(
    series: Series, outside_pa: float, u_outside_pa: float = 0.0, beyond: float = 0.0
) -> Result:
    """The mean slope over the series, Pa/s, and λ as `details`; `outside_pa` normalised as y is.

    Refused where readings lie on both sides of the outside's pressure.
    """
    above = series.y_pa - outside_pa
    if not ((above > 0).all() or (above < 0).all()):
        return refused("exponential", SLOPE, "the pressure crosses that outside")
    t = series.t_s - series.t_s[0]
    size, rate = _fitted(t, above)
    left = replace(series, y_pa=above - size * np.exp(-rate * t))
    fitting = Fitting.of_line(left, beyond, _curvature(t, rate))
    length = float(t[-1])
    of_rate, of_slope = _weights(t, size, rate)
    u, noise, dof = _uncertainty(fitting, of_slope, u_outside_pa)
    return measured(
        "exponential", SLOPE, size * math.expm1(-rate * length) / length, u, dof, beyond=beyond,
        assumptions=(
            "the loss is proportional to the pressure difference to the outside",
            f"outside {outside_pa:.6g} Pa ± {u_outside_pa:.2g}",
        ),
        details={
            "lambda_per_s": rate,
            "u_lambda_per_s": _uncertainty(fitting, of_rate, u_outside_pa)[0],
            "first_slope_pa_s": -size * rate,
            "last_slope_pa_s": -size * rate * math.exp(-rate * length),
            "noise_u_pa_s": noise,
        },
    )  # fmt: skip


def as_line(series: Series, outside_pa: float) -> Series:
    """The logarithm of what is above the outside, times its mean: straight if one exponential."""
    above = np.abs(series.y_pa - outside_pa)
    return replace(series, y_pa=float(above.mean()) * np.log(above))


def _fitted(t: Floats, above: Floats) -> tuple[float, float]:
    """(A, λ) of least squares, from the line through the logarithms on (Gauss–Newton)."""
    rate = decay.fit_decay(t, above).constant
    size = float(above[0])
    for _ in range(_STEPS):
        shape = np.exp(-rate * t)
        jacobian = np.column_stack((shape, -size * t * shape))
        change = np.linalg.lstsq(jacobian, above - size * shape, rcond=None)[0]
        size, rate = size + float(change[0]), rate + float(change[1])
        if abs(change[1]) <= 1e-14 * (abs(rate) + 1e-300) + 1e-18:
            break
    return size, rate


def _weights(t: Floats, size: float, rate: float) -> tuple[Floats, Floats]:
    """λ and the mean slope as sums of readings, by linearising the fit."""
    shape, length = np.exp(-rate * t), float(t[-1])
    inverse = np.linalg.pinv(np.column_stack((shape, -size * t * shape)))
    by_size = math.expm1(-rate * length) / length
    by_rate = -size * math.exp(-rate * length)
    return inverse[1], by_size * inverse[0] + by_rate * inverse[1]


def _curvature(t: Floats, rate: float) -> Floats:
    """A column for what was taken out beyond a line, for the noise of what is left."""
    x = t / float(t[-1])
    lost = min(max(abs(rate) * float(t[-1]), 0.05), 20.0)
    lost = 2.0 ** (round(2 * math.log2(lost)) / 2)  # near enough, and a design that is met again
    return np.asarray(np.exp(-lost * x)[:, None])


def _uncertainty(
    fitting: Fitting, weights: Floats, u_outside_pa: float
) -> tuple[float, float, float]:
    """(u, its noise part, dof) of a sum of readings whose weights need not sum to zero.

    Noise is counted from the first reading on; what shifts all readings alike is the outside's.
    """
    rest = weights.copy()
    rest[0] -= weights.sum()
    noise, dof = fitting.spread(rest)
    u = math.hypot(noise, float(weights.sum()) * u_outside_pa)
    return u, noise, dof * (u / noise) ** 4 if noise else dof
