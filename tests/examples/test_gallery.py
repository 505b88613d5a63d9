"""Every example of the gallery runs and draws, is on the page, and its lesson is true."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.plots import save

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "gallery"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__")
#: Seconds of processor time and more, or packages that load slowly.
SLOW = {
    "branches", "common_randomness", "custom_constraint", "digits", "dit_and_pot", "fair_screening",
    "free_law", "greedy_local_exact", "label_without_seed", "own_theorem", "price_of_a_label", "privacy",
    "refuted", "tolerance", "transport",
}  # fmt: skip
OPTIONAL = {
    "custom_constraint": "cvxpy", "digits": "sklearn", "dit_and_pot": "ot", "fair_screening": "cvxpy",
    "from_csv": "sklearn", "own_theorem": "hypothesis", "refuted": "hypothesis", "codec": "constriction",
}  # fmt: skip


@cache
def module_of(path: Path) -> ModuleType:
    """A file as a module that no other has the name of."""
    spec = importlib.util.spec_from_file_location(f"gallery_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(name: str) -> ModuleType:
    """An example, where what it needs is installed."""
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    return module_of(FOLDER / f"{name}.py")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in NAMES]
)
def test_the_example_draws_its_picture(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.png"
    save(example(name).main(), path)
    assert path.stat().st_size > 15_000


def test_every_lesson_is_on_the_page() -> None:
    """Each once, with its picture under version control, a title and a lesson that fit a card."""
    cards = module_of(ROOT / "docs" / "gallery_cards.py")
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    named = [name for name in cards.NAMED.findall(page) if name != "all"]
    assert sorted(named) == NAMES
    assert len(NAMES) >= 20
    pictures = {path.stem for path in (ROOT / "docs" / "figures" / "gallery").glob("*.png")}
    assert pictures == set(NAMES)
    for name in NAMES:
        title, lesson, source = cards.told(name)
        assert 15 <= len(title) <= 90, name
        assert 150 <= len(lesson) <= 700, name
        assert "def main() -> Figure" in source
        assert f'"{name}.png"' in source


def test_the_page_is_expanded() -> None:
    cards = module_of(ROOT / "docs" / "gallery_cards.py")
    text = cards.expanded("[[all]]\n\n[[low_rates]]\n")
    assert text.count("figures/gallery/low_rates.png") == 2
    assert "[[" not in text.partition("???")[0]
    assert "    from mecbopt.info import binary_entropy" in text


def test_the_runner_draws_what_is_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(FOLDER), "--out", str(tmp_path), "--only", "low_rates"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["low_rates.png"]


def test_below_the_limit_one_mapping_joins_all_constants() -> None:
    low = example("low_rates")
    limit = low.low_rate_limit(low.PROBLEM)
    for share in (0.3, 0.98):
        constants, others = low.weights(mb.solve(low.PROBLEM.replace(rate=share * limit)))
        assert constants.min() > 0
        assert len(others) == 1
    constants, others = low.weights(mb.solve(low.PROBLEM.replace(rate=1.1 * limit)))
    assert constants.min() == 0 or len(others) > 1


def test_the_chord_bounds_what_the_checker_certifies() -> None:
    hand = example("certificate_by_hand")
    proved = hand.certified()
    assert float(proved.lower) <= hand.bound_by_hand() + 1e-9
    assert hand.bound_by_hand() <= float(proved.upper) + 1e-9
    assert float(proved.upper) - float(proved.lower) < 1e-5
    low, high = hand.interval()
    inside = np.linspace(low, high, 101)
    assert (hand.joint_entropy(inside) >= hand.joint_entropy(np.array([low, high])).min() - 1e-12).all()


def test_value_is_not_concave_for_certain() -> None:
    found = example("refuted").counterexample()
    assert found.violation > 0.01
    assert found.certificate is not None


def test_the_classifier_pays_in_information() -> None:
    most, least = example("classifier_quantiser").solutions()
    assert least.label_entropy_with_seed < most.label_entropy_with_seed - 0.02
    assert least.mutual_information < most.mutual_information - 0.05
    heaviest = least.mixture.mappings[np.argmax(least.mixture.weights)]
    # The middle is cut out: one letter inside, the other on both sides.
    assert np.flatnonzero(np.diff(heaviest)).size == 2


def test_the_cuts_are_letters(tmp_path: Path) -> None:
    table = example("from_csv")
    table.write_irises(tmp_path / "irises.csv")
    problem = table.problem_of(tmp_path / "irises.csv")
    assert len(problem.x_letters) == 6
    assert sum(problem.exact_p_x) == 1
    length, _ = table.read(tmp_path / "irises.csv", "petal length (cm)", "species")
    first, *_ = mb.Bins.of_letters(problem.x_letters).cuts
    assert problem.p_x[0] == pytest.approx(np.mean(np.array(length) < first))


def test_the_stream_is_what_was_promised() -> None:
    codec = example("codec")
    bits, share, information = codec.measure(200_000, seed=5)
    assert bits == pytest.approx(codec.SOLUTION.rate, abs=0.01)
    assert share == pytest.approx(0.6, abs=0.01)
    assert information == pytest.approx(codec.SOLUTION.mutual_information, abs=0.01)


def test_a_little_tolerance_goes_a_long_way() -> None:
    tolerance = example("tolerance")
    values = tolerance.values(0.6, np.array([0.0, 0.08, 0.3]))
    free = mb.solve(mb.Problem(tolerance.P_X, y_size=2, rate=0.6)).mutual_information
    assert values[0] + 0.04 < values[1] < values[2] - 0.1
    assert values[2] == pytest.approx(free, abs=2e-6)


def test_the_best_law_is_rare_at_low_rates() -> None:
    _, rarer = example("free_law").best_laws(np.array([0.2, 0.6, 1.0]))
    assert rarer[0] < 0.05 < rarer[1] < 0.2 < 0.49 < rarer[2]


def test_the_last_part_of_a_leak_is_dear() -> None:
    leaks, values = example("privacy").kept(4)
    slopes = np.diff(values) / np.diff(leaks)
    assert slopes[-1] > 5 * slopes[0] > 0


def test_transport_is_convex_and_in_order_at_full_rate() -> None:
    transport = example("transport")
    low, middle, high = (transport.least(rate).objective for rate in (0.4, 0.8, 1.2))
    assert low - middle > middle - high > 0
    full = transport.least(2.2).coupling
    cells = np.argwhere(full > 1e-9)
    assert (np.diff(cells, axis=0) >= 0).all()


def test_equal_pass_rates_cost_information() -> None:
    screening = example("fair_screening")
    free, even = mb.solve(screening.PROBLEM), screening.fair(0.0)
    assert abs(np.subtract(*screening.pass_rates(free))) > 0.5
    assert abs(np.subtract(*screening.pass_rates(even))) < 1e-8
    assert even.mutual_information < free.mutual_information - 0.1


@pytest.mark.slow
def test_who_does_not_know_the_seed_begins_later() -> None:
    trade_off = example("label_without_seed").trade_off
    (seen, _), (unseen, _) = (trade_off(0.7, sees_seed, 2) for sees_seed in (True, False))
    assert unseen[0] > seen[0] + 0.01


@pytest.mark.slow
def test_the_seed_is_worth_most_in_the_middle() -> None:
    seed = example("common_randomness")
    results = [seed.without_seed(rate) for rate in (0.3, 0.8, 1.05)]
    curve = mb.rate_curve(seed.PROBLEM, [0.3, 0.8, 1.05])
    assert all(result.status is mb.Status.OPTIMAL for result in results)
    worth = curve.mutual_information - [result.upper_bound for result in results]
    assert worth[1] > 0.3 > worth[0] > 0.05
    # Where T may be all of Y, the seed is worth nothing.
    assert abs(worth[2]) < 2e-6


@pytest.mark.slow
def test_the_label_is_paid_for_in_steps() -> None:
    limits, values, binds = example("price_of_a_label").trade_off(0.6)
    assert (np.diff(values) > -2e-6).all()
    assert np.sum(np.abs(np.diff(values)) < 2e-6) >= 10
    assert values[-1] - values[0] > 0.05
    assert limits[0] < binds < limits[-1]


@pytest.mark.slow
def test_greedy_and_local_leave_open_what_exact_closes() -> None:
    curves = example("greedy_local_exact").curves()
    open_bits = {name: np.max(curve.upper_bound - curve.mutual_information) for name, curve in curves.items()}
    assert open_bits["greedy"] > open_bits["local"] > 0.1
    assert open_bits["exact"] <= 1e-6
    # What the local search found was the optimum everywhere; it could not tell.
    np.testing.assert_allclose(
        curves["local"].mutual_information, curves["exact"].mutual_information, atol=2e-6
    )


@pytest.mark.slow
def test_nobody_falls_by_two_grades() -> None:
    grades = example("custom_constraint")
    free, held = (mb.solve(p) for p in (grades.FREE, grades.FREE.replace(constraints=[grades.no_deep_fall])))
    assert free.coupling[2, 0] > 0.1
    assert held.coupling[2, 0] < 1e-8
    assert np.trace(held.coupling) >= 0.5 - 1e-8
    assert held.upper_bound < free.mutual_information


@pytest.mark.slow
def test_the_border_is_the_smallest_limit() -> None:
    branches = example("branches")
    (border,) = branches.smallest_limits(np.array([0.4]))
    assert branches.branch(0.4, border + 1e-6).startswith("antitone")
    with pytest.raises(mb.InfeasibleError):
        branches.branch(0.4, border - 1e-6)
