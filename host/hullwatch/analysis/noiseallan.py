"""White, flicker and random-walk noise of a series from its Allan variances.

The overlapping Allan variance (D. W. Allan, Proc. IEEE 54 (1966) 221; IEEE Std 1139) of the
residuals about a fitted model, at lags of 1, 2, 4, … bins up to a third of the length. Two things
are exact here that are commonly approximated: what each kind of noise is expected to give after the
model was removed, and the covariance of the variances among each other (Gaussian noise: 2·tr of the
product of quadratic forms). The three sizes are the non-negative generalised least squares of the
variances, iterated because that covariance depends on them. This is the MINQUE of C. R. Rao
(J. Multivariate Anal. 1 (1971) 257), reduced to Allan variances.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from hullwatch.analysis.allandev import AllanPoint, point
from hullwatch.analysis.noisemodel import Ints, Noise, kernels
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

FEWEST_BINS = 16
"""With fewer there are not enough lags for three kinds of noise."""

_PASSES = 6
_RIDGE = 1e-10


@dataclass(frozen=True, eq=False)
class NoiseFit:
    """Sizes of the three kinds and their covariance (before none was allowed to be negative)."""

    noise: Noise
    covariance: Floats
    lags_s: Floats
    allan_variance: Floats
    expected: Floats

    def dof(self, gains: Floats) -> float:
        """Degrees of freedom of the variance Σ gains·sizes (Satterthwaite): 2·V²/var(V), ≥ 1."""
        variance = float(gains @ self.noise.parts)
        spread = float(gains @ self.covariance @ gains)
        return max(1.0, 2 * variance * variance / spread) if spread > 0 else 1.0

    def points(self, length_s: float) -> tuple[AllanPoint, ...]:
        """Allan deviations about the model, for a series of that length."""
        pairs = zip(self.lags_s.tolist(), self.allan_variance.tolist(), strict=True)
        return tuple(point(lag, v, max(1.0, length_s / lag - 2)) for lag, v in pairs)


def designed(position: Ints, bin_s: float, share: Floats, design: Floats) -> AllanDesign:
    """The `AllanDesign` of these; the last few are kept, they are met again and again."""
    place = (position - position[0]).astype(np.int64).tobytes()
    return _kept(place, bin_s, share.tobytes(), np.ascontiguousarray(design).tobytes())


@lru_cache(maxsize=16)
def _kept(position: bytes, bin_s: float, share: bytes, design: bytes) -> AllanDesign:
    places = np.frombuffer(position, np.int64)
    columns = np.frombuffer(design, np.float64).reshape(len(places), -1)
    return AllanDesign(places, bin_s, np.frombuffer(share, np.float64), columns)


class AllanDesign:
    """What Allan variances of residuals are expected to be, for bins at given places and a model.

    ``design`` is n × p, the columns of the model, an intercept among them. InputError for fewer
    than `FEWEST_BINS` bins.
    """

    def __init__(self, position: Ints, bin_s: float, share: Floats, design: Floats) -> None:
        n = len(position)
        if n < FEWEST_BINS:
            raise InputError(
                f"{n} values are too few to tell kinds of noise", f"at least {FEWEST_BINS}"
            )
        q, _ = np.linalg.qr(design)
        self._remove = np.eye(n) - q @ q.T
        self.kernels = kernels(position, bin_s, share)
        self._forms, lags = _quadratic_forms((position - position[0]).tobytes())
        self.lags_s = np.array(lags) * bin_s
        inner = [self._remove @ kernel @ self._remove for kernel in self.kernels]
        self.expected = np.array([[float((a * c).sum()) for c in inner] for a in self._forms])
        self._cross = _cross_traces(self._forms, inner)

    def variances(self, values: Floats, other: Floats | None = None) -> Floats:
        """Allan variances of n values about the model; with others, Allan covariances."""
        rest = self._remove @ values
        beside = rest if other is None else self._remove @ other
        return np.array([float(rest @ form @ beside) for form in self._forms])

    def fit(self, values: Floats) -> NoiseFit:
        """The noise of n values about the model."""
        found = self.variances(values)
        if float(found.max()) <= rounding(values) ** 2:
            return self._silent(found)
        covariance = np.diag(np.maximum(found, 1e-300) ** 2)
        sizes = np.zeros(3)
        for _ in range(_PASSES):
            sizes = _non_negative(self.expected, found, covariance)
            covariance = np.einsum("klij,i,j->kl", self._cross, sizes, sizes)
            if not covariance.any():
                return self._silent(found)
        weighted = _whitened(self.expected, found, covariance)[0]
        scale = np.linalg.norm(weighted, axis=0)
        inverse = np.linalg.pinv((weighted / scale).T @ (weighted / scale), rcond=1e-12)
        return NoiseFit(
            Noise(*sizes.tolist()), inverse / np.outer(scale, scale), self.lags_s, found,
            self.expected @ sizes,
        )  # fmt: skip

    def _silent(self, found: Floats) -> NoiseFit:
        none = Noise(0.0, 0.0, 0.0)
        return NoiseFit(none, np.zeros((3, 3)), self.lags_s, found, np.zeros(len(found)))


def rounding(values: Floats) -> float:
    """Residuals no larger than this are what is left of arithmetic, not noise."""
    return 32 * float(np.finfo(np.float64).eps) * float(np.abs(values).max(initial=0.0))


@lru_cache(maxsize=4)
def _quadratic_forms(positions: bytes) -> tuple[list[Floats], list[int]]:
    """Matrices A with rᵀAr = overlapping Allan variance of r, and their lags in bins."""
    position = np.frombuffer(positions, np.int64)
    places = int(position[-1]) + 1
    present = np.zeros(places, np.bool_)
    present[position] = True
    column = np.cumsum(np.eye(places)[:, present], axis=0)
    sums = np.vstack([np.zeros(column.shape[1]), column])
    missing = np.concatenate([[0], np.cumsum(~present)])
    forms: list[Floats] = []
    lags: list[int] = []
    lag = 1
    while 3 * lag <= places:
        means = (sums[lag:] - sums[:-lag]) / lag
        differences = means[lag:] - means[:-lag]
        whole = missing[2 * lag :] == missing[: -2 * lag]
        rows = differences[whole]
        if len(rows) >= max(3, lag):
            forms.append(rows.T @ rows / (2 * len(rows)))
            lags.append(lag)
        lag *= 2
    if len(forms) < 3:
        raise InputError("too many gaps to tell kinds of noise", "name a span without them")
    return forms, lags


def _cross_traces(forms: list[Floats], inner: list[Floats]) -> Floats:
    """2·tr(A_k C_i A_l C_j): the covariance of variances k and l for noise of sizes i, j."""
    products = [[form @ c for c in inner] for form in forms]
    flat = np.array([[p.ravel() for p in row] for row in products])
    turned = np.array([[p.T.ravel() for p in row] for row in products])
    return np.asarray(2 * np.einsum("kix,ljx->klij", flat, turned, optimize=True))


def _whitened(expected: Floats, found: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    root = np.linalg.cholesky(covariance + np.diag(_RIDGE * np.diag(covariance)))
    both = np.linalg.solve(root, np.column_stack((expected, found)))
    return both[:, :-1], both[:, -1]


def _non_negative(expected: Floats, found: Floats, covariance: Floats) -> Floats:
    """Generalised least squares without negative sizes: the best of all subsets of three."""
    a, b = _whitened(expected, found, covariance)
    scale = np.linalg.norm(a, axis=0)
    a = a / scale
    best, least = np.zeros(3), float(b @ b)
    for count in (1, 2, 3):
        for chosen in map(list, combinations(range(3), count)):
            sizes = np.linalg.lstsq(a[:, chosen], b, rcond=None)[0]
            gap = b - a[:, chosen] @ sizes
            if (sizes >= 0).all() and float(gap @ gap) < least:
                best, least = np.zeros(3), float(gap @ gap)
                best[chosen] = sizes
    return np.asarray(best / scale)
