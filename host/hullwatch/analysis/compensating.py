"""Does a thermometer's temperature belong to the gas? The verdict on a temperature compensation.

Of Allan (co)variances at one lag, about lines, with c = P/T:

    σ²(y) = σ²(p) − 2·c·σ(p, T) + c²·σ²(T)

so y is quieter than p where g = σ(p, T)/(c·σ²(T)) > 1/2. g is by how much the pressure follows the
thermometer, 1 for a gas at its temperature. What counts are the three longest lags, the nearest to
the length the slope is of. There a compensation is refused when it makes y noisier than p and what
it adds is larger than all that p does: then the gas cannot be where the thermometer is. Less than
that is no proof: a temperature that hardly moved beside a sensor's own drift follows nothing, and
a thermometer that shows its own white noise only is no wrong one. Noise of the thermometer at short
lags averages out; it is told as the other cause of a refusal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.noiseallan import designed
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

HELPS, REFUSED, NO_MATTER = "helps", "refused", "makes no difference"
_LONGEST = 3
_REAL = 4.0
_EVEN = 0.1
"""Deviations that differ by less than a tenth are the same, at a handful of degrees of freedom."""


@dataclass(frozen=True, eq=False)
class Compensation:
    """`verdict` is `helps`, `refused` or `makes no difference`; `causes` are sentences.

    By lag: Allan deviations of p (at T_ref), of y, and of the temperature as pressure; `follow` is
    g. Slopes of both in Pa/s.
    """

    verdict: str
    causes: tuple[str, ...]
    lags_s: Floats
    uncompensated_pa: Floats
    compensated_pa: Floats
    temperature_pa: Floats
    follow: Floats
    uncompensated_slope_pa_s: float
    compensated_slope_pa_s: float


def judged(fine: Series, t_ref_k: float, lsb_k: float = 0.0) -> Compensation:
    """Of a series in its finest bins and in coarse ones; `lsb_k`: the thermometer's step.

    InputError for fewer than 16 bins.
    """
    coarse = fine.coarser()
    short, long = (_deviations(part, t_ref_k) for part in (fine.chosen(_first(fine)), coarse))
    shortest = short if fine.bin_s < coarse.bin_s else long
    slopes = [_slope(coarse.t_s, values) for values in (_plain(coarse, t_ref_k), coarse.y_pa)]
    causes = []
    # the noise of a thermometer, and with a coarse one its steps
    p_short, y_short, t_short = (float(x[0]) for x in shortest[1:4])
    if y_short > (1 + _EVEN) * p_short:
        steps = f", whose steps of {lsb_k:.3g} K are worth {_worth(coarse, lsb_k):.2g} Pa" if (
            lsb_k > 0
        ) else ""  # fmt: skip
        causes.append(
            f"at {shortest[0][0]:.3g} s the thermometer{steps}, adds {t_short:.2g} Pa of noise"
            f" to {p_short:.2g} Pa"
        )
    p_long, y_long, t_long = (float((x[-_LONGEST:] ** 2).sum()) for x in long[1:4])
    swing = float(np.ptp(coarse.temperature_k))
    verdict = NO_MATTER
    if y_long < (1 - _EVEN) ** 2 * p_long:
        verdict = HELPS
    elif y_long > (1 + _EVEN) ** 2 * p_long and t_long > max(p_long, _moved(long)):
        verdict = REFUSED
        follow = float((long[4] * long[3] ** 2)[-_LONGEST:].sum()) / t_long
        causes.append(
            f"at {long[0][-_LONGEST:][0]:.3g} to {long[0][-1]:.3g} s the pressure follows the"
            f" thermometer by {follow:.2f} of what gas would: its {swing:.2g} K are the board's own"
            " heating, or of another place"
        )
    told = tuple(causes) if verdict == REFUSED else ()  # noise at short lags alone averages out
    return Compensation(verdict, told, *long, *slopes)


def _moved(long: tuple[Floats, ...]) -> float:
    """What the thermometer's own white noise cannot be at the longest lags, Pa²."""
    white = long[3][0] ** 2 * long[0][0] / long[0][-_LONGEST:]
    return _REAL * float(white.sum())


def _first(fine: Series) -> np.typing.NDArray[np.bool_]:
    """The first 256 bins: enough for the shortest lags."""
    keep = np.zeros(len(fine), np.bool_)
    keep[:256] = True
    return keep


def _plain(series: Series, t_ref_k: float) -> Floats:
    return series.p_pa * (t_ref_k / float(series.temperature_k.mean()))


def _worth(series: Series, kelvin: float) -> float:
    return kelvin * float(series.p_pa.mean() / series.temperature_k.mean())


def _slope(t_s: Floats, values: Floats) -> float:
    about = t_s - t_s.mean()
    return float(about @ values / (about @ about))


def _deviations(
    series: Series, t_ref_k: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:  # fmt: skip
    """(lags, of p, of y, of T as pressure, g)."""
    if not len(series):
        raise InputError("no values to judge a compensation by", "a longer span")
    design = np.column_stack((np.ones(len(series)), series.centred_s))
    allan = designed(series.position, series.bin_s, series.share, design)
    plain = _plain(series, t_ref_k)
    mean_t = float(series.temperature_k.mean())
    as_pressure = float(plain.mean()) / mean_t * series.temperature_k
    variances = [allan.variances(x) for x in (plain, series.y_pa, as_pressure)]
    cross = allan.variances(plain, as_pressure)
    with np.errstate(divide="ignore", invalid="ignore"):
        follow = np.where(variances[2] > 0, cross / variances[2], math.nan)
    p, y, t = (np.sqrt(np.maximum(x, 0.0)) for x in variances)
    return allan.lags_s, p, y, t, follow
