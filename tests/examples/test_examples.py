"""The examples run as a user runs them, and what they say is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mecbopt as mb

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_problem_files_are_solved(path: Path) -> None:
    solution = mb.solve(mb.load_problem(path))
    solution.check()
    assert solution.status is mb.Status.OPTIMAL


@pytest.fixture(scope="module")
def digits_output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the digits example prints."""
    pytest.importorskip("sklearn")
    picture = tmp_path_factory.mktemp("digits") / "digits.png"
    command = [sys.executable, "-W", "error", str(EXAMPLES / "digits.py"), "--plot", str(picture)]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert picture.stat().st_size > 10_000
    return done.stdout


def test_the_digits_example_proves_both_optima(digits_output: str) -> None:
    assert digits_output.count(": optimal") == 2
    values = [float(value) for value in re.findall(r"I\(X;Y\)   = ([\d.]+)", digits_output)]
    assert values[0] > values[1] > 0.5


def test_the_digits_example_describes_its_data(digits_output: str) -> None:
    """The law of the noisy level, counted here a second time."""
    from sklearn.datasets import load_digits

    images = load_digits().images / 16.0
    images = images + np.random.default_rng(0).normal(scale=0.25, size=images.shape)
    above = [image[:4].sum() - image[4:].sum() for image in images]
    for level, low, high in ((-2, -np.inf, -3.0), (-1, -3.0, -1.0), (0, -1.0, 1.0), (1, 1.0, np.inf)):
        share = np.mean([low <= value < high for value in above])
        assert f"P({level}) = {share:.3f}" in digits_output.splitlines()[0]


def test_the_label_constraint_binds_and_is_kept(digits_output: str) -> None:
    limit = float(re.search(r"H\(S\|Y,U\) at most ([\d.]+)", digits_output)[1])  # type: ignore[index]
    free, kept = (float(value) for value in re.findall(r"H\(S\|Y,U\) = ([\d.]+)", digits_output))
    assert kept <= limit + 1e-4 < free


def test_the_guide_quotes_the_digits_example(digits_output: str) -> None:
    """Every figure of the guide's paragraph is printed by the script."""
    page = (EXAMPLES.parent / "docs" / "guide" / "labels.md").read_text(encoding="utf-8")
    paragraph = page[page.index("## From real data") :]
    figures = re.findall(r"\d\.\d{4}", paragraph)
    assert len(figures) >= 4
    for figure in figures:
        assert figure in digits_output


@pytest.fixture(scope="module")
def coded_rows(tmp_path_factory: pytest.TempPathFactory) -> list[list[float]]:
    """The table of the example of coded features."""
    pytest.importorskip("sklearn")
    pytest.importorskip("constriction")
    picture = tmp_path_factory.mktemp("coded") / "features.png"
    command = [sys.executable, "-W", "error", str(EXAMPLES / "coded_features.py"), "--plot", str(picture)]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert picture.stat().st_size > 10_000
    rows = re.findall(r"^ *(\d\.\d(?: +\d\.\d{3}){8})$", done.stdout, re.MULTILINE)
    return [[float(figure) for figure in row.split()] for row in rows]


def test_the_coded_features_cost_what_the_rate_says(coded_rows: list[list[float]]) -> None:
    """At most R bits for each of four features on the images to fit on, and about that on all."""
    assert [row[0] for row in coded_rows] == [0.2, 0.5, 0.8]
    for rate, bits, *_, plain_bits, _, _ in coded_rows:
        assert max(bits, plain_bits) <= 4 * rate + 0.04


def test_the_coded_features_keep_law_and_label(coded_rows: list[list[float]]) -> None:
    """On images that nothing was fitted on: five copies of 447 images, so some hundredths."""
    for _, _, promised, found, _, law, _, _, plain_law in coded_rows:
        assert found <= promised + 0.04
        assert law < 0.06 < 0.2 < plain_law


def test_more_bits_tell_more_about_the_digit(coded_rows: list[list[float]]) -> None:
    accuracies = [row[4] for row in coded_rows]
    assert 0.1 < accuracies[0] < accuracies[1] < accuracies[2]
