"""What the coupling functions return."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import ProblemError
from mecbopt.info import phi
from mecbopt.problem import Status, StopReason

__all__ = ["MAX_DENSE_CELLS", "MecResult", "SparseCoupling", "joint_entropy", "require_dense"]

#: Largest number of cells that `SparseCoupling.to_dense` builds (512 MiB of float64).
MAX_DENSE_CELLS = 1 << 26


def require_dense(shape: tuple[int, ...]) -> None:
    """Refuse an array of more than 2^26 cells with a ProblemError."""
    if math.prod(shape) > MAX_DENSE_CELLS:
        raise ProblemError(
            f"a dense coupling of shape {shape} has {math.prod(shape)} cells, more than {MAX_DENSE_CELLS}: "
            "take the sparse form (sparse=True)."
        )


def joint_entropy(masses: NDArray[np.float64]) -> float:
    """The entropy of a coupling, bits; the same for its cells in any order and with any zeros among them.

    What two searches found is compared to the last digit: the sum is rounded once.
    """
    return math.fsum(phi(masses[masses > 0.0]))


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


@dataclass(frozen=True, eq=False, repr=False)
class SparseCoupling:
    """A coupling of k marginals by its support (coordinate format, any k).

    Attributes
    ----------
    indices : ndarray of int64, shape (support, k)
        One letter of every marginal a row; no row occurs twice.
    masses : ndarray, shape (support,)
        Their probabilities, all positive.
    shape : tuple of int, length k
        Alphabet sizes.
    """

    indices: NDArray[np.int64]
    masses: NDArray[np.float64]
    shape: tuple[int, ...]

    def __repr__(self) -> str:
        return f"SparseCoupling({_sizes(self.shape)}, support {len(self.masses)})"

    def to_dense(self) -> NDArray[np.float64]:
        """The coupling as an array of shape `shape`; ProblemError beyond 2^26 cells."""
        require_dense(self.shape)
        dense = np.zeros(self.shape)
        dense[tuple(self.indices.T)] = self.masses
        return dense

    def to_scipy(self) -> Any:
        """The coupling of two marginals as a `scipy.sparse.coo_array`, shape (n, m)."""
        if len(self.shape) != 2:
            raise ProblemError(
                f"the coupling has {len(self.shape)} marginals: a sparse matrix needs two; "
                "use indices and masses."
            )
        from scipy.sparse import coo_array

        return coo_array((self.masses, (self.indices[:, 0], self.indices[:, 1])), shape=self.shape)

    def marginal(self, axis: int) -> NDArray[np.float64]:
        """The marginal of one axis, shape (shape[axis],)."""
        sums = np.zeros(self.shape[axis])
        np.add.at(sums, self.indices[:, axis], self.masses)
        return sums

    def equals(self, other: object) -> bool:
        """Whether `other` is a sparse coupling with the same support, in the same order, and masses."""
        return (
            isinstance(other, SparseCoupling)
            and self.shape == other.shape
            and np.array_equal(self.indices, other.indices)
            and np.array_equal(self.masses, other.masses)
        )


@dataclass(frozen=True, eq=False, repr=False)
class MecResult:
    """A coupling and what is known about it.

    Attributes
    ----------
    coupling : ndarray, shape (n, m, ...), or SparseCoupling
        Marginals are met to 1e-12.
    entropy : float
        Joint entropy of `coupling`, bits.
    lower_bound : float
        Bits; no coupling of these marginals has less entropy (in floating point).
    status : Status
        OPTIMAL when entropy and lower bound meet within the asked gap, else FEASIBLE.
    stop_reason : StopReason
        Why the search ended: EXHAUSTED or GAP_CLOSED with the proof, LOCAL_SEARCH_DONE after `greedy`, else
        TIME_LIMIT, INTERRUPTED (Ctrl-C), or NODE_LIMIT where memory for states ran out.
    """

    coupling: NDArray[np.float64] | SparseCoupling
    entropy: float
    lower_bound: float
    status: Status
    stop_reason: StopReason = StopReason.EXHAUSTED

    @property
    def gap(self) -> float:
        """Bits by which the coupling may exceed the minimum at most: entropy - lower_bound."""
        return self.entropy - self.lower_bound

    @property
    def support(self) -> SparseCoupling:
        """The positive cells of the coupling, in lexicographic order, with their masses."""
        if isinstance(self.coupling, SparseCoupling):
            return self.coupling
        cells = np.argwhere(self.coupling > 0.0).astype(np.int64)
        return SparseCoupling(cells, self.coupling[tuple(cells.T)], self.coupling.shape)

    def __repr__(self) -> str:
        coupling = self.coupling
        support = len(coupling.masses) if isinstance(coupling, SparseCoupling) else np.count_nonzero(coupling)
        return (
            f"MecResult({self.status.value}, H = {self.entropy:.6f} bits, bound {self.lower_bound:.6f}, "
            f"gap {self.gap:.2g}, {_sizes(coupling.shape)}, support {support})"
        )

    def equals(self, other: object) -> bool:
        """Whether `other` holds the same coupling, numbers and status."""
        if not isinstance(other, MecResult) or self.status is not other.status:
            return False
        if isinstance(self.coupling, SparseCoupling):
            same = self.coupling.equals(other.coupling)
        else:
            same = isinstance(other.coupling, np.ndarray) and np.array_equal(self.coupling, other.coupling)
        return same and (self.entropy, self.lower_bound) == (other.entropy, other.lower_bound)
