"""What must hold of any answer, and of any two answers to the same problem."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import mecbopt as mb
from tests.stress.cases import Case
from tests.stress.findings import Finding
from tests.stress.oracle import Interval

__all__ = ["Answer", "Truth", "configurations", "examine", "solve_reproducer", "truth"]

#: Two answers, or an answer and the oracle, may differ by rounding: sums of some dozens of terms p log p.
ROUNDING = 1e-11
#: How far floats may overstep a limit without anybody's doing: what the oracle grants a value.
LIMIT_ROUNDING = 1e-14
#: Bits within which an infeasible problem's smallest C and R must be right, and INFEASIBLE may be said of a
#: problem that is feasible by less.
LIMIT_TOLERANCE = 1e-9
#: Engines that prove nothing, and the one on HiGHS, which may need longer than a busy machine gives it.
_NEED_NOT_CLOSE = ("highs", "local", "greedy")
#: Bases that the oracle of values tries (about 50 microseconds each).
MAX_BASES = 12_000
#: Mappings up to which the oracle of limits is asked.
MAX_MAPPINGS = 20_000


@dataclass(frozen=True)
class Truth:
    """What the oracle proves about a problem; None where it was too large to ask.

    Attributes
    ----------
    value : Interval or None
        I(X;Y) at the limits as given.
    relaxed_value : Interval or None
        The same with limits that are larger by rounding.
    smallest_label_entropy, smallest_rate : Interval or None
        For a problem with a label.
    """

    value: Interval | None = None
    relaxed_value: Interval | None = None
    smallest_label_entropy: Interval | None = None
    smallest_rate: Interval | None = None


@dataclass(frozen=True)
class Answer:
    """A solution and how it was asked for."""

    options: dict[str, Any]
    solution: mb.Solution


def engines() -> tuple[str, ...]:
    """The engines that the package offers by name."""
    names: Iterable[str] | None = getattr(mb, "ENGINES", None)
    if names is None:
        from mecbopt.engines import ENGINES

        names = ENGINES
    return tuple(name for name in names if name != "auto")


def configurations() -> list[dict[str, Any]]:
    """Every method, and every engine by its name."""
    methods: list[dict[str, Any]] = [{"method": name} for name in ("auto", "exact", "local", "greedy")]
    return methods + [{"engine": name} for name in engines()]


def truth(case: Case) -> Truth:
    """Ask the oracle what it can tell."""
    if case.mappings > MAX_MAPPINGS:
        return Truth()
    mixtures = case.mixtures()
    limit = math.inf if case.limit is None else case.limit
    finite = sum(1 for bound in (case.rate, limit) if bound != math.inf)
    known: dict[str, Interval] = {}
    if case.limit is not None:
        known["smallest_label_entropy"] = mixtures.smallest_label_entropy(case.rate)
        known["smallest_rate"] = mixtures.smallest_rate(case.limit)
    if mixtures.bases(finite) <= MAX_BASES:
        known["value"] = mixtures.value(case.rate, limit)
        known["relaxed_value"] = mixtures.value(case.rate + LIMIT_ROUNDING, limit + LIMIT_ROUNDING)
    return Truth(**known)


def solve_reproducer(case: Case, options: dict[str, Any]) -> str:
    """Python that shows the answer."""
    words = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"mb.solve({case.code()}{words})"


def examine(case: Case, answers: list[Answer], known: Truth) -> Iterator[Finding]:
    """Every failed claim about the answers, alone and against each other."""
    for answer in answers:
        for claim, detail in [*_alone(case, answer.solution), *_against(case, answer.solution, known)]:
            name = answer.options.get("engine", answer.options.get("method"))
            yield Finding(
                claim, f"{name} ({answer.solution.engine}): {detail}", solve_reproducer(case, answer.options)
            )
    yield from _pairwise(case, answers)


def _alone(case: Case, solution: mb.Solution) -> Iterator[tuple[str, str]]:
    status = solution.status
    try:
        solution.check(1e-9)
    except mb.SolutionError as error:
        yield f"check(1e-9) passes ({status.value})", str(error)
    if solution.mixture is not None:
        value, bound = solution.mutual_information, solution.upper_bound
        if not 0.0 <= value <= bound:
            yield "0 <= value <= bound", f"value {value!r}, bound {bound!r}"
        if not bound <= min(case.rate, solution.problem.entropy_x, solution.problem.entropy_y) + ROUNDING:
            yield "the bound is at most min(R, H(X), H(Y))", f"{bound!r}, R = {case.rate!r}"
        most = solution.problem.shape[1] + 1 + (case.limit is not None)
        if len(solution.mixture) > most:
            yield "at most m + 1 mappings (m + 2 with a label)", f"{len(solution.mixture)} mappings"
        if status not in (mb.Status.OPTIMAL, mb.Status.FEASIBLE):
            yield "a coupling is optimal or feasible", status.value
    elif status not in (mb.Status.INFEASIBLE, mb.Status.UNKNOWN):
        yield "no coupling only where infeasible or unknown", status.value
    if case.limit is None and status in (mb.Status.INFEASIBLE, mb.Status.UNKNOWN):
        yield "without a label there is always a coupling", status.value
    if status is mb.Status.INFEASIBLE:
        least, rate = solution.smallest_label_entropy, solution.smallest_rate
        if least is not None and case.limit is not None and least < case.limit - LIMIT_TOLERANCE:
            yield "an infeasible problem's smallest C is above C", f"smallest C {least!r}, C {case.limit!r}"
        if rate is not None and rate < case.rate - LIMIT_TOLERANCE:
            yield "an infeasible problem's smallest R is above R", f"smallest R {rate!r}, R {case.rate!r}"


def _against(case: Case, solution: mb.Solution, known: Truth) -> Iterator[tuple[str, str]]:
    status = solution.status
    if known.value is not None and known.relaxed_value is not None:
        bound, value = solution.upper_bound, solution.mutual_information
        if not bound >= known.value.lower:
            yield "no bound below the optimum", f"bound {bound!r}, optimum {known.value}, {status.value}"
        feasible = (
            known.relaxed_value.upper >= 0.0
        )  # else what was found met the limits by the tolerance alone
        if solution.mixture is not None and feasible and not value <= known.relaxed_value.upper + ROUNDING:
            yield "no value above the optimum", f"value {value!r}, optimum {known.relaxed_value}"
        closed = status in (mb.Status.OPTIMAL, mb.Status.INFEASIBLE)
        if not closed and solution.method in ("auto", "exact") and solution.engine not in _NEED_NOT_CLOSE:
            stopped = solution.stop_reason.value
            yield "a tiny problem is closed", f"{stopped}, value {value!r}, bound {bound!r}, {known.value}"
        elif status is mb.Status.OPTIMAL and not value >= known.value.lower - 1e-6 - ROUNDING:
            yield "optimal is within the gap of the optimum", f"value {value!r}, optimum {known.value}"
    least = known.smallest_label_entropy
    if least is None or case.limit is None:
        return
    if status is mb.Status.INFEASIBLE:
        if case.limit >= least.upper + LIMIT_TOLERANCE:
            yield "infeasible only where nothing is feasible", f"C {case.limit!r}, smallest C {least.upper!r}"
        told = solution.smallest_label_entropy
        if told is None or abs(told - least.upper) > LIMIT_TOLERANCE:
            yield "the smallest C is right", f"told {told!r}, is {least}"
        told, rate = solution.smallest_rate, known.smallest_rate
        if rate is not None and not _rate_is_right(told, rate, case, known):
            yield "the smallest R is right", f"told {told!r}, is {rate}"
    elif solution.mixture is not None and case.limit < least.lower - LIMIT_TOLERANCE:
        yield "a coupling only where feasible", f"C {case.limit!r}, smallest C {least}"


def _rate_is_right(told: float | None, rate: Interval, case: Case, known: Truth) -> bool:
    """Whether the smallest R lies in its interval; it may be steep in C, so within rounding of C as well."""
    if told is not None and abs(told - rate.upper) <= LIMIT_TOLERANCE:
        return True
    mixtures = case.mixtures()
    assert case.limit is not None
    least = mixtures.smallest_rate(case.limit + 2 * LIMIT_TOLERANCE).lower
    most = mixtures.smallest_rate(max(0.0, case.limit - 2 * LIMIT_TOLERANCE)).upper
    if told is None:
        return most == math.inf
    return least - LIMIT_TOLERANCE <= told <= most + LIMIT_TOLERANCE


def _pairwise(case: Case, answers: list[Answer]) -> Iterator[Finding]:
    """No value above another engine's bound; not feasible for one and infeasible for another."""
    found = [answer for answer in answers if answer.solution.mixture is not None]
    refused = [answer for answer in answers if answer.solution.status is mb.Status.INFEASIBLE]
    if found and refused:
        least = min(answer.solution.smallest_label_entropy or 0.0 for answer in refused)
        if case.limit is None or abs(least - case.limit) > LIMIT_TOLERANCE:
            yield Finding(
                "engines agree on feasibility",
                f"infeasible: {refused[0].options}, feasible: {found[0].options}",
                solve_reproducer(case, refused[0].options),
            )
    if not found:
        return
    best = max(found, key=lambda answer: answer.solution.mutual_information)
    lowest = min(found, key=lambda answer: answer.solution.upper_bound)
    value, bound = best.solution.mutual_information, lowest.solution.upper_bound
    if value > bound + ROUNDING:
        yield Finding(
            "no value above another engine's bound",
            f"{best.options} has {value!r}, {lowest.options} bounds by {bound!r}",
            solve_reproducer(case, lowest.options),
        )
