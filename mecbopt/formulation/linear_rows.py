"""Linear limits as rows of the compiled tree, which reads them off the coupling.

A limit sum a(x, y) P(x, y) <= b is a linear form of the cells, and the cells sum to 1: a constant may be
taken from a, and its share from b.  Here it is the median, so that a row on few cells has few coefficients,
which is what boxes of cells can be tightened by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mecbopt.formulation.formulation import FloatArray, Formulation
from mecbopt.formulation.limits import LinearLimit
from mecbopt.tolerances import LIMIT_SLACK

__all__ = ["LinearRows", "normal_form"]


@dataclass(frozen=True, eq=False)
class LinearRows:
    """lower_i <= sum over cells of coefficients_i P <= upper_i, in the units of the limits as scaled.

    Attributes
    ----------
    coefficients : ndarray, shape (k, n, m)
        In [-1, 1].
    lower, upper : ndarray, shape (k,)
        Relaxed by `LIMIT_SLACK`; infinite where absent.
    """

    coefficients: FloatArray
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, formulation: Formulation) -> LinearRows:
        """The linear limits, one row for all on the same form: an equation, which is two, is one row."""
        if not formulation.other_limits:
            return cls(np.empty((0, *formulation.shape)), np.empty(0), np.empty(0))
        forms: dict[bytes, tuple[FloatArray, float, float]] = {}
        for limit in formulation.limits:
            if not isinstance(limit, LinearLimit):
                continue
            form, bound = normal_form(limit)
            key, opposite = form.tobytes(), (0.0 - form).tobytes()
            if opposite in forms:
                known, lower, upper = forms[opposite]
                forms[opposite] = known, max(lower, -bound - LIMIT_SLACK), upper
            else:
                known, lower, upper = forms.get(key, (form, -math.inf, math.inf))
                forms[key] = known, lower, min(upper, bound + LIMIT_SLACK)
        rows = list(forms.values())
        return cls(
            np.array([form for form, _, _ in rows]).reshape(len(rows), *formulation.shape),
            np.array([lower for _, lower, _ in rows]),
            np.array([upper for _, _, upper in rows]),
        )

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.lower)


def normal_form(limit: LinearLimit) -> tuple[FloatArray, float]:
    """Coefficients less their median, and the right-hand side, in units of their range."""
    coefficients = limit.coefficients
    centre = float(np.median(coefficients))
    unit = float(coefficients.max() - coefficients.min()) or 1.0
    # + 0.0: no negative zeros, which would tell equal forms apart.
    form: FloatArray = (coefficients - centre) / unit + 0.0
    return form, (limit.limit - centre) / unit
