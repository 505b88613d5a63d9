"""The value of binary problems over arrays, about a million points a second."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt import _validate
from mecbopt.bernoulli.polygon import best_points
from mecbopt.bernoulli.scalars import without_label
from mecbopt.errors import Name, ProblemError

__all__ = ["value"]

#: Points worked on at once: the temporaries of one block stay in the processor's cache.
_BLOCK = 1 << 14


def value(
    q_x: ArrayLike,
    q_y: ArrayLike,
    rate: ArrayLike = math.inf,
    crossover: ArrayLike | None = None,
    max_label_entropy: ArrayLike | None = None,
) -> Any:
    """Largest I(X;Y) of binary problems, elementwise over arrays that broadcast.

    Parameters
    ----------
    q_x, q_y : array_like
        P(X=1) and P(Y=1), in [0, 1].
    rate : array_like
        R >= 0 in bits; infinity means no limit.
    crossover, max_label_entropy : array_like, optional
        P(S != X) in [0, 1], and C >= 0 in bits.

    Returns
    -------
    ndarray or float
        Bits; nan where the label constraint cannot be met.

    Raises
    ------
    ProblemError
        NaN, a value out of range, shapes that do not broadcast, C without a label.

    Notes
    -----
    Theorems 2 and 3 with both ends (theory, section 3).  Cost O(1) a point.

    Examples
    --------
    >>> value([0.3, 0.5], 0.3, [[0.0], [0.378]]).round(6).tolist()
    [[0.0, 0.0], [0.191631, 0.130003]]
    """
    if max_label_entropy is not None and crossover is None:
        raise without_label(max_label_entropy)
    given = {"q_x": q_x, "q_y": q_y, "rate": rate}
    if crossover is not None:
        given["crossover"] = crossover
        given["max_label_entropy"] = math.inf if max_label_entropy is None else max_label_entropy
    arrays = [_checked(name, argument) for name, argument in given.items()]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError as error:
        shapes: list[str] = []
        for name, array in zip(given, arrays, strict=True):
            shapes += [", " if shapes else "", Name(name), f" {array.shape}"]
        raise ProblemError(
            ("shapes do not broadcast: ", *shapes), remedy="give arrays of one shape, or scalars"
        ) from error
    flat = [np.broadcast_to(array, shape).ravel() for array in arrays]
    result = np.empty(flat[0].shape)
    for start in range(0, len(result), _BLOCK):
        block = slice(start, start + _BLOCK)
        best = best_points(*(array[block] for array in flat))
        result[block] = np.where(best.feasible, best.value, np.nan)
    return result.reshape(shape) if shape else float(result[0])


def _checked(name: str, argument: ArrayLike) -> NDArray[np.float64]:
    """An array of floats within the argument's range, or an error that names the first entry outside."""
    array: NDArray[np.float64] = _validate.numeric_array(name, argument, "hold real numbers").astype(float)
    highest = math.inf if name in ("rate", "max_label_entropy") else 1.0
    wrong = ~((array >= 0.0) & (array <= highest))
    if wrong.any():
        raise ProblemError(
            argument=name,
            value=array[wrong].flat[0],
            found=f"holds {array[wrong].flat[0]}",
            required="be 0 or more, in bits" if highest == math.inf else "lie in [0, 1], in every entry",
        )
    return array
