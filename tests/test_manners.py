"""How results show themselves: one line each, tables for notebooks, pictures, frames, names that complete."""

from __future__ import annotations

import importlib
import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.analysis.curve_text import FIELDS
from mecbopt.testing import Refutation

NASTY = ('<script>alert("x")</script>', "a & b", "'c'")
PUBLIC = [
    "mecbopt",
    *(
        f"mecbopt.{name}"
        for name in [
            "analysis",
            "bernoulli",
            "certificates",
            "codec",
            "data",
            "engines",
            "formulation",
            "info",
            "mec",
            "plots",
            "problem",
            "testing",
            "neural",
        ]
    ),
]


@pytest.fixture(scope="module")
def problem() -> mb.Problem:
    return mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5, x_letters=NASTY)


@pytest.fixture(scope="module")
def infeasible() -> mb.Problem:
    return mb.Problem([0.5, 0.5], [0.5, 0.5], 0.1, [[0.9, 0.1], [0.1, 0.9]], 0.5)


def tables(html: str) -> list[ElementTree.Element]:
    """The tables of a fragment, read strictly; it holds nothing that is fetched and no colour."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    for element in root.iter():
        assert element.tag in ("div", "table", "tr", "th", "td", "p")
        assert not set(element.attrib) - {"style"}
        assert element.attrib.get("style", "text-align:left") == "text-align:left"
    return list(root.iter("table"))


def cells(table: ElementTree.Element) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p, ["Problem(", "n=3", "m=2", "rate=0.5"]),
        (mb.solve, ["Solution(optimal", "0.272464 bits", "bound 0.27246", "gap ", "rate 0.500000"]),
        (lambda p: mb.solve(p).mixture, ["Mixture(3 mappings of 3 letters, weights 0.567"]),
        (
            lambda p: mb.rate_curve(p, [0.1, 0.2]),
            ["RateCurve(2 points, rate 0.1 to 0.2", "0.009525 to 0.040247 bits", "largest gap", "optimal)"],
        ),
        (lambda p: mb.mec.exact(p.p_x, p.p_y), ["MecResult(optimal, H = ", "bound ", "gap ", "3 x 2"]),
        (lambda p: mb.mec.greedy(p.p_x, p.p_y, sparse=True), ["MecResult(", "support 4"]),
        (lambda p: mb.mec.greedy(p.p_x, p.p_y, sparse=True).coupling, ["SparseCoupling(3 x 2, support 4)"]),
        (
            lambda p: mb.bernoulli.solve(0.3, 0.3, 0.378),
            ["BernoulliOptimum(I(X;Y) = 0.191631 bits, antitone, branch marginal", "rate 0.377696"],
        ),
        (
            lambda p: mb.bernoulli.hamming(0.3, 0.3, 0.378, 0.1, 0.9),
            ["HammingOptimum(P(X != Y) = ", "H(S|Y,U) "],
        ),
        (mb.certify, ["Certificate(certified: 0.27246", "<= I(X;Y) <= 0.27246", "width "]),
        (lambda p: mb.certify(p).interval, ["CertifiedInterval(certified: 0.27246", "width "]),
        (
            lambda p: Refutation(p, mb.solve(p), 0.25),
            ["Refutation(refuted by 0.25 (not proved", "Problem(n=3", "Solution(optimal"],
        ),
    ],
)
def test_results_show_themselves_in_one_line(problem, make, words):
    shown = repr(make(problem))
    assert "\n" not in shown
    assert len(shown) < 300
    for word in words:
        assert word in shown


def test_long_results_stay_in_one_line():
    size = 40
    law = np.full(size, 1.0 / size)
    mixture = mb.Mixture(np.arange(20)[:, None].repeat(size, axis=1), np.full(20, 0.05))
    assert repr(mixture).endswith(", ...)")
    for thing in (mixture, mb.mec.greedy(law, law), mb.rate_curve(mb.Problem([1], [1]), np.arange(30.0))):
        assert "\n" not in repr(thing)
        assert len(repr(thing)) < 300


def test_a_curve_without_a_coupling_shows_no_value(infeasible):
    assert repr(mb.rate_curve(infeasible, [0.05, 0.1])) == "RateCurve(2 points, rate 0.05 to 0.1, infeasible)"
    mixed = repr(mb.rate_curve(infeasible, [0.1, 1.0]))
    assert "1 infeasible" in mixed
    assert "1 optimal" in mixed


def test_a_stream_report_shows_its_figures():
    solution = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5))
    letters = np.arange(1000) % 2
    encoder = mb.codec.Encoder(solution.mixture, solution.problem.p_x, seed=1)
    measurement = mb.codec.Measurement(solution.problem, solution.mixture, encoder)
    measurement.add(letters)
    report = measurement.report(8 * len(encoder.encode(letters)))
    assert repr(report).startswith(
        f"StreamReport(1000 symbols, coded rate {report.coded_rate:.6f}, I(X;Y) = "
    )
    assert "of 0.188722 bits" in repr(report)
    assert repr(report.output_law).startswith("LawTest(2 letters, 1000 counted, chi-square ")


def test_a_problem_in_a_notebook(problem, infeasible):
    statement, law_x, law_y = map(cells, tables(problem._repr_html_()))
    assert ["rate", "H(Y|U) <= R = 0.5 bits"] in statement
    assert law_x == [
        ["x", "p_X(x)"],
        *([name, mass] for name, mass in zip(NASTY, ("0.5", "0.3", "0.2"), strict=True)),
    ]
    assert law_y == [["y", "p_Y(y)"], ["0", "0.6"], ["1", "0.4"]]
    statement, law_x, _ = map(cells, tables(infeasible._repr_html_()))
    assert ["label limit", "H(S|Y,U) <= C = 0.5 bits: who guesses S knows the seed U"] in statement
    assert law_x[1] == ["0", "0.5", "0.9", "0.1"]


def test_every_part_of_a_statement_has_its_words():
    def at_most(coupling):
        return coupling[0, 0] <= 0.2

    channel = [[0.9, 0.1], [0.1, 0.9]]
    free = mb.Problem(
        [0.5, 0.5],
        rate=0.3,
        y_size=3,
        p_s_given_x=channel,
        max_label_entropy=0.9,
        min_label_entropy=0.1,
        label_sees_seed=False,
        constraints=[at_most, mb.Forbidden([(0, 0)])],
    )
    text = free._repr_html_()
    for words in (
        "3 letters, of any law",
        "H(S|Y) &lt;= C = 0.9",
        "does not know the seed",
        "H(S|Y) &gt;= 0.1",
    ):
        assert words in text
    assert "function at_most" in text
    assert "Forbidden(" in text
    near = mb.Problem([0.5, 0.5], [0.5, 0.5], p_y_tolerance=0.1, distortion=[[0, 1], [1, 0]])._repr_html_()
    assert "within 0.1 of this law" in near
    assert "least E d(X,Y)" in near
    assert len(tables(mb.Problem([1] * 30, [0.5, 0.5], normalize=True)._repr_html_())) == 2


def test_a_solution_in_a_notebook(problem, infeasible):
    solution = mb.solve(problem)
    figures, coupling = map(cells, tables(solution._repr_html_()))
    assert ["I(X;Y)", f"{solution.mutual_information:.6f} bits"] in figures
    assert ["upper bound", f"{solution.upper_bound:.6f} bits"] in figures
    assert coupling[1][0] == f"x = {NASTY[0]}"
    assert [float(cell) for cell in coupling[1][1:]] == pytest.approx(solution.coupling[0], abs=5e-5)
    refused = mb.solve(infeasible)
    (figures,) = map(cells, tables(refused._repr_html_()))
    assert ["smallest C at this rate", f"{refused.smallest_label_entropy:.6f} bits"] in figures
    assert "inf" not in "".join(name for _, name in figures[1:])


def test_a_curve_in_a_notebook(problem):
    curve = mb.rate_curve(problem, [0.1, 0.2])
    (rows,) = map(cells, tables(curve._repr_html_()))
    assert rows[1][:2] == ["0.1", f"{curve.mutual_information[0]:.6f}"]
    long = mb.rate_curve(mb.Problem([1], [1]), np.arange(100.0))._repr_html_()
    (rows,) = map(cells, tables(long))
    assert len(rows) == 25
    assert (rows[1][0], rows[-1][0]) == ("0", "99")
    assert "24 of 100 points" in long


def test_frames(problem, infeasible):
    pandas = pytest.importorskip("pandas")
    solution = mb.solve(problem)
    frame = solution.mixture.to_frame(NASTY, ["low", "high"])
    assert list(frame.columns) == list(NASTY)
    assert frame.index.to_numpy() == pytest.approx(solution.mixture.weights)
    assert frame.iloc[0].map({"low": 0, "high": 1}).tolist() == solution.mixture.mappings[0].tolist()
    assert (solution.mixture.to_frame().to_numpy() == solution.mixture.mappings).all()
    for arguments in ((NASTY[:2],), (NASTY, ["low"]), (NASTY, ["low", "low"])):
        with pytest.raises(mb.ProblemError):
            solution.mixture.to_frame(*arguments)
    curve = mb.rate_curve(infeasible, [0.1, 1.0])
    frame = curve.to_frame()
    assert tuple(frame.columns) == FIELDS
    assert frame["rate"].tolist() == [0.1, 1.0]
    assert frame["mutual_information"].to_numpy() == pytest.approx(curve.mutual_information, nan_ok=True)
    assert frame["status"].tolist() == ["infeasible", "optimal"]
    written = pandas.read_csv(io.StringIO(curve.to_csv()))
    # Seconds are written to the microsecond.
    pandas.testing.assert_frame_equal(frame, written, check_exact=False, rtol=1e-4, atol=1e-6)


def test_plot_draws_into_given_axes(problem):
    figure = mb.plots.new_figure(5, 3)
    left, right = figure.subplots(1, 2)
    curve = mb.rate_curve(problem, [0.1, 0.2])
    assert mb.solve(problem).plot(left) is left
    assert curve.plot(ax=right) is right
    assert right.get_ylabel() == "I(X;Y), bits"
    assert curve.plot().get_legend() is not None


@pytest.mark.parametrize("name", PUBLIC)
def test_tab_completion_has_public_names_alone(name):
    module = importlib.import_module(name)
    assert dir(module) == sorted(module.__all__)
    for public in dir(module):
        assert public == "__version__" or not public.startswith("_")


def test_nothing_is_loaded_for_a_picture_before_it_is_asked_for():
    code = (
        "import sys, mecbopt as mb\n"
        "curve = mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), [0.1])\n"
        "repr(curve), curve._repr_html_(), curve.solutions[0]._repr_html_(), curve.problem._repr_html_()\n"
        "assert not {'matplotlib', 'pandas'} & set(sys.modules)\n"
        "curve.plot()\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
