"""`solve`: one verb for every problem and every method."""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np

from mecbopt import _validate
from mecbopt.control import (
    Clock,
    ProgressCallback,
    Target,
    held_interrupts,
    run_search,
    valid_gap,
)
from mecbopt.engines.base import Engine, Request, Search, support
from mecbopt.engines.chains import bound_at_the_rate
from mecbopt.engines.checkpoint import Checkpoint, Keeper, formulation_digest
from mecbopt.engines.draft import Draft
from mecbopt.engines.feasibility import Feasibility, begins_feasible, examine, first_incumbent
from mecbopt.engines.greedy import LAST_SECONDS, improved_by_greedy
from mecbopt.engines.local import begins_locally, local_start
from mecbopt.engines.registry import named_engine, pick, refused
from mecbopt.engines.tree import Tree
from mecbopt.engines.tree_executor import default_workers
from mecbopt.engines.tree_search import TreeInSlices
from mecbopt.engines.vertex import Incumbent, limit_rows, to_vertex, within_limits
from mecbopt.errors import Name, NotSupportedError, ProblemError, SolverError, shown
from mecbopt.formulation import (
    MAX_ENUMERATED_MAPPINGS,
    Formulation,
    Presolved,
    mapping_count,
    presolve,
)
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.problem import Mixture, Problem, Solution, StopReason
from mecbopt.tolerances import CHECK, GAP

__all__ = ["METHODS", "solve"]

METHODS = ("auto", "exact", "local", "greedy")
#: From this many letters on a side the search begins with the bounds on plain couplings (docs/mec.md): they
#: take tens of milliseconds, in which smaller problems are solved.
_STRONG_BOUND_FROM = 6
#: From this many letters on a side a search begins at the greedy coupling; less is solved in the time.
_GREEDY_FROM = 6
#: Engines that end by themselves whatever the size.
_ENDING = ("trivial", "low_rate", "plain", "chains", "linear", "free_law")
#: Engines that may be cut off long before their end.
_TREES = ("compiled", "highs")
#: Engines that are done in one pass: there is no work to share and no state to keep.
_ONE_PASS = ("trivial", "low_rate", "plain", "linear", "enumeration")


def solve(
    problem: Problem,
    method: str = "auto",
    time_limit: float | None = None,
    node_limit: int | None = None,
    gap: float = GAP,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    workers: int | None = None,
    engine: str | Engine = "auto",
    start: Mixture | None = None,
    relative_gap: float = 0.0,
    executor: Executor | None = None,
    checkpoint: str | PathLike[str] | None = None,
) -> Solution:
    """Find the coupling of greatest mutual information, and a bound that proves how good it is.

    Parameters
    ----------
    problem : Problem
    method : {"auto", "exact", "local", "greedy"}
        "exact" proves the global optimum; "local" is a seeded multi-start search without proof; "greedy" one
        constructive pass.  "auto" is "exact" up to 2 million mappings; beyond, "exact" where a limit says
        when to stop and the compiled engine applies, else "local".
    time_limit : float, optional
        Seconds of wall-clock time.
    node_limit : int, optional
        Nodes of the branch and bound tree.
    gap : float
        Bits within which a value counts as optimal; at least 1e-9, below which floats prove nothing.
    seed : int
        Of the random starts; results are a function of the arguments, unless a time limit cuts them.
    progress : callable, optional
        Called with a `Progress` about five times a second.
    workers : int, optional
        Threads of the compiled tree, 1 by default; with an executor, tasks under way at a time, by default as
        many as it works on.  Value, status and bound are the same within the gap for any number.
    engine : str or Engine
        "auto", a name in `mb.ENGINES`, or an engine with settings such as `mb.engines.Tree(pool_limit=200)`.
        One that is named wins over method="auto" and must fit another method.
    start : Mixture, optional
        A mixture to start from, for instance the solution at a neighbouring rate; ignored where infeasible.
    relative_gap : float
        A value counts as optimal also when the gap is at most this share of it.
    executor : concurrent.futures.Executor, optional
        Where subtrees of the compiled tree are searched: processes, dask's, mpi4py's, loky's; left running.
        A worker that dies costs time and nothing else.
    checkpoint : path, optional
        A file in which the state of the compiled tree is kept, every few seconds and at the end; a later call
        with the same problem and settings goes on from it.

    Returns
    -------
    Solution
        Interrupted by Ctrl-C or a limit, it holds what was found; its bounds contain the optimum.

    Raises
    ------
    ProblemError
        An argument is invalid.
    NotSupportedError
        "exact" on alphabets that are too large for the engine; workers, an executor or a checkpoint for an
        engine that has no use for them.

    Examples
    --------
    >>> import mecbopt as mb
    >>> solution = mb.solve(mb.Problem([0.7, 0.3], [0.7, 0.3], rate=0.378))
    >>> solution.status.value, round(solution.mutual_information, 6)
    ('optimal', 0.191631)
    """
    call = _Call(
        problem=problem,
        method=method,
        time_limit=time_limit,
        node_limit=node_limit,
        gap=gap,
        seed=seed,
        progress=progress,
        workers=workers,
        engine=engine,
        start=start,
        relative_gap=relative_gap,
        executor=executor,
        checkpoint=checkpoint,
    )
    try:
        return call.run()
    except KeyboardInterrupt:
        # Holding Ctrl-C takes two calls of the system, a tenth of a small solve: it is held only while what
        # it broke off is done again.
        with held_interrupts():
            return call.interrupted()


@dataclass(eq=False)
class _Call:
    """One call of `solve`: what was asked, and what is known so far, from which there is always an answer."""

    problem: Problem
    method: str
    time_limit: float | None
    node_limit: int | None
    gap: float
    seed: int
    progress: ProgressCallback | None
    workers: int | None
    engine: str | Engine
    start: Mixture | None
    relative_gap: float
    executor: Executor | None
    checkpoint: str | PathLike[str] | None

    draft: Draft | None = None
    feasibility: Feasibility | None = None
    best: Incumbent | None = None
    cost_bound: float = -math.inf
    search: Search | None = None
    keeper: Keeper | None = None
    reason: StopReason = StopReason.EXHAUSTED

    def run(self) -> Solution:
        """Prepare, examine the limits, search, answer."""
        draft = self.draft = self._prepared()
        request = draft.request
        try:
            known = examine(draft.presolved.formulation, request.seed, request.clock)
            if not known.infeasible and known.incumbent is None:
                self.reason = StopReason.TIME_LIMIT if known.expired else StopReason.LOCAL_SEARCH_DONE
        except SolverError:
            known, self.reason = Feasibility(None), StopReason.NUMERICAL_TROUBLE
        self.feasibility = known
        if known.incumbent is not None:
            self._search(draft, known.incumbent)
        return self._answer(draft, known)

    def interrupted(self) -> Solution:
        """The answer after Ctrl-C, wherever it came."""
        draft = self._prepared() if self.draft is None else self.draft
        formulation, known = draft.presolved.formulation, self.feasibility
        if known is None:
            # Without another limit than the rate the independent coupling is feasible.
            known = Feasibility(first_incumbent(formulation) if begins_feasible(formulation) else None)
        self.reason = StopReason.INTERRUPTED
        best = self.best or known.incumbent
        if best is not None and self.search is None and draft.chosen.name != "trivial":
            self.best = improved_by_greedy(formulation, best, LAST_SECONDS)
        return self._answer(draft, known)

    def _prepared(self) -> Draft:
        """Everything validated, the problem lowered and an engine picked."""
        time_limit, node_limit, gap, relative_gap, seed = _validated_options(
            self.problem,
            self.method,
            self.time_limit,
            self.node_limit,
            self.gap,
            self.relative_gap,
            self.seed,
            self.start,
            self.progress,
            self.checkpoint,
        )
        several = _workers(self.workers, self.executor)
        chosen = _chosen_engine(self.engine, self.method)
        clock = Clock(time_limit, self.progress)
        presolved = presolve(self.problem)
        formulation = presolved.formulation
        target = Target(gap, relative_gap, formulation.objective.offset)
        request = Request(target, clock, node_limit, seed, several, self.executor)
        if chosen is None:
            chosen = _pick(self.method, formulation, request, time_limit)
        elif not (supported := support(chosen, formulation)):
            raise refused(chosen, supported.reason, formulation)
        asked = {"executor": self.executor, "workers": several, "checkpoint": self.checkpoint}
        _refuse_the_useless(chosen, formulation, asked)
        return Draft(self.problem, presolved, request, self.method, chosen)

    def _search(self, draft: Draft, feasible: Incumbent) -> None:
        """Improve the first vertex, and search from there."""
        chosen, request, formulation = draft.chosen, draft.request, draft.presolved.formulation
        clock, target = request.clock, request.target
        self.best = best = _better_start(self.problem, draft.presolved, feasible, self.start)
        self.cost_bound = bound = _first_bound(formulation, clock)
        proving = chosen.method == "exact"
        if proving and max(formulation.shape) >= _GREEDY_FROM and chosen.name != "trivial":
            self.best = best = improved_by_greedy(formulation, best, max(clock.remaining, LAST_SECONDS))
        if chosen.name in _TREES and begins_locally(formulation):
            self.search = first = local_start(formulation, best, bound, request)
            self.reason = run_search(first, target, None, clock, proving=False)
            self.best = best = first.incumbent
        if self.reason is not StopReason.INTERRUPTED:
            if chosen.name in _TREES or self.method == "auto":
                self.cost_bound = bound = bound_at_the_rate(formulation, best, bound, request)
            self.search = search = chosen.start(formulation, best, bound, request)
            self.keeper = keeper = _keeper(self.checkpoint, search, formulation, chosen, target.gap)
            self.reason = run_search(
                search, target, request.node_limit, clock, proving=proving, after_step=keeper
            )
            self.best = best = search.incumbent
        if chosen.name != "trivial":
            # Stopped before anything better was found, the independent coupling gives way to the greedy one.
            self.best = improved_by_greedy(formulation, best, LAST_SECONDS)

    def _answer(self, draft: Draft, known: Feasibility) -> Solution:
        """What is known by now; the same however often it is put together."""
        if known.incumbent is None:
            return draft.without_a_coupling(known, self.reason)
        formulation = draft.presolved.formulation
        vertex = self.best or known.incumbent
        bound, nodes = max(self.cost_bound, formulation.objective.lower_bound), 0
        if self.search is not None:
            _put_away(self.search, self.keeper)
            vertex = min(vertex, self.search.incumbent, key=lambda found: found.cost)
            bound, nodes = max(bound, self.search.cost_bound), self.search.nodes
        several = formulation.label_limit or formulation.other_limits
        # A vertex of more mappings than marginals has is polished to the rate alone.
        if formulation.is_linear and (several or len(vertex.weights) <= formulation.shape[1]):
            vertex = within_limits(formulation, vertex, known.incumbent)
        return draft.with_a_coupling(vertex, bound, self.reason, nodes)


def _chosen_engine(engine: Any, method: str) -> Engine | None:
    """The engine that is named, which must fit the method; None for "auto"."""
    chosen = named_engine(engine)
    if chosen is not None and method not in ("auto", chosen.method):
        raise ProblemError(
            argument="engine",
            value=engine,
            found=(
                f"is {chosen.name!r}, which carries out ",
                Name(f"method={chosen.method!r}"),
                f", not {method!r}",
            ),
            remedy=("leave ", Name("engine"), " or ", Name("method"), " out"),
        )
    return chosen


def _pick(method: str, formulation: Formulation, request: Request, time_limit: float | None) -> Engine:
    """The engine for a method; "auto" is "exact" where it ends by itself or is told when to stop."""
    if method != "auto":
        return pick(method, formulation, request)
    try:
        engine = pick("exact", formulation, request)
    except NotSupportedError:
        if not formulation.is_linear:  # no local search takes it either
            raise
        return pick("local", formulation, request)
    if not formulation.is_linear:
        return engine
    small = mapping_count(*formulation.shape) <= MAX_ENUMERATED_MAPPINGS
    limited = time_limit is not None or request.node_limit is not None
    if small or engine.name in _ENDING or (engine.name == "compiled" and limited):
        return engine
    return pick("local", formulation, request)


def _workers(workers: Any, executor: Any) -> int:
    """Threads, or tasks at a time of an executor."""
    executor = _validate.executor_or_none(executor)
    if workers is None:
        return 1 if executor is None else default_workers(executor)
    return _validate.positive_integer("workers", workers)


def _refuse_the_useless(chosen: Engine, formulation: Formulation, given: dict[str, Any]) -> None:
    """Only the compiled tree hands work over and keeps states; engines that end in one pass need neither."""
    if isinstance(chosen, Tree) or chosen.name in _ONE_PASS:
        return
    other = chosen.method == "exact" and support(Tree(), formulation)
    compiled = (", or use ", Name("engine='compiled'")) if other else ()
    for argument, value in given.items():
        if value is not None and value != 1:
            raise NotSupportedError(
                argument=argument,
                value=value,
                found=f"is {shown(value)}, but the engine here, {chosen.name!r}, has no use for it",
                remedy=("leave it out", *compiled),
            )


def _keeper(
    checkpoint: Any, search: Search, formulation: Formulation, chosen: Engine, gap: float
) -> Keeper | None:
    """What writes the state of a search, taken up from the file where there is one."""
    if checkpoint is None or not isinstance(search, TreeInSlices):
        return None
    file = Checkpoint(checkpoint, formulation_digest(formulation, chosen), gap)
    if file.frontier is not None:
        search.restore(file.frontier)
    return Keeper(file, search)


def _put_away(search: Search, keeper: Keeper | None) -> None:
    """Write the last state; call off what is under way elsewhere."""
    if keeper is not None:
        keeper(now=True)
    if isinstance(search, TreeInSlices):
        search.close()


def _first_bound(formulation: Formulation, clock: Clock) -> float:
    """A bound on the cost before any search."""
    bound = formulation.objective.lower_bound
    entropic = formulation.objective.name == "mutual_information"
    if entropic and max(formulation.shape) >= _STRONG_BOUND_FROM and not clock.expired:
        return max(bound, best_lower_bound([formulation.p_x, formulation.p_y]))
    return bound


def _better_start(
    problem: Problem, presolved: Presolved, feasible: Incumbent, start: Mixture | None
) -> Incumbent:
    """The given start where it is feasible and better, brought to a vertex."""
    if start is None:
        return feasible
    n, m = problem.shape
    if start.mappings.shape[1] != n or start.mappings.max() >= m:
        raise ProblemError(
            argument="start",
            value=start,
            found=f"has mappings of shape {start.mappings.shape} with largest letter {start.mappings.max()}",
            required=f"fit the problem, whose n, m = {n, m}",
        )
    restricted = presolved.restrict(start)
    if restricted is None:
        return feasible
    formulation = presolved.formulation
    limits, bounds = limit_rows(formulation, restricted[0])
    laws = formulation.output_laws(restricted[0])
    residual = restricted[1] @ laws - formulation.p_y
    if (not formulation.free_law and np.abs(residual).max() > CHECK) or np.any(
        limits @ restricted[1] > bounds + CHECK
    ):
        return feasible
    if not formulation.is_linear:
        seen_too_little = (
            formulation.unseen_label
            and formulation.label_entropy(*restricted) > formulation.stated_label_entropy
        )
        coupling = formulation.coupling(*restricted)
        if seen_too_little or any(limit.violation(coupling) > 0.0 for limit in formulation.convex):
            return feasible
        mixture = Incumbent(*restricted, formulation.cost(*restricted))
        return mixture if mixture.cost < feasible.cost else feasible
    vertex = to_vertex(formulation, *restricted)
    return vertex if vertex is not None and vertex.cost < feasible.cost else feasible


def _validated_options(
    problem: Any,
    method: str,
    time_limit: Any,
    node_limit: Any,
    gap: Any,
    relative_gap: Any,
    seed: Any,
    start: Any,
    progress: Any,
    checkpoint: Any,
) -> tuple[float | None, int | None, float, float, int]:
    """Limits, both gaps and the seed as Python's numbers, once everything is found valid."""
    if not isinstance(problem, Problem):
        raise ProblemError(argument="problem", value=problem, required="be a mecbopt.Problem")
    if not isinstance(method, str) or method not in METHODS:
        raise ProblemError(argument="method", value=method, required=f"be one of {', '.join(METHODS)}")
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    if node_limit is not None:
        node_limit = _validate.positive_integer("node_limit", node_limit, minimum=0)
    if start is not None and not isinstance(start, Mixture):
        raise ProblemError(argument="start", value=start, required="be a mecbopt.Mixture")
    gap = valid_gap(gap)
    share = _validate.nonnegative_number("relative_gap", relative_gap, "a share", allow_infinity=False)
    seed = _validate.positive_integer("seed", seed, minimum=0)
    _validate.callback("progress", progress)
    if checkpoint is not None and (not isinstance(checkpoint, (str, PathLike)) or "\0" in str(checkpoint)):
        raise ProblemError(argument="checkpoint", value=checkpoint, required="be the path of a file")
    return time_limit, node_limit, gap, share, seed
