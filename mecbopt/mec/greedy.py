"""The greedy coupling of Kocaoglu, Dimakis, Vishwanath and Hassibi (AAAI 2017), for two or more marginals.

Guarantees on its entropy above the minimum: log2(e)/e < 0.531 bits for two marginals and (1 + log2 e)/2 <
1.222 bits for any number (Compton, Katz, Qi, Greenewald, Kocaoglu, AISTATS 2023; before them 1 bit and
log2(e) bits: Rossi 2019, Li 2021, Compton 2022).
"""

from __future__ import annotations

import heapq
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt._core.mec import greedy_atoms
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.mec.inputs import marginals
from mecbopt.mec.result import MecResult, SparseCoupling, joint_entropy, require_dense
from mecbopt.problem import Status, StopReason
from mecbopt.tolerances import GAP

__all__ = ["greedy", "greedy_support"]

#: What subtraction leaves of a letter below this part of its mass is rounding: the letter is used up.
_DUST = 8 * np.finfo(float).eps


def greedy(p: Any, q: Any, *more: Any, sparse: bool = False, normalize: bool = False) -> MecResult:
    """Couple two or more marginals: the largest remaining letters share the least of their masses.

    Parameters
    ----------
    p, q, *more : pmfs, shapes (n,), (m,), ...
        The marginals, k of them; all that `Problem` accepts.
    sparse : bool
        Return the coupling as a `SparseCoupling` (support and masses; any k; `.to_scipy()` for k = 2), which
        long alphabets need: the support has at most n + m + ... - k + 1 cells.
    normalize : bool
        Divide each marginal by its sum.

    Returns
    -------
    MecResult
        With status OPTIMAL only where the lower bound proves it, else FEASIBLE.

    Raises
    ------
    ProblemError
        A marginal is no pmf, or the dense coupling would have more than 2^26 cells.

    Notes
    -----
    Cost O(N log N) for N letters in all.  Ties go to the letter that comes first, so the result is a
    function of the arguments.

    Examples
    --------
    >>> result = greedy([0.5, 0.25, 0.25], [0.5, 0.5])
    >>> result.coupling.tolist(), result.entropy
    ([[0.5, 0.0], [0.0, 0.25], [0.0, 0.25]], 1.5)
    """
    laws = marginals((p, q, *more), normalize)
    if not sparse:
        require_dense(tuple(len(law) for law in laws))
    support = greedy_support(laws)
    coupling = support if sparse else support.to_dense()
    value = joint_entropy(support.masses)
    bound = min(best_lower_bound(laws), value)
    status = Status.OPTIMAL if value - bound <= GAP else Status.FEASIBLE
    return MecResult(coupling, value, bound, status, StopReason.LOCAL_SEARCH_DONE)


def greedy_support(marginals: list[NDArray[np.float64]]) -> SparseCoupling:
    """The greedy coupling of validated marginals in coordinate format, cells in lexicographic order."""
    shape = tuple(len(p) for p in marginals)
    compiled = greedy_atoms(marginals, _DUST)
    cells, masses = _atoms(marginals) if compiled is None else compiled
    if math.prod(shape) <= np.iinfo(np.int64).max:
        # One number a cell: several columns take several times as long to sort and to put in order.
        numbers = np.ravel_multi_index(tuple(cells.T), shape)
        order = np.argsort(numbers, kind="stable")
        numbers = numbers[order]
        new = np.concatenate([[True], numbers[1:] != numbers[:-1]])
        cells = np.column_stack(np.unravel_index(numbers[new], shape))
    else:
        # Not by numpy.unique(axis=0): comparing structures turns a KeyboardInterrupt into a TypeError.
        order = np.lexsort(cells.T[::-1])
        cells = cells[order]
        new = np.concatenate([[True], np.any(cells[1:] != cells[:-1], axis=1)])
        cells = cells[new]
    # Rounding may bring a pair of letters together a second time; a cell is one atom.
    return SparseCoupling(cells, np.add.reduceat(masses[order], np.flatnonzero(new)), shape)


def _atoms(marginals: list[NDArray[np.float64]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same without the compiled core, slower."""
    queues = [_LetterQueue(p) for p in marginals]
    indices: list[tuple[int, ...]] = []
    masses: list[float] = []
    tops = [queue.take() for queue in queues]
    # The sums agree up to rounding: when one marginal is used up, the others hold nothing but rounding.
    while None not in tops:
        mass = -max(top[0] for top in tops)
        indices.append(tuple(top[1] for top in tops))
        masses.append(mass)
        for position, queue in enumerate(queues):
            negative, letter = tops[position]
            queue.give_back(-negative - mass, letter)
            tops[position] = queue.take()
    return np.array(indices, dtype=np.int64).reshape(len(indices), len(marginals)), np.array(masses)


class _LetterQueue:
    """The letters of a marginal by remaining mass: a sorted list of whole ones beside a heap of rests."""

    __slots__ = ("_dust", "_next", "_rests", "_whole")

    def __init__(self, p: NDArray[np.float64]) -> None:
        order = np.argsort(-p, kind="stable")
        self._whole = list(zip((-p[order]).tolist(), order.tolist(), strict=True))[: np.count_nonzero(p)]
        self._next = 0
        self._rests: list[tuple[float, int]] = []
        self._dust = (_DUST * p).tolist()

    def take(self) -> Any:
        """Remove and return (minus mass, letter) of the largest; None when nothing is left."""
        if self._next < len(self._whole) and (not self._rests or self._whole[self._next] < self._rests[0]):
            self._next += 1
            return self._whole[self._next - 1]
        return heapq.heappop(self._rests) if self._rests else None

    def give_back(self, rest: float, letter: int) -> None:
        """Put back what is left of a letter, unless it is rounding."""
        if rest > self._dust[letter]:
            heapq.heappush(self._rests, (-rest, letter))
