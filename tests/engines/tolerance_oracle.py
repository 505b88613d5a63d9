"""The oracle for a law of Y within a tolerance: every basis of a polytope, written without the package.

P_Y = p_Y + a - b with a, b >= 0 and sum a <= eps: the rows are the m marginals, the simplex, the budget of a,
and a limit each.  I(X;Y) is convex in the weights, so the best basic solution is the optimum.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.optimize import linprog

from tests.oracle import bits


def program(p_x, p_y, eps, limits):
    """Columns, target and the couplings of the columns; `limits` are (value of each mapping, bound)."""
    n, m = len(p_x), len(p_y)
    cells, _ = mappings_of(p_x, m)
    count = len(cells)
    width = count + 2 * m + 1 + len(limits)
    rows = np.zeros((m + 2 + len(limits), width))
    rows[:m, :count] = cells.sum(axis=1).T
    rows[:m, count : count + m] = -np.eye(m)
    rows[:m, count + m : count + 2 * m] = np.eye(m)
    rows[m, :count] = 1.0
    rows[m + 1, count : count + m] = 1.0
    rows[m + 1, count + 2 * m] = 1.0
    for place, (values, _) in enumerate(limits):
        rows[m + 2 + place, :count] = values
        rows[m + 2 + place, count + 2 * m + 1 + place] = 1.0
    target = np.array([*p_y, 1.0, eps, *(bound for _, bound in limits)], dtype=float)
    couplings = np.zeros((width, n * m))
    couplings[:count] = cells.reshape(count, -1)
    return rows, target, couplings


def mappings_of(p_x, m):
    """The coupling, shape (k, n, m), and the rate of every mapping."""
    n = len(p_x)
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    cells = np.zeros((len(mappings), n, m))
    for k, mapping in enumerate(mappings):
        cells[k, np.arange(n), mapping] = p_x
    return cells, bits(cells.sum(axis=1)).sum(axis=1)


def label_values(p_x, m, channel):
    """H(S|f(X)) of every mapping."""
    joint = np.einsum("knm,ns->kms", mappings_of(p_x, m)[0], np.asarray(channel))
    return bits(joint).sum(axis=(1, 2)) - bits(joint.sum(axis=2)).sum(axis=1)


def greatest_information(p_x, p_y, eps, limits):
    """Max I(X;Y), bits; minus infinity where nothing is feasible."""
    rows, target, couplings = program(p_x, p_y, eps, limits)
    n, m = len(p_x), len(p_y)
    best = -math.inf
    bases = itertools.combinations(range(rows.shape[1]), len(target))
    while block := list(itertools.islice(bases, 40_000)):
        chosen = np.array(block)
        matrices = np.moveaxis(rows[:, chosen], 1, 0)
        regular = np.abs(np.linalg.det(matrices)) > 1e-13
        chosen, matrices = chosen[regular], matrices[regular]
        right = np.broadcast_to(target[:, None], (len(chosen), len(target), 1))
        levels = np.linalg.solve(matrices, right)[..., 0]
        feasible = (levels >= -1e-10).all(axis=1)
        if not feasible.any():
            continue
        joint = np.einsum("bk,bkc->bc", np.clip(levels[feasible], 0, None), couplings[chosen[feasible]])
        law = joint.reshape(-1, n, m).sum(axis=1)
        value = bits(p_x).sum() + bits(law).sum(axis=1) - bits(joint).sum(axis=1)
        best = max(best, float(value.max()))
    return best


def least_distortion(p_x, p_y, eps, limits, distortion):
    """Min E d(X,Y) by one linear program; infinity where nothing is feasible."""
    rows, target, couplings = program(p_x, p_y, eps, limits)
    found = linprog(couplings @ np.ravel(distortion), A_eq=rows, b_eq=target)
    return math.inf if found.status == 2 else float(found.fun)


def greatest_information_unseen(p_x, p_y, eps, limits, channel, most):
    """Max I(X;Y) within H(S|Y) <= most: on the edges of the polytope, where it is attained (edge lemma).

    Along an edge I is convex and H(S|Y) concave: only the ends of what the limit leaves can be best.
    """
    rows, target, couplings = program(p_x, p_y, eps, limits)
    n, m = len(p_x), len(p_y)
    channel = np.asarray(channel)

    def information(joint):
        law = joint.sum(axis=-2)
        return bits(p_x).sum() + bits(law).sum(axis=-1) - bits(joint).sum(axis=(-1, -2))

    def unknown(joint):
        table = np.einsum("...ny,ns->...ys", joint, channel)
        return bits(table).sum(axis=(-1, -2)) - bits(table.sum(axis=-1)).sum(axis=-1)

    found = {}
    for basis in itertools.combinations(range(rows.shape[1]), len(target)):
        matrix = rows[:, basis]
        if abs(np.linalg.det(matrix)) > 1e-13:
            levels = np.linalg.solve(matrix, target)
            if (levels >= -1e-10).all():
                found[basis] = (np.clip(levels, 0, None) @ couplings[list(basis)]).reshape(n, m)
    by_part = {}
    for basis in found:
        for left_out in basis:
            by_part.setdefault(tuple(one for one in basis if one != left_out), []).append(basis)
    edges = {pair for group in by_part.values() for pair in itertools.combinations(group, 2)}
    if not edges:
        return -math.inf
    starts = np.array([found[a] for pair in edges for a in pair])
    ends = np.array([found[b] for pair in edges for b in pair[::-1]])

    def at(share):
        return starts + share[:, None, None] * (ends - starts)

    # From every end: up to the top of the concave H(S|Y), then back to where it exceeds the limit.
    low, high = np.zeros(len(starts)), np.ones(len(starts))
    for _ in range(80):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        rising = unknown(at(a)) < unknown(at(b))
        low, high = np.where(rising, a, low), np.where(rising, high, b)
    low, high = np.zeros(len(starts)), high
    high = np.where(unknown(at(np.ones(len(starts)))) <= most, 1.0, high)
    high = np.where(unknown(at(high)) <= most, 1.0, high)
    inside = unknown(starts) <= most
    for _ in range(60):
        middle = (low + high) / 2
        within = unknown(at(middle)) <= most
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    if not inside.any():
        return -math.inf
    values = np.maximum(information(starts), information(at(low)))[inside]
    return float(values.max())
