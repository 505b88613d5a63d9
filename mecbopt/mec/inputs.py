"""Marginals as floats: a fast path for long arrays beside the exact validation of the package."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.tolerances import NORMALIZATION

__all__ = ["marginal"]


def marginal(name: str, values: Any) -> NDArray[np.float64]:
    """The pmf `values` as floats that sum to 1, or the ProblemError of `mecbopt._validate.pmf`.

    A valid one-dimensional float array of any length takes O(n); everything else goes the exact way, which
    also writes the messages.
    """
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.size and values.dtype == np.float64:
        total = math.fsum(values) if np.isfinite(values).all() else math.nan
        if abs(total - 1.0) <= NORMALIZATION and values.min() >= 0.0:
            return values / total
    return _validate.pmf(name, values)[0]
