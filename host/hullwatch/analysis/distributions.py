"""Quantiles and tails of t, χ² and F for the reference analysis; MissingCapability without scipy.

One-sided throughout: a quantile is the value that the variable stays below with `probability`.
"""

from __future__ import annotations

import importlib
import math
from types import ModuleType

from hullwatch.errors import MissingCapability


def _special() -> ModuleType:
    try:
        return importlib.import_module("scipy.special")
    except ImportError as error:
        hint = "pip install 'hullwatch[analysis]'"
        raise MissingCapability("the reference analysis needs scipy", hint) from error


def t_quantile(probability: float, dof: float) -> float:
    """Of Student's t; of the normal distribution for infinite `dof`."""
    special = _special()
    if math.isinf(dof):
        return float(special.ndtri(probability))
    return float(special.stdtrit(dof, probability))


def chi2_quantile(probability: float, dof: float) -> float:
    """Of χ² with `dof` degrees of freedom."""
    return float(_special().chdtri(dof, 1 - probability))


def chi2_tail(value: float, dof: float) -> float:
    """Probability that χ² exceeds `value`."""
    return float(_special().chdtrc(dof, value))


def f_tail(value: float, dof: float, dof_below: float) -> float:
    """Probability that F exceeds `value`; 0 for an infinite one."""
    return float(_special().fdtrc(dof, dof_below, value)) if math.isfinite(value) else 0.0


def normal_cdf(values: object) -> object:
    """Φ of an array."""
    return _special().ndtr(values)


def t_tail(value: float, dof: float) -> float:
    """Probability that Student's t exceeds `value`."""
    return float(_special().stdtr(dof, -value))
