"""The supports among which an optimal encoder and decoder lie: pairs of spanning trees, up to the order of T.

A vertex of the couplings of p_T and p_Y has the support of a forest on the letters of T and Y; completed to a
spanning tree its masses are affine in p_T: the mass of an edge is what the side of t has to spare,
P(t, y) = p_T(A) - p_Y(B), where A and B are the letters that hang on t once the edge is cut.

A letter of T that has one neighbour is *pure*.  docs/theory/bottleneck.md proves that some optimum has, on
both sides, a forest, at most one pure letter for each neighbour, and at most n + m edges; hence at most
`letter_bound(n, m)` letters.  Letters without mass and edges without mass are allowed, so that trees hold
all forests, and pairs with that many letters hold those with fewer where `covers` says so.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trees", "covers", "letter_bound", "pair_count_bound", "pairs", "spanning_trees", "trees"]

#: An edge (t, v): letter t of T beside letter v of X or of Y.
Edge = tuple[int, int]
Tree = tuple[Edge, ...]


def letter_bound(n: int, m: int) -> int:
    """Letters of T that some optimum does not exceed: min(2 min(n, m) - 1, n + m // 2, m + n // 2).

    >>> [letter_bound(*shape) for shape in [(2, 2), (2, 5), (3, 3), (4, 4)]]
    [3, 3, 4, 6]
    """
    return min(2 * min(n, m) - 1, n + m // 2, m + n // 2)


def pair_count_bound(n: int, m: int) -> int:
    """An upper bound on the pairs with the most letters, in no time: Cayley's formula on both sides.

    K(k, v) has k^(v-1) v^(k-1) spanning trees, and the k! orders of T count once.
    """
    k = letter_bound(n, m)
    labelled = [int(k ** (v - 1) * v ** (k - 1)) for v in (n, m)]
    return math.prod(labelled) // math.factorial(k)


@dataclass(frozen=True, eq=False)
class Trees:
    """Spanning trees on k letters of T and v letters beside them, as masses that are affine in p_T.

    Attributes
    ----------
    present : ndarray of bool, shape (trees, k, v)
        The edges.
    subsets : ndarray of int, shape (trees, k, v)
        Bit mask of the letters of T in A, where the edge's mass is p_T(A) - constant; 0 without an edge.
    constants : ndarray, shape (trees, k, v)
    """

    present: NDArray[np.bool_]
    subsets: NDArray[np.int64]
    constants: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.present)


def trees(shapes: list[Tree], k: int, law: NDArray[np.float64]) -> Trees:
    """The masses of trees whose letters beside T have this law."""
    present = np.zeros((len(shapes), k, len(law)), dtype=bool)
    subsets = np.zeros(present.shape, dtype=np.int64)
    constants = np.zeros(present.shape)
    for index, tree in enumerate(shapes):
        for t, v in tree:
            present[index, t, v] = True
            t_side, v_side = _side_of(tree, (t, v))
            subsets[index, t, v] = sum(1 << letter for letter in t_side)
            constants[index, t, v] = math.fsum(law[letter] for letter in v_side)
    return Trees(present, subsets, constants)


def covers(n: int, m: int) -> bool:
    """Whether the pairs with the most letters hold, as limits, those with fewer, so that `pairs` lists all.

    A pair with k < letter_bound(n, m) letters is such a limit unless each letter of X, or each of Y, has a
    pure letter.  Then k > min(n, m), as a tree needs one more to connect them.
    """
    return letter_bound(n, m) <= min(n, m) + 1


def pairs(n: int, m: int) -> tuple[list[Tree], list[Tree]]:
    """Encoder trees and decoder trees, each to be paired with each: all pairs up to the order of T, once.

    No order but the identity leaves one of these trees as it is: letters that it exchanged would have the
    same neighbours, one (both would be pure) or several (a cycle).  So one encoder of each class under
    reordering, with every decoder, meets each class of pairs once.
    """
    k = letter_bound(n, m)
    orders = list(itertools.permutations(range(k)))
    encoders = [
        tree for tree in spanning_trees(k, n) if all(tree <= _permuted(tree, order) for order in orders)
    ]
    return encoders, spanning_trees(k, m)


@cache
def spanning_trees(k: int, v: int) -> list[Tree]:
    """Spanning trees of K(k, v) in which no two letters of T are pure beside the same neighbour."""
    found = []
    # By the degrees of the letters of T, which sum to k + v - 1.
    neighbourhoods = [subset for size in range(1, v + 1) for subset in itertools.combinations(range(v), size)]

    def extend(chosen: list[tuple[int, ...]], edges: int, groups: tuple[frozenset[int], ...]) -> None:
        if len(chosen) == k:
            if edges == k + v - 1:
                found.append(tuple((t, w) for t, subset in enumerate(chosen) for w in subset))
            return
        for subset in neighbourhoods:
            touched = [group for group in groups if not group.isdisjoint(subset)]
            if len(touched) < len(subset) or edges + len(subset) > k + v - 1:  # a cycle, or too many
                continue
            if len(subset) == 1 and subset in chosen:
                continue
            rest = tuple(group for group in groups if group.isdisjoint(subset))
            extend([*chosen, subset], edges + len(subset), (*rest, frozenset().union(*touched)))

    extend([], 0, tuple(frozenset([w]) for w in range(v)))
    return sorted(found)


def _side_of(tree: Tree, cut: Edge) -> tuple[set[int], set[int]]:
    """Letters of T and letters beside them on the side of the edge's letter of T once the edge is cut."""
    edges = [edge for edge in tree if edge != cut]
    t_side, v_side = {cut[0]}, set()
    grown = True
    while grown:
        grown = False
        for t, v in edges:
            if (t in t_side) != (v in v_side):
                t_side.add(t)
                v_side.add(v)
                grown = True
    return t_side, v_side


def _permuted(tree: Tree, order: tuple[int, ...]) -> Tree:
    """The tree with letter t of T called order[t]."""
    return tuple(sorted((order[t], v) for t, v in tree))
