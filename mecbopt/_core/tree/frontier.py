"""The frontier of a compiled search as data: open nodes, the bound of what is closed, and the incumbent.

A frontier goes into another search of the same problem with the same settings, in this process, in another
one, or out of a file; `Frontier.to_bytes` is the one format for all of them.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.errors import ProblemError, SolverError

__all__ = ["Frontier", "FrontierFace"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Magic and version; settled bound, lower bound; nodes and numbers of each; mappings and letters; step and
#: node counts; a checksum of what follows.
_HEAD = struct.Struct("<4sHddQIIIQQI")
_MAGIC, _VERSION = b"MBFR", 1
#: Refused beyond: no search keeps so many nodes in memory.
_MOST_NODES, _MOST_NUMBERS = 1 << 28, 5 + 4 * 144


@dataclass(frozen=True, eq=False)
class Frontier:
    """What is left of a search.

    Attributes
    ----------
    nodes : ndarray, shape (k, 5 + 4 n m)
        Open nodes: bound, point and cell of the split, depth, sides done; lower and upper ends of the cells,
        starts and ends of their touching intervals.
    settled : float
        The least bound at which a box was closed, bits of joint entropy; infinity where none was.
    lower_bound : float
        Of the whole search, bits.
    mappings, weights : ndarray, shapes (l, n), (l,)
        The incumbent; l = 0 without one.
    processed, steps : int
        Nodes and steps so far.
    """

    nodes: FloatArray
    settled: float
    lower_bound: float
    mappings: IntArray
    weights: FloatArray
    processed: int = 0
    steps: int = 0

    @property
    def bound(self) -> float:
        """The least bound of the open nodes, bits; infinity where none is open."""
        return float(self.nodes[:, 0].min()) if len(self.nodes) else float("inf")

    def to_bytes(self) -> bytes:
        """Little-endian numbers behind a header with a checksum."""
        body = b"".join(
            (
                np.ascontiguousarray(self.nodes, "<f8").tobytes(),
                np.ascontiguousarray(self.mappings, "<i4").tobytes(),
                np.ascontiguousarray(self.weights, "<f8").tobytes(),
            )
        )
        count, numbers = self.nodes.shape
        mappings, letters = self.mappings.shape
        return (
            _HEAD.pack(
                _MAGIC,
                _VERSION,
                self.settled,
                self.lower_bound,
                count,
                numbers,
                mappings,
                letters,
                self.processed,
                self.steps,
                zlib.crc32(body),
            )
            + body
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ProblemError
            Damaged, truncated, of another version, or no frontier at all.
        """
        if len(data) < _HEAD.size or data[:4] != _MAGIC:
            raise ProblemError("the frontier of the search is damaged: it has no header")
        head = _HEAD.unpack_from(data)
        _, version, settled, lower, count, numbers, mappings, letters, processed, steps, checksum = head
        if version != _VERSION:
            raise ProblemError(f"the frontier has version {version}, this program reads {_VERSION}")
        body = data[_HEAD.size :]
        sizes = (8 * count * numbers, 4 * mappings * letters, 8 * mappings)
        if count > _MOST_NODES or numbers > _MOST_NUMBERS or sum(sizes) != len(body):
            raise ProblemError("the frontier of the search is damaged: its sizes do not fit its length")
        if zlib.crc32(body) != checksum:
            raise ProblemError("the frontier of the search is damaged: its checksum does not fit")
        first, second = sizes[0], sizes[0] + sizes[1]
        return cls(
            np.frombuffer(body[:first], "<f8").reshape(count, numbers).astype(np.float64),
            settled,
            lower,
            np.frombuffer(body[first:second], "<i4").reshape(mappings, letters).astype(np.int64),
            np.frombuffer(body[second:], "<f8").astype(np.float64),
            processed,
            steps,
        )


class FrontierFace:
    """What a compiled search can do with frontiers; `CompiledSearch` has the rest."""

    _ffi: Any
    _lib: Any
    _handle: Any
    _shape: tuple[int, int]

    def frontier(self) -> Frontier | None:
        """A copy of what is left; None before the root is bounded."""
        if not self.ready:
            return None
        nodes = np.empty((self._lib.mb_frontier_size(self._handle), self._stride))
        self._lib.mb_frontier_read(self._handle, self._numbers(nodes))
        mappings, weights = self._incumbent()
        return Frontier(
            nodes, self.settled_bound, self.entropy_lower_bound, mappings, weights, self.nodes, self._steps
        )

    @property
    def ready(self) -> bool:
        """Whether the root is bounded and tightened, or closed: before, nodes cannot be taken."""
        return bool(self._lib.mb_frontier_ready(self._handle))

    @property
    def settled_bound(self) -> float:
        """The least bound at which a box was closed, bits of joint entropy; infinity where none was."""
        return float(self._lib.mb_frontier_settled(self._handle))

    def resume(self, settled: float, lower_bound: float) -> None:
        """Make this new search one that has only the nodes that it is given.

        Parameters
        ----------
        settled : float
            The bound of what was closed elsewhere; infinity where another search answers for it.
        lower_bound : float
            Of everything that this search answers for.
        """
        self._lib.mb_frontier_resume(self._handle, settled, lower_bound)
        self._refresh()

    def restore(self, frontier: Frontier) -> None:
        """Make this new search what the frontier was taken from, or a part of it."""
        self.resume(frontier.settled, frontier.lower_bound)
        if len(frontier.weights):
            self.offer(frontier.mappings, frontier.weights)
        if len(frontier.nodes):
            self.put(frontier.nodes)

    def take(self, count: int) -> FloatArray:
        """Remove up to `count` nodes, every other one from the best on, at most 256.

        The caller answers for them from here on.  Empty before the root is bounded.
        """
        nodes = np.empty((min(count, self._lib.MB_FRONTIER_MOST), self._stride))
        taken = self._lib.mb_frontier_take(self._handle, len(nodes), self._numbers(nodes))
        self._refresh()
        return nodes[:taken]

    def put(self, nodes: FloatArray) -> None:
        """Add nodes of another search of the same problem.

        Raises
        ------
        SolverError
            Out of memory: the caller answers for all of them still.  Those that are in stay, which costs time
            and nothing else.
        """
        rows = np.ascontiguousarray(nodes, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != self._stride:
            raise ProblemError(
                argument="nodes", value=rows.shape, found=f"have shape {rows.shape}",
                required=f"have {self._stride} numbers each",
            )  # fmt: skip
        _check_nodes(rows, self._shape)
        added = self._lib.mb_frontier_put(self._handle, len(rows), self._numbers(rows))
        self._refresh()
        if added < len(rows):
            raise SolverError("Out of memory for open nodes: set a larger gap or a time limit.")

    def offer(self, mappings: IntArray, weights: FloatArray) -> None:
        """A mixture found elsewhere: the incumbent if it is better.  For searches without nodes under way."""
        letters, shares = self._start((mappings, weights))
        failed = self._lib.mb_search_offer(
            self._handle,
            len(shares),
            self._ffi.from_buffer("int32_t[]", letters),
            self._ffi.from_buffer("double[]", shares),
        )
        self._refresh()
        if failed:
            raise SolverError("Out of memory for columns: use a smaller problem.")

    @property
    def _stride(self) -> int:
        return int(self._lib.mb_frontier_stride(self._handle))

    def _numbers(self, rows: FloatArray) -> Any:
        return self._ffi.from_buffer("double[]", rows)

    # In `CompiledSearch`:

    @property
    def nodes(self) -> int:
        """Nodes expanded."""
        raise NotImplementedError

    @property
    def entropy_lower_bound(self) -> float:
        """Valid lower bound on H(X,Y), bits."""
        raise NotImplementedError

    @property
    def _steps(self) -> int:
        raise NotImplementedError

    def _incumbent(self) -> tuple[IntArray, FloatArray]:
        raise NotImplementedError

    def _start(self, start: tuple[Any, Any] | None) -> tuple[NDArray[np.int32], FloatArray]:
        raise NotImplementedError

    def _refresh(self) -> None:
        raise NotImplementedError


def _check_nodes(rows: FloatArray, shape: tuple[int, int]) -> None:
    """Numbers that the core may take as they are: a damaged file must not lead it outside its tables."""
    cells = shape[0] * shape[1]
    bound, point, cell, depth, done = rows[:, :5].T
    lower, upper, start, end = (rows[:, 5 + k * cells : 5 + (k + 1) * cells] for k in range(4))
    whole = all(np.all(column == np.floor(column)) for column in (cell, depth, done))
    fits = bool(
        np.isfinite(rows).all()
        and whole
        and np.all((cell >= 0) & (cell < cells))
        and np.all((depth >= 0) & (depth < 65536))
        and np.all((done >= 0) & (done <= 1))
        and np.all((lower >= 0) & (lower <= upper) & (upper <= 1.0 + 1e-6))
        and np.all((start >= 0) & (start <= end) & (end <= 1.0 + 1e-6))
        and np.all(bound >= -1.0)
    )
    if fits:
        split = np.arange(len(rows)), cell.astype(int)
        fits = bool(np.all((lower[split] <= point) & (point <= upper[split])))
    if not fits:
        raise ProblemError("the frontier of the search is damaged: a node is no box of this problem")
