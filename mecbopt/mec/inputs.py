"""Marginals as floats: a fast path for long arrays beside the exact validation of the package."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.errors import ProblemError
from mecbopt.tolerances import NORMALIZATION

__all__ = ["marginal", "marginals"]


def marginals(values: tuple[Any, ...], normalize: bool) -> list[NDArray[np.float64]]:
    """The arguments p, q, *more as floats; errors call them by these names."""
    if not isinstance(normalize, bool):
        raise ProblemError(argument="normalize", value=normalize, remedy="give True or False")
    names = ["p", "q", *(f"more[{index}]" for index in range(len(values) - 2))]
    return [marginal(name, law, normalize) for name, law in zip(names, values, strict=True)]


def marginal(name: str, values: Any, normalize: bool = False) -> NDArray[np.float64]:
    """The pmf `values` as floats that sum to 1, or the ProblemError of `mecbopt._validate.pmf`.

    Takes what `Problem` takes; `normalize` divides by the sum whatever it is.  A valid one-dimensional float
    array of any length takes O(n); everything else goes the exact way, which also writes the messages.
    """
    if type(values) is np.ndarray and values.ndim == 1 and values.size and values.dtype == np.float64:
        # as a list: fsum would make an object of every element of an array
        total = math.fsum(values.tolist()) if np.isfinite(values).all() else math.nan
        if abs(total - 1.0) <= NORMALIZATION and values.min() >= 0.0:
            return values / total
    return _validate.pmf(name, values, normalize)[0]
