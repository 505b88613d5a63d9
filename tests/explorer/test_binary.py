"""The closed form of the explorer's page, run by Node, against `mecbopt.bernoulli`."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.bernoulli import smallest_label_entropy, smallest_rate
from mecbopt.bernoulli.polygon import best_points

NODE = shutil.which("node")
MODULE = Path(__file__).parents[2] / "docs" / "explorer" / "binary.mjs"
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")

RUN = """
const { solve, attainable, comonotone, coupling, crossoverRate, polygon } = await import(process.argv[1]);
let text = "";
for await (const part of process.stdin) text += part;
const answers = JSON.parse(text).map(([a, b, r, eta, c], k) => {
  const rate = r ?? Infinity;
  const problem = { a, b, rate, label: eta === null ? null : { crossover: eta, limit: c } };
  const best = solve(problem);
  return { ...best, coupling: coupling(a, best.weights), printed: comonotone(a, b, rate),
    crossover: k % 79 ? undefined : crossoverRate(a, b), corners: polygon(problem),
    attainable: problem.label && attainable(problem) };
});
console.log(JSON.stringify(answers));
"""


def asked(points: list[tuple[float | None, ...]]) -> list[dict[str, Any]]:
    """What the module says of problems (a, b, R, crossover, C); None: no limit, no label."""
    assert NODE is not None
    call = [NODE, "--input-type=module", "-e", RUN, MODULE.as_uri()]
    done = subprocess.run(call, input=json.dumps(points), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def drawn(count: int) -> list[tuple[float | None, ...]]:
    """Random problems, a part of them on the grid of the sliders, where ties and corners are."""
    rng = np.random.default_rng(20)
    points: list[tuple[float | None, ...]] = []
    for k in range(count):
        a, b, rate, eta, limit = rng.random(5)
        if k % 2:
            a, b, rate, eta, limit = (round(20 * entry) / 20 for entry in (a, b, rate, eta, limit))
        rate, limit = None if k % 17 == 0 else rate, 0.4 + 0.7 * limit
        points.append((a, b, rate, eta, limit) if k % 3 else (a, b, rate, None, None))
    return points


@pytest.fixture(scope="module")
def answers() -> list[tuple[tuple[float | None, ...], dict[str, Any]]]:
    points = drawn(10_000)
    return list(zip(points, asked(points), strict=True))


def python(point: tuple[float | None, ...]) -> Any:
    """The same problem as arguments of the library."""
    a, b, rate, eta, limit = point
    return (a, b, np.inf if rate is None else rate, *(() if eta is None else (eta, limit)))


def test_values_are_those_of_the_package_on_ten_thousand_points(answers) -> None:
    feasible = 0
    for group in (False, True):
        chosen = [(python(point), answer) for point, answer in answers if (point[3] is None) == group]
        columns = [np.array(column) for column in zip(*(point for point, _ in chosen), strict=True)]
        best = best_points(*columns)
        told = {name: np.array([answer[name] for _, answer in chosen]) for name in ("feasible", "value")}
        assert (told["feasible"] == best.feasible).all()
        kept = best.feasible
        feasible += int(kept.sum())
        assert np.abs(told["value"] - best.value)[kept].max() <= 1e-14
        ends = np.array([answer["end"] for _, answer in chosen])
        assert ((ends == "tie") == best.tie)[kept].all()
        for name, expected in (("delta", best.delta), ("share", best.share)):
            found = np.array([answer[name] for _, answer in chosen])
            assert np.abs(found - expected)[kept].max() <= 1e-12
    assert feasible > 5000


def test_ends_branches_and_weights_are_those_of_the_package(answers) -> None:
    for point, answer in answers[::25]:
        if not answer["feasible"]:
            with pytest.raises(mb.InfeasibleError):
                mb.bernoulli.solve(*python(point))
            continue
        best = mb.bernoulli.solve(*python(point))
        assert (answer["end"], answer["branch"]) == (best.end, best.branch), point
        assert [answer["weights"][name] for name in best.weights._fields] == pytest.approx(
            best.weights, abs=1e-12
        )
        assert np.allclose(answer["coupling"], best.coupling, rtol=0, atol=1e-12)
        printed = mb.bernoulli.comonotone(*python(point)[:3]).mutual_information
        assert answer["printed"] == pytest.approx(printed, abs=1e-14)


def test_what_is_attainable_is_that_of_the_package(answers) -> None:
    for (a, b, rate, eta, limit), answer in answers[::25]:
        if eta is None:
            continue
        least = smallest_label_entropy(a, b, np.inf if rate is None else rate, eta)
        needed = smallest_rate(a, b, eta, limit)
        assert answer["attainable"]["limit"] == pytest.approx(least, abs=1e-12)
        assert answer["attainable"]["rate"] == (None if needed is None else pytest.approx(needed, abs=1e-9))


def test_the_crossover_rate_is_that_of_the_package(answers) -> None:
    for (a, b, *_), answer in answers[::79]:
        expected = mb.bernoulli.crossover_rate(a, b)
        assert answer["crossover"] == (None if expected is None else pytest.approx(expected, abs=1e-7)), (
            a,
            b,
        )


def test_both_ends_lie_at_the_extremes_of_the_polygon(answers) -> None:
    """A second method: the corners come from cutting a square by half planes."""
    seen = 0
    for point, answer in answers[::25]:
        corners = np.array(answer["corners"])
        if not answer["feasible"] or len(corners) == 0:
            continue
        seen += 1
        comonotone, antitone = (end["delta"] for end in answer["ends"])
        assert corners[:, 0].max() == pytest.approx(comonotone, abs=1e-8), point
        assert corners[:, 0].min() == pytest.approx(antitone, abs=1e-8), point
    assert seen > 150
