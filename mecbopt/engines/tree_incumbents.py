"""Incumbents for a long tree: the compiled local search takes turns with it.

Where the bound at the root is tight to some 1e-3 bits, as it is for rates about half of H(Y) from six letters
on, what stays open for long is the incumbent, and descents from relaxations' points do not find it.  A turn
begins at node counts that double, and may evaluate a number of neighbours in proportion to the nodes since
the last one, so that a tree goes the same way however it is sliced.  With several threads, or an executor,
one of them (the process that waits for tasks) has the turns while the others work on.
"""

from __future__ import annotations

from mecbopt.control import improves
from mecbopt.engines.base import only_entropy_rate_and_label
from mecbopt.engines.pivots import PivotDescent
from mecbopt.engines.vertex import Incumbent
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation

__all__ = ["LocalTurns"]

#: Steps of pricing (m 3^n a round, m 2^n for two letters of Y) before the first turn: a third of a second,
#: 270 nodes at 7x7.
_FIRST_TURN_STEPS = 1 << 22
#: Steps that a node costs where pricing goes by sweeps: so many times n^2, .2 milliseconds at 20x2.
_SWEPT_STEPS = 2
#: Letters of X beyond which pricing is no longer asked every round.
_LONG = 12
#: Steps of pricing in the nodes that pay for one neighbour: a fifth of the tree's time at 6x6 to 8x8.
_STEPS_A_NEIGHBOUR = 20


class LocalTurns:
    """When the local search has a turn, and the search itself.

    Parameters
    ----------
    formulation : Formulation
    seed : int
    swept : bool
        The tree prices by sweeps.
    """

    def __init__(self, formulation: Formulation, seed: int, *, swept: bool = False) -> None:
        n, m = formulation.shape
        self._formulation, self._seed = formulation, seed
        # With two letters of Y pricing goes over sets, not over their parts; beyond 12 letters of X single
        # moves spare most of it, and a node takes about as long as there.
        tables = m * 3 ** min(n, _LONG) if m > 2 else m * 2**n
        self._steps_a_node = _SWEPT_STEPS * n * n if swept else tables
        #: Nodes of the tree at which the next turn is due.
        self.due = max(1, _FIRST_TURN_STEPS // self._steps_a_node)
        self._last = 0
        self._search: PivotDescent | None = None
        self._end: int | None = None

    @staticmethod
    def serve(formulation: Formulation) -> bool:
        """Whether the local search takes the limits."""
        return formulation.is_linear and bool(only_entropy_rate_and_label(formulation))

    def skip_to(self, nodes: int) -> None:
        """A tree taken up with so many nodes had its turns before."""
        while self.due <= nodes:
            self._last, self.due = self.due, 2 * self.due

    def advance(self, best: Incumbent, seconds: float, *, at_once: bool = False) -> Incumbent | None:
        """A slice of the turn that is due.

        Parameters
        ----------
        best : Incumbent
            Of the tree; where it is better than what the local search has, that goes on from it.
        seconds : float
            Of the slice.
        at_once : bool
            Tell the best vertex after every slice, which depends on timing.

        Returns
        -------
        Incumbent or None
            The best vertex of the local search when the turn is over; None before, and where memory is short.
        """
        if self._end is None:
            if self._search is None or improves(best.cost, self._search.best.cost):
                try:
                    self._search = PivotDescent(self._formulation, best, seed=self._seed + self.due)
                except SolverError:  # short of memory: the tree goes on without
                    self._close()
                    return None
            turn = (self.due - self._last) * self._steps_a_node // _STEPS_A_NEIGHBOUR
            self._end = self._search.candidates + turn
        if self._search is None:
            return None
        if self._search.slice(self._end, seconds):
            self._close()
        elif not at_once:
            return None
        return self._search.taken()

    def _close(self) -> None:
        self._last, self.due, self._end = self.due, 2 * self.due, None
