"""Whether what a certificate claims is true of the problem that it states, by the solver in floats."""

from __future__ import annotations

import functools
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np

import mecbopt as mb
from tests.certificates.family import best_found
from tests.certificates.second import Verdict

#: What the solver's tolerances of the limits can move its ends by.
SLACK = Fraction(1, 10**6)

Ends = tuple[Fraction | None, Fraction | None]


def _constraint(row: dict[str, Any]) -> Any:
    """A linear row as a constraint of a problem."""
    coefficients = np.array([[float(Fraction(a)) for a in line] for line in row["coefficients"]])

    def constraint(coupling: Any) -> list[Any]:
        mean = sum(
            coupling[x, y] * coefficients[x, y]
            for x, y in np.ndindex(*coefficients.shape)
            if coefficients[x, y] or (x, y) == (0, 0)
        )
        upper = [] if row["upper"] is None else [mean <= float(Fraction(row["upper"]))]
        return upper if row["lower"] is None else [*upper, mean >= float(Fraction(row["lower"]))]

    return constraint


def problem_of(stated: dict[str, Any]) -> mb.Problem | None:
    """The stated problem; None where `Problem` has no room for all its limits."""
    label, rate = stated["label"] or {}, stated["rate"]
    limits = {key: label.get(key) for key in ("max_entropy", "max_entropy_given_y", "min_entropy_given_y")}
    if limits["max_entropy"] is not None and limits["max_entropy_given_y"] is not None:
        return None
    arguments: dict[str, Any] = {"p_y": [Fraction(p) for p in stated["p_y"]]}
    tolerance = Fraction(stated.get("p_y_tolerance", "0"))
    if tolerance >= 1:
        arguments = {"p_y": None, "y_size": len(stated["p_y"])}
    elif tolerance:
        arguments["p_y_tolerance"] = tolerance
    if any(limit is not None for limit in limits.values()):
        arguments["p_s_given_x"] = [[Fraction(p) for p in row] for row in label["p_s_given_x"]]
        most = limits["max_entropy"] or limits["max_entropy_given_y"]
        arguments["max_label_entropy"] = None if most is None else Fraction(most)
        arguments["label_sees_seed"] = limits["max_entropy_given_y"] is None
        least = limits["min_entropy_given_y"]
        arguments["min_label_entropy"] = None if least is None else Fraction(least)
    if stated.get("distortion") is not None:
        arguments["distortion"] = [[Fraction(d) for d in row] for row in stated["distortion"]]
    constraints = [
        _constraint(row)
        for row in stated.get("constraints", [])
        if row["lower"] is not None or row["upper"] is not None
    ]
    try:
        return mb.Problem(
            [Fraction(p) for p in stated["p_x"]],
            rate=math.inf if rate is None else Fraction(rate),
            constraints=constraints,
            **arguments,
        )
    except mb.ProblemError:
        return None


@functools.lru_cache(maxsize=4096)
def _ends(stated: str) -> Ends | None:
    """Ends of the optimum of a stated problem, None where one is not known; None where it has no coupling.

    What no engine proves has the end that a mixture attains.
    """
    data = json.loads(stated)
    problem = problem_of(data)
    solution = None
    if problem is not None:
        try:
            solution = mb.solve(problem, gap=1e-8, method="exact")
        except mb.NotSupportedError:
            solution = None
    least = data.get("distortion") is not None
    if solution is None:
        found = best_found(stated)
        if found is None:
            return None, None
        return (None, -Fraction(found[0])) if least else (Fraction(found[0]), None)
    if solution.status is mb.Status.INFEASIBLE:
        return None
    if least:
        return Fraction(solution.distortion_lower_bound), Fraction(solution.expected_distortion)
    return Fraction(solution.mutual_information), Fraction(solution.upper_bound)


def holds(stated: dict[str, Any], verdict: Verdict) -> bool:
    """Whether an accepted certificate's interval holds the optimum."""
    ends = _ends(json.dumps(stated, sort_keys=True))
    if ends is None or verdict.lower is None or verdict.upper is None:
        attained = None if ends is None else ends[0 if stated.get("distortion") is None else 1]
        return verdict.lower is None and attained is None
    low, high = ends
    return (high is None or verdict.lower <= high + SLACK) and (low is None or verdict.upper >= low - SLACK)
