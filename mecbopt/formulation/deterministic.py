"""Theorem 1, constructively: any scheme with common randomness becomes a mixture of deterministic mappings.

Given U ~ p_U, T ~ p(t|x,u) and Y ~ p(y|t,u), write T = g(X, U, V1) and Y = l(T, U, V2) with seeds V1, V2
independent of everything (functional representation lemma, here by inverse distribution functions).  With
W = (U, V1, V2), Y is a function of X and W, P(X, Y) is unchanged, and H(Y|W) <= H(T|W) <= H(T|U).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._validate import pmf, refuse_masked, without_tensors
from mecbopt.errors import ProblemError
from mecbopt.problem import Mixture
from mecbopt.tolerances import NORMALIZATION

__all__ = ["functions_of_channel", "to_deterministic"]


def to_deterministic(p_x: Any, p_u: Any, p_t_given_xu: Any, p_y_given_tu: Any) -> Mixture:
    """The mixture of deterministic mappings with the same P(X, Y) and a rate that is not larger.

    Parameters
    ----------
    p_x, p_u : pmfs, shapes (n,), (u,)
    p_t_given_xu : array, shape (n, u, t)
        The encoder, axes [x, u, t]; sums to 1 over t.
    p_y_given_tu : array, shape (t, u, m)
        The decoder, axes [t, u, y]; sums to 1 over y.

    Returns
    -------
    Mixture
        Its rate is at most H(T|U).  It has at most u (n (t-1) + 1) (t (m-1) + 1) mappings.

    Raises
    ------
    ProblemError
        Shapes that do not agree, or conditional laws that are not pmfs.

    Examples
    --------
    >>> mixture = to_deterministic([0.5, 0.5], [1.0], [[[0.9, 0.1]], [[0.1, 0.9]]], [[[1, 0]], [[0, 1]]])
    >>> mixture.coupling([0.5, 0.5]).round(12).tolist()
    [[0.45, 0.05], [0.05, 0.45]]
    """
    source, _ = pmf("p_x", p_x)
    seed, _ = pmf("p_u", p_u)
    encoder = _conditional("p_t_given_xu", p_t_given_xu, (len(source), len(seed), None))
    decoder = _conditional("p_y_given_tu", p_y_given_tu, (encoder.shape[2], len(seed), None))
    weights: dict[tuple[int, ...], float] = {}
    for u, probability in enumerate(seed):
        if probability == 0.0:
            continue
        decoders = list(zip(*functions_of_channel(decoder[:, u, :]), strict=True))
        for g, weight_g in zip(*functions_of_channel(encoder[:, u, :]), strict=True):
            for l, weight_l in decoders:  # noqa: E741
                mapping = tuple(l[g].tolist())
                weights[mapping] = weights.get(mapping, 0.0) + float(probability * weight_g * weight_l)
    values = np.array(list(weights.values()))
    return Mixture(np.array(list(weights)), values / values.sum())


def functions_of_channel(channel: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A row-stochastic channel, shape (a, b), as functions, shape (k, a), with probabilities, shape (k,).

    The functional representation lemma: a uniform seed V sends row i to the b with
    cdf_i(b-1) <= V < cdf_i(b); between two neighbouring break points of all rows the function is constant.
    Hence k <= a (b-1) + 1.
    """
    cumulative = np.cumsum(channel, axis=1)
    cumulative[:, -1] = 1.0
    # Ascending and distinct; numpy's `unique` would take as long as all the rest.
    breaks = np.concatenate([[0.0], np.sort(np.clip(cumulative, 0.0, 1.0), axis=None)])
    breaks = breaks[np.concatenate([[True], breaks[1:] > breaks[:-1]])]
    middles = (breaks[1:] + breaks[:-1]) / 2.0
    images = np.stack([row.searchsorted(middles, side="right") for row in cumulative], axis=1)
    # Between 1 and the number before it the middle rounds to 1, past the last letter: a mass of one rounding.
    return np.minimum(images, channel.shape[1] - 1), np.diff(breaks)


def _conditional(name: str, values: Any, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """A conditional law with non-negative entries whose last axis sums to 1."""
    refuse_masked(name, values)
    try:
        array = np.array(without_tensors(values), dtype=float)
    except (TypeError, ValueError) as error:
        raise ProblemError(
            argument=name, value=values, found=f"is no array of numbers ({error})", remedy="give one"
        ) from error
    wanted = tuple("any" if size is None else size for size in shape)
    fits = array.ndim == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
    if not fits or array.size == 0:
        raise ProblemError(
            argument=name, value=values, found=f"has shape {array.shape}", required=f"have shape {wanted}"
        )
    if not np.all(array >= 0) or not np.all(np.isfinite(array)):
        raise ProblemError(
            argument=name,
            value=values,
            found="has entries that are negative or not finite",
            remedy="give probabilities",
        )
    sums = array.sum(axis=-1)
    worst = float(sums.flat[np.argmax(np.abs(sums - 1.0))])
    if abs(worst - 1.0) > NORMALIZATION:
        raise ProblemError(
            argument=name,
            value=worst,
            found=f"has a row that sums to {worst:.12g}",
            required="sum to 1 in every row",
        )
    normalized: NDArray[np.float64] = array / sums[..., None]
    return normalized
