"""Slopes of a normalised pressure, each with the standard error that its own noise gives it.

Whatever a method does, its slope is (nearly) a sum of the readings with weights, w·y, and so its
variance is wᵀCw under a covariance C of the noise. Weights, where a method chooses them, are those
of the noise fitted to the Allan variances (`noiseallan`); the variance is the largest of all noises
that the series does not reject (`noiserange`). What an ordinary fit claims of itself assumes white
noise; it is kept beside as `naive_u95_pa_s`.
"""

from __future__ import annotations

import math
from typing import Self

import numpy as np

from hullwatch.analysis import gls, linear, masspoint
from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.noiseallan import NoiseFit, designed
from hullwatch.analysis.noisemodel import covariance
from hullwatch.analysis.noiserange import mixtures
from hullwatch.analysis.result import TWO_SIDED, Result, measured
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats
from hullwatch.units.constants import R

SLOPE = "Pa/s"
_ONE_SIDED = 0.95
_DAY_S = 86400.0
_HOUR_S = 3600.0
_NOISE = "any mixture of white, flicker and random-walk noise that the readings do not reject"


class Fitting:
    """A series, the noise about a model of it, and methods that use both.

    ``design``: columns of the model, an intercept and then what the slope is a factor of.
    ``beyond``: bound on the slope to add where noise is below half a step, Pa/s. InputError for
    fewer than 16 bins.
    """

    def __init__(self, series: Series, design: Floats, beyond: float = 0.0) -> None:
        self.series, self.design, self.beyond = series, design, beyond
        self.allan = designed(series.position, series.bin_s, series.share, design)
        self.noise: NoiseFit = self.allan.fit(series.y_pa)
        tried = mixtures(series.position, series.bin_s, series.share, design)
        self.range = tried.of(series.y_pa)
        self._whitening: gls.Whitening | None = None

    @classmethod
    def of_line(cls, series: Series, beyond: float = 0.0, extra: Floats | None = None) -> Self:
        """About a line, and the columns of `extra` (n × k)."""
        t = series.centred_s
        columns = [np.ones(len(t)), t, *(() if extra is None else extra.T)]
        return cls(series, np.column_stack(columns), beyond)

    @property
    def whitening(self) -> gls.Whitening:
        """Of the fitted noise."""
        if self._whitening is None:
            self._whitening = gls.Whitening(covariance(self.noise.noise, self.allan.kernels))
        return self._whitening

    @property
    def silent(self) -> bool:
        """No noise was seen at all: readings on a line, or equal ones."""
        return not self.noise.noise.parts.any()

    def spread(self, weights: Floats) -> tuple[float, float]:
        """(u, dof) of a sum of readings whose weights sum to zero: the widest there may be."""
        gains = np.array([float(weights @ kernel @ weights) for kernel in self.allan.kernels])
        return math.sqrt(max(0.0, self.range.spread(gains))), self.range.dof

    def solved(self) -> gls.Generalised:
        """The model by generalised least squares."""
        white = self.whitening
        return gls.solve_white(white, white.of(self.design), white.of(self.series.y_pa))

    def line(self) -> Result:
        """Ordinary least squares of y on time: the slope of every sample alike."""
        fit = linear.line(self.series.centred_s, self.series.y_pa)
        weights = self.series.centred_s - self.series.centred_s.mean()
        u, dof = self.spread(weights / float(weights @ self.series.centred_s))
        naive = t_quantile(TWO_SIDED, fit.dof) * float(fit.standard_errors[1])
        return self._result("line", float(fit.coefficients[1]), u, dof, naive_u95_pa_s=naive)

    def generalised(self, name: str = "gls") -> Result:
        """Generalised least squares: the weights that this noise asks for."""
        if self.silent:
            return self._result(name, self._plain_slope(), 0.0, math.inf)
        found = self.solved()
        u, dof = self.spread(found.weights[1])
        return self._result(name, float(found.coefficients[1]), u, dof, chi2=found.chi2)

    def mass_point(self) -> Result:
        """Mass-point: the line, and its rate as a share of the gas at the start (`masspoint`)."""
        found = masspoint.mass_point(*self._as_test())
        line = self.line()
        assert line.value is not None
        assert line.u is not None
        assert line.dof is not None
        t_noise = t_quantile(_ONE_SIDED, line.dof)
        to_pct_day = 100 * _DAY_S / found.start_mol
        return self._result(
            "mass_point", line.value, line.u, line.dof,
            leak_pct_day=found.leak_pct_day,
            ucl95_pct_day=found.ucl95_pct_day,
            simple_ucl95_pct_day=found.simple_ucl95_pct_day,
            noise_ucl95_pct_day=found.leak_pct_day + to_pct_day * (t_noise * line.u + self.beyond),
        )  # fmt: skip

    def total_time(self) -> Result:
        """Total-time as a slope: the rate at the last reading times the first pressure."""
        found = masspoint.total_time(*self._as_test()[:3])
        since = self.series.t_s[1:] - self.series.t_s[0]
        about = since - since.mean()
        hat = (1 / len(since) + about[-1] * about / float(about @ about)) / since
        u, dof = self.spread(np.concatenate([[-hat.sum()], hat]))
        return self._result(
            "total_time", -found.leak_pct_day * float(self.series.y_pa[0]) / (100 * _DAY_S), u, dof,
            leak_pct_day=found.leak_pct_day, ucl95_pct_day=found.ucl95_pct_day,
        )  # fmt: skip

    def _as_test(self) -> tuple[Floats, Floats, Floats, float]:
        """Hours, pressures, temperatures and volume in units of the gas there is."""
        ones = np.ones(len(self.series))
        return self.series.t_s / _HOUR_S, self.series.y_pa * float(R), ones, 1.0

    def _plain_slope(self) -> float:
        fit = linear.least_squares(self.design, self.series.y_pa, intercept=False)
        return float(fit.coefficients[1])

    def _result(
        self, name: str, value: float, u: float, dof: float, **details: float
    ) -> Result:  # fmt: skip
        return measured(
            name, SLOPE, value, u, dof, beyond=self.beyond, details=details,
            assumptions=(_NOISE, "one slope throughout"),
        )  # fmt: skip
