"""`solve`: one verb for every problem and every method."""

from __future__ import annotations

import contextlib
import math
from dataclasses import replace
from typing import Any

import numpy as np

from mecbopt import _validate
from mecbopt.control import Clock, ProgressCallback, Target, bounds_cross
from mecbopt.errors import NotSupportedError, ProblemError, SolverError
from mecbopt.info import mutual_information
from mecbopt.mappings import MAX_ENUMERATED_MAPPINGS, Instance, mapping_count, presolve
from mecbopt.mappings.presolve import Presolved
from mecbopt.mec.bounds import best_lower_bound
from mecbopt.problem import Mixture, Problem, Solution, Status, StopReason
from mecbopt.solvers import compiled
from mecbopt.solvers.compiled.local import CompiledLocalSearch, compiled_start_count
from mecbopt.solvers.engines import compiled_applies
from mecbopt.solvers.exact import Outcome, plain_coupling_applies, solve_exactly
from mecbopt.solvers.feasibility import Feasibility, examine
from mecbopt.solvers.greedy import greedy, improved_by_greedy
from mecbopt.solvers.local import LocalSearch, random_start_count
from mecbopt.solvers.supported import refuse_unsupported
from mecbopt.solvers.vertex import Incumbent, limit_rows, to_vertex
from mecbopt.tolerances import CHECK, GAP, GAP_FLOOR

__all__ = ["ENGINES", "METHODS", "solve"]

METHODS = ("auto", "exact", "local", "greedy")
#: From this many letters on a side the search begins with the bounds on plain couplings (docs/mec.md): they
#: take tens of milliseconds, in which smaller problems are solved.
_STRONG_BOUND_FROM = 6
#: Rounding of a sum of entropies relative to the sum: a few units in the last place.
_ROUNDING = 4.0 * float(np.finfo(float).eps)
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
    relative_gap: float = 0.0,
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
    workers : int
        A single problem is solved in one thread: more are not supported yet.
    engine : {"auto", "compiled", "highs", "enumeration"}
        What carries out "exact": the compiled branch and bound (up to 12 letters a side), the one on HiGHS
        (up to 2 million mappings), or an enumeration of all vertices (tiny problems).
    start : Mixture, optional
        A mixture to start from, for instance the solution at a neighbouring rate; ignored where infeasible.
    relative_gap : float
        A value counts as optimal also when the gap is at most this share of it.

    Returns
    -------
    Solution
        Interrupted by Ctrl-C or a limit, it holds what was found; its bounds contain the optimum.

    Raises
    ------
    ProblemError
        An argument is invalid.
    NotSupportedError
        "exact" on alphabets that are too large for the engine; more than one worker.

    Examples
    --------
    >>> import mecbopt as mb
    >>> solution = mb.solve(mb.Problem([0.7, 0.3], [0.7, 0.3], rate=0.378))
    >>> solution.status.value, round(solution.mutual_information, 6)
    ('optimal', 0.191631)
    """
    time_limit, gap, relative_gap = _validated_options(
        problem, method, time_limit, node_limit, gap, relative_gap, seed, workers, engine
    )
    refuse_unsupported(problem)
    clock = Clock(time_limit, progress)
    presolved = presolve(problem)
    instance = presolved.instance
    target = Target(gap, relative_gap, instance.entropy_sum)
    reason = StopReason.EXHAUSTED
    try:
        feasibility = examine(instance, seed, clock)
    except KeyboardInterrupt:
        feasibility, reason = Feasibility(None), StopReason.INTERRUPTED
    except SolverError:
        feasibility, reason = Feasibility(None), StopReason.NUMERICAL_TROUBLE
    if feasibility.incumbent is None:
        if not feasibility.infeasible and reason is StopReason.EXHAUSTED:
            reason = StopReason.TIME_LIMIT if feasibility.expired else StopReason.LOCAL_SEARCH_DONE
        return Solution(
            problem,
            Status.INFEASIBLE if feasibility.infeasible else Status.UNKNOWN,
            reason,
            None,
            -math.inf if feasibility.infeasible else problem.value_upper_bound,
            gap,
            method=method,
            seconds=clock.seconds,
            smallest_label_entropy=feasibility.smallest_label_entropy,
            smallest_label_entropy_bound=feasibility.smallest_label_entropy_bound,
            smallest_rate=feasibility.smallest_rate,
            relative_gap_tolerance=relative_gap,
        )
    feasible = _better_start(problem, presolved, feasibility.incumbent, start)
    entropy_lower_bound = instance.entropy_sum - problem.value_upper_bound
    if max(instance.shape) >= _STRONG_BOUND_FROM and not clock.expired:
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
            target=target,
            node_limit=node_limit,
            clock=clock,
            seed=seed,
        )
    if outcome.engine != "trivial":
        # Stopped before anything better was found, the independent coupling gives way to the greedy one.
        outcome = replace(outcome, incumbent=improved_by_greedy(instance, outcome.incumbent))
    return _solution(problem, presolved, outcome, target, method, clock)


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
    best, reason = feasible, StopReason.INTERRUPTED
    search: CompiledLocalSearch | LocalSearch | None = None
    total = instance.entropy_sum

    def should_stop() -> bool:
        found = best.joint_entropy if search is None else search.best_joint_entropy
        clock.report(total - found, total - entropy_lower_bound, 0)
        return clock.expired

    with contextlib.suppress(KeyboardInterrupt):
        best = greedy(instance, feasible)
        should_stop()
        if compiled.available():
            search = CompiledLocalSearch(instance, best, seed=seed, should_stop=should_stop)
            search.run(compiled_start_count(instance))
        else:
            search = LocalSearch(instance, best, seed=seed, clock=clock)
            search.entropy_lower_bound = entropy_lower_bound
            search.run(random_start_count(instance))
        reason = StopReason.TIME_LIMIT if clock.expired else StopReason.LOCAL_SEARCH_DONE
    return Outcome(best if search is None else search.best, entropy_lower_bound, reason, "local")


def _solution(
    problem: Problem, presolved: Presolved, outcome: Outcome, target: Target, method: str, clock: Clock
) -> Solution:
    """Lift the outcome and name what is known."""
    mixture = presolved.lift(outcome.incumbent.mappings, outcome.incumbent.weights)
    best, bound = outcome.incumbent.joint_entropy, outcome.entropy_lower_bound
    status = Status.FEASIBLE
    if bounds_cross(bound, best):
        status = Status.INVALID
    elif target.reached(bound, best) and method in ("auto", "exact"):
        # A local search never claims the optimum, even where the bound that costs nothing happens to meet it.
        status = Status.OPTIMAL
    total = presolved.instance.entropy_sum
    # Outward: the difference of two sums of rounded terms is off by a few units in the last place of either.
    value_upper_bound = total - bound + presolved.value_slack + _ROUNDING * total
    value_upper_bound = min(value_upper_bound, problem.value_upper_bound)
    if status is not Status.INVALID:
        # The value comes from other sums: rounding must not leave the bound below it.
        value = mutual_information(mixture.coupling(problem.p_x, problem.shape[1]))
        value_upper_bound = max(0.0, value_upper_bound, value)
    return Solution(
        problem,
        status,
        outcome.stop_reason,
        mixture,
        value_upper_bound,
        target.gap,
        method=method,
        engine=outcome.engine,
        nodes=outcome.nodes,
        seconds=clock.seconds,
        relative_gap_tolerance=target.relative_gap,
    )


def _validated_options(
    problem: Any,
    method: str,
    time_limit: Any,
    node_limit: Any,
    gap: Any,
    relative_gap: Any,
    seed: Any,
    workers: Any,
    engine: str,
) -> tuple[float | None, float, float]:
    """The time limit and both gaps as numbers, once everything is found valid."""
    if not isinstance(problem, Problem):
        raise ProblemError(f"problem is a {type(problem).__name__}: give a mecbopt.Problem.")
    if method not in METHODS:
        raise ProblemError(f"method is {method!r}: it must be one of {', '.join(METHODS)}.")
    if engine not in ENGINES:
        raise ProblemError(f"engine is {engine!r}: it must be one of {', '.join(ENGINES)}.")
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    if node_limit is not None:
        _validate.positive_integer("node_limit", node_limit, minimum=0)
    gap = _validate.positive_number("gap", gap, "bits")
    if gap < GAP_FLOOR:
        raise ProblemError(
            argument="gap",
            value=gap,
            required=f"be at least {GAP_FLOOR:g} bits",
            remedy="below that double precision proves nothing",
        )
    share = _validate.nonnegative_number("relative_gap", relative_gap, "a share", allow_infinity=False)
    _validate.positive_integer("seed", seed, minimum=0)
    if _validate.positive_integer("workers", workers) > 1:
        raise NotSupportedError(
            argument="workers",
            value=workers,
            required="be 1: a single problem is solved in one thread",
            remedy="solve several at once with rate_curve or solve_many",
        )
    return time_limit, gap, share
