"""Certificates of the package's own problems: what is written checks, and holds the true value."""

from __future__ import annotations

import gzip
import math
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree as compiled
from mecbopt.certificates.searching import TracedBounder
from tests.benchmarks.certificates import WIDTH, case, certified

pytestmark = pytest.mark.skipif(not compiled.available(), reason="the compiled core was not built")

HALF = (Fraction(1, 2), Fraction(1, 2))
#: H(S|X) of a symmetric channel with crossover 1/10 is h(.1) = .469.
SYMMETRIC = ((Fraction(9, 10), Fraction(1, 10)), (Fraction(1, 10), Fraction(9, 10)))


@pytest.mark.parametrize("number", range(30))
def test_the_certified_interval_holds_the_optimum(number):
    """Every kind of instance from 2x2 to 4x4: lower <= V <= upper, at most 2e-6 bits apart."""
    record = certified(case(number))
    assert record["holds"], record
    assert record["width"] <= WIDTH
    assert record["bytes"] < 300_000


def test_a_certificate_of_5x5():
    record = certified(case(4, (5, 5)))
    assert record["holds"], record
    assert record["width"] <= WIDTH


def test_files_are_written_and_read(tmp_path):
    """The text, the file and the compressed file are one certificate, the same in every run."""
    problem = mb.Problem(["3/10", "7/10"], ["2/5", "3/5"], rate="1/2")
    certificate = mb.certify(problem)
    plain, packed = tmp_path / "c.json", tmp_path / "c.json.gz"
    certificate.to_json(plain)
    certificate.to_json(packed)
    assert gzip.decompress(packed.read_bytes()).decode() == plain.read_text() == certificate.to_json()
    assert mb.check_certificate(plain) == mb.check_certificate(packed) == certificate.interval
    assert mb.certify(problem).to_json() == certificate.to_json()
    assert str(certificate).startswith("certified: ")
    with pytest.raises(mb.CertificateError, match="cannot be written"):
        certificate.to_json(tmp_path / "absent" / "c.json")


def test_the_problem_is_stated_exactly():
    """Floats at their binary value over their exact sum; a float rate at its binary value."""
    problem = mb.Problem([0.1, 0.9], [0.3, 0.7], rate=0.3)
    stated = mb.certify(problem).document["problem"]
    exact = [Fraction(0.1), Fraction(0.9)]
    assert [Fraction(p) for p in stated["p_x"]] == [p / sum(exact) for p in exact]
    assert Fraction(stated["rate"]) == Fraction(0.3)


def test_a_solution_is_certified_with_its_mixture_and_gap():
    """An optimum as narrow as asked; what a node limit left, within what it had proved."""
    problem = case(1).problem
    optimum = mb.solve(problem)
    narrow = mb.certify(optimum, gap=2e-7).interval
    assert narrow.width <= 2e-7
    assert narrow.lower <= optimum.mutual_information + 1e-12 <= narrow.upper + 1e-12
    unfinished = mb.solve(problem, method="exact", node_limit=3)
    assert unfinished.gap > 1e-3
    wide = mb.certify(unfinished).interval
    assert wide.lower <= optimum.mutual_information <= wide.upper
    assert wide.width <= 1.2 * unfinished.gap


@pytest.mark.parametrize(("p_x", "p_y"), [([1], ["1/3", "2/3"]), (["1/3", "2/3"], [1]), ([0, 1], [1, 0])])
@pytest.mark.parametrize("limit", [None, "19/20"])
def test_one_letter_leaves_one_coupling(p_x, p_y, limit):
    """V = 0, with a label that is met by whatever Y is."""
    label = {} if limit is None else {"p_s_given_x": SYMMETRIC[: len(p_x)], "max_label_entropy": limit}
    interval = mb.certify(mb.Problem(p_x, p_y, rate=1, **label)).interval
    assert interval.lower <= 0 <= interval.upper <= WIDTH


def test_one_letter_can_be_infeasible():
    """H(S|Y,U) = H(S) = h(11/30) = .95 where Y is constant."""
    label = {"p_s_given_x": SYMMETRIC, "max_label_entropy": "9/10"}
    assert mb.certify(mb.Problem(["1/3", "2/3"], [1], **label)).interval.infeasible


def test_infeasibility_is_certified_close_to_what_is_attainable():
    """H(S|X) = h(.1) is the smallest attainable C at R = 1: 1e-7 below it there is nothing."""
    smallest = 0.4689955935892812
    below = mb.Problem(HALF, HALF, rate=1, p_s_given_x=SYMMETRIC, max_label_entropy=smallest - 1e-7)
    assert mb.certify(below).interval.infeasible
    above = mb.Problem(HALF, HALF, rate=1, p_s_given_x=SYMMETRIC, max_label_entropy=smallest + 1e-6)
    assert mb.certify(above).interval.lower > Fraction(99, 100)


def test_limits_without_slack_are_refused_with_the_remedy():
    """The label's limit is the smallest attainable up to rounding: no rational weights meet it certainly.

    The float next to it lies above by a share of a rounding error, and there is a witness.
    """
    limit = 1 - 0.9 * (1 - 0.4689955935892812)
    problem = mb.Problem(HALF, HALF, rate="0.9", p_s_given_x=SYMMETRIC, max_label_entropy=limit)
    assert mb.certify(problem).interval.lower > Fraction(7, 10)
    tight = problem.replace(max_label_entropy=math.nextafter(limit, 0.0))
    with pytest.raises(mb.CertificateError, match="no slack"):
        mb.certify(tight)


def test_exchangeable_letters_are_ordered_only_where_they_are_exactly_equal():
    equal = mb.Problem(["1/3"] * 3, ["1/4", "1/4", "1/2"], rate="1/2")
    assert mb.certify(equal).document["order"] == [0, 0]
    # Unlike masses that are one float: the search takes them for equal, the certificate must not.
    hair = Fraction(1, 1 << 80)
    third = Fraction(1, 3)
    unlike = mb.Problem([third + hair, third - hair, third], ["1/4", "1/4", "1/2"], rate="1/2")
    assert mb.certify(unlike).document["order"] is None


def test_wrong_arguments_are_refused():
    problem = mb.Problem(HALF, HALF, rate=0.5)
    with pytest.raises(mb.ProblemError, match="give a mecbopt"):
        mb.certify("problem.toml")
    for arguments in ({"gap": 1e-9}, {"gap": -1.0}, {"time_limit": 0}, {"seed": -1}):
        with pytest.raises(mb.ProblemError):
            mb.certify(problem, **arguments)


def test_time_may_be_over_before_the_certificate_is_written():
    random = np.random.default_rng(0)
    problem = mb.Problem(random.dirichlet(np.ones(6)), random.dirichlet(np.ones(6)), rate=0.5)
    with pytest.raises(mb.CertificateError, match="time limit"):
        mb.certify(problem, time_limit=0.2)


def test_boxes_that_the_trace_lacks_are_bounded_anew(monkeypatch):
    """A certificate is reached from any part of the trace, and proves the same interval."""
    problem = case(1).problem
    whole = mb.certify(problem)
    generator = np.random.default_rng(5)
    run = TracedBounder.run

    def forgetful(self, *arguments):
        run(self, *arguments)
        for key in list(self._sides):
            if generator.random() < 0.3:
                del self._sides[key]

    monkeypatch.setattr(TracedBounder, "run", forgetful)
    assert mb.certify(problem).interval.upper == whole.interval.upper


def test_limits_that_are_met_with_equality_by_exact_values():
    """X = S fair, R = 1, C = 0: only the identity and the flip meet both, with H = 1 and H(S|Y) = 0."""
    perfect = ((1, 0), (0, 1))
    problem = mb.Problem(HALF, HALF, rate=1, p_s_given_x=perfect, max_label_entropy=0)
    interval = mb.certify(problem).interval
    assert interval.lower == 1
    assert interval.width <= WIDTH
    constant = mb.Problem(["1/3", "2/3"], HALF, rate=0, p_s_given_x=((1,), (1,)), max_label_entropy=0)
    interval = mb.certify(constant).interval
    assert interval.lower == 0


@pytest.mark.parametrize("limit", [1, "3/2", 10**30])
def test_a_label_limit_that_every_mixture_meets_is_left_out(limit):
    """S independent of X and C = H(S) = 1 bit: no enclosure tells that H(S|Y,U) is at most 1."""
    half = [["1/2", "1/2"], ["1/2", "1/2"]]
    free = mb.Problem(["2/3", "1/3"], ["1/300", "299/300"], "97/5000")
    certificate = mb.certify(free.replace(p_s_given_x=half, max_label_entropy=limit))
    assert certificate.document["problem"] == mb.certify(free).document["problem"]
    value = mb.solve(free).mutual_information
    assert certificate.interval.lower <= value + 1e-9
    assert value <= certificate.interval.upper + 1e-9


def test_longer_alphabets_than_the_format_takes_are_refused():
    """The search takes 13x2, the format of certificates does not."""
    with pytest.raises(mb.NotSupportedError, match=r"13 letters of X and 2 of Y.*at most 12"):
        mb.certify(mb.Problem([Fraction(1, 13)] * 13, HALF, rate="1/2"))
