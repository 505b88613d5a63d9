"""Certificates of members of the family: small problems of every kind, and their optima in floats."""

from __future__ import annotations

import functools
import itertools
import json
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import linprog

import mecbopt as mb
from mecbopt.certificates.certify import certify_exactly
from mecbopt.certificates.statement import ExactStatement
from mecbopt.problem import Mixture
from tests.certificates.builder import phi

SYMMETRIC = [["9/10", "1/10"], ["1/10", "9/10"]]
CHANNEL = [*SYMMETRIC, ["1/2", "1/2"]]
HAMMING = [[0, 1], [1, 0]]


def on_the_diagonal(coupling: Any) -> Any:
    """P(X = Y), for square couplings and others."""
    return sum(coupling[i, i] for i in range(min(coupling.shape)))


#: Name, problem and width of a certificate of few records.
MEMBERS: dict[str, tuple[dict[str, Any], float]] = {
    "distortion": ({"rate": "1/2", "distortion": HAMMING}, 1e-6),
    "distortion, label": (
        {"rate": "17/20", "distortion": HAMMING, "p_s_given_x": SYMMETRIC, "max_label_entropy": "19/20"},
        1e-6,
    ),
    "distortion, rows": (
        {
            "p_x": ["1/2", "3/10", "1/5"],
            "p_y": ["1/2", "1/2"],
            "rate": "3/5",
            "distortion": [["1/3", 1], [2, -1], [0, "1/2"]],
            "constraints": [lambda p: p[0, 0] >= 0.3],
        },
        1e-6,
    ),
    "distortion, infeasible": (
        {"rate": "1/2", "distortion": HAMMING, "p_s_given_x": SYMMETRIC, "max_label_entropy": "3/5"},
        1e-6,
    ),
    "at least": ({"rate": "2/5", "constraints": [lambda p: on_the_diagonal(p) >= 0.6]}, 1e-3),
    "equation": (
        {
            "p_x": ["1/2", "3/10", "1/5"],
            "p_y": ["1/2", "1/2"],
            "rate": "7/10",
            "constraints": [lambda p: p[0, 0] - p[1, 1] == 0.125],
        },
        1e-2,
    ),
    "forbidden": (
        {
            "p_x": ["1/2", "1/4", "1/4"],
            "p_y": ["1/2", "1/4", "1/4"],
            "rate": "1",
            "constraints": [mb.Forbidden([(0, 1), (2, 2)])],
        },
        1e-2,
    ),
    "rows, infeasible": ({"rate": "2/5", "constraints": [lambda p: on_the_diagonal(p) >= 0.95]}, 1e-3),
    "unseen label": (
        {
            "p_x": ["1/2", "3/10", "1/5"],
            "p_y": ["1/2", "1/2"],
            "rate": "1/2",
            "p_s_given_x": CHANNEL,
            "max_label_entropy": "93/100",
            "label_sees_seed": False,
        },
        1e-3,
    ),
    "unseen label, infeasible": (
        {
            "p_x": ["1/2", "3/10", "1/5"],
            "p_y": ["1/2", "1/2"],
            "rate": "1/2",
            "p_s_given_x": CHANNEL,
            "max_label_entropy": "17/20",
            "label_sees_seed": False,
        },
        1e-3,
    ),
    "privacy": (
        {
            "p_x": ["1/2", "3/10", "1/5"],
            "p_y": ["1/3", "2/3"],
            "rate": "1/2",
            "p_s_given_x": CHANNEL,
            "min_label_entropy": "19/20",
        },
        1e-2,
    ),
    "tolerance": (
        {"p_x": ["1/2", "3/10", "1/5"], "p_y": ["2/5", "3/5"], "rate": "1/2", "p_y_tolerance": "1/20"},
        1e-2,
    ),
    "free law": ({"p_x": ["1/2", "3/10", "1/5"], "p_y": None, "y_size": 2, "rate": "1/2"}, 1e-2),
}


def member(name: str) -> tuple[mb.Problem, float]:
    """The problem, and the width."""
    arguments, gap = MEMBERS[name]
    return mb.Problem(**{"p_x": ["7/10", "3/10"], "p_y": ["3/5", "2/5"], **arguments}), gap


def combined() -> tuple[ExactStatement, Mixture]:
    """What no engine solves: a tolerance, a label without the seed with both limits, and a linear row.

    The mixture is a good one.
    """
    statement = ExactStatement(
        mb.Problem(
            ["1/2", "3/10", "1/5"],
            ["1/3", "2/3"],
            rate="3/5",
            p_s_given_x=CHANNEL,
            max_label_entropy="93/100",
            label_sees_seed=False,
            p_y_tolerance="1/20",
            constraints=[lambda p: p[2, 0] + p[1, 0] <= 0.25],
        )
    )
    found = best_found(json.dumps(_stated(statement), sort_keys=True))
    assert found is not None
    return statement, found[1]


@functools.cache
def combined_document() -> dict[str, Any]:
    """Its certificate, 2e-2 bits wide."""
    statement, mixture = combined()
    document: dict[str, Any] = json.loads(certify_exactly(statement, mixture, 2e-2).to_json())
    return document


def _stated(statement: ExactStatement) -> dict[str, Any]:
    from mecbopt.certificates.writing import certificate_document

    stated: dict[str, Any] = certificate_document(statement.all, None, [], [], None, [], [])["problem"]
    return stated


@functools.lru_cache(maxsize=4096)
def best_found(stated: str) -> tuple[float, Mixture] | None:
    """The best mixture that 15 descents find, with all its limits met to 1e-9; None where none is found.

    Linear programs over all mappings; the objective, and a label limit without the seed, are linearised at
    the last point.  A bound on one side only: nothing here proves that there is no better one.
    """
    problem = json.loads(stated)
    p_x, p_y = (np.array([float(Fraction(p)) for p in problem[key]]) for key in ("p_x", "p_y"))
    n, m = len(p_x), len(p_y)
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    columns = ((mappings[:, :, None] == np.arange(m)) * p_x[None, :, None]).reshape(len(mappings), -1).T
    laws = columns.reshape(n, m, -1).sum(axis=0)
    rates = phi(laws).sum(axis=0)
    label = problem["label"] or {}
    channel = np.array([[float(Fraction(p)) for p in row] for row in label.get("p_s_given_x", [])])
    rows, ends = [], []

    def add(row: Any, end: str | None, sign: float = 1.0) -> None:
        if end is not None:
            rows.append(sign * row)
            ends.append(sign * float(Fraction(end)))

    add(rates, problem["rate"])
    if len(channel):
        joint = np.einsum("xs,xyk->syk", channel, columns.reshape(n, m, -1))
        labels = phi(joint).sum(axis=(0, 1)) - rates
        add(labels, label["max_entropy"])
        add(labels, label.get("max_entropy_given_y"))
    for row in problem.get("constraints", []):
        form = (
            np.array([[float(Fraction(a)) for a in line] for line in row["coefficients"]]).ravel() @ columns
        )
        add(form, row["upper"])
        add(form, row["lower"], -1.0)
    tolerance = float(Fraction(problem.get("p_y_tolerance", "0")))
    for signs in itertools.product((0, 1), repeat=m) if tolerance else ():
        rows.append(np.array(signs) @ laws)
        ends.append(float(np.array(signs) @ p_y) + tolerance)
    distortion = problem.get("distortion")
    generator = np.random.default_rng(1)

    def label_entropy(coupling: Any) -> tuple[float, Any]:
        table = np.maximum(channel.T @ coupling, 1e-12)
        surprise = -np.log2(table / table.sum(axis=0))
        return float((channel.T @ coupling * surprise).sum()), (channel @ surprise).ravel() @ columns

    def solved(cost: Any, cuts: Any) -> Any:
        held = (np.ones((1, len(cost))), [1.0]) if tolerance else (laws, p_y)
        more = [*rows, *(row for row, _ in cuts)], [*ends, *(end for _, end in cuts)]
        result = linprog(
            cost,
            A_ub=np.array(more[0]) if more[0] else None,
            b_ub=more[1] or None,
            A_eq=held[0],
            b_eq=held[1],
        )
        return result.x if result.status == 0 else None

    best: tuple[float, Mixture] | None = None
    for _ in range(15):
        cost, cuts = generator.normal(size=n * m) @ columns, []
        for _ in range(8):
            weights = solved(cost, cuts)
            if weights is None:
                break
            coupling = (columns @ weights).reshape(n, m)
            cuts, fits = [], True
            if len(channel):
                level, slope = label_entropy(coupling)
                for end, sign in (
                    (label.get("max_entropy_given_y"), 1),
                    (label.get("min_entropy_given_y"), -1),
                ):
                    if end is not None:
                        fits = fits and sign * level <= sign * float(Fraction(end)) + 1e-9
                        cuts.append((sign * slope, sign * float(Fraction(end))))
            law = coupling.sum(axis=0)
            value = float(phi(p_x).sum() + phi(law).sum() - phi(np.maximum(coupling, 0)).sum())
            gradient = -np.log2(np.maximum(coupling, 1e-9) / np.maximum(law, 1e-9))
            if distortion is not None:
                gradient = np.array([[float(Fraction(d)) for d in row] for row in distortion])
                value = -float((gradient * coupling).sum())
            if fits and (best is None or value > best[0]):
                used = weights > 1e-12
                best = value, Mixture(mappings[used], weights[used] / weights[used].sum())
            cost = gradient.ravel() @ columns
    return best
