"""What the limits of a problem cost: the value at limits a little tighter and a little looser.

V is the optimum as a function of one limit, R or C.  It does not decrease as the limit is relaxed, but it is
neither concave nor smooth (the objective is convex and maximised), so a price is no multiplier of a linear
program: it is the change of V over a step, and it may differ on the two sides and for another step.  Each
value is known within its bounds, so each price is an interval that holds whatever the solver found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mecbopt import _validate
from mecbopt.errors import ProblemError
from mecbopt.problem import Problem, Solution, Status, StopReason
from mecbopt.solving import solve
from mecbopt.tolerances import GAP

__all__ = ["LimitPrice", "limit_prices"]

#: Step of a limit as a share of what it limits, H(Y) or H(S).
_STEP_SHARE = 0.01
#: A limit of which less than this is left, in bits, is spent.
_SPENT = GAP


@dataclass(frozen=True, eq=False, repr=False)
class LimitPrice:
    """One limit, what is spent of it, and the optimum at limits one step away.

    Attributes
    ----------
    name : str
        "rate" or "max_label_entropy".
    limit, spent : float
        The limit and what the solution has of it, bits.
    step : float
        Bits by which the limit was moved.
    solution : Solution
        At the limit.
    tighter, looser : Solution or None
        At `limit - step` and `limit + step`; None where the limit cannot be moved there or the work was
        interrupted.
    """

    name: str
    limit: float
    spent: float
    step: float
    solution: Solution
    tighter: Solution | None
    looser: Solution | None

    @property
    def is_spent(self) -> bool:
        """Whether the solution's coupling uses the limit up, within 1e-6 bits.

        A limit that is not spent may have a price all the same: another coupling can become best beyond it.
        """
        return bool(self.limit - self.spent <= _SPENT)

    @property
    def gain(self) -> tuple[float, float] | None:
        """Bits of I per bit of the limit over one step upwards: the interval in which the quotient lies."""
        return _quotient(self.solution, self.looser, self.step)

    @property
    def loss(self) -> tuple[float, float] | None:
        """Bits of I that are lost per bit over one step downwards; None where nothing is attainable there."""
        return _quotient(self.tighter, self.solution, self.step)

    def __repr__(self) -> str:
        parts = [f"{self.name} {self.limit:.6g}", "spent" if self.is_spent else f"{self.spent:.6g} spent"]
        for word, interval in (("gain", self.gain), ("loss", self.loss)):
            parts += [] if interval is None else [f"{word} {interval[0]:.4g} to {interval[1]:.4g}"]
        return f"LimitPrice({', '.join(parts)}, step {self.step:.3g})"


def _quotient(smaller: Solution | None, larger: Solution | None, step: float) -> tuple[float, float] | None:
    """Between which numbers (V(larger) - V(smaller)) / step lies; a distortion falls where I rises."""
    if smaller is None or larger is None or not (smaller.has_coupling and larger.has_coupling):
        return None
    low, high = _enclosure(smaller), _enclosure(larger)
    return max(0.0, high[0] - low[1]) / step, max(0.0, high[1] - low[0]) / step


def _enclosure(solution: Solution) -> tuple[float, float]:
    """The optimum's value, to be maximised, lies between these."""
    sign = 1.0 if solution.problem.distortion is None else -1.0
    return sign * solution.objective, sign * solution.objective_bound


def limit_prices(
    solution: Solution, *, step: float | None = None, **solve_options: Any
) -> tuple[LimitPrice, ...]:
    """Solve again with each limit one step tighter and one step looser.

    Parameters
    ----------
    solution : Solution
        Of a problem with a finite rate below H(Y), or a label limit; of others the answer is empty.
    step : float, optional
        Bits by which limits are moved; by default a hundredth of H(Y) for the rate (of log2 m where that law
        is not held), of H(S) for the label limit.  It is never larger than the limit.
    solve_options
        As for `solve`; time and node limits hold for each of the up to four further problems.

    Returns
    -------
    tuple of LimitPrice
        Of the rate, then of the label limit; after Ctrl-C without the problems not solved.

    Raises
    ------
    ProblemError
        Not a solution, or a step that is not positive.

    Examples
    --------
    >>> import mecbopt as mb
    >>> solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], rate=0.5))
    >>> (price,) = mb.limit_prices(solution, step=0.1)
    >>> price.is_spent, [round(bound, 3) for bound in price.gain]
    (True, [0.894, 0.894])
    """
    if not isinstance(solution, Solution):
        raise ProblemError(argument="solution", value=solution, required="be a mecbopt.Solution")
    if step is not None:
        step = _validate.positive_number("step", step, "bits")
    if not solution.has_coupling:
        return ()
    return tuple(
        _price(
            solution, name, limit, spent, min(step or _STEP_SHARE * scale, limit or math.inf), solve_options
        )
        for name, limit, spent, scale in _limits(solution)
    )


def _limits(solution: Solution) -> list[tuple[str, float, float, float]]:
    """Name, limit, what is spent and the scale of each limit that can bind."""
    problem = solution.problem
    held = problem.p_y is not None and not problem.p_y_tolerance
    most = problem.entropy_y if held else math.log2(problem.shape[1])
    found = [("rate", problem.rate, solution.rate, most)] if problem.rate < most else []
    limit, label = problem.max_label_entropy, problem.label_entropy
    spent = (
        solution.label_entropy_with_seed if problem.label_sees_seed else solution.label_entropy_without_seed
    )
    if limit is not None and label is not None and spent is not None and limit < label:
        found.append(("max_label_entropy", limit, spent, label))
    return found


def _price(
    solution: Solution, name: str, limit: float, spent: float, step: float, options: dict[str, Any]
) -> LimitPrice:
    """The two neighbours; the looser one begins with the coupling that is there."""
    problem = solution.problem
    looser = _solved(_moved(problem, name, limit + step), {**options, "start": solution.mixture})
    tighter = None
    if limit > 0 and looser is not None and looser.stop_reason is not StopReason.INTERRUPTED:
        tighter = _solved(_moved(problem, name, max(0.0, limit - step)), options)
    return LimitPrice(name, limit, spent, step, solution, tighter, looser)


def _moved(problem: Problem, name: str, limit: float) -> Problem:
    return problem.replace(rate=limit) if name == "rate" else problem.replace(max_label_entropy=limit)


def _solved(problem: Problem, options: dict[str, Any]) -> Solution | None:
    """A neighbour; None where the work was interrupted before anything was known, or bounds crossed."""
    try:
        found = solve(problem, **options)
    except KeyboardInterrupt:
        return None
    return None if found.status is Status.INVALID else found
