"""Quantiles of Student's t for the reference analysis."""

from __future__ import annotations

from hullwatch.errors import MissingCapability


def t_quantile(probability: float, dof: int) -> float:
    """Value that a t of `dof` degrees of freedom stays below with `probability` (one-sided).

    MissingCapability without scipy.
    """
    try:
        from scipy.special import stdtrit
    except ImportError as error:
        hint = "pip install 'hullwatch[analysis]'"
        raise MissingCapability("the reference analysis needs scipy", hint) from error
    return float(stdtrit(dof, probability))
