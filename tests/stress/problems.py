"""Groups of random problems: every method and engine against the oracle, the others, its own relabelling."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import mecbopt as mb
from tests.stress.cases import Case, border_case, labelled_case, random_case, rounded_case, useless_case
from tests.stress.claims import ROUNDING, Answer, Truth, configurations, examine, solve_reproducer, truth
from tests.stress.findings import Finding
from tests.stress.group import Group, attempt, trying

__all__ = ["GROUPS", "answers"]

Random = np.random.Generator


def answers(case: Case, chosen: list[dict[str, Any]]) -> tuple[list[Answer], list[Finding]]:
    """What each configuration says; a configuration that is not made for the problem says so."""
    found: list[Answer] = []
    findings: list[Finding] = []
    problem = case.problem()
    for options in chosen:
        must_answer = "engine" not in options and options.get("method") != "exact"
        allowed: tuple[type[BaseException], ...] = () if must_answer else (mb.NotSupportedError,)
        result = attempt(
            "solve raises nothing",
            solve_reproducer(case, options),
            partial(mb.solve, problem, **options),
            allowed,
        )
        if isinstance(result, Finding):
            findings.append(result)
        elif result is not None:
            found.append(Answer(options, result))
    return found, findings


def _examined(case: Case, chosen: list[dict[str, Any]], known: Truth) -> list[Finding]:
    found, findings = answers(case, chosen)
    return findings + list(examine(case, found, known))


_TINY = ((2, 2), (2, 3), (3, 2), (3, 2), (4, 2), (2, 4), (3, 3), (5, 2))


def tiny(random: Random) -> list[Finding]:
    """Problems whose optimum the oracle proves."""
    shape = _TINY[random.integers(len(_TINY))]
    if random.random() < 0.5:
        case = random_case(random, *shape)
    else:
        case = labelled_case(random, *shape)
        if random.random() < 0.4:
            case = border_case(random, case)
    chosen = [{**options, "time_limit": 10.0} for options in configurations()]
    trying(f"the oracle: {case.code()}")
    return _examined(case, chosen, truth(case))


def useless(random: Random) -> list[Finding]:
    """Labels that say 1e-12 to 1e-6 bits: the price of a bit of C is up to 10^12 bits."""
    shape = ((2, 2), (3, 2), (3, 2), (2, 3), (4, 2))[random.integers(5)]
    case = useless_case(random, *shape)
    chosen = [{**options, "time_limit": 10.0} for options in configurations()]
    trying(f"the oracle: {case.code()}")
    return _examined(case, chosen, truth(case))


def feasibility(random: Random) -> list[Finding]:
    """Labels on alphabets beyond enumeration: who says INFEASIBLE, and is it so."""
    letters_y = int(random.choice([2, 2, 2, 3]))
    letters_x = int(random.integers(9, 14)) if letters_y == 2 else int(random.integers(5, 8))
    case = labelled_case(random, letters_x, letters_y, tame=bool(random.random() < 0.7))
    trying(f"the oracle: {case.code()}")
    mixtures = case.mixtures()
    least = mixtures.smallest_label_entropy(case.rate)
    findings: list[Finding] = []
    for shift in (0.0, 1e-6, -1e-6):
        limit = max(0.0, least.upper + shift)
        bordering = replace(case, limit=limit)
        known = Truth(smallest_label_entropy=least, smallest_rate=mixtures.smallest_rate(limit))
        chosen: list[dict[str, Any]] = [
            {"method": "auto", "time_limit": 0.3},
            {"method": "greedy", "seed": int(random.integers(100))},
            {"method": "greedy", "seed": int(random.integers(100))},
            {"engine": "compiled", "time_limit": 0.3},
        ]
        findings += _examined(bordering, chosen, known)
    return findings


def seeds(random: Random) -> list[Finding]:
    """The seed is no part of the problem: what is proved of an infeasible one does not depend on it.

    What is found without a proof may, but lies above what is proved with any seed.
    """
    letters_x, letters_y = int(random.integers(11, 17)), int(random.choice([2, 2, 3]))
    if random.random() < 0.7:
        case = rounded_case(random, letters_x)
    else:
        case = labelled_case(random, letters_x, letters_y, tame=bool(random.random() < 0.8))
    case = replace(case, rate=float(random.random() * case.problem().entropy_y), limit=0.0)
    told: dict[int, float | None] = {}
    bounds: list[float] = []
    least_seen = math.inf
    for seed in range(4):
        options: dict[str, Any] = {"method": "greedy", "seed": seed, "time_limit": 2.0}
        found, findings = answers(case, [options])
        if findings:
            return findings
        solution = found[0].solution
        if solution.status is mb.Status.INFEASIBLE:
            told[seed] = solution.smallest_label_entropy
            bounds.append(solution.smallest_label_entropy_bound or 0.0)
        if solution.label_entropy_with_seed is not None:
            least_seen = min(least_seen, solution.label_entropy_with_seed)
    claimed = [math.inf if value is None else value for value in told.values()]
    code = solve_reproducer(case, {"method": "greedy", "seed": 0})
    details = f"by seed: {told}, bounds {bounds}, a coupling has {least_seen}"
    proved = [value for value, bound in zip(claimed, bounds, strict=True) if value - bound < 1e-6]
    if proved and max(proved) - min([*claimed, least_seen]) > 1e-9:
        return [Finding("a proved smallest C does not depend on the seed", details, code)]
    if bounds and min([*claimed, least_seen]) < max(bounds) - 1e-9:
        return [Finding("nothing is below a bound on the smallest C", details, code)]
    return []


def large(random: Random) -> list[Finding]:
    """5 to 20 letters a side under short limits: whatever is said must be consistent."""
    shape = int(random.integers(5, 21)), int(random.integers(2, 21))
    if random.random() < 0.5:
        shape = shape[::-1]
    maker = labelled_case if random.random() < 0.4 else random_case
    case = maker(random, *shape)
    limit = float(random.choice([0.01, 0.1, 1.0]))
    chosen = [{**options, "time_limit": limit} for options in configurations()]
    return _examined(case, chosen, Truth())


def relations(random: Random) -> list[Finding]:
    """Relabelling changes nothing; more rate or a looser label loses nothing."""
    shape = int(random.integers(2, 5)), int(random.integers(2, 4))
    case = (labelled_case if random.random() < 0.5 else random_case)(random, *shape)
    order_x, order_y = random.permutation(shape[0]), random.permutation(shape[1])
    channel = None if case.channel is None else tuple(case.channel[x] for x in order_x)
    renamed = replace(
        case,
        p_x=tuple(case.p_x[x] for x in order_x),
        p_y=tuple(case.p_y[y] for y in order_y),
        channel=channel,
    )
    looser = replace(case, rate=case.rate + random.random() * 0.1 if math.isfinite(case.rate) else case.rate)
    if case.limit is not None and random.random() < 0.5:
        looser = replace(case, limit=case.limit + random.random() * 0.1)
    options = configurations()[random.integers(len(configurations()))] | {"time_limit": 3.0}
    told = {}
    findings: list[Finding] = []
    for name, variant in (("as it is", case), ("relabelled", renamed), ("looser", looser)):
        found, wrong = answers(variant, [options])
        findings += wrong
        if not found:
            return findings
        told[name] = found[0].solution
    for smaller, greater in (("as it is", "relabelled"), ("relabelled", "as it is"), ("as it is", "looser")):
        findings += _ordered(told[smaller], told[greater], case, f"{smaller} <= {greater}", options)
    return findings


def _ordered(
    first: mb.Solution, second: mb.Solution, case: Case, claim: str, options: dict[str, Any]
) -> list[Finding]:
    """V(first) <= V(second), as far as their bounds tell."""
    code = solve_reproducer(case, options)
    if first.mixture is None:
        return []
    if second.status is mb.Status.INFEASIBLE:
        border = abs((second.smallest_label_entropy or 0.0) - (case.limit or 0.0)) <= 1e-9
        return [] if border else [Finding(f"feasible: {claim}", f"{first!r}; {second!r}", code)]
    if second.mixture is not None and first.mutual_information > second.upper_bound + ROUNDING:
        detail = f"value {first.mutual_information!r}, bound {second.upper_bound!r}"
        return [Finding(f"value and bound: {claim}", detail, code)]
    return []


GROUPS = (
    Group("tiny", tiny),
    Group("useless", useless),
    Group("feasibility", feasibility),
    Group("seeds", seeds),
    Group("large", large),
    Group("relations", relations),
)
