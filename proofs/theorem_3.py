"""Theorem 3: every KKT active set of the binary problem with a label, found by the program.

In (delta, t) the objective grows with |delta| on either side of 0, so its KKT points with delta > 0 are those
of "largest delta", those with delta < 0 of "smallest delta", linear programs over the polygon of six rows.
All active sets are enumerated and solved, the conditions of the surviving ones are derived, they are shown to
cover every non-empty polygon, and their values are those of the formula.  The printed theorem (reconstructed
from its proof) has one-sided branches alone; `erratum_theorem_3` shows what that loses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import sympy as sp

from .binary_coupling import ONE, ZERO, a, b, delta, t
from .lemma import Lemma, ProofError, cited
from .runner import uses
from .tools.symbolic import case, certified_sign, identity, sign_step, vanishes

__all__ = ["LEMMA", "ROWS", "surviving_sets"]

#: T_R = min(1, R/h(a)), t_C, and the three caps b/a, (1-b)/(1-a), (1-b)/a.
T, tau, beta, crossing, other = sp.symbols("T tau beta crossing other", positive=True)
u, v, w = sp.symbols("u v w", positive=True)
k = 1 - 2 * a

#: Every row as an expression that must be non-negative.
ROWS = {
    "p1": t + delta,
    "p2": t - delta,
    "p3": 2 * (1 - b) - t - k * delta,
    "p4": 2 * b - t + k * delta,
    "rate": T - t,
    "label": t - tau,
}
CAPS = {"beta": b / a, "crossing": (1 - b) / (1 - a), "other": (1 - b) / a}
HALF = {a: 1 / (2 + u)}

#: For "largest delta": the slack of each inactive row as factor * (larger - smaller); None stands for 0.
Condition = tuple[sp.Expr, str | None, str | None]
CONDITIONS: dict[frozenset[str], dict[str, list[Condition]]] = {
    frozenset({"p2", "rate"}): {
        "p1": [(sp.Integer(2), "rate", None)],
        "label": [(sp.Integer(1), "rate", "label")],
        "p4": [(2 * a, "beta", "rate")],
        "p3": [(2 * (1 - a), "crossing", "rate")],
    },
    frozenset({"p2", "p4"}): {
        "p1": [(sp.Integer(2), "beta", None)],
        "rate": [(sp.Integer(1), "rate", "beta")],
        "label": [(sp.Integer(1), "beta", "label")],
        "p3": [(2 * (1 - a), "crossing", "beta")],
    },
    frozenset({"p2", "p3"}): {
        "p1": [(sp.Integer(2), "crossing", None)],
        "rate": [(sp.Integer(1), "rate", "crossing")],
        "label": [(sp.Integer(1), "crossing", "label")],
        "p4": [(2 * a, "beta", "crossing")],
    },
    frozenset({"p3", "label"}): {
        "p2": [(2 * (1 - a) / k, "label", "crossing")],
        "p1": [(2 * a / k, "other", "label")],
        "rate": [(sp.Integer(1), "rate", "label")],
        # 2 (1 - t_C) = 2 (T - t_C) + 2 (1 - T), and T <= 1 always.
        "p4": [(sp.Integer(2), "rate", "label"), (sp.Integer(2), "one", "rate")],
    },
}
NAMED = {
    "rate": T,
    "label": tau,
    "beta": CAPS["beta"],
    "crossing": CAPS["crossing"],
    "other": CAPS["other"],
    "one": sp.Integer(1),
}


def _vertex(active: frozenset[str]) -> dict[sp.Symbol, sp.Expr]:
    """(delta, t) where the rows of an active set hold with equality."""
    points = sp.linsolve([ROWS[name] for name in sorted(active)], [delta, t])
    if len(points) != 1:
        raise ProofError(f"{sorted(active)} does not determine a point")
    return dict(zip((delta, t), next(iter(points)), strict=True))


def _multipliers(active: tuple[str, ...], direction: int, middle: bool) -> tuple[sp.Expr, ...] | None:
    """Lambda with direction * (1, 0) + sum of lambda * gradient = 0; None where there is none."""
    symbols = sp.symbols(f"l0:{len(active)}")
    equations = []
    for variable, target in ((delta, direction), (t, 0)):
        rows = [sp.diff(ROWS[name], variable) for name in active]
        rows = [sp.sympify(row).subs(a, sp.Rational(1, 2)) if middle else row for row in rows]
        equations.append(target + sum(s * row for s, row in zip(symbols, rows, strict=True)))
    if not active:
        return () if all(equation == 0 for equation in equations) else None
    solutions = sp.linsolve(equations, symbols)
    if not solutions:
        return None
    (solution,) = solutions
    if any(entry.free_symbols & set(symbols) for entry in solution):
        raise ProofError(f"{active}: the multipliers are not determined")
    return tuple(solution)


def surviving_sets(direction: int, middle: bool) -> set[frozenset[str]]:
    """Active sets with multipliers >= 0 for the largest (direction 1) or smallest (-1) delta.

    All subsets of at most two rows are tried: more than two active rows at a point of the plane leave two
    that carry the multipliers (Caratheodory).  `middle` is the case a = 1/2, where p3 and p4 lose delta.
    """
    found = set()
    domain: Mapping[sp.Symbol, sp.Expr] = {} if middle else HALF
    for size in (0, 1, 2):
        for active in itertools.combinations(sorted(ROWS), size):
            solution = _multipliers(active, direction, middle)
            if solution is None:
                continue
            signs = [0 if vanishes(entry) else certified_sign(entry, domain) for entry in solution]
            if min(signs, default=0) >= 0:
                found.add(frozenset(active))
    return found


def _enumerate() -> str:
    mirror = {"p1": "p2", "p2": "p1", "p3": "p4", "p4": "p3", "rate": "rate", "label": "label"}
    for middle in (False, True):
        expected = set(CONDITIONS) - ({frozenset({"p3", "label"})} if middle else set())
        if surviving_sets(1, middle) != expected:
            raise ProofError(f"largest delta: {surviving_sets(1, middle)}")
        reflected = {frozenset(mirror[name] for name in active) for active in expected}
        if surviving_sets(-1, middle) != reflected:
            raise ProofError(f"smallest delta: {surviving_sets(-1, middle)}")
    tried = sum(len(list(itertools.combinations(ROWS, size))) for size in (0, 1, 2))
    names = ", ".join("{" + ", ".join(sorted(active)) + "}" for active in sorted(CONDITIONS, key=sorted))
    return f"{tried} active sets for each end, 4 survive: {names}"


def _slacks() -> list[tuple[sp.Expr, sp.Expr]]:
    """Each inactive row at each vertex equals what CONDITIONS says."""
    pairs = []
    for active, inactive in CONDITIONS.items():
        if active | set(inactive) != set(ROWS) or active & set(inactive):
            raise ProofError(f"{sorted(active)}: the conditions leave out a row")
        point = _vertex(active)
        for name, parts in inactive.items():
            claimed = sp.Add(
                *(
                    f * (NAMED[high] - (NAMED[low] if low else 0))
                    for f, high, low in parts
                    if high is not None
                )
            )
            pairs.append((ROWS[name].subs(point), claimed))
    return pairs


def _factors() -> list[tuple[sp.Expr, Mapping[sp.Symbol, sp.Expr], int]]:
    return [
        (factor, HALF, 1)
        for inactive in CONDITIONS.values()
        for parts in inactive.values()
        for factor, _, _ in parts
    ]


def _weak_orders(names: tuple[str, ...]) -> Iterator[dict[str, int]]:
    """Every way to order quantities, ties included, as ranks without gaps."""
    for ranks in itertools.product(range(len(names)), repeat=len(names)):
        if set(ranks) == set(range(max(ranks) + 1)):
            yield dict(zip(names, ranks, strict=True))


def _holds(active: frozenset[str], rank: Mapping[str, int]) -> bool:
    """Whether an order of the quantities meets the conditions of an active set."""
    if active == frozenset({"p3", "label"}) and rank["crossing"] == rank["other"]:
        return False  # a = 1/2: the set does not exist
    for parts in CONDITIONS[active].values():
        for _, high, low in parts:
            if low is None or high == "one":
                continue  # all quantities are non-negative, and T <= 1
            if rank[high] < rank[low]:
                return False
    return True


def _cover() -> str:
    """In every order of the quantities a surviving set is feasible and the formula gives its delta."""
    names = ("rate", "label", "beta", "crossing", "other")
    total, relevant = 0, 0
    for rank in _weak_orders(names):
        total += 1
        feasible = rank["label"] <= min(rank["rate"], rank["beta"], rank["other"])
        # (1-b)/(1-a) <= (1-b)/a for a <= 1/2, with equality at a = 1/2.
        if not feasible or rank["crossing"] > rank["other"]:
            continue
        relevant += 1
        sets = [active for active in CONDITIONS if _holds(active, rank)]
        if not sets:
            raise ProofError(f"no active set is feasible in the order {rank}")
        for active in sets:
            if not _agrees(active, rank):
                raise ProofError(f"the formula differs from {sorted(active)} in the order {rank}")
    return f"{relevant} of {total} weak orders of 5 quantities are possible, each covered"


def _agrees(active: frozenset[str], rank: Mapping[str, int]) -> bool:
    """Whether the formula's delta_max is the vertex of an active set, given the order."""
    level = dict(rank)
    top = min(("rate", "beta", "other"), key=lambda name: level[name])
    if level[top] <= level["crossing"]:
        formula = NAMED[top]
    else:
        low = "label" if level["label"] > level["crossing"] else "crossing"
        formula = (2 * (1 - b) - NAMED[low]) / k
    # Quantities of one rank are equal: compare the names of rank classes instead of the expressions.
    vertex = _vertex(active)[delta]
    if vanishes(vertex - formula):
        return True
    equal = {name for name in level if vanishes(NAMED[name] - vertex)}
    target = {name for name in level if vanishes(NAMED[name] - formula)}
    if any(level[first] == level[second] for first in equal for second in target):
        return True
    # {p3, label} at t_C = crossing is the vertex (crossing, crossing) of the formula.
    at_crossing = active == frozenset({"p3", "label"}) and level["label"] == level["crossing"]
    return at_crossing and ("crossing" in target or any(level[name] == level["crossing"] for name in target))


LEMMA = Lemma(
    label="Theorem 3: KKT branches with a label",
    statement=(
        "For $a \\le 1/2$ the largest $\\delta$ over the polygon $|\\delta| \\le t$, $t_C \\le t \\le T_R$, "
        "$t - (1-2a)\\delta \\le 2b$, $t + (1-2a)\\delta \\le 2(1-b)$ is $t_{top} = \\min(T_R, b/a, "
        "(1-b)/a)$ if that is at "
        "most $(1-b)/(1-a)$, else $(2(1-b) - \\max(t_C, (1-b)/(1-a)))/(1-2a)$; the smallest is minus the "
        "same with b and "
        "1-b exchanged. It is empty iff $t_C > t_{top}$. The only KKT active sets are {flip, rate}, {flip, "
        "one}, "
        "{flip, zero}, {zero, label} and their mirror images."
    ),
    assumptions=("$0 < a \\le 1/2$, $0 < b < 1$", "$0 \\le t_C$, $0 \\le T_R \\le 1$"),
    steps=(
        uses("The weights are affine in $(\\delta, t)$, the rate is $t h(a)$.", "binary_coupling"),
        uses("The label row is $t \\ge t_C$.", "lemma_2"),
        uses(
            "The value grows with $|\\delta|$ on either side of 0, so KKT points are those of the two ends.",
            "concavity",
        ),
        identity(
            "The rows are $2p_1, 2p_2, 2p_3, 2p_4 \\ge 0$ and the two bounds on t.",
            lambda: [
                (ROWS["p4"], 2 * ONE),
                (ROWS["p3"], 2 * ZERO),
                (ROWS["p1"] + ROWS["p2"], 2 * t),
                (ROWS["p1"] - ROWS["p2"], 2 * delta),
            ],
        ),
        case("All active sets of at most two rows, for both ends, with their multipliers.", _enumerate),
        identity(
            "At each surviving vertex the other rows are positive factors times differences of the caps.",
            _slacks,
        ),
        sign_step("These factors are positive for $0 < a < 1/2$.", _factors),
        sign_step(
            "For $a < 1/2$: $(1-b)/(1-a) < (1-b)/a$.",
            lambda: [(CAPS["other"] - CAPS["crossing"], {**HALF, b: 1 / (1 + v)}, 1)],
        ),
        identity(
            "For $a = 1/2$ both are $2(1-b)$.",
            lambda: [(CAPS[name].subs(a, sp.Rational(1, 2)), 2 * (1 - b)) for name in ("other", "crossing")],
        ),
        case(
            "Every order of $T_R, t_C, b/a, (1-b)/(1-a), (1-b)/a$ is covered, and the formula agrees.", _cover
        ),
        identity(
            "$p_4 + \\frac k2 (t-\\delta) $ and $p_3 + \\frac k2(t+\\delta)$ give $t \\le b/a$ and $t \\le "
            "(1-b)/a$: beyond "
            "$t_{top}$ the polygon is empty.",
            lambda: [
                (ROWS["p4"] + k * ROWS["p2"], 2 * a * (CAPS["beta"] - t)),
                (ROWS["p3"] + k * ROWS["p1"], 2 * a * (CAPS["other"] - t)),
            ],
        ),
        identity(
            "$t \\le 1$ is implied by $p_3, p_4 \\ge 0$.", lambda: (ROWS["p3"] + ROWS["p4"], 2 * (1 - t))
        ),
        identity(
            "Mirror image: $\\delta \\to -\\delta$, $b \\to 1-b$ exchanges $p_1, p_2$ and $p_3, p_4$; "
            "relabelling X "
            "($a \\to 1-a$, $\\delta \\to -\\delta$) exchanges $p_1$ and $p_2$ alone.",
            lambda: (
                [
                    (ROWS[first].subs({delta: -delta, b: 1 - b}, simultaneous=True), ROWS[second])
                    for first, second in (("p1", "p2"), ("p2", "p1"), ("p3", "p4"), ("p4", "p3"))
                ]
                + [
                    (ROWS[first].subs({delta: -delta, a: 1 - a}, simultaneous=True), ROWS[second])
                    for first, second in (("p1", "p2"), ("p2", "p1"), ("p3", "p3"), ("p4", "p4"))
                ]
            ),
        ),
        cited(
            "For a linear objective over a polygon the KKT conditions are sufficient, and at most two "
            "active rows carry "
            "the multipliers.",
            "Boyd and Vandenberghe, Convex Optimization, section 5.5; Schrijver, Theory of Linear and "
            "Integer "
            "Programming, section 7.1",
        ),
    ),
)
