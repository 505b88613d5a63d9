"""Pictures: what they show agrees with the solution, and drawing touches no global state."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import mecbopt as mb
from mecbopt.analysis import RateCurve
from mecbopt.data import demo_problem
from mecbopt.plots.style import letter_colours, save, text_colour


@pytest.fixture(scope="module")
def solution() -> mb.Solution:
    """A solution with named letters and a mapping of small weight."""
    return mb.solve(
        mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=0.5, x_letters="abc", y_letters=("low", "high"))
    )


@pytest.fixture(scope="module")
def infeasible() -> mb.Solution:
    """A problem whose label cannot be kept."""
    return mb.solve(
        mb.Problem([0.5, 0.5], [0.5, 0.5], p_s_given_x=[[0.9, 0.1], [0.1, 0.9]], max_label_entropy=0.1)
    )


def test_a_dollar_in_a_name_begins_no_formula() -> None:
    """Names of an even number of dollars were set as mathematics, and broken mathematics was an error."""
    names = ("$\\frac$", "a$b$c", "<b>&")
    solution = mb.solve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], x_letters=names, y_letters=("$5$", "_")))
    text = words(mb.plots.solution_figure(solution))
    for name in (*names, "$5$"):
        assert name in text


@pytest.mark.parametrize("label", [False, True])
def test_a_stream_is_drawn_with_its_figures(label: bool) -> None:
    channel = {"p_s_given_x": [[0.9, 0.1], [0.2, 0.8]]} if label else {}
    problem = mb.Problem([0.7, 0.3], [0.6, 0.4], rate=0.4, y_letters=("low", "high"), **channel)
    mixture = mb.solve(problem).mixture
    encoder = mb.codec.Encoder(mixture, problem, seed=0)
    measurement = mb.codec.Measurement(problem, mixture, encoder)
    for x in ([], np.random.default_rng(0).choice(2, 1000, p=problem.p_x)):
        measurement.add(x)
        report = measurement.report(500)
        figure = mb.plots.stream_figure(report)
        text = words(figure)
        assert "low" in text
        assert ("H(S|Y,U)" in text) == label
        bars = [bar.get_height() for bar in figure.axes[0].patches]
        assert bars == pytest.approx(report.output_law.counts / max(1, len(x)))
    assert f"{report.code_length.measured:.5f} of {report.code_length.promised:.5f}" in text


def test_a_curve_marks_the_point_of_a_solution(solution: mb.Solution) -> None:
    curve = mb.rate_curve(solution.problem, [0.2, 0.4, 0.6])
    ax = mb.plots.curve(curve, point=solution)
    (marked,) = [line for line in ax.lines if line.get_label() == "R = 0.5"]
    assert marked.get_xydata().tolist() == [[0.5, solution.mutual_information]]
    assert "R = 0.5" in [text.get_text() for text in ax.get_legend().get_texts()]
    beyond = mb.solve(solution.problem.replace(rate=float("inf")))
    ax = mb.plots.curve(curve, point=beyond)
    (marked,) = [line for line in ax.lines if line.get_label() == "no limit"]
    assert marked.get_xdata() == pytest.approx([0.6])
    nothing = dataclasses.replace(solution, status=mb.Status.UNKNOWN, mixture=None)
    assert len(mb.plots.curve(curve, point=nothing).lines) == len(mb.plots.curve(curve).lines)


def words(figure: Figure) -> str:
    """Every text of a figure."""
    figure.canvas.draw()
    return " | ".join(text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text())


def test_the_heat_map_holds_the_coupling(solution: mb.Solution) -> None:
    ax = mb.plots.coupling(solution)
    np.testing.assert_array_equal(ax.images[0].get_array(), solution.coupling)
    top, right = ax.child_axes
    assert [bar.get_height() for bar in top.patches] == pytest.approx(solution.problem.p_y)
    assert [bar.get_width() for bar in right.patches] == pytest.approx(solution.problem.p_x)
    text = words(ax.figure)
    for name in ("low", "high", "a", "b", "c", "$p_X$", "$p_Y$"):
        assert name in text


def test_the_mixture_shows_every_mapping_by_weight(solution: mb.Solution) -> None:
    assert solution.mixture is not None
    text = words(mb.plots.mixture(solution).figure)
    for weight in solution.mixture.weights:
        assert f"{weight:.4f}" in text
    assert text.count("high") == int((solution.mixture.mappings == 1).sum())
    assert "constant" in text


def test_a_long_mixture_is_cut_and_says_so() -> None:
    """A solution of another method may hold many mappings; the rest is summed up."""
    size = 40
    weights = np.full(size, 1 / size)
    mappings = [[(index + shift) % 2 for shift in range(20)] for index in range(size)]
    problem = mb.Problem(np.full(20, 0.05), [0.5, 0.5])
    many = mb.Solution(
        problem, mb.Status.FEASIBLE, mb.StopReason.TIME_LIMIT, mb.Mixture(mappings, weights), 1.0
    )
    assert "16 more with weight 0.4 together" in words(mb.plots.mixture(many).figure)


def test_the_curve_holds_its_points_and_its_band() -> None:
    problem = mb.Problem([0.6, 0.3, 0.1], [0.5, 0.3, 0.2])
    curve = mb.rate_curve(problem, [0.0, 0.4, 0.8, 1.2], method="local")
    ax = mb.plots.curve(curve)
    line = ax.lines[-1]
    np.testing.assert_array_equal(line.get_ydata(), curve.mutual_information)
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    for rate, low, high in zip(curve.rates, curve.mutual_information, curve.upper_bound, strict=True):
        for value in (low, high):
            assert np.isclose(corners, [rate, value]).all(axis=1).any()


def test_infeasible_rates_are_shaded() -> None:
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], p_s_given_x=[[0.9, 0.1], [0.1, 0.9]], max_label_entropy=0.8)
    text = words(mb.plots.curve(mb.rate_curve(problem, [0.0, 0.1, 0.5, 1.0])).figure)
    assert "infeasible" in text
    nothing = mb.rate_curve(problem.replace(max_label_entropy=0.1), [0.0, 1.0])
    assert "infeasible" in words(mb.plots.curve(nothing).figure)


def undecided_curve() -> RateCurve:
    """Rates 0 and 0.1 proved infeasible, 0.2 and 0.3 not decided, from 0.5 on feasible."""
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], p_s_given_x=[[0.9, 0.1], [0.1, 0.9]], max_label_entropy=0.8)
    curve = mb.rate_curve(problem, [0.0, 0.1, 0.2, 0.3, 0.5, 1.0])
    solutions = list(curve.solutions)
    for place in (2, 3):
        solutions[place] = dataclasses.replace(
            solutions[place],
            status=mb.Status.UNKNOWN,
            stop_reason=mb.StopReason.TIME_LIMIT,
            mixture=None,
            upper_bound=float(curve.rates[place]),
        )
    return dataclasses.replace(curve, solutions=tuple(solutions))


def test_only_what_is_proved_infeasible_is_shaded() -> None:
    ax = mb.plots.curve(undecided_curve())
    spans = {
        patch.get_label(): patch for patch in ax.patches if patch.get_label() in ("infeasible", "not decided")
    }
    ends = {name: patch.get_extents().transformed(ax.transData.inverted()) for name, patch in spans.items()}
    assert ends["infeasible"].x0 == pytest.approx(0.0)
    assert ends["infeasible"].x1 == pytest.approx(0.1)
    assert ends["not decided"].x0 == pytest.approx(0.1)
    assert ends["not decided"].x1 == pytest.approx(0.3)
    assert spans["not decided"].get_hatch()
    assert not spans["infeasible"].get_hatch()
    for name in ("infeasible", "not decided", "min(R, H(X), H(Y))"):
        assert name in words(ax.figure)


def test_nothing_is_shaded_where_nothing_is_proved() -> None:
    curve = undecided_curve()
    feasible = dataclasses.replace(curve, rates=curve.rates[4:], solutions=curve.solutions[4:])
    undecided = dataclasses.replace(curve, rates=curve.rates[2:4], solutions=curve.solutions[2:4])
    assert not mb.plots.curve(feasible).patches
    assert [patch.get_label() for patch in mb.plots.curve(undecided).patches] == ["not decided"]


@pytest.mark.parametrize("rates", [[0.0, 0.5, 1.0], [0.5], [0.0], [0.0, 1e-9], [0.2, 3.0]])
def test_every_marker_is_whole(rates: list[float]) -> None:
    """The axes reach beyond every point by more than half a marker, at the edges too."""
    ax = mb.plots.curve(mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), rates))
    ax.figure.canvas.draw()
    line = ax.lines[-1]
    places = ax.transData.transform(np.column_stack([line.get_xdata(), line.get_ydata()]))
    half = line.get_markersize() / 2 * ax.figure.dpi / 72
    box = ax.get_window_extent()
    assert (places - half >= [box.x0, box.y0]).all()
    assert (places + half <= [box.x1, box.y1]).all()


def overprinted(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than a hair, and texts that leave the figure."""
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    # Ticks beyond the ends of an axis have labels that are not drawn.
    unseen = {
        id(label)
        for axis in figure.findobj(mpl.axis.Axis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    texts = [
        (text.get_text(), text.get_window_extent(renderer).padded(-1.0))
        for text in figure.findobj(mpl.text.Text)
        if text.get_text().strip() and text.get_visible() and id(text) not in unseen
    ]
    clashes = [
        (first, second)
        for index, (first, box) in enumerate(texts)
        for second, other in texts[:index]
        if box.overlaps(other) and box.width > 0 and other.width > 0
    ]
    whole = figure.bbox
    return clashes + [
        (text, "the edge")
        for text, box in texts
        if box.x0 < whole.x0 or box.x1 > whole.x1 or box.y0 < whole.y0 or box.y1 > whole.y1
    ]


@pytest.mark.parametrize(
    ("n", "m", "label"), [(1, 1, False), (2, 2, True), (3, 2, False), (12, 5, True), (2, 12, False)]
)
@pytest.mark.parametrize(
    "names", [None, "letter {}", "a letter with a name that is much too long, number {}"]
)
def test_labels_of_a_solution_do_not_overprint(n: int, m: int, label: bool, names: str | None) -> None:
    random = np.random.default_rng(n + m)
    problem = mb.Problem(
        random.dirichlet(np.ones(n)),
        random.dirichlet(np.ones(m)),
        rate=0.4,
        p_s_given_x=random.dirichlet(np.ones(2), n) if label else None,
        max_label_entropy=1.0 if label else None,
        x_letters=None if names is None else [names.format(x) for x in range(n)],
        y_letters=None if names is None else [names.format(y) for y in range(m)],
        normalize=True,
    )
    solution = mb.solve(problem, method="greedy")
    assert overprinted(mb.plots.solution_figure(solution)) == []
    for draw in (mb.plots.coupling, mb.plots.mixture):
        assert overprinted(draw(solution).figure) == []


@pytest.mark.parametrize("rates", [[0.0, 0.5, 1.0], [0.5], list(np.linspace(0, 1.5, 40))])
def test_labels_of_a_curve_do_not_overprint(rates: list[float]) -> None:
    curve = mb.rate_curve(mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4]), rates, method="greedy")
    assert overprinted(mb.plots.curve(curve, label="greedy").figure) == []
    assert overprinted(mb.plots.curve(undecided_curve()).figure) == []


def test_axes_are_saved_by_their_figure(solution: mb.Solution, tmp_path: Path) -> None:
    save(mb.plots.coupling(solution), tmp_path / "axes.png")
    save(mb.plots.coupling(solution).figure, tmp_path / "figure.png")
    assert (tmp_path / "axes.png").read_bytes() == (tmp_path / "figure.png").read_bytes()
    parts = mb.plots.new_figure(4, 3).subfigures(1, 2)
    save(mb.plots.coupling(solution, parts[0].add_subplot()), tmp_path / "part.png")


def test_given_axes_are_drawn_into(solution: mb.Solution) -> None:
    figure = mb.plots.new_figure(8, 3)
    left, middle, right = figure.subplots(1, 3)
    curve = mb.rate_curve(solution.problem, [0.1, 0.5])
    assert mb.plots.coupling(solution, left) is left
    assert mb.plots.mixture(solution, middle) is middle
    assert mb.plots.curve(curve, ax=right) is right


def test_without_a_coupling_there_is_nothing_to_draw(infeasible: mb.Solution) -> None:
    for draw in (mb.plots.coupling, mb.plots.mixture, mb.plots.solution_figure):
        with pytest.raises(mb.SolutionError, match="infeasible"):
            draw(infeasible)


def test_the_headline_says_what_is_known() -> None:
    solution = mb.solve(demo_problem(), method="local")
    text = words(mb.plots.solution_figure(solution))
    assert "feasible (at most" in text
    assert "C = 0.45" in text


def test_equal_runs_write_equal_files(solution: mb.Solution, tmp_path: Path) -> None:
    for suffix in ("png", "pdf"):
        first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
        for path in (first, second):
            save(mb.plots.solution_figure(solution), path)
        assert first.read_bytes() == second.read_bytes()


def test_no_window_and_no_global_state(tmp_path: Path) -> None:
    """The plots load no pyplot and leave the caller's settings and backend alone."""
    code = (
        "import sys, matplotlib, mecbopt as mb\n"
        # Reading the setting "backend" itself chooses one: the rest is compared.
        "settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = settings()\n"
        "s = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5]))\n"
        "mb.plots.save(mb.plots.solution_figure(s), sys.argv[1])\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert settings() == before\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out.png")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("size", [1, 2, 8, 9, 40])
def test_letters_of_y_have_colours_of_their_own(size: int) -> None:
    colours = letter_colours(size)
    assert len({mpl.colors.to_hex(colour) for colour in colours}) == size
    for colour in colours:
        assert contrast(text_colour(colour), colour) >= 3.0


def contrast(front: object, back: object) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines 2.2."""

    def luminance(colour: object) -> float:
        channels = np.array(mpl.colors.to_rgb(colour))
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
