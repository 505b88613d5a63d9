"""Local search for an encoder and a decoder of any size: linear programs for one side at a time.

With the decoder's channel p(y|t) fixed, I(X;Y) is convex in P(t, x) and H(T) concave.  Both are linearised
at the current point: the tangent of I lies below it, so its maximiser is no worse; the tangent of H(T), the
cross entropy, lies above it, so H(T) <= R is kept.  The encoder's channel is fixed next, and so on in turn
until nothing is gained.  The law of T moves along; letters without mass are dropped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mecbopt import highs
from mecbopt.bottleneck.scheme import Scheme
from mecbopt.control import Clock, improves
from mecbopt.info import entropy

__all__ = ["Ascent"]

FloatArray = NDArray[np.float64]

#: Starts of one search.
_STARTS = 20
#: Turns after which a start is given up; most end within 20.
_TURNS = 60
#: In place of the slope of phi at 0, which is infinite: a cell without mass may still be filled.
_LEAST_MASS = 1e-12
#: The least letter that a program is given: the coefficient of the others stays within what it can tell
#: apart.
_LEAST_LETTER = 1e-7
#: What the law of the letters that are kept may lack of 1, and a program's solution of a side.
_RESIDUAL = 1e-12
_HALVINGS = 50


class Ascent:
    """Starts of the local search, one for each step.

    Parameters
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
        All masses positive.
    rate : float
    letters : int
        Of T at a start.
    starts : list of Scheme
        Tried first; the best one is the first incumbent.
    bound : float
        A lower bound on H(X,Y), which no step changes.
    clock : Clock
    generator : numpy.random.Generator
    """

    in_one_step = False
    trouble = False

    def __init__(
        self,
        p_x: FloatArray,
        p_y: FloatArray,
        rate: float,
        letters: int,
        starts: list[Scheme],
        bound: float,
        clock: Clock,
        generator: np.random.Generator,
    ) -> None:
        self._p_x, self._p_y, self._rate, self._letters = p_x, p_y, rate, letters
        self._starts, self._clock, self._generator = list(starts), clock, generator
        self.incumbent = min(starts, key=lambda scheme: scheme.cost)
        self.cost_bound = bound
        self.nodes = 0

    @property
    def incumbent_cost(self) -> float:
        """The least H(X,Y) known."""
        return self.incumbent.cost

    @property
    def finished(self) -> bool:
        """Whether every start has been made."""
        return self.nodes >= _STARTS

    def advance(self) -> None:
        """One start, climbed to its end."""
        scheme = self._starts.pop(0) if self._starts else self._random_start()
        for turn in range(_TURNS):
            better = self._turned(scheme, self._p_x, self._p_y)
            better = self._turned(better.transposed(), self._p_y, self._p_x).transposed()
            gained = improves(better.cost, scheme.cost)
            scheme = better if gained else scheme
            if improves(scheme.cost, self.incumbent.cost):
                self.incumbent = scheme
            if not gained:
                break
            if turn:
                self._clock.check()
        self.nodes += 1

    def _turned(self, scheme: Scheme, p_x: FloatArray, p_y: FloatArray) -> Scheme:
        """The best encoder that a linear program finds for a fixed decoder, or the scheme as it is."""
        kept = scheme.p_t > _LEAST_LETTER
        p_t = scheme.p_t[kept]
        if not kept.all() and abs(float(p_t.sum()) - 1.0) > _RESIDUAL:
            return scheme
        current, channel = scheme.encoder[kept], scheme.decoder[kept] / p_t[:, None]
        k, n = current.shape
        slopes = channel @ np.log2(np.maximum(scheme.coupling, _LEAST_MASS)).T
        surprise = np.repeat(-np.log2(p_t), n)
        marginals = np.hstack([np.tile(np.eye(n), (k, 1)), np.repeat(channel, n, axis=0)])
        sides, limit = np.concatenate([p_x, p_y]), min(self._rate, float(surprise.sum()))
        found = self._least(-slopes.ravel(), marginals, sides, surprise, limit)
        if found is None:
            return scheme
        encoder = self._within_rate(current, found.reshape(k, n))
        turned = Scheme(encoder, encoder.sum(axis=1)[:, None] * channel)
        return turned if improves(turned.cost, scheme.cost) else scheme

    def _least(
        self, costs: FloatArray, marginals: FloatArray, sides: FloatArray, surprise: FloatArray, limit: float
    ) -> FloatArray | None:
        """The cells of least cost, shape (k n,), or None; `marginals` has shape (k n, n + m)."""
        columns = np.column_stack([marginals, surprise])
        least, most = np.append(sides, -highs.INFINITY), np.append(sides, limit)
        model = highs.new_model(least, most)
        highs.add_columns(model, columns, costs)
        highs.run(model, self._clock)
        if not highs.is_optimal(model):
            return None
        found = np.array(model.getSolution().col_value)
        found = highs.refined(model, columns, found, least, most, self._clock)
        return found if np.abs(found @ marginals - sides).max() <= _RESIDUAL else None

    def _within_rate(self, current: FloatArray, encoder: FloatArray) -> FloatArray:
        """The encoder, moved towards the current one as far as rounding took it beyond the rate."""
        low, high = 0.0, 1.0
        if entropy(encoder.sum(axis=1)) <= self._rate:
            return encoder
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            point = current + middle * (encoder - current)
            low, high = (middle, high) if entropy(point.sum(axis=1)) <= self._rate else (low, middle)
        return current + low * (encoder - current)

    def _random_start(self) -> Scheme:
        """A random law of T with H(T) just below R, coupled with X and with Y in random orders."""
        law = self._generator.dirichlet(np.ones(self._letters))
        low, high = 0.0, 64.0  # powers of the law: H falls from log2 k to 0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if entropy(_power(law, middle)) <= self._rate else (middle, high)
        p_t = _power(law, high)
        p_t = p_t[p_t > _LEAST_LETTER]
        p_t /= p_t.sum()
        encoder, decoder = (self._coupled(p_t, side) for side in (self._p_x, self._p_y))
        scheme = Scheme(encoder, decoder)
        return scheme if scheme.rate <= self._rate else Scheme(self._p_x[None], self._p_y[None])

    def _coupled(self, p_t: FloatArray, law: FloatArray) -> FloatArray:
        """The coupling of two laws that fills the cells along random orders of both, shape (k, n)."""
        rows, columns = self._generator.permutation(len(p_t)), self._generator.permutation(len(law))
        ends_t, ends = np.cumsum(p_t[rows]), np.cumsum(law[columns])
        ends_t[-1] = ends[-1] = 1.0
        begins_t, begins = np.concatenate([[0.0], ends_t[:-1]]), np.concatenate([[0.0], ends[:-1]])
        overlap = np.minimum(ends_t[:, None], ends) - np.maximum(begins_t[:, None], begins)
        coupling = np.zeros((len(p_t), len(law)))
        coupling[np.ix_(rows, columns)] = np.maximum(0.0, overlap)
        return coupling


def _power(law: FloatArray, exponent: float) -> FloatArray:
    """The law to a power, normalised."""
    logs = exponent * np.log(law)
    powers = np.exp(logs - logs.max())
    normalised: FloatArray = powers / powers.sum()
    return normalised
