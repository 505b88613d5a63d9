"""Plain couplings and binary closed forms against the oracle, and the greedy coupling of many marginals."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import Any

import numpy as np

import mecbopt as mb
from tests.stress.cases import random_case
from tests.stress.claims import MAX_BASES
from tests.stress.findings import Finding
from tests.stress.group import Group, attempt
from tests.stress.oracle import Mixtures

__all__ = ["GROUPS"]

Random = np.random.Generator


def plain(random: Random) -> list[Finding]:
    """`mec.exact`, `mec.greedy` and `mec.lower_bound`: order, marginals, the optimum where known."""
    small = random.random() < 0.5
    shape = tuple(int(size) for size in random.integers(1, 4 if small else 14, 2))
    case = random_case(random, *shape)
    p, q = ([float(mass) for mass in law] for law in (case.p_x, case.p_y))
    call = f"({list(case.p_x)!r}, {list(case.p_y)!r}"
    exact = attempt(
        "mec.exact raises nothing",
        f"mb.mec.exact{call}, time_limit=2.0)",
        lambda: mb.mec.exact(list(case.p_x), list(case.p_y), time_limit=2.0),
        (),
    )
    greedy = attempt(
        "mec.greedy raises nothing",
        f"mb.mec.greedy{call})",
        lambda: mb.mec.greedy(list(case.p_x), list(case.p_y)),
        (),
    )
    bound = attempt(
        "mec.lower_bound raises nothing",
        f"mb.mec.lower_bound{call})",
        lambda: mb.mec.lower_bound(list(case.p_x), list(case.p_y)),
        (),
    )
    raised = [result for result in (exact, greedy, bound) if isinstance(result, Finding)]
    if raised:
        return raised
    wrong = []
    for name, result in (("exact", exact), ("greedy", greedy)):
        coupling = np.asarray(result.coupling)
        off = max(np.abs(coupling.sum(axis=1) - p).max(), np.abs(coupling.sum(axis=0) - q).max())
        if off > 1e-12 or coupling.min() < 0:
            wrong.append(("a coupling has its marginals", f"{name}: off by {off}, least {coupling.min()}"))
        if result.lower_bound > result.entropy + 1e-12:
            wrong.append(("lower bound <= entropy", f"{name}: {result.lower_bound!r} {result.entropy!r}"))
    if not bound <= exact.entropy + 1e-12 or exact.entropy > greedy.entropy + 1e-12:
        wrong.append(("bound <= exact <= greedy", f"{bound!r} {exact.entropy!r} {greedy.entropy!r}"))
    if case.mappings <= 100 and case.mixtures().bases(0) <= MAX_BASES:
        problem = case.problem()
        value = case.mixtures().value()
        least = problem.entropy_x + problem.entropy_y - value.upper
        if abs(exact.entropy - least) > 2e-9 or exact.status is not mb.Status.OPTIMAL:
            wrong.append(
                ("mec.exact is the minimum", f"{exact.entropy!r}, minimum {least!r}, {exact.status}")
            )
        if bound > least + 1e-11:
            wrong.append(("mec.lower_bound is below the minimum", f"{bound!r}, minimum {least!r}"))
    return [Finding(claim, detail, f"mb.mec.exact{call})") for claim, detail in wrong]


def _probability(random: Random) -> float:
    kind = random.integers(6)
    if kind < 2:
        return float(random.random())
    if kind < 4:
        return float(10.0 ** -random.uniform(0, random.choice([5, 30, 300])))
    return float(random.choice([0.0, 0.5, 1.0, 0.25, 1e-16, 1 - 1e-16, 5e-324, 1e-22]))


def binary(random: Random) -> list[Finding]:
    """`bernoulli.solve` and `bernoulli.value` against all vertices, at masses down to the least float."""
    q_x, q_y = _probability(random), _probability(random)
    labelled = bool(random.random() < 0.5)
    crossover = _probability(random) if labelled else None
    h_x, h_y = (_binary_entropy(q) for q in (q_x, q_y))
    rate = float(random.choice([math.inf, 0.0, h_x, h_y, random.random() * h_x, random.random() * h_x, 1e-9]))
    limit: float | None = None
    laws = [[1 - Fraction(q), Fraction(q)] for q in (q_x, q_y)]
    channel = None
    if crossover is not None:
        n = Fraction(crossover)
        channel = [[1 - n, n], [n, 1 - n]]
        h_s = _binary_entropy(float(laws[0][1] * (1 - n) + laws[0][0] * n))
        limit = float(h_s - random.choice([random.random(), 1.0, 0.0]) * (h_s - _binary_entropy(crossover)))
        limit = max(0.0, limit)
    code = f"mb.bernoulli.solve({q_x!r}, {q_y!r}, {rate!r}, {crossover!r}, {limit!r})"

    def solve() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            both = []
            for name in ("solve", "value"):
                try:
                    result = getattr(mb.bernoulli, name)(q_x, q_y, rate, crossover, limit)
                    both.append(result.mutual_information if name == "solve" else float(result))
                except mb.InfeasibleError:
                    both.append(math.nan)
            return both

    told = attempt("bernoulli raises nothing and warns of nothing", code, solve, ())
    if isinstance(told, Finding):
        return [told]
    if any(mass == 0 for law in laws for mass in law):
        truth = 0.0 if limit is None else None
    else:
        interval = Mixtures(laws[0], laws[1], channel, precision=3000).value(
            rate, math.inf if limit is None else limit
        )
        truth = interval.upper if interval.upper - interval.lower <= 1e-12 * interval.upper else None
    findings = []
    if math.isnan(told[0]) != math.isnan(told[1]):
        findings.append(Finding("bernoulli.solve and .value agree", repr(told), code))
    for value in told:
        if truth is None or math.isnan(value) or truth == -math.inf:
            continue  # on the border of feasibility either answer is a matter of rounding
        # Steep limits: the last bit of R or C may move the value by this share.
        if abs(value - truth) > 1e-9 + 1e-6 * truth * (limit is not None) or value < 0:
            findings.append(Finding("bernoulli is right to 1e-9 bits", f"{told}, is {truth!r}", code))
        elif limit is None and truth < 1e-9 and abs(value - truth) > 1e-6 * truth + 1e-300:
            findings.append(Finding("bernoulli is right to a millionth", f"{told}, is {truth!r}", code))
    return findings


def _binary_entropy(q: float) -> float:
    return sum(-p * math.log2(p) for p in (q, 1 - q) if p > 0)


def several(random: Random) -> list[Finding]:
    """The greedy coupling of three and more marginals."""
    laws = [random.dirichlet(np.ones(size)).tolist() for size in random.integers(1, 8, random.integers(2, 6))]
    code = f"mb.mec.greedy({', '.join(map(repr, laws))}, sparse=True)"
    result = attempt("mec.greedy raises nothing", code, lambda: mb.mec.greedy(*laws, sparse=True), ())
    if isinstance(result, Finding):
        return [result]
    findings = []
    off = max(float(np.abs(result.coupling.marginal(axis) - law).max()) for axis, law in enumerate(laws))
    if off > 1e-12 or len(result.coupling.masses) > sum(map(len, laws)) - len(laws) + 1:
        findings.append(Finding("a greedy coupling is a vertex", f"off by {off}", code))
    if result.lower_bound > result.entropy + 1e-12:
        findings.append(Finding("lower bound <= entropy", f"{result.lower_bound!r} {result.entropy!r}", code))
    return findings


GROUPS = (Group("plain", plain), Group("bernoulli", binary), Group("several", several))
