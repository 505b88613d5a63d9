"""Pictures: what they show agrees with the solution, and drawing touches no global state."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import mecbopt as mb
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
