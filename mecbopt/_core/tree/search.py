"""Python face of the compiled branch and bound.

`CompiledSearch` owns a C handle; `run` advances it with the interpreter lock released and answers Ctrl-C and
its caller's wish to stop about every 50 ms, between steps and within them.  The tree depends on the problem,
the settings and the seed alone, never on how it is sliced; only a step that Ctrl-C or `stop` broke off is
done again and may find other columns.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt._core import library
from mecbopt._core.asking import interruptible
from mecbopt._core.tree import inputs
from mecbopt._core.tree.frontier import FrontierFace
from mecbopt._core.tree.settings import Settings
from mecbopt._core.tree.watch import WatchFace
from mecbopt.errors import NotSupportedError, ProblemError, SolverError

__all__ = ["CompiledSearch", "available"]

#: Longest slice spent in C, seconds: the wait for an answer to Ctrl-C.
_SLICE_SECONDS = 0.1

#: Bits by which boxes are closed and the search ends below the gap asked for, so that it holds in floats too.
_DIFFERENCE_ROUNDING = 1e-14

#: Cells up to which a few random starts and a small pool serve, and the least mass for the former.
_SMALL = 25
_FEW_STARTS_MASS = 1e-6
#: Random starts beyond `inputs.MAX_LETTERS` letters of X.
_STARTS_OF_MANY = 4

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def available() -> bool:
    """Whether the compiled core was built."""
    return library() is not None


def _random_starts(p_x: FloatArray, p_y: FloatArray) -> int:
    """Descents before the tree, by the size of the problem.

    Up to 5x5 the tree finds the optimum as soon, and many starts take longer than a small tree (see the
    levers in docs/developer/exact-solver.md).  Beyond, they make up for nodes that a time limit leaves open;
    with masses near zero, for vertices whose equations rounding spoils.  Where pricing is slow each would
    take as long as several nodes.
    """
    cells = len(p_x) * len(p_y)
    if len(p_x) > inputs.MAX_LETTERS:
        return _STARTS_OF_MANY
    few = cells <= _SMALL and min(p_x.tolist() + p_y.tolist()) >= _FEW_STARTS_MASS
    return cells // 5 if few else 2 * cells


def _pool_limit(shape: tuple[int, int]) -> int:
    """Mappings in the pool: every pivot scans it, and what it lacks is priced (twice the cells: 4x4 in 0.8 of
    the time that a hundred take; no gain at 6x6).
    """
    cells = shape[0] * shape[1]
    return max(2 * cells, 20) if cells <= _SMALL else 100


class CompiledSearch(WatchFace, FrontierFace):
    """Branch and bound for min H(X,Y) over mixtures of deterministic mappings, advanced in slices.

    Parameters
    ----------
    p_x, p_y : array_like, shapes (n,), (m,)
        Positive masses of as many letters as `inputs.takes`.
    rate : float
        R in bits, >= 0; infinity when there is no limit.
    p_s_given_x : array_like, shape (n, s), optional
        Label channel; goes with `max_label_entropy`.
    max_label_entropy : float, optional
        C in bits: sum_k w_k H(S|f_k(X)) <= C; in the units of `label_table` where that is given.
    label_table : array_like, shape (2^n,), optional
        T with sum_k w_k sum_y T(f_k^{-1}(y)) <= `max_label_entropy`, a function of sets of X-letters (bit x
        of the index says whether x is in the set), in place of the label entropy in bits.
    linear : tuple (coefficients (k, n, m), lower (k,), upper (k,)), optional
        Rows lower_i <= sum over cells of coefficients_i P <= upper_i, coefficients at most about 1; infinite
        where there is no bound.  At most `MAX_LINEAR_ROWS`.
    max_joint_label_entropy : float, optional
        H(S,Y) <= this, bits: the label limit without the seed, C + H(Y).  `max_label_entropy` may then be
        infinite.  With `law_between` it is a limit on H(S|Y): C itself.
    joint_slack : float
        By which bounds relax it, bits; mixtures may exceed it by half as much.
    minimise_label_entropy : bool
        H(S,Y) is the objective in place of H(X,Y); what is said of H(X,Y) below is then said of it.
    law_between : tuple (lower (m,), upper (m,)), optional
        The law of Y varies between these, within the linear rows; `p_y` is then one law among others.  H(X|Y)
        is the objective in place of H(X,Y), H(S|Y) stands in the place of H(S,Y), and what is said of H(X,Y)
        below is then said of it.
    entropy_floor : float
        A lower bound on H(X,Y) that is known beforehand, bits.
    settings : Settings
        Levers of the search.
    seed : int
        Seed of the random starts.
    start : tuple (mappings (k, n), weights (k,)), optional
        A feasible mixture to start from.
    trace : bool
        Keep what `take_trace` hands out.
    spare_rows : int
        Linear rows beside the stated ones that say nothing until `set_row` gives them a meaning.

    Raises
    ------
    NotSupportedError
        More letters than the tables allow.
    ProblemError
        Input that was not presolved.
    SolverError
        The compiled core is not built, or memory ran out.
    """

    def __init__(
        self,
        p_x: ArrayLike,
        p_y: ArrayLike,
        rate: float,
        p_s_given_x: ArrayLike | None = None,
        max_label_entropy: float | None = None,
        *,
        label_table: ArrayLike | None = None,
        linear: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
        max_joint_label_entropy: float | None = None,
        joint_slack: float = 0.0,
        minimise_label_entropy: bool = False,
        law_between: tuple[ArrayLike, ArrayLike] | None = None,
        entropy_floor: float = 0.0,
        settings: Settings = Settings(),  # noqa: B008 (a frozen value)
        seed: int = 0,
        start: tuple[ArrayLike, ArrayLike] | None = None,
        trace: bool = False,
        spare_rows: int = 0,
    ) -> None:
        if trace and settings.root_tightening:
            raise NotSupportedError("A traced search leaves root_tightening out: its slabs are not traced.")
        native = library()
        if native is None:
            raise SolverError("The compiled core is not built: install a C compiler and run `make native`.")
        self._ffi, self._lib = native
        masses_x, masses_y = inputs.pmf("p_x", p_x), inputs.pmf("p_y", p_y)
        if math.isnan(rate) or rate < 0:
            raise ProblemError(f"rate = {rate} must be at least 0 bits.")
        self._shape = inputs.letters(masses_x, masses_y)
        unseen = max_joint_label_entropy is not None or minimise_label_entropy
        if trace and minimise_label_entropy:
            raise NotSupportedError("A search for the least label entropy is not traced.")
        label, label_limit = inputs.label(self._shape[0], p_s_given_x, max_label_entropy, unseen)
        table = inputs.label_table(self._shape[0], label_table)
        if law_between is not None and trace:
            raise NotSupportedError("A search with a law of Y that varies is not traced.")
        law = inputs.law_between(self._shape[1], law_between)
        self._stated_rows, self._spare_rows = 0, spare_rows
        rows: tuple[Any, ...] = (0, self._ffi.NULL, self._ffi.NULL, self._ffi.NULL)
        if linear is not None or law is not None or spare_rows:
            rows = self._linear_rows(*inputs.linear_rows(self._shape, linear, whole=law is not None))
        mappings, weights = self._start(start)
        handle = self._lib.mb_search_new(
            *self._shape,
            self._doubles(masses_x),
            self._doubles(masses_y),
            *((self._ffi.NULL,) * 2 if law is None else map(self._doubles, law)),
            float(rate),
            label.shape[1],
            self._doubles(label),
            self._ffi.NULL if table is None else self._doubles(table),
            label_limit,
            *rows,
            math.inf if max_joint_label_entropy is None else float(max_joint_label_entropy),
            joint_slack,
            minimise_label_entropy,
            float(entropy_floor),
            self._settings(settings, (masses_x, masses_y)),
            seed % 2**64,
            len(weights),
            self._ffi.from_buffer("int32_t[]", mappings),
            self._doubles(weights),
        )
        if handle == self._ffi.NULL:
            raise SolverError(f"Not enough memory for the tables of a problem with (n, m) = {self._shape}.")
        self._handle = self._ffi.gc(handle, self._lib.mb_search_free)
        if trace:
            self._lib.mb_search_trace(self._handle)
        # C writes the report and the incumbent into these by one call: there is no moment between them.
        self._report = self._ffi.new("mb_report *")
        capacity = self._lib.MB_MAX_SUPPORT
        self._mappings = np.zeros((capacity, self._shape[0]), dtype=np.int32)
        self._weights = np.zeros(capacity)
        self._room = (
            self._report,
            capacity,
            self._ffi.from_buffer("int32_t[]", self._mappings),
            self._doubles(self._weights),
        )
        self._refresh()

    def _linear_rows(self, rows: FloatArray, lower: FloatArray, upper: FloatArray) -> tuple[Any, ...]:
        """The rows that are stated and those that are spare, as C takes them."""
        self._stated_rows = len(rows)
        if self._spare_rows:
            rows = np.concatenate([rows, np.zeros((self._spare_rows, *self._shape))])
            lower = np.concatenate([lower, np.full(self._spare_rows, -math.inf)])
            upper = np.concatenate([upper, np.full(self._spare_rows, math.inf)])
        return len(rows), self._doubles(rows.ravel()), self._doubles(lower), self._doubles(upper)

    def _start(self, start: tuple[ArrayLike, ArrayLike] | None) -> tuple[NDArray[np.int32], FloatArray]:
        n, m = self._shape
        if start is None:
            return np.empty((0, n), dtype=np.int32), np.empty(0)
        mappings = np.ascontiguousarray(start[0], dtype=np.int32)
        weights = np.ascontiguousarray(start[1], dtype=np.float64)
        if (
            mappings.shape != (len(weights), n)
            or mappings.size == 0
            or not mappings.view(np.uint32).max() < m  # without signs negative ones are beyond m, too
        ):
            raise ProblemError(
                f"start has mappings of shape {mappings.shape} and {len(weights)} weights; it must be "
                f"(k, {n}) letters below {m} and k weights."
            )
        return mappings, weights

    def _settings(self, settings: Settings, masses: tuple[FloatArray, FloatArray]) -> Any:
        starts, pool = settings.random_starts, settings.pool_limit
        return self._ffi.new(
            "mb_settings *",
            {
                "jensen_rows": settings.jensen_rows,
                "sharpening": settings.sharpening and settings.jensen_rows,
                "propagation": settings.propagation,
                "reduced_cost_tightening": settings.reduced_cost_tightening,
                "root_tightening": settings.root_tightening,
                "symmetry": settings.symmetry,
                "columns_per_round": settings.columns_per_round,
                "pool_limit": _pool_limit(self._shape) if pool is None else pool,
                "random_starts": _random_starts(*masses) if starts is None else starts,
                "sweep_letters": settings.sweep_letters,
                "local_search": settings.local_search,
                "branching_margin": -1.0 if settings.branching_margin is None else settings.branching_margin,
                "node_bytes": settings.node_bytes,
            },
        )

    def _refresh(self) -> None:
        """Read report and incumbent anew: no step, so that nothing is asked."""
        self._lib.mb_search_run(self._handle, 0.0, 0, 0.0, self._ffi.NULL, *self._room)

    @property
    def _steps(self) -> int:
        return int(self._report.steps)

    def _advance(
        self, margin: float, steps: int, seconds: float, stop: Callable[[], bool] | None = None
    ) -> int:
        return interruptible(
            self._lib.mb_search_run,
            self._handle,
            margin,
            steps,
            seconds,
            self._lib.core_ask,
            *self._room,
            stop=stop,
        )

    def run(
        self,
        *,
        nodes: int | None = None,
        seconds: float | None = None,
        gap: float = 1e-6,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Advance until the gap is closed, the tree is exhausted, or the slice is over.

        Parameters
        ----------
        nodes : int, optional
            Steps to take at most: a local start, the root, or a node with its two children.
        seconds : float, optional
            Wall time after which no further step begins.  A step takes milliseconds at 5x5, seconds at 12x12.
        gap : float
            Bits; subtrees that cannot improve the incumbent by more are closed.  Keep it the same for every
            slice of a search.
        stop : callable, optional
            Asked about every 50 ms; a true answer breaks even a step off, to be done again by the next call.

        Raises
        ------
        SolverError
            Out of memory; incumbent and bound stay valid.
        """
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        left = 2**62 if nodes is None else nodes
        margin = max(0.0, gap - _DIFFERENCE_ROUNDING)
        while left > 0 and not self.finished and self.entropy_lower_bound < self.incumbent_entropy - margin:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or (stop is not None and stop()):
                return
            before = self._report.steps
            status = self._advance(margin, left, min(_SLICE_SECONDS, remaining), stop)
            left -= self._report.steps - before
            if status == self._lib.MB_RUN_NO_MEMORY:
                raise SolverError(
                    "Out of memory for open nodes; incumbent and bound so far are valid: "
                    "set a larger gap or a time limit."
                )

    def swept_least(self, linear: ArrayLike, on_rate: float, on_label: float) -> float:
        """Least sum of linear[x, f(x)] + on_rate H(f) + on_label H(S|f) over all mappings f, by a sweep.

        For checks of pricing; `linear` has shape (n, 2), the factors are at least 0.
        """
        values = np.ascontiguousarray(linear, dtype=np.float64)
        if not self.sweeps or values.shape != self._shape or not min(on_rate, on_label) >= 0.0:
            raise ProblemError(
                f"linear must have shape {self._shape}, factors be at least 0, and pricing go by sweeps."
            )
        return float(self._lib.mb_search_sweep(self._handle, self._doubles(values), on_rate, on_label))

    def relaxation_bound(self, lower: ArrayLike, upper: ArrayLike, *, rounds: int = 1) -> float:
        """Lower bound on H(X,Y), bits, over the feasible couplings in a box of shape (n, m).

        Infinity where the box holds none.  With symmetry broken, couplings out of order do not count as
        feasible.  For checks of the relaxation: columns may join the pool and change the tree that follows.
        """
        bounds = [np.ascontiguousarray(end, dtype=np.float64) for end in (lower, upper)]
        if any(end.shape != self._shape for end in bounds):
            raise ProblemError(f"lower and upper must have shape {self._shape}, as the coupling.")
        value = self._ffi.new("double *")
        if self._lib.mb_search_relax(self._handle, *map(self._doubles, bounds), rounds, value):
            raise SolverError("Out of memory for columns: use a smaller problem.")
        return float(value[0])

    def bound_box(
        self,
        lower: ArrayLike,
        upper: ArrayLike,
        cutoff: float,
        *,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        """Bound a box of shape (n, m) as the search would one of its own; the trace tells the outcome.

        The box is closed where H(X,Y) exceeds `cutoff` bits in it.  The search itself stays as it was, but
        for columns that join the pool.
        """
        bounds = [np.ascontiguousarray(end, dtype=np.float64) for end in (lower, upper)]
        if any(end.shape != self._shape for end in bounds):
            raise ProblemError(f"lower and upper must have shape {self._shape}, as the coupling.")
        status = interruptible(
            self._lib.mb_search_bound_box,
            self._handle,
            *map(self._doubles, bounds),
            cutoff,
            self._lib.core_ask,
            stop=stop,
        )
        if status == self._lib.MB_RUN_NO_MEMORY:
            raise SolverError("Out of memory for columns: use a smaller problem.")

    def take_trace(self) -> FloatArray:
        """The numbers traced since the last call: events as `tree.h` describes them.

        Raises
        ------
        SolverError
            Memory for the trace ran out: events are missing.
        """
        if self._lib.mb_search_trace_broken(self._handle):
            raise SolverError("Out of memory for the trace of the search: set a larger gap.")
        numbers = self._ffi.new("const double **")
        count = self._lib.mb_search_take_trace(self._handle, numbers)
        if count == 0:
            return np.empty(0)
        buffer = self._ffi.buffer(numbers[0], count * 8)
        return np.frombuffer(buffer, dtype=np.float64).copy()

    @property
    def order(self) -> list[tuple[int, int]]:
        """Pairs of cells (first, second) whose order P[first] >= P[second] the search takes for granted."""
        first, second = (self._ffi.new("int32_t[]", 2 * self._shape[0] * self._shape[1]) for _ in range(2))
        count = self._lib.mb_search_order(self._handle, first, second)
        return list(zip(first[0:count], second[0:count], strict=True))

    @property
    def incumbent_mixture(self) -> tuple[IntArray, FloatArray]:
        """Mappings, shape (k, n), and weights, shape (k,), of the best vertex; k = 0 when none is known."""
        return self._incumbent()

    @property
    def incumbent_mappings(self) -> IntArray:
        """Mappings of the best vertex, shape (k, n); k = 0 when none is known."""
        return self._incumbent()[0]

    @property
    def incumbent_weights(self) -> FloatArray:
        """Weights of the best vertex, shape (k,)."""
        return self._incumbent()[1]

    def _incumbent(self) -> tuple[IntArray, FloatArray]:
        count = self._report.support
        return self._mappings[:count].astype(np.int64), self._weights[:count].copy()

    @property
    def incumbent_entropy(self) -> float:
        """H(X,Y) of the best vertex, bits; infinity when none is known."""
        return float(self._report.best)

    @property
    def entropy_lower_bound(self) -> float:
        """Valid lower bound on H(X,Y), bits; never decreases; infinity when the problem is infeasible."""
        return float(self._report.lower_bound)

    @property
    def nodes(self) -> int:
        """Nodes expanded."""
        return int(self._report.nodes)

    @property
    def lps(self) -> int:
        """Linear programs solved, column generation counted once."""
        return int(self._report.lps)

    @property
    def pivots(self) -> int:
        """Simplex pivots."""
        return int(self._report.pivots)

    @property
    def pool_size(self) -> int:
        """Mappings in the pool."""
        return int(self._report.pool_size)

    @property
    def columns(self) -> int:
        """Distinct mappings generated so far."""
        return int(self._report.columns)

    @property
    def open_nodes(self) -> int:
        """Nodes waiting."""
        return int(self._report.open_nodes)

    @property
    def peak_node_bytes(self) -> int:
        """Largest memory that the open nodes took, bytes."""
        return int(self._report.peak_bytes)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to search."""
        return bool(self._report.finished)

    @property
    def infeasible(self) -> bool:
        """Whether the constraints were proved to exclude every mixture."""
        return bool(self._report.infeasible)

    @property
    def sweeps(self) -> bool:
        """Whether pricing goes by sweeps, which take microseconds at 20 letters of X."""
        return bool(self._lib.mb_search_sweeps(self._handle))

    @property
    def trouble(self) -> int:
        """Relaxations that were not solved to optimality; their bounds are valid but weaker."""
        return int(self._report.trouble)
