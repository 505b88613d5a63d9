"""Certificates of the wider family: distortion, linear constraints, H(S|Y), laws of Y, privacy."""

from __future__ import annotations

import copy
import json
import random
from fractions import Fraction

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree as compiled
from mecbopt.certificates import certify as certifying
from mecbopt.certificates.arithmetic import FINE, GRID
from mecbopt.certificates.check import check_document
from mecbopt.certificates.instance import ExactProblem, LinearRow
from mecbopt.certificates.mixture import coupling_of, unmet
from mecbopt.certificates.records import Record, label_interval, record_value
from mecbopt.certificates.statement import ExactStatement
from mecbopt.certificates.writing import certificate_document
from tests.certificates.builder import fractions, phi
from tests.certificates.family import CHANNEL, HAMMING, MEMBERS, SYMMETRIC, combined_document, member
from tests.certificates.mutations import version_1
from tests.certificates.second import NODE, SecondChecker, Verdict, first_verdict
from tests.certificates.truth import holds

needs_core = pytest.mark.skipif(not compiled.available(), reason="the compiled core was not built")
ONE = 1 << GRID


@pytest.fixture(scope="module")
def second():
    if NODE is None:
        pytest.skip("node, which runs the second checker, is not there")
    with SecondChecker() as checker:
        yield checker


@needs_core
@pytest.mark.parametrize("name", MEMBERS)
def test_every_member_has_its_certificate(name):
    """The interval holds the optimum, is as narrow as asked, and infeasibility is certified as such."""
    problem, gap = member(name)
    certificate = mb.certify(problem, gap=gap)
    interval = certificate.interval
    assert interval.infeasible == name.endswith("infeasible")
    assert interval.width <= 1.01 * gap
    assert (interval.quantity == "E d(X,Y)") == name.startswith("distortion") or interval.infeasible
    assert holds(certificate.document["problem"], Verdict(True, interval.lower, interval.upper))
    assert check_document(json.loads(certificate.to_json())) == interval


@needs_core
@pytest.mark.parametrize(
    "arguments",
    [
        {"distortion": [[0, 1], [1, "1/3"], [2, 0]]},
        {"constraints": [lambda p: p[0, 0] + p[2, 1] >= 0.45]},
        {"p_s_given_x": CHANNEL, "max_label_entropy": "24/25", "label_sees_seed": False},
        {"p_s_given_x": CHANNEL, "min_label_entropy": "49/50"},
        {"p_y_tolerance": "1/20"},
    ],
)
def test_a_certificate_is_as_narrow_as_by_default(arguments):
    """2e-6 bits, around the float optimum."""
    problem = mb.Problem(["1/2", "3/10", "1/5"], ["2/5", "3/5"], rate="1/2", **arguments)
    interval = mb.certify(problem).interval
    assert interval.width <= 2e-6
    solution = mb.solve(problem)
    distorted = problem.distortion is not None
    value = solution.expected_distortion if distorted else solution.mutual_information
    assert interval.lower - Fraction(1, 10**8) <= value <= interval.upper + Fraction(1, 10**8)


@needs_core
def test_what_no_engine_solves_can_be_certified_from_a_mixture():
    """A tolerance, both limits on the label, a linear row: all in one."""
    document = combined_document()
    interval = check_document(document)
    assert interval.width <= 0.02
    assert holds(document["problem"], Verdict(True, interval.lower, interval.upper))


@needs_core
def test_large_families_are_priced(monkeypatch):
    """Column generation finds the bound of the whole program."""
    generator = np.random.default_rng(2)
    problem = mb.Problem(
        fractions(generator.integers(1, 9, 5)),
        fractions(generator.integers(1, 9, 3)),
        rate="1/2",
        distortion=generator.integers(0, 9, (5, 3)).tolist(),
    )
    whole = mb.certify(problem).interval
    monkeypatch.setattr("mecbopt.certificates.bounding._WHOLE_FAMILY", 10)
    assert mb.certify(problem).interval == whole


def test_constraints_that_are_not_linear_are_refused_with_the_reason():
    problem = mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], constraints=[lambda p: cvxpy.sum_squares(p) <= 0.3])
    with pytest.raises(mb.NotSupportedError, match=r"constraints\[0\].*hold the function"):
        mb.certify(problem)


def test_the_two_sides_of_an_equation_are_one_row():
    problem = mb.Problem(
        ["1/2", "1/2"], ["1/2", "1/2"], constraints=[lambda p: p[0, 0] == 0.25, lambda p: p[0, 0] <= 0.5]
    )
    (row,) = ExactStatement(problem).all.constraints
    assert (row.lower, row.upper) == (Fraction(1, 4), Fraction(1, 4))
    assert row.coefficients == ((1, 0), (0, 0))


@needs_core
def test_a_constraint_without_slack_is_met_exactly_or_refused():
    """A forbidden cell has no slack, and needs none; a cost at its least leaves the rate's hair no room."""
    forbidden = mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], rate="1/2", constraints=[mb.Forbidden([(0, 1)])])
    assert mb.certify(forbidden).interval.infeasible
    tight = mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], rate="1", constraints=[mb.Forbidden([(0, 1)])])
    assert mb.certify(tight).interval.lower == 1
    least = float(
        mb.solve(mb.Problem(["7/10", "3/10"], ["3/5", "2/5"], "1/2", distortion=HAMMING)).expected_distortion
    )
    # Below the least by a few roundings, far within the slack of the solver's limits.
    cost = mb.CostCap([[0, 1], [1, 0]], at_most=least - 1e-15)
    with pytest.raises(mb.CertificateError, match="no slack"):
        mb.certify(mb.Problem(["7/10", "3/10"], ["3/5", "2/5"], "1/2", constraints=[cost]), gap=1e-3)


@needs_core
def test_letters_that_constraints_tell_apart_are_not_exchanged():
    even = {"p_x": ["1/3"] * 3, "p_y": ["1/2", "1/2"], "rate": "1/2"}
    told = mb.Problem(**even, constraints=[lambda p: p[0, 0] >= 0.1])
    assert ExactStatement(told).kept.constraints
    order = mb.certify(told, gap=1e-2).document["order"]
    assert order == [1, 0]
    assert mb.certify(mb.Problem(**even), gap=1e-2).document["order"] == [0, 0]


def _random_problem(generator: random.Random):
    """A problem whose limits a random mixture meets, some with equality, and that mixture."""
    n, m = generator.choice([(2, 2), (3, 2), (2, 3), (3, 3)])
    p_x = fractions([generator.randint(1, 9) for _ in range(n)])
    channel = tuple(fractions([generator.randint(1, 9) for _ in range(2)]) for _ in range(n))
    mappings = [[generator.randrange(m) for _ in range(n)] for _ in range(3)] + [[y] * n for y in range(m)]
    weights = fractions([generator.randint(1, 9) for _ in mappings])
    bare = ExactProblem(p_x, (Fraction(1, m),) * m, p_s_given_x=channel)
    coupling = np.array(coupling_of(bare, weights, mappings))
    law = tuple(coupling.sum(axis=0))
    tolerance = generator.choice([Fraction(0), Fraction(1, 20), Fraction(1)])
    if tolerance:
        moved = min(tolerance, law[0])
        law = (law[0] - moved, law[1] + moved, *law[2:])
    floats = coupling.astype(float)
    joint = np.array(channel, dtype=float).T @ floats
    entropy = float(phi(joint).sum() - phi(joint.sum(axis=0)).sum())
    laws = [[sum(p for p, y in zip(p_x, f, strict=True) if y == k) for k in range(m)] for f in mappings]
    rate = sum(float(w) * phi(np.array(q, dtype=float)).sum() for w, q in zip(weights, laws, strict=True))

    def matrix():
        return tuple(tuple(Fraction(generator.randint(-9, 9), 7) for _ in range(m)) for _ in range(n))

    rows = []
    for _ in range(generator.randrange(3)):
        form = matrix()
        mean = sum(
            a * p
            for line, cells in zip(form, coupling, strict=True)
            for a, p in zip(line, cells, strict=True)
        )
        room = Fraction(generator.choice([0, 1]), 50)
        rows.append(
            LinearRow(form, generator.choice([None, mean - room]), generator.choice([None, mean + room]))
        )
    hair = Fraction(1, 10**9)
    problem = ExactProblem(
        p_x,
        law,
        Fraction(rate) + hair,
        channel,
        None,
        generator.choice([None, Fraction(entropy) + hair]),
        generator.choice([None, Fraction(entropy) - hair]),
        tolerance,
        generator.choice([None, matrix()]),
        tuple(rows),
    )
    assert not list(unmet(problem, weights, mappings, coupling.tolist()))
    return problem, weights, mappings, coupling


def _random_record(generator: random.Random, problem: ExactProblem, coupling, *, farkas: bool) -> Record:
    """Any numbers that the format allows, on a box that holds the coupling."""
    cells = [float(p) for p in coupling.ravel()]
    width = [abs(generator.gauss(0, 0.1)) + 1e-9 for _ in cells]
    lower = [max(0, int((p - w) * ONE)) for p, w in zip(cells, width, strict=True)]
    upper = [min(ONE, int((p + w) * ONE)) for p, w in zip(cells, width, strict=True)]
    touching = [] if farkas or problem.distortion is not None else lower

    def number(scale: float) -> int:
        return int(generator.gauss(0, scale) * ONE)

    touches = [sorted(generator.choice([0, ONE, low, high, generator.randint(0, ONE)]) for _ in range(2))
               for low, high in zip(touching, upper, strict=False)]  # fmt: skip
    m = problem.shape[1]
    posteriors = [[generator.randint(1, ONE), generator.randint(1, ONE)] for _ in range(m)]
    return Record(
        farkas,
        lower,
        upper,
        [start for start, _ in touches],
        [end for _, end in touches],
        [generator.choice([0, ONE, generator.randint(0, ONE)]) for _ in touching],
        [number(0.3) for _ in cells],
        [number(0.5) for _ in range(m)],
        -abs(number(0.5)),
        0 if problem.given_y_limit is None else -abs(number(0.5)),
        [],
        0 if problem.given_y_limit is None else -abs(number(0.5)),
        0 if problem.privacy is None else abs(number(0.5)),
        [
            generator.choice(
                [0 if row.lower is None else abs(number(0.5)), 0 if row.upper is None else -abs(number(0.5))]
            )
            for row in problem.constraints
        ],
        [] if problem.privacy is None else [max(1, r[s] // 2) for s in range(2) for r in posteriors],
        [generator.randint(1, ONE) for _ in range(m)] if problem.p_y_tolerance else [],
        [generator.choice([0, ONE, generator.randint(0, ONE)]) for _ in range(m)]
        if problem.p_y_tolerance and touching
        else [],
    )


def _objective(problem: ExactProblem, coupling) -> float:
    floats = coupling.astype(float)
    if problem.distortion is not None:
        return float((np.array(problem.distortion, dtype=float) * floats).sum())
    return float(phi(floats).sum() - (phi(floats.sum(axis=0)).sum() if problem.p_y_tolerance else 0.0))


def test_a_record_bounds_every_coupling_in_its_box_whatever_its_numbers():
    """With every limit, law and objective; a Farkas record is not positive where there is a coupling."""
    generator = random.Random(3)
    for _ in range(150):
        problem, _, _, coupling = _random_problem(generator)
        farkas = generator.random() < 0.3
        record = _random_record(generator, problem, coupling, farkas=farkas)
        value = record_value(problem, record, []) / 2**FINE
        assert value <= (0.0 if farkas else _objective(problem, coupling)) + 1e-9


def test_label_masses_lie_in_their_intervals():
    """P(s, y) of a coupling in the box lies in the interval of the box."""
    generator = random.Random(5)
    for _ in range(40):
        problem, _, _, coupling = _random_problem(generator)
        record = _random_record(generator, problem, coupling, farkas=False)
        for y in range(problem.shape[1]):
            intervals = [label_interval(problem, record.lower, record.upper, s, y) for s in range(2)]
            masses = [
                sum(row[s] * p for row, p in zip(problem.p_s_given_x, coupling[:, y], strict=True))
                for s in range(2)
            ]
            for (low, high), mass in zip(intervals, masses, strict=True):
                assert low <= mass * ONE + 1
                assert mass * ONE <= high + 1


def test_both_checkers_find_the_same_bound(second, tmp_path):
    """Records of random numbers: both accept a claim 2^-60 short of what the first finds, none one beyond."""
    generator, checked = random.Random(4), 0
    path = tmp_path / "certificate"
    while checked < 25:
        problem, weights, mappings, coupling = _random_problem(generator)
        record = _random_record(generator, problem, coupling, farkas=False)
        n, m = problem.shape
        whole = [0] * (n * m), [-(-min(p, q).numerator * ONE // min(p, q).denominator)
                                for p in problem.p_x for _, q in problem.law_ends]  # fmt: skip
        record = Record(**{**vars(record), "lower": whole[0], "upper": whole[1]})
        widths = [high - low for s in range(2) for y in range(m)
                  for low, high in [label_interval(problem, *whole, s, y)]]  # fmt: skip
        if 0 < min(widths) < 1 << 10:
            continue  # the format leaves the slope of such secants open by a unit
        value = record_value(problem, record, [])
        exact = Fraction(value, 1 << FINE)
        hair = Fraction(1, 1 << 60)
        entropies = problem.entropy_x[1] + (0 if problem.p_y_tolerance else problem.entropy_y[1])
        for slack, accepted in ((hair, True), (-hair, False)):
            if problem.distortion is not None:
                claim = exact - slack, Fraction(10)
            else:
                claim = Fraction(-100), Fraction(entropies, 1 << FINE) - exact + slack
            document = certificate_document(
                problem, claim, mappings, list(weights), None, [record], [["close", 0]]
            )
            path.write_text(json.dumps(document), encoding="utf-8")
            first, other = first_verdict(path), second(path)
            assert first.accepted == other.accepted == accepted, (first, other)
        checked += 1


@pytest.mark.parametrize("index", range(7))
def test_certificates_of_version_1_still_check(index):
    document = version_1()[index]
    assert document["version"] == 1
    interval = check_document(document)
    assert holds(document["problem"], Verdict(True, interval.lower, interval.upper))


def _places(document):
    """Objects whose keys the version tells."""
    yield document["problem"]
    yield from document["records"]
    if document["problem"]["label"] is not None:
        yield document["problem"]["label"]


def test_versions_are_not_mixed(second, tmp_path):
    """Keys of version 2 in a file of version 1, or missing in one of version 2: refused by both checkers."""
    path = tmp_path / "certificate"

    def both(document):
        path.write_text(json.dumps(document), encoding="utf-8")
        first, other = first_verdict(path), second(path)
        assert first.accepted == other.accepted
        return other.accepted

    old, new = version_1()[5], combined_document()
    assert both(old)
    assert both(new)
    for document in (old, new):
        assert not both({**document, "version": 3 - document["version"]})
        assert not both({**document, "version": 3})
    for index in range(len(list(_places(new)))):
        changed = copy.deepcopy(new)
        place = list(_places(changed))[index]
        del place[next(key for key in place if key in ("p_y_tolerance", "laws", "min_entropy_given_y"))]
        assert not both(changed)
    for index in range(len(list(_places(old)))):
        changed = copy.deepcopy(old)
        place = list(_places(changed))[index]
        place |= {"p_y_tolerance": "0", "distortion": None, "constraints": []}
        assert not both(changed)
    boxless = copy.deepcopy(old)
    boxless["records"][0]["lower"] = boxless["records"][0]["upper"] = []
    assert not both(boxless)


def test_the_box_of_the_first_use_is_the_records(second, tmp_path):
    """A record that a smaller box used first does not hold the larger one."""
    document = json.loads(
        mb.certify(mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], rate="2"), gap=1e-3).to_json()
    )
    assert all(record["lower"] == [] for record in document["records"])
    path = tmp_path / "certificate"
    half = format(ONE // 4, "x")
    closes = [node for node in document["tree"] if node[0] == "close"]
    document["tree"] = [["split", 0, half], closes[0], closes[0]]
    path.write_text(json.dumps(document), encoding="utf-8")
    first, other = first_verdict(path), second(path)
    assert not first.accepted
    assert not other.accepted
    crossed = {**document, "tree": [["split", 0, "0"], ["tighten", "column", 3, "lower"],
                                     ["tighten", "row", 2, "upper"], closes[0], closes[0]]}  # fmt: skip
    path.write_text(json.dumps(crossed), encoding="utf-8")
    first, other = first_verdict(path), second(path)
    assert first.accepted == other.accepted


SQUARE = {
    "coefficients": [["1", "0"], ["0", "-1/3"]],
    "lower": "-1/20",
    "upper": "1/10",
}


@pytest.mark.parametrize(
    ("tree", "accepted"),
    [
        # 0 <= P <= 1/2 with row 0 at most 1/10 + (1/3) P(1,1): the cell (0,0) is at most 4/15 < 1/2.
        ([["tighten", "constraint", 0, "upper", 0], ["close", 0]], True),
        ([["tighten", "constraint", 0, "lower", 0], ["close", 0]], True),
        ([["tighten", "constraint", 3, "upper", 0], ["close", 0]], True),
        ([["tighten", "constraint", 3, "lower", 0], ["close", 0]], True),
        ([["tighten", "constraint", 1, "upper", 0], ["close", 0]], False),
        ([["tighten", "constraint", 0, "upper", 1], ["close", 0]], False),
        ([["tighten", "constraint", 0, "upper"], ["close", 0]], False),
        ([["empty", "constraint", 0]], False),
        ([["empty", "constraint", 1]], False),
        ([["split", 0, format(ONE // 3, "x")], ["close", 0], ["empty", "constraint", 0]], True),
        ([["split", 0, format(ONE // 4, "x")], ["close", 0], ["empty", "constraint", 0]], False),
        (
            [["tighten", "constraint", 0, "upper", 0], ["split", 0, format(4 * ONE // 15 + 1, "x")],
             ["close", 0], ["close", 0]],
            True,
        ),
        (
            [["tighten", "constraint", 0, "upper", 0], ["split", 0, format(4 * ONE // 15 + 3, "x")],
             ["close", 0], ["close", 0]],
            False,
        ),
    ],
)  # fmt: skip
def test_what_linear_rows_do_to_boxes(tree, accepted, second, tmp_path):
    half = ["1/2", "1/2"]
    problem = {"p_x": half, "p_y": half, "p_y_tolerance": "0", "rate": None, "label": None,
               "distortion": None, "constraints": [SQUARE]}  # fmt: skip
    empty = {key: [] for key in ("lower", "upper", "channel", "laws", "columns", "order")}
    record = {"kind": "bound", **empty, "from": ["0"] * 4, "to": [format(ONE, "x")] * 4, "theta": ["0"] * 4,
              "cells": ["0"] * 4, "marginals": ["0", "0"], "rate": "0", "label": "0", "given_y": "0",
              "privacy": "0", "constraints": ["0"]}  # fmt: skip
    record |= {"lower": ["0"] * 4, "upper": [format(ONE, "x")] * 4}
    document = {"format": "mecbopt-certificate", "version": 2, "problem": problem,
                "claim": {"kind": "value", "lower": "-1", "upper": "3"},
                "witness": {"mappings": [[0, 0], [1, 1], [1, 0]], "weights": ["1/5", "1/5", "3/5"]},
                "order": None, "records": [record], "tree": tree}  # fmt: skip
    path = tmp_path / "certificate"
    path.write_text(json.dumps(document), encoding="utf-8")
    first, other = first_verdict(path), second(path)
    assert first.accepted == other.accepted == accepted, (first, other)


def test_a_solution_with_a_gap_is_refused_where_no_search_is_traced():
    """Its mixture may be too far from the optimum: time, not rounding, is what lacks."""
    problem = mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], "1/2", distortion=HAMMING)
    solution = mb.solve(problem)
    assert certifying.certify(solution).interval.quantity == "E d(X,Y)"
    label = mb.Problem(
        ["7/10", "3/10"], ["3/5", "2/5"], "1/2", p_s_given_x=SYMMETRIC, min_label_entropy="9/10"
    )
    assert mb.certify(mb.solve(label), gap=1e-3).interval.lower >= 0
