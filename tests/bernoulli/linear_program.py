"""The binary problem as a linear program over the four weights, independent of the closed form.

I(X;Y) is convex in delta, so it is largest at the largest or the smallest delta: two linear programs a
problem, and one for the least label entropy.  Thousands of problems share one block-diagonal program, which
HiGHS solves in a second.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import block_diag

# f(0), f(1) of identity, flip, zero and one.
_MAPPINGS = np.array([[0, 1], [1, 0], [0, 0], [1, 1]])
#: Problems that share a program.
_BLOCKS = 200
_OPTIONS = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


def bits(values):
    """-v log2 v with 0 log 0 = 0."""
    values = np.asarray(values, dtype=float)
    safe = np.where(values > 0, values, 1.0)
    return -values * np.log2(safe)


def _tables(q_x, crossover):
    """P(Y=1), H(Y) and H(S|Y) of each mapping."""
    p_x = np.array([1 - q_x, q_x])
    p_s = np.array([[1 - crossover, crossover], [crossover, 1 - crossover]])
    ones, rates, labels = [], [], []
    for mapping in _MAPPINGS:
        joint = np.zeros((2, 2))  # s, y
        for x in (0, 1):
            joint[:, mapping[x]] += p_x[x] * p_s[x]
        law = joint.sum(axis=0)
        ones.append(law[1])
        rates.append(bits(law).sum())
        labels.append(bits(joint).sum() - bits(law).sum())
    return np.array(ones), np.array(rates), np.array(labels)


def mutual_information(q_x, weights):
    """I(X;Y) of a mixture of the four mappings, bits."""
    joint = np.zeros((2, 2))
    for weight, mapping in zip(weights, _MAPPINGS, strict=True):
        for x, mass in ((0, 1 - q_x), (1, q_x)):
            joint[x, mapping[x]] += weight * mass
    joint = np.clip(joint, 0, None)
    return bits(joint.sum(0)).sum() + bits(joint.sum(1)).sum() - bits(joint).sum()


class Programs:
    """Linear programs of many problems, given as rows (q_x, q_y, rate, crossover, max_label_entropy)."""

    def __init__(self, problems):
        self.problems = np.asarray(problems, dtype=float)
        self.tables = [_tables(row[0], row[3]) for row in self.problems]

    def _solve(self, chosen, costs, label_limits=None):
        parts = range(0, len(chosen), _BLOCKS)
        return np.concatenate(
            [self._solve_part(chosen[i : i + _BLOCKS], costs[i : i + _BLOCKS], label_limits) for i in parts]
        )

    def _solve_part(self, chosen, costs, label_limits):
        equal = block_diag([np.vstack([np.ones(4), self.tables[i][0]]) for i in chosen], format="csc")
        equal_to = np.concatenate([[1.0, self.problems[i, 1]] for i in chosen])
        with_label = label_limits is not None
        rows = [self.tables[i][1:] if with_label else self.tables[i][1:2] for i in chosen]
        limits = [
            [self.problems[i, 2], label_limits[i]] if with_label else [self.problems[i, 2]] for i in chosen
        ]
        result = linprog(
            np.concatenate(costs),
            A_ub=block_diag([np.vstack(row) for row in rows], format="csc"),
            b_ub=np.minimum(np.concatenate(limits), 10.0),
            A_eq=equal,
            b_eq=equal_to,
            method="highs-ds",
            options=_OPTIONS,
        )
        assert result.status == 0, result.message
        return result.x.reshape(-1, 4)

    def smallest_label_entropies(self):
        """Min H(S|Y,U) at each problem's rate, bits."""
        everything = range(len(self.problems))
        points = self._solve(everything, [self.tables[i][2] for i in everything])
        return np.array([self.tables[i][2] @ points[i] for i in everything])

    def values(self, chosen, slack):
        """Max I(X;Y) of the chosen problems, all feasible with C raised by `slack`, bits."""
        ends = [
            self._solve(
                chosen, [sign * np.array([1.0, -1.0, 0.0, 0.0]) for _ in chosen], self.problems[:, 4] + slack
            )
            for sign in (1.0, -1.0)
        ]
        return np.array(
            [
                max(mutual_information(self.problems[i, 0], end[k]) for end in ends)
                for k, i in enumerate(chosen)
            ]
        )
