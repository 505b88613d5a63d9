"""`solve`: one verb for every problem and every method."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np

from mecbopt import _validate
from mecbopt.errors import ProblemError
from mecbopt.info import mutual_information
from mecbopt.mappings import MAX_ENUMERATED_MAPPINGS, Instance, mapping_count, presolve
from mecbopt.mappings.presolve import Presolved
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.problem import Mixture, Problem, Solution, Status, StopReason
from mecbopt.solvers import compiled
from mecbopt.solvers.branch_and_bound.stopping import bounds_cross, gap_closed
from mecbopt.solvers.compiled.local import CompiledLocalSearch, compiled_start_count
from mecbopt.solvers.engines import compiled_applies
from mecbopt.solvers.exact import Outcome, plain_coupling_applies, solve_exactly
from mecbopt.solvers.feasibility import examine
from mecbopt.solvers.greedy import greedy
from mecbopt.solvers.local import LocalSearch, random_start_count
from mecbopt.solvers.progress import Clock, ProgressCallback
from mecbopt.solvers.supported import refuse_unsupported
from mecbopt.solvers.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.tolerances import CHECK, GAP

__all__ = ["ENGINES", "METHODS", "solve"]

METHODS = ("auto", "exact", "local", "greedy")
#: From this many letters on a side the search begins with the bounds on plain couplings (docs/mec.md): they
#: take tens of milliseconds, in which smaller problems are solved.
_STRONG_BOUND_FROM = 6
ENGINES = ("auto", "compiled", "highs", "enumeration")


def solve(
    problem: Problem,
    method: str = "auto",
    time_limit: float | None = None,
    node_limit: int | None = None,
    gap: float = GAP,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    workers: int = 1,
    engine: str = "auto",
    start: Mixture | None = None,
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
        Bits within which a value counts as optimal.
    seed : int
        Of the random starts; results are a function of the arguments, unless a time limit cuts them.
    progress : callable, optional
        Called with a `Progress` about five times a second.
    workers : int
        Processes; a single problem is solved in one.
    engine : {"auto", "compiled", "highs", "enumeration"}
        What carries out "exact": the compiled branch and bound (up to 12 letters a side), the one on HiGHS
        (up to 2 million mappings), or an enumeration of all vertices (tiny problems).
    start : Mixture, optional
        A mixture to start from, for instance the solution at a neighbouring rate; ignored where infeasible.

    Returns
    -------
    Solution
        Interrupted by Ctrl-C or a limit, it holds what was found; its bounds contain the optimum.

    Raises
    ------
    ProblemError
        An argument is invalid.
    NotSupportedError
        "exact" on alphabets that are too large for the engine.

    Examples
    --------
    >>> import mecbopt as mb
    >>> solution = mb.solve(mb.Problem([0.7, 0.3], [0.7, 0.3], rate=0.378))
    >>> solution.status.value, round(solution.mutual_information, 6)
    ('optimal', 0.191631)
    """
    _validate_options(problem, method, time_limit, node_limit, gap, seed, workers, engine)
    refuse_unsupported(problem)
    clock = Clock(time_limit, progress)
    presolved = presolve(problem)
    instance = presolved.instance
    feasibility = examine(instance, seed)
    if feasibility.incumbent is None:
        return Solution(
            problem,
            Status.INFEASIBLE,
            StopReason.EXHAUSTED,
            None,
            -math.inf,
            gap,
            method=method,
            seconds=clock.seconds,
            smallest_label_entropy=feasibility.smallest_label_entropy,
            smallest_rate=feasibility.smallest_rate,
        )
    feasible = _better_start(problem, presolved, feasibility.incumbent, start)
    entropy_lower_bound = instance.entropy_sum - problem.value_upper_bound
    if max(instance.shape) >= _STRONG_BOUND_FROM:
        entropy_lower_bound = max(entropy_lower_bound, best_lower_bound([instance.p_x, instance.p_y]))
    if min(instance.shape) == 1 or problem.rate == 0.0:
        # One letter carries nothing, and at rate 0 only constants are left: I(X;Y) = 0.
        outcome = Outcome(feasible, feasible.joint_entropy, StopReason.EXHAUSTED, "trivial")
    elif method == "greedy":
        best = greedy(instance, feasible)
        outcome = Outcome(best, entropy_lower_bound, StopReason.LOCAL_SEARCH_DONE, "greedy")
    elif method == "local" or (method == "auto" and not _worth_a_proof(instance, time_limit, node_limit)):
        outcome = _solve_locally(instance, feasible, entropy_lower_bound, clock, seed)
    else:
        outcome = solve_exactly(
            instance,
            feasible,
            entropy_lower_bound,
            engine=engine,
            gap=gap,
            node_limit=node_limit,
            clock=clock,
            seed=seed,
        )
    return _solution(problem, presolved, outcome, gap, method, clock)


def _worth_a_proof(instance: Instance, time_limit: float | None, node_limit: int | None) -> bool:
    """Whether "auto" means "exact": small enough to end by itself, or told when to stop."""
    if mapping_count(*instance.shape) <= MAX_ENUMERATED_MAPPINGS or plain_coupling_applies(instance):
        return True
    return compiled_applies(instance) and (time_limit is not None or node_limit is not None)


def _better_start(
    problem: Problem, presolved: Presolved, feasible: Incumbent, start: Mixture | None
) -> Incumbent:
    """The given start where it is feasible and better, brought to a vertex."""
    if start is None:
        return feasible
    n, m = problem.shape
    if start.mappings.shape[1] != n or start.mappings.max() >= m:
        raise ProblemError(
            f"start has mappings of shape {start.mappings.shape} with largest letter {start.mappings.max()}: "
            f"the problem has n, m = {n, m}."
        )
    restricted = presolved.restrict(start)
    if restricted is None:
        return feasible
    instance = presolved.instance
    limits, bounds = limit_rows(instance, restricted[0])
    residual = instance.output_laws(restricted[0]).T @ restricted[1] - instance.p_y
    if np.abs(residual).max() > CHECK or np.any(limits @ restricted[1] > bounds + CHECK):
        return feasible
    vertex = to_vertex(instance, *restricted)
    return vertex if vertex is not None and vertex.joint_entropy < feasible.joint_entropy else feasible


def _solve_locally(
    instance: Instance, feasible: Incumbent, entropy_lower_bound: float, clock: Clock, seed: int
) -> Outcome:
    """Greedy start, then descents from random directions; the bound is the one that costs nothing."""
    compiled_core = compiled.available()
    kind = CompiledLocalSearch if compiled_core else LocalSearch
    starts = compiled_start_count(instance) if compiled_core else random_start_count(instance)
    search: CompiledLocalSearch | LocalSearch | None = None
    reason = StopReason.INTERRUPTED
    with contextlib.suppress(KeyboardInterrupt):
        search = kind(instance, greedy(instance, feasible), seed=seed, should_stop=lambda: clock.expired)
        search.run(starts)
        reason = StopReason.TIME_LIMIT if clock.expired else StopReason.LOCAL_SEARCH_DONE
    best = feasible if search is None else search.best
    return Outcome(best, entropy_lower_bound, reason, "local")


def _solution(
    problem: Problem, presolved: Presolved, outcome: Outcome, gap: float, method: str, clock: Clock
) -> Solution:
    """Lift the outcome and name what is known."""
    mixture = presolved.lift(outcome.incumbent.mappings, outcome.incumbent.weights)
    best, bound = outcome.incumbent.joint_entropy, outcome.entropy_lower_bound
    status = Status.FEASIBLE
    if bounds_cross(bound, best):
        status = Status.INVALID
    elif gap_closed(bound, best, gap) and method in ("auto", "exact"):
        # A local search never claims the optimum, even where the bound that costs nothing happens to meet it.
        status = Status.OPTIMAL
    value_upper_bound = presolved.instance.entropy_sum - bound + presolved.value_slack
    if status is not Status.INVALID:
        # The two values come from different sums: rounding must not leave the bound below the value.
        value = mutual_information(mixture.coupling(problem.p_x, problem.shape[1]))
        value_upper_bound = max(value_upper_bound, value)
    return Solution(
        problem,
        status,
        outcome.stop_reason,
        mixture,
        value_upper_bound,
        gap,
        method=method,
        engine=outcome.engine,
        nodes=outcome.nodes,
        seconds=clock.seconds,
    )


def _validate_options(
    problem: Any,
    method: str,
    time_limit: Any,
    node_limit: Any,
    gap: Any,
    seed: Any,
    workers: Any,
    engine: str,
) -> None:
    if not isinstance(problem, Problem):
        raise ProblemError(f"problem is a {type(problem).__name__}: give a mecbopt.Problem.")
    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: it must be one of {', '.join(METHODS)}.")
    if engine not in ENGINES:
        raise ProblemError(f"engine is {engine!r}: it must be one of {', '.join(ENGINES)}.")
    if time_limit is not None:
        _validate.positive_number("time_limit", time_limit, "seconds")
    if node_limit is not None:
        _validate.positive_integer("node_limit", node_limit, minimum=0)
    _validate.positive_number("gap", gap, "bits")
    _validate.positive_integer("seed", seed, minimum=0)
    _validate.positive_integer("workers", workers)
