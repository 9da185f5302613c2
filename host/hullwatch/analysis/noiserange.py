"""All noises that a series may have: mixtures of white, flicker and walk that it does not reject.

One stretch of data cannot tell a little random walk from none, and the walk decides how uncertain a
slope is. So an interval is not made with the noise that fits best but with the one, among all that
are not rejected, that makes it widest: the largest variance over the mixtures whose restricted
likelihood (H. D. Patterson, R. Thompson, Biometrika 58 (1971) 545) is within half the 90 % point of
χ² with one degree of freedom of the best. `docs/analysis.md` has what that covers.

The likelihood is that of n − p contrasts free of the model. For each ratio of flicker to white the
walk is diagonalised against both, so that a thousand mixtures cost a few products of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hullwatch.analysis.distributions import chi2_quantile
from hullwatch.analysis.noiseallan import rounding
from hullwatch.analysis.noisemodel import Ints, kernels
from hullwatch.analysis.twofold import Floats

_NOT_REJECTED = 0.90
_WALKS, _FLICKERS = 48, 8


@dataclass(frozen=True, eq=False)
class Range:
    """Rows of (white, flicker, walk), as `Noise.parts`, that are not rejected; `dof` = n − p."""

    sizes: Floats
    dof: float

    def spread(self, gains: Floats) -> float:
        """Largest variance Σ gains·sizes of all of them."""
        return float((self.sizes @ gains).max(initial=0.0))


class Mixtures:
    """Mixtures to be tried about a model, for bins at given places.

    ``design`` is n × p: an intercept, then what the slope is a factor of, then anything.
    """

    def __init__(self, position: Ints, bin_s: float, share: Floats, design: Floats) -> None:
        n, terms = design.shape
        parts = kernels(position, bin_s, share)
        weights = np.linalg.pinv(design)[1]
        # ratios in units of what white noise does to the slope
        self._unit = np.array([float(weights @ part @ weights) for part in parts])
        q, _ = np.linalg.qr(design, mode="complete")
        contrasts = self._contrasts = q[:, terms:]
        white, flicker, walk = (
            contrasts.T @ part @ contrasts / unit
            for part, unit in zip(parts, self._unit, strict=True)
        )
        self._dof = n - terms
        # from nothing to so much that nothing else is seen between neighbouring bins
        self._walks = np.concatenate([[0.0], np.geomspace(0.1, 600.0 * n * n, _WALKS)])
        self._flickers = np.concatenate([[0.0], np.geomspace(0.3, 200.0 * n, _FLICKERS)])
        self._turned = [_diagonal(white + a * flicker, walk, contrasts) for a in self._flickers]

    def of(self, values: Floats) -> Range:
        """What n values do not reject."""
        left = self._contrasts.T @ values
        if float(left @ left) <= self._dof * rounding(values) ** 2:
            return Range(np.zeros((1, 3)), self._dof)
        likelihoods, sizes = [], []
        for flicker, (turn, eigen, log_det) in zip(
            self._flickers.tolist(), self._turned, strict=True
        ):
            inside = 1 + self._walks[:, None] * eigen
            squares = ((turn @ values) ** 2 / inside).sum(axis=1)
            logs = log_det + np.log(inside).sum(axis=1)
            likelihoods.append(-0.5 * (logs + self._dof * np.log(squares)))
            mixture = np.column_stack(
                (np.ones(len(squares)), np.full(len(squares), flicker), self._walks)
            )
            sizes.append(mixture * (squares / self._dof)[:, None] / self._unit)
        likelihood = np.concatenate(likelihoods)
        kept = likelihood >= likelihood.max() - chi2_quantile(_NOT_REJECTED, 1) / 2
        return Range(np.concatenate(sizes)[kept], self._dof)


def _diagonal(base: Floats, walk: Floats, contrasts: Floats) -> tuple[Floats, Floats, float]:
    """(turn, eigenvalues, log det of `base`): turn · values has covariance 1 + b·eigenvalues."""
    root = np.linalg.cholesky(base)
    inverse = np.linalg.solve(root, np.eye(len(root)))
    eigen, vectors = np.linalg.eigh(inverse @ walk @ inverse.T)
    turn = vectors.T @ inverse @ contrasts.T
    return turn, np.maximum(eigen, 0.0), 2 * float(np.log(np.diag(root)).sum())


def mixtures(position: Ints, bin_s: float, share: Floats, design: Floats) -> Mixtures:
    """The `Mixtures` of these; the last few are kept, they are met again and again."""
    place = (position - position[0]).astype(np.int64).tobytes()
    return _kept(place, bin_s, share.tobytes(), np.ascontiguousarray(design).tobytes())


@lru_cache(maxsize=16)
def _kept(position: bytes, bin_s: float, share: bytes, design: bytes) -> Mixtures:
    places = np.frombuffer(position, np.int64)
    columns = np.frombuffer(design, np.float64).reshape(len(places), -1)
    return Mixtures(places, bin_s, np.frombuffer(share, np.float64), columns)
