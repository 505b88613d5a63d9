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

__all__ = ["LinearRows", "linear_rows", "normal_form"]


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

    def without_the_law(self) -> tuple[FloatArray, FloatArray, LinearRows]:
        """The ends of P_Y(y) that rows on a single letter of Y set, shapes (m,), and the other rows."""
        m = self.coefficients.shape[2]
        least, most = np.zeros(m), np.ones(m)
        others = []
        for row, form in enumerate(self.coefficients):
            letter = _single_letter(form)
            if letter is None:
                others.append(row)
                continue
            # The masses sum to 1: what all other letters have is a constant.
            constant = form[0, letter - 1]
            ends = (self.lower[row] - constant, self.upper[row] - constant) / (form[0, letter] - constant)
            least[letter] = max(least[letter], ends.min())
            most[letter] = min(most[letter], ends.max())
        return least, most, LinearRows(self.coefficients[others], self.lower[others], self.upper[others])

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.lower)


def _single_letter(form: FloatArray) -> int | None:
    """The letter of Y whose mass alone the form is a function of, all else being 1 less it."""
    if np.any(form != form[:1]):
        return None
    for letter, value in enumerate(form[0]):
        others = np.delete(form[0], letter)
        if np.all(others == others[0]) and value != others[0]:
            return letter
    return None


def normal_form(limit: LinearLimit) -> tuple[FloatArray, float]:
    """Coefficients less their median, and the right-hand side, in units of their range."""
    coefficients = limit.coefficients
    centre = float(np.median(coefficients))
    unit = float(coefficients.max() - coefficients.min()) or 1.0
    # + 0.0: no negative zeros, which would tell equal forms apart.
    form: FloatArray = (coefficients - centre) / unit + 0.0
    return form, (limit.limit - centre) / unit


def linear_rows(formulation: Formulation) -> tuple[LinearRows, tuple[FloatArray, FloatArray] | None]:
    """The linear rows; where the law of Y varies, those on single letters as ends of their masses."""
    rows = LinearRows.of(formulation)
    if not formulation.free_law:
        return rows, None
    least, most, rows = rows.without_the_law()
    return rows, (least, most)
