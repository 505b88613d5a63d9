"""The oracle for tiny alphabets: every vertex of the feasible polytope, written independently of the package.

Nothing here imports mecbopt.  Two ways to list the vertices: all bases (tiny), and a walk over the graph of
feasible bases, which is connected (larger, generic data).  A concave function attains its minimum over a
polytope at a vertex, so the best vertex is the global optimum.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog


def bits(values):
    """-v log2 v with 0 log 0 = 0."""
    values = np.asarray(values, dtype=float)
    safe = np.where(values > 0, values, 1.0)
    return -values * np.log2(safe)


@dataclass(frozen=True)
class Polytope:
    """{z >= 0 : columns @ z = target}; the first `count` columns are mappings, the rest slacks."""

    columns: np.ndarray
    target: np.ndarray
    cells: np.ndarray
    count: int
    entropies: float


def polytope(p_x, p_y, rate=math.inf, channel=None, limit=None):
    """The feasible mixtures of a problem."""
    n, m = len(p_x), len(p_y)
    mappings = list(itertools.product(range(m), repeat=n))
    laws = np.zeros((len(mappings), m))
    cells = np.zeros((len(mappings), n, m))
    label = np.zeros(len(mappings))
    for k, mapping in enumerate(mappings):
        for x, y in enumerate(mapping):
            laws[k, y] += p_x[x]
            cells[k, x, y] += p_x[x]
        if channel is not None:
            joint = cells[k].T @ np.asarray(channel)
            label[k] = bits(joint).sum() - bits(joint.sum(axis=1)).sum()
    rows, target = [*laws.T], [*p_y]
    slacks = 0
    if math.isfinite(rate):
        rows.append(bits(laws).sum(axis=1))
        target.append(rate)
        slacks += 1
    if limit is not None:
        rows.append(label)
        target.append(limit)
        slacks += 1
    slack_columns = np.eye(len(rows))[:, len(rows) - slacks :]
    return Polytope(
        np.hstack([np.array(rows), slack_columns]),
        np.array(target),
        np.vstack([cells.reshape(len(mappings), -1), np.zeros((slacks, n * m))]),
        len(mappings),
        float(bits(p_x).sum() + bits(p_y).sum()),
    )


def _basic_solutions(body, bases):
    """The feasible ones among given bases, and their levels."""
    matrices = np.moveaxis(body.columns[:, bases], 1, 0)
    regular = np.abs(np.linalg.det(matrices)) > 1e-14
    bases, matrices = bases[regular], matrices[regular]
    right = np.broadcast_to(body.target[:, None], (len(bases), len(body.target), 1))
    levels = np.linalg.solve(matrices, right)[..., 0]
    feasible = (levels >= -1e-10).all(axis=1)
    return bases[feasible], np.clip(levels[feasible], 0.0, None)


def _best(body, bases, levels):
    if len(bases) == 0:
        return -math.inf
    couplings = np.einsum("bk,bkc->bc", levels, body.cells[bases])
    return body.entropies - float(bits(couplings).sum(axis=1).min())


def best_over_all_bases(body):
    """Max I(X;Y) over every basic feasible solution; minus infinity where there is none."""
    best = -math.inf
    bases = itertools.combinations(range(body.columns.shape[1]), len(body.target))
    while block := list(itertools.islice(bases, 40_000)):
        best = max(best, _best(body, *_basic_solutions(body, np.array(block))))
    return best


def best_over_basis_graph(body):
    """Max I(X;Y) by walking from feasible basis to feasible basis (data without degeneracy)."""
    width = body.columns.shape[1]
    start = linprog(np.random.default_rng(0).normal(size=width), A_eq=body.columns, b_eq=body.target)
    if start.status == 2:
        return -math.inf
    first = np.sort(np.argsort(start.x)[-len(body.target) :])
    powers = width ** np.arange(len(body.target), dtype=np.int64)
    seen = np.array([first @ powers])
    frontier, best = first[None, :], -math.inf
    while len(frontier):
        found = []
        for block in np.array_split(frontier, math.ceil(len(frontier) / 2000)):
            bases, levels = _basic_solutions(body, block)
            best = max(best, _best(body, bases, levels))
            inverses = np.linalg.inv(np.moveaxis(body.columns[:, bases], 1, 0))
            moves = inverses @ body.columns
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios = np.where(moves > 1e-12, levels[:, :, None] / moves, np.inf)
            leaving = ratios.argmin(axis=1)
            bounded = np.isfinite(ratios.min(axis=1))
            rows, entering = np.nonzero(bounded & ~_members(bases, width))
            fresh = bases[rows]
            fresh[np.arange(len(rows)), leaving[rows, entering]] = entering
            found.append(np.sort(fresh, axis=1))
        candidates = np.concatenate(found)
        codes, index = np.unique(candidates @ powers, return_index=True)
        new = ~np.isin(codes, seen)
        seen = np.concatenate([seen, codes[new]])
        frontier = candidates[index[new]]
    return best


def _members(bases, width):
    members = np.zeros((len(bases), width), dtype=bool)
    members[np.arange(len(bases))[:, None], bases] = True
    return members


def smallest_label_entropy(p_x, p_y, rate, channel):
    """Min H(S|Y,U) at a rate, by a linear program over all mappings."""
    body = polytope(p_x, p_y, rate)
    labelled = polytope(p_x, p_y, rate, channel, 0.0)
    costs = np.zeros(body.columns.shape[1])
    costs[: body.count] = labelled.columns[-1, : body.count]
    result = linprog(costs, A_eq=body.columns, b_eq=body.target)
    return float(result.fun)


def _edges(body):
    """Both ends of every edge of the polytope, as couplings, shapes (k, cells); a vertex is its own edge."""
    width, size = body.columns.shape[1], len(body.target)
    starts, ends = [], []
    combinations = itertools.combinations(range(width), size)
    while block := list(itertools.islice(combinations, 40_000)):
        bases, levels = _basic_solutions(body, np.array(block))
        if len(bases) == 0:
            continue
        here = np.einsum("bk,bkc->bc", levels, body.cells[bases])
        moves = np.linalg.inv(np.moveaxis(body.columns[:, bases], 1, 0)) @ body.columns
        with np.errstate(divide="ignore", invalid="ignore"):
            length = np.where(moves > 1e-12, levels[:, :, None] / moves, np.inf).min(axis=1)
        rows, entering = np.nonzero(np.isfinite(length) & ~_members(bases, width))
        change = body.cells[entering] - np.einsum(
            "ek,ekc->ec", moves[rows, :, entering], body.cells[bases[rows]]
        )
        starts += [here, here[rows]]
        ends += [here, here[rows] + length[rows, entering][:, None] * change]
    if not starts:
        return np.empty((0, body.cells.shape[1])), np.empty((0, body.cells.shape[1]))
    return np.concatenate(starts).clip(0.0), np.concatenate(ends).clip(0.0)


def best_with_unseen_label(p_x, p_y, rate, channel, limit):
    """Max I(X;Y) with H(S|Y) <= limit, and the least H(S|Y): edges of the polytope without the limit.

    H(S|Y) is concave along an edge, so the limit leaves an interval at either end, and the joint entropy,
    concave too, is least at the ends of those.
    """
    body = polytope(p_x, p_y, rate)
    starts, ends = _edges(body)
    n, m, channel = len(p_x), len(p_y), np.asarray(channel)

    def label_entropy(couplings):
        joint = np.einsum("kxy,xs->kys", couplings.reshape(-1, n, m), channel)
        return bits(joint).sum(axis=(1, 2)) - float(bits(p_y).sum())

    heights = np.array([label_entropy(starts), label_entropy(ends)])
    least = float(heights.min())
    vertices = np.concatenate([starts[heights[0] <= limit], ends[heights[1] <= limit]])
    best = float(bits(vertices).sum(axis=1).min()) if len(vertices) else math.inf
    # Only edges with an end within the limit and an end below the best vertex have more to offer.
    lowest = np.minimum(bits(starts).sum(axis=1), bits(ends).sum(axis=1))
    some = (heights <= limit).any(axis=0) & (lowest < best)
    starts, ends = starts[some], ends[some]

    def at(share):
        return starts + share[:, None] * (ends - starts)

    # Where H(S|Y) is greatest along the edge, then where it passes the limit on the way there.
    low, high = np.zeros(len(starts)), np.ones(len(starts))
    for _ in range(50):
        third = (high - low) / 3
        rises = label_entropy(at(low + third)) < label_entropy(at(high - third))
        low, high = np.where(rises, low + third, low), np.where(rises, high, high - third)
    top = (low + high) / 2
    for end in (np.zeros(len(starts)), np.ones(len(starts))):
        inside, outside = end, np.where(label_entropy(at(top)) <= limit, end, top)
        for _ in range(45):
            middle = (inside + outside) / 2
            fits = label_entropy(at(middle)) <= limit
            inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
        couplings = at(inside)
        couplings = couplings[label_entropy(couplings) <= limit]
        if len(couplings):
            best = min(best, float(bits(couplings).sum(axis=1).min()))
    return body.entropies - best, least
