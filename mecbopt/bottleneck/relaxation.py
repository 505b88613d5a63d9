"""Lower bounds on H(X,Y) over boxes of p_T for pairs of trees, many boxes at a time; units are bits.

On a box of p_T every edge of the encoder, a = P(x, t), and of the decoder, b = P(t, y), is affine in p_T.

1.  Subset sums p_T(A) lie in intervals that follow from the box, from sum 1 and from a, b >= 0.  They give
    intervals for a, b, for the conditional laws alpha = a / p_T(t) and beta = b / p_T(t), and for P(x, y).
2.  phi(P(x, y)) is concave, hence above its secant on the interval of P(x, y).  Subtracting r_x + c_y from
    the slopes and adding sum r_x p_X(x) + sum c_y p_Y(y) changes nothing on couplings, and makes the slopes
    small.
3.  P(x, y) = sum_t p_T(t) alpha beta: McCormick's envelopes of the product alpha beta, times p_T(t), are
    affine in a, b and p_T(t), hence in p_T.  Two of them bound from each side, and so does their mean:
    three affine lower bounds on H(X,Y).
4.  H(T) is concave, hence above the sum of its secants: H(T) <= R implies an affine row.  The least value
    of an affine function over {box, sum 1, rows} is a linear program (`programs`).

Each step is off by at most the square of the box's width, which is why few boxes suffice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mecbopt.bottleneck.forests import Trees
from mecbopt.bottleneck.programs import Program, filled
from mecbopt.bounds import phi_secants
from mecbopt.control import rounded_outward

__all__ = ["Boxes", "Examined", "Family"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Masses may be off by this through the rounding of subset sums; every interval is widened by it.
_ROUNDING = 1e-14


class Boxes(NamedTuple):
    """Boxes of p_T, each for one pair of trees: pair (N,), low and high (N, k)."""

    pair: IntArray
    low: FloatArray
    high: FloatArray


class Examined(NamedTuple):
    """Boxes shrunk to what may be feasible, bounds (N,), infinity where nothing is, and points (N, k)."""

    boxes: Boxes
    bound: FloatArray
    point: FloatArray


@dataclass(frozen=True, eq=False)
class Family:
    """All pairs of trees with k letters of T, and the bounds of boxes for them.

    Attributes
    ----------
    p_x, p_y : ndarray, shapes (n,), (m,)
    rate : float
    encoders, decoders : Trees
        Pair number i is encoder i // len(decoders) beside decoder i % len(decoders).
    """

    p_x: FloatArray
    p_y: FloatArray
    rate: float
    encoders: Trees
    decoders: Trees
    _bits: FloatArray = field(init=False)
    _needed: tuple[FloatArray, FloatArray] = field(init=False)

    def __post_init__(self) -> None:
        k = self.letters
        bits = (np.arange(1 << k)[:, None] >> np.arange(k)) & 1
        object.__setattr__(self, "_bits", bits.astype(float))
        object.__setattr__(self, "_needed", (_needed(self.encoders), _needed(self.decoders)))

    @property
    def letters(self) -> int:
        """The number k of letters of T."""
        return int(self.encoders.present.shape[1])

    def roots(self) -> Boxes:
        """The whole simplex for every pair."""
        pairs = len(self.encoders) * len(self.decoders)
        shape = (pairs, self.letters)
        return Boxes(np.arange(pairs), np.zeros(shape), np.ones(shape))

    def masses(self, pair: IntArray, p_t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """P(t, x) and P(t, y), shapes (N, k, n) and (N, k, m); a negative entry means that there is none."""
        sums = p_t @ self._bits.T
        encoder, decoder = np.divmod(pair, len(self.decoders))
        return _edges(self.encoders, encoder, sums), _edges(self.decoders, decoder, sums)

    def corner_of_least_rate(self, boxes: Boxes) -> FloatArray:
        """The corners, shape (N, k), at which the sum of the secants of phi(p_T(t)) is least."""
        row, _ = phi_secants(boxes.low, boxes.high)
        return filled(row, boxes.low, boxes.high)

    def examine(self, boxes: Boxes) -> Examined:
        """Shrink boxes and bound H(X,Y) on each from below; cost O(N k n m)."""
        pair, low, high = boxes
        encoder, decoder = np.divmod(pair, len(self.decoders))
        sums, empty = self._subset_sums(
            low, high, np.maximum(self._needed[0][encoder], self._needed[1][decoder])
        )
        singles = 1 << np.arange(self.letters)
        full = (1 << self.letters) - 1
        low, high = sums[:, singles], 1.0 - sums[:, full ^ singles]
        empty |= np.any(low > high + _ROUNDING, axis=1)
        high = np.maximum(low, high)
        sides = _Sides(self.encoders, encoder, sums), _Sides(self.decoders, decoder, sums)
        slopes, offset = self._secants(sides)
        row, row_constant = phi_secants(low, high)
        room = self.rate + _ROUNDING - row_constant.sum(axis=1)
        program = Program(low, high, row, room)
        affine = [self._affine(slopes, sides, upper) for upper in (False, True)]
        affine.append(((affine[0][0] + affine[1][0]) / 2, (affine[0][1] + affine[1][1]) / 2))
        # All three in one program: on few boxes numpy's overhead would count.
        count, rows = len(low), np.arange(len(low))
        value, points = program.taken(np.tile(rows, 3)).least(np.concatenate([slope for slope, _ in affine]))
        values = value.reshape(3, count) + np.stack([constant for _, constant in affine])
        chosen = values.argmax(axis=0)
        best, point = values[chosen, rows], points.reshape(3, count, -1)[chosen, rows]
        gradient = np.stack([slope for slope, _ in affine])[chosen, rows]
        constant = np.stack([constant for _, constant in affine])[chosen, rows]
        # The box knows no sums of several letters: the most violated one becomes a row of its own.
        excess = sums - point @ self._bits.T
        worst = excess.argmax(axis=1)
        rows = np.flatnonzero((excess.max(axis=1) > _ROUNDING) & np.isfinite(best))
        if rows.size:
            least = sums[rows, worst[rows]]
            value, where = program.taken(rows).least_beside(gradient[rows], -self._bits[worst[rows]], -least)
            best[rows] = np.maximum(best[rows], value + constant[rows])
            point[rows] = where
        best = best + offset + rounded_outward(0.0, len(self.p_x) * len(self.p_y) * self.letters)
        best[empty] = np.inf
        return Examined(Boxes(pair, low, high), best, point)

    def _subset_sums(
        self, low: FloatArray, high: FloatArray, needed: FloatArray
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Lower bounds on all subset sums, shape (N, 2^k), and whether they contradict each other.

        The upper bound on p_T(A) is 1 less the lower bound on the rest.
        """
        k = self.letters
        every = np.arange(1 << k)
        rest = every[::-1]  # the complement of a mask
        sums = np.maximum(low @ self._bits.T, 1.0 - (high @ self._bits.T)[:, rest])
        sums = np.maximum(sums, needed)
        # p(t) = p(A) + p(B) - 1 where A and B share t alone and cover all; p(not t) = p(A) + p(B), disjoint.
        for t in range(k):
            one, others = 1 << t, (every.size - 1) ^ (1 << t)
            inside = every[(every & one) == 0]
            sums[:, one] = np.maximum(
                sums[:, one], (sums[:, inside | one] + sums[:, rest[inside]]).max(axis=1) - 1.0
            )
            sums[:, others] = np.maximum(
                sums[:, others], (sums[:, inside] + sums[:, others ^ inside]).max(axis=1)
            )
        empty = np.any(sums + sums[:, rest] > 1.0 + _ROUNDING, axis=1)
        return sums, empty

    def _secants(self, sides: tuple[_Sides, _Sides]) -> tuple[FloatArray, FloatArray]:
        """Slopes of the secants of phi(P(x, y)), centred, shape (N, n, m), and what must be added, (N,)."""
        encoder, decoder = sides
        low = np.maximum(
            encoder.share_low[..., None] * decoder.low[:, :, None, :],
            encoder.low[..., None] * decoder.share_low[:, :, None, :],
        ).sum(axis=1)
        high = np.minimum(
            encoder.share_high[..., None] * decoder.high[:, :, None, :],
            encoder.high[..., None] * decoder.share_high[:, :, None, :],
        ).sum(axis=1)
        # The other cells of a row or a column leave at least, and at most, this.
        p_x, p_y = self.p_x[:, None], self.p_y
        least = np.maximum(
            p_x - (high.sum(axis=2, keepdims=True) - high), p_y - (high.sum(axis=1, keepdims=True) - high)
        )
        most = np.minimum(
            p_x - (low.sum(axis=2, keepdims=True) - low), p_y - (low.sum(axis=1, keepdims=True) - low)
        )
        low = np.maximum(0.0, np.maximum(low, least) - _ROUNDING)
        high = np.maximum(low, np.minimum(high, most) + _ROUNDING)
        slopes, constants = phi_secants(low, high)
        rows = slopes.mean(axis=2, keepdims=True)
        columns = (slopes - rows).mean(axis=1, keepdims=True)
        offset = constants.sum(axis=(1, 2)) + rows[:, :, 0] @ self.p_x + columns[:, 0, :] @ self.p_y
        return slopes - rows - columns, offset

    def _affine(
        self, slopes: FloatArray, sides: tuple[_Sides, _Sides], upper: bool
    ) -> tuple[FloatArray, FloatArray]:
        """An affine function of p_T below sum slopes P(x, y): gradient (N, k) and constant (N,).

        With alpha in [l, u] and beta in [v, w]: alpha beta >= l beta + v alpha - l v and >= u beta + w
        alpha - u w from below, <= u beta + v alpha - u v and <= l beta + w alpha - l w from above; the
        first of each pair has beta's lower end, the second its upper.
        """
        encoder, decoder = sides
        beta = decoder.share_high if upper else decoder.share_low
        ends = (encoder.share_low, encoder.share_high)
        positive, negative = ends[::-1] if upper else ends
        # weight[t, x, y] = slope(x, y) times the end of alpha that its sign asks for.
        weight = np.where(slopes[:, None] > 0.0, positive[..., None], negative[..., None]) * slopes[:, None]
        of_b = weight.sum(axis=2)
        of_a = np.einsum("nxy,nty->ntx", slopes, beta)
        of_t = -(of_b * beta).sum(axis=2)
        gradient = of_t + np.einsum("ntx,ntxj->nj", of_a, encoder.bits(self._bits))
        gradient += np.einsum("nty,ntyj->nj", of_b, decoder.bits(self._bits))
        constant = -(of_a * encoder.constants).sum(axis=(1, 2)) - (of_b * decoder.constants).sum(axis=(1, 2))
        return gradient, constant


class _Sides:
    """Intervals of the edges P(t, v) and of their shares of p_T(t), shapes (N, k, v), on one side."""

    def __init__(self, trees: Trees, index: IntArray, sums: FloatArray) -> None:
        present, self._subsets = trees.present[index], trees.subsets[index]
        self.constants = trees.constants[index]
        k = present.shape[1]
        rows = np.arange(len(index))[:, None, None]
        others = ((1 << k) - 1) ^ self._subsets
        self.low = np.where(present, np.maximum(0.0, sums[rows, self._subsets] - self.constants), 0.0)
        self.high = np.where(present, np.maximum(self.low, 1.0 - sums[rows, others] - self.constants), 0.0)
        # The other edges of t carry p_T(t) - P(t, v) = constant - p_T(A without t).
        alone = (1 << np.arange(k))[:, None]
        without = self._subsets & ~alone
        rest_high = np.maximum(0.0, self.constants - sums[rows, without])
        rest_low = np.maximum(0.0, self.constants - (1.0 - sums[rows, ((1 << k) - 1) ^ without]))
        pure = present.sum(axis=2, keepdims=True) == 1
        self.share_low = _ratio(self.low, rest_high, 0.0)
        self.share_high = _ratio(self.high, rest_low, 1.0)
        self.share_low = np.where(pure, 1.0, np.maximum(0.0, self.share_low - _ROUNDING)) * present
        self.share_high = np.where(pure, 1.0, np.minimum(1.0, self.share_high + _ROUNDING)) * present

    def bits(self, table: FloatArray) -> FloatArray:
        """Membership of each letter of T in the subset of every edge, shape (N, k, v, k)."""
        return table[self._subsets]


def _ratio(part: FloatArray, rest: FloatArray, otherwise: float) -> FloatArray:
    """The ratio part / (part + rest), monotone in both; a fixed value where there is nothing."""
    whole = part + rest
    return np.divide(part, whole, out=np.full_like(part, otherwise), where=whole > 0.0)


def _needed(trees: Trees) -> FloatArray:
    """The least subset sums, shape (trees, 2^k), with which no edge is negative."""
    count, k = trees.present.shape[:2]
    needed = np.zeros((count, 1 << k))
    for index in range(count):
        where = trees.present[index]
        np.maximum.at(needed[index], trees.subsets[index][where], trees.constants[index][where])
    needed[:, -1] = 1.0
    return needed


def _edges(trees: Trees, index: IntArray, sums: FloatArray) -> FloatArray:
    """Masses of the edges, shape (N, k, v), for subset sums (N, 2^k)."""
    rows = np.arange(len(index))[:, None, None]
    return np.where(trees.present[index], sums[rows, trees.subsets[index]] - trees.constants[index], 0.0)
