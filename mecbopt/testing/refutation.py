"""Search for a counterexample to a conjecture about optima, shrink it, and prove that it is one.

A claim says of a problem and its optimum that something holds.  Hypothesis draws problems and shrinks the
first that fails to small rationals.  The optimum of that problem is then certified
(`mecbopt.certificates`), and the claim is asked again at both ends of the certified interval: where it fails
at both, no rounding of a solver is to blame.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from mecbopt import _validate
from mecbopt.certificates.certify import Certificate
from mecbopt.certificates.certify import certify as certificate_of
from mecbopt.errors import CertificateError, NotSupportedError, ProblemError
from mecbopt.problem import Problem, Solution, Status
from mecbopt.solving import solve
from mecbopt.testing._hypothesis import hypothesis
from mecbopt.testing.problems import rational_problems

__all__ = ["Claim", "Optimum", "Refutation", "optimum", "refute"]

#: What a claim may return: whether it holds, or a number that must stay below 0.
Claim = Callable[[Problem, Any], bool | float]

#: Bits by which a number must fail: above the width of certified intervals and every gap here.
_LEAST_VIOLATION = 1e-5
#: Gap of the solves of the search, bits, and seconds after which a problem is left aside.
_GAP, _SECONDS = 1e-7, 5.0


class _NoOptimumError(ProblemError):
    """A problem that is passed over."""


class Optimum:
    """A solution whose value is the end of a proved interval; everything else is the solution's.

    Attributes
    ----------
    mutual_information, upper_bound : float
        Bits.
    expected_distortion, distortion_lower_bound : float
        Where the problem has a distortion; they are the ends then.
    """

    def __init__(self, solution: Solution, value: float, bound: float) -> None:
        self._solution = solution
        self._value, self._bound = value, bound
        if solution.problem.distortion is None:
            self.mutual_information, self.upper_bound = value, bound
        else:
            self.expected_distortion, self.distortion_lower_bound = value, bound

    def __getattr__(self, name: str) -> Any:
        return getattr(self._solution, name)

    def __repr__(self) -> str:
        if self._solution.problem.distortion is None:
            return f"Optimum(certified, I(X;Y) = {self._value:.9f}, at most {self._bound:.9f} bits)"
        return f"Optimum(certified, E d(X,Y) = {self._value:.9f}, at least {self._bound:.9f})"


@dataclass(frozen=True, eq=False, repr=False)
class Refutation:
    """A counterexample.

    Attributes
    ----------
    problem : Problem
        Shrunk: small alphabets, small rationals.
    solution : Solution
        Its optimum.
    violation : float or None
        The number that the claim returned; None where it returned a truth value.
    certificates : tuple of Certificate
        Of this problem first, then of the others whose optima the claim asked for; empty where nothing was
        certified.
    """

    problem: Problem
    solution: Solution
    violation: float | None
    certificates: tuple[Certificate, ...] = ()

    @property
    def certificate(self) -> Certificate | None:
        """The certificate of the problem; with it the refutation is a proof."""
        return self.certificates[0] if self.certificates else None

    def __str__(self) -> str:
        proved = "proved" if self.certificates else "not proved: found in floating point"
        by = "" if self.violation is None else f" by {self.violation:.3g}"
        return f"refuted{by} ({proved}) at {self.problem!r}"

    def __repr__(self) -> str:
        return f"Refutation({self}, {self.solution!r})"


#: While a counterexample is certified: the certificates so far.
_certifying: ContextVar[list[Certificate] | None] = ContextVar("_certifying", default=None)


def optimum(problem: Problem) -> Solution | Optimum:
    """The optimum of another problem, for claims that compare several.

    Its `mutual_information` is attained and its `upper_bound` holds, or, of a problem with a distortion, its
    `expected_distortion` and its `distortion_lower_bound`: compare so that the claim can only gain from what
    lies between.  While a counterexample is certified, both are ends of a certified interval.

    Raises
    ------
    ProblemError
        It has none, or was not solved in time.
    """
    certificates = _certifying.get()
    if certificates is None:
        return _solved(problem)
    certificate, value, bound = _certified(problem)
    certificates.append(certificate)
    return Optimum(_solved(problem), value, bound)


def _solved(problem: Problem) -> Solution:
    solution = solve(problem, gap=_GAP, time_limit=_SECONDS)
    if solution.status is not Status.OPTIMAL:
        raise _NoOptimumError(
            argument="problem", value=problem, found=f"is {solution.status.value}", required="have an optimum"
        )
    return solution


def _certified(problem: Problem) -> tuple[Certificate, float, float]:
    """The certificate, the end of its interval that is attained, and the one that bounds."""
    certificate = certificate_of(problem)
    interval = certificate.interval
    if interval.lower is None or interval.upper is None:
        raise CertificateError(
            "the certificate proves that no coupling meets the limits: there is no optimum"
        )
    ends = float(interval.lower), float(interval.upper)
    return certificate, *(ends if problem.distortion is None else ends[::-1])


def refute(
    claim: Claim,
    problems: Any = None,
    max_examples: int = 1000,
    certify: bool = True,
    seed: int = 0,
) -> Refutation | None:
    """Look for a problem at which a claim about its optimum fails.

    Parameters
    ----------
    claim : callable
        `claim(problem, solution)` returns whether it holds, or a number that must stay below 0 and fails from
        1e-5 on.  `mecbopt.testing.optimum` gives it the optima of other problems.
    problems : Hypothesis strategy of Problem, optional
        `mecbopt.testing.rational_problems()` by default.  Problems that have no optimum are passed over.
    max_examples : int
        Problems that are tried, before shrinking.
    certify : bool
        Whether the counterexample is to be proved.
    seed : int
        Of the draws.

    Returns
    -------
    Refutation or None
        None where none of the problems refuted it: that proves nothing.  A counterexample that cannot be
        certified comes without certificates.

    Examples
    --------
    >>> def at_most_half_the_rate(problem, solution):
    ...     return solution.mutual_information - 0.5 * problem.rate
    >>> found = refute(at_most_half_the_rate, max_examples=200)
    >>> found.violation > 0, found.certificate is not None
    (True, True)
    """
    if not callable(claim):
        raise ProblemError(
            argument="claim", value=claim, required="be a function of a problem and its solution"
        )
    module = hypothesis()
    strategy = rational_problems() if problems is None else problems
    examples = _validate.positive_integer("max_examples", max_examples)

    def fails(problem: Problem) -> bool:
        try:
            return _failed(claim(problem, _solved(problem)))[0]
        except _NoOptimumError:  # it, or one of the claim's other problems
            return False

    settings = module.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(module.HealthCheck),
    )
    source = random.Random(_validate.positive_integer("seed", seed, minimum=0))
    try:
        problem = module.find(strategy, fails, settings=settings, random=source)
    except module.errors.NoSuchExample:
        return None
    solution = _solved(problem)
    violation = _failed(claim(problem, solution))[1]
    certificates = _proved(claim, problem, solution) if _validate.boolean("certify", certify) else ()
    return Refutation(problem, solution, violation, certificates)


def _failed(outcome: Any) -> tuple[bool, float | None]:
    """Whether the claim fails, and by how much."""
    if isinstance(outcome, (bool, np.bool_)):
        return not outcome, None
    number = _validate.exact_number("what the claim returns", outcome, "be True, False or a number")
    return number >= _LEAST_VIOLATION, float(number)


def _proved(claim: Claim, problem: Problem, solution: Solution) -> tuple[Certificate, ...]:
    """Certificates with which the claim fails at both ends; none where they do not suffice."""
    certificates: list[Certificate] = []
    token = _certifying.set(certificates)
    try:
        certificate, attained, bound = _certified(problem)
        outcomes = []
        for value in (attained, bound):
            certificates.clear()
            outcomes.append(_failed(claim(problem, Optimum(solution, value, bound)))[0])
    except (CertificateError, NotSupportedError, _NoOptimumError):
        return ()
    finally:
        _certifying.reset(token)
    return (certificate, *certificates) if all(outcomes) else ()
