"""The exact search against enumeration, against its pure Python twin, and by its invariances."""

from __future__ import annotations

import importlib
import itertools
import math
import signal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt._core import mec as native
from mecbopt.info import entropy
from mecbopt.mec import subsets
from mecbopt.mec.exact import SearchSettings, exact_coupling
from tests.mec.all_joins import least_entropy_by_all_joins
from tests.mec.vertices import least_entropy_by_enumeration
from tests.strikes import strike_once

needs_core = pytest.mark.skipif(not native.available(), reason="the compiled core is absent")
#: The search proves 1e-9 bits; sums of entropies round at 1e-14.
PROVED = 1.1e-9


def dirichlet_pair(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.dirichlet(np.ones(n)), generator.dirichlet(np.ones(m))


def weights(size: int, largest: int = 12) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1, largest), min_size=size, max_size=size)


def pmf(counts: list[int]) -> list[Fraction]:
    return [Fraction(count, sum(counts)) for count in counts]


def assert_proved(result: mb.mec.MecResult, p: object, q: object) -> None:
    assert result.status is mb.Status.OPTIMAL
    assert isinstance(result.coupling, np.ndarray)
    assert result.coupling.min() >= 0.0
    np.testing.assert_allclose(result.coupling.sum(axis=1), np.asarray(p, dtype=float), rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.coupling.sum(axis=0), np.asarray(q, dtype=float), rtol=0, atol=1e-12)
    assert result.entropy == pytest.approx(float(entropy(result.coupling)), abs=1e-12)
    assert 0.0 <= result.gap <= PROVED


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 4), (3, 3), (3, 4), (4, 3), (5, 2)])
@pytest.mark.parametrize("seed", range(4))
def test_least_entropy_of_all_vertices(n: int, m: int, seed: int) -> None:
    generator = np.random.default_rng([seed, n, m])
    p, q = (pmf(generator.integers(1, 60, size=size).tolist()) for size in (n, m))
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(least_entropy_by_enumeration(p, q), abs=PROVED)


@settings(max_examples=25, deadline=None)
@given(weights(3, 5), weights(3, 5))
def test_small_integer_masses_with_many_ties_and_balances(a: list[int], b: list[int]) -> None:
    """Equal letters and subsets of equal sum: forests with several trees."""
    p, q = pmf(a), pmf(b)
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(least_entropy_by_enumeration(p, q), abs=PROVED)


@pytest.mark.parametrize(
    ("n", "m", "largest"), [(5, 5, 10_000), (4, 6, 10_000), (3, 7, 9), (5, 5, 5), (8, 2, 100)]
)
@pytest.mark.parametrize("seed", range(3))
def test_light_branches_suffice(n: int, m: int, largest: int, seed: int) -> None:
    generator = np.random.default_rng([seed, n, m])
    a, b = (generator.integers(1, largest + 1, size=size).tolist() for size in (n, m))
    value = least_entropy_by_all_joins([x * sum(b) for x in a], [y * sum(a) for y in b])
    assert mb.mec.exact(pmf(a), pmf(b)).entropy == pytest.approx(value, abs=PROVED)


@needs_core
@pytest.mark.parametrize("seed", range(6))
def test_forests_of_balanced_blocks(seed: int) -> None:
    """Blocks of equal mass, of one row or column too, and blocks that miss it by a hair."""
    generator = np.random.default_rng(seed)
    shapes = [((2, 3), (3, 2)), ((1, 3), (3, 2), (1, 1)), ((4, 3), (2, 2))][seed % 3]
    a: list[int] = []
    b: list[int] = []
    for n, m in shapes:
        parts = [generator.integers(1, 9, size=size) for size in (n, m)]
        a += (parts[0] * 1000 * parts[1].sum()).tolist()
        b += (parts[1] * 1000 * parts[0].sum()).tolist()
    if seed >= 3:  # no longer balanced: least edges of mass 1
        a[0], a[-1] = a[0] + 1, a[-1] - 1
    value = least_entropy_by_all_joins(a, b)
    assert mb.mec.exact(pmf(a), pmf(b)).entropy == pytest.approx(value, abs=PROVED)


@needs_core
@pytest.mark.parametrize(("n", "m", "seed"), [(7, 7, 0), (8, 6, 1), (9, 9, 2), (10, 10, 3), (4, 12, 4)])
def test_edges_of_an_optimum_are_ordered(n: int, m: int, seed: int) -> None:
    """|a - b| >= z for edges a and b at the two ends of z; some letter sees masses grow on all paths."""
    coupling = mb.mec.exact(*dirichlet_pair(n, m, seed)).coupling
    cells = [(int(x), int(y)) for x, y in np.argwhere(coupling > 1e-12)]
    smaller = 0
    for x, y in cells:
        z = coupling[x, y]
        row = [coupling[x, other] for i, other in cells if i == x and other != y]
        column = [coupling[other, y] for other, j in cells if j == y and other != x]
        assert all(abs(a - b) >= z - 1e-9 for a in row for b in column)
        smaller += all(a > z for a in row) or all(b > z for b in column)
    assert smaller == len(cells) == n + m - 1


def python_minimum(p: np.ndarray, q: np.ndarray) -> float:
    rows, columns = (native.integer_masses(np.sort(side)[::-1]) for side in (p, q))
    found = subsets.minimum_entropy_tree(rows, columns, 2.0**-60, math.inf)
    assert found is not None
    value, cells = found
    assert value == pytest.approx(float(entropy([mass * 2.0**-60 for _, _, mass in cells])), abs=1e-12)
    assert [sum(mass for x, _, mass in cells if x == row) for row in range(len(rows))] == rows
    return value


@needs_core
@pytest.mark.parametrize(("n", "m"), [(5, 5), (6, 5), (4, 7), (6, 6), (3, 9)])
@pytest.mark.parametrize("seed", range(2))
def test_compiled_search_agrees_with_the_python_one(n: int, m: int, seed: int) -> None:
    p, q = dirichlet_pair(n, m, seed)
    assert mb.mec.exact(p, q).entropy == pytest.approx(python_minimum(p, q), abs=PROVED)


@needs_core
@pytest.mark.parametrize(("n", "m"), [(4, 5), (5, 6), (4, 6), (3, 7)])
def test_uniform_marginals_agree_with_the_search_that_knows_no_ties(n: int, m: int) -> None:
    p, q = np.full(n, 1 / n), np.full(m, 1 / m)
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(python_minimum(p, q), abs=PROVED)


@needs_core
@pytest.mark.parametrize("seed", range(6))
def test_two_valued_marginals_agree_with_the_search_that_knows_no_ties(seed: int) -> None:
    generator = np.random.default_rng(seed)
    p, q = (generator.choice(generator.random(2), size=size) for size in (5, 6))
    p, q = p / p.sum(), q / q.sum()
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(python_minimum(p, q), abs=PROVED)


@needs_core
@pytest.mark.parametrize(
    ("n", "value"),
    # Values of a depth-first enumeration of leaf peelings and of the uncompressed program over all 4^n pairs.
    [(6, 2.6015140677), (8, 2.6259461081), (9, 2.9781141502), (10, 3.1139694757)],
)
def test_reference_instances(n: int, value: float) -> None:
    p, q = dirichlet_pair(n, n, n)
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(value, abs=2e-9)


@settings(max_examples=25, deadline=None)
@given(weights(4, 40), weights(5, 40), st.randoms(use_true_random=False))
def test_relabelling_and_exchange_of_the_marginals_change_nothing(a: list[int], b: list[int], random) -> None:
    p, q = pmf(a), pmf(b)
    value = mb.mec.exact(p, q).entropy
    assert mb.mec.exact(q, p).entropy == pytest.approx(value, abs=PROVED)
    random.shuffle(p)
    random.shuffle(q)
    assert mb.mec.exact(p, q).entropy == pytest.approx(value, abs=PROVED)


@settings(max_examples=25, deadline=None)
@given(weights(5, 40), weights(4, 40))
def test_merging_letters_never_raises_the_minimum(a: list[int], b: list[int]) -> None:
    """H(X,Y) >= H(f(X),Y)."""
    merged = [a[0] + a[1], *a[2:]]
    assert mb.mec.exact(pmf(merged), pmf(b)).entropy <= mb.mec.exact(pmf(a), pmf(b)).entropy + PROVED


def test_known_optima() -> None:
    half = [Fraction(1, 2)] * 2
    assert mb.mec.exact(half, half).entropy == 1.0
    assert mb.mec.exact([1], [0.25, 0.75]).coupling.tolist() == [[0.25, 0.75]]
    # p is a coarsening of q: the minimum is H(q).
    assert mb.mec.exact([0.5, 0.3, 0.2], [0.5, 0.2, 0.2, 0.1]).entropy == pytest.approx(
        float(entropy([0.5, 0.2, 0.2, 0.1])), abs=1e-9
    )
    # Three against two equal letters: one of the three is halved.
    assert mb.mec.exact([Fraction(1, 3)] * 3, half).entropy == pytest.approx(math.log2(3) + 1 / 3, abs=1e-9)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_zero_and_tiny_masses(size: int) -> None:
    p = np.array([0.0, 1e-300, *np.full(size, 1 / size), 0.0])
    q = np.array([0.4, 0.0, 0.35, 0.25])
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.coupling[0].sum() == 0.0
    assert result.entropy == pytest.approx(mb.mec.exact(p[2:-1], q[[0, 2, 3]]).entropy, abs=PROVED)


@needs_core
def test_a_stopped_search_keeps_valid_bounds() -> None:
    """At every limit on the states the interval holds the optimum; the same limit, the same answer."""
    p, q = dirichlet_pair(10, 10, 3)
    optimum = mb.mec.exact(p, q).entropy
    for limit in (1, 20, 100, 500, 2000, 4000):
        coupling, upper, lower, finished = exact_coupling(p, q, settings=SearchSettings(max_states=limit))
        assert lower - 1e-12 <= optimum <= upper + 1e-12
        assert finished == (upper - lower <= 2e-9)
        np.testing.assert_allclose(coupling.sum(axis=1), p, rtol=0, atol=1e-12)
        again = exact_coupling(p, q, settings=SearchSettings(max_states=limit))
        assert np.array_equal(coupling, again[0])
        assert (upper, lower) == again[1:3]


@needs_core
def test_every_stop_by_the_caller_keeps_valid_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package shows the function `exact` under the name of this module.
    monkeypatch.setattr(importlib.import_module("mecbopt.mec.exact"), "_SLICE_SECONDS", 0.0)
    p, q = dirichlet_pair(8, 8, 8)
    optimum = mb.mec.exact(p, q).entropy
    for stop_after in (1, 5, 25, 80, 200):
        calls = itertools.count()
        _, upper, lower, _ = exact_coupling(p, q, should_stop=lambda n=stop_after, c=calls: next(c) >= n)
        assert lower - 1e-12 <= optimum <= upper + 1e-12


@needs_core
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "settings_",
    [SearchSettings(pattern_bound=False), SearchSettings(beam_widths=()), SearchSettings(beam_widths=(7, 3))],
)
def test_no_lever_changes_the_optimum(seed: int, settings_: SearchSettings) -> None:
    p, q = dirichlet_pair(7, 7, seed)
    _, upper, lower, finished = exact_coupling(p, q, settings=settings_)
    assert finished
    assert upper == pytest.approx(mb.mec.exact(p, q).entropy, abs=PROVED)
    assert 0.0 <= upper - lower <= PROVED


def test_time_limit_gives_a_feasible_answer() -> None:
    if not native.available():
        pytest.skip("the compiled core is absent")
    p, q = dirichlet_pair(16, 16, 16)
    result = mb.mec.exact(p, q, time_limit=0.5)
    assert result.status is mb.Status.FEASIBLE
    assert mb.mec.lower_bound(p, q) - 1e-12 <= result.lower_bound < result.entropy
    assert result.entropy <= mb.mec.greedy(p, q).entropy


def test_without_the_compiled_core(monkeypatch: pytest.MonkeyPatch) -> None:
    p, q = dirichlet_pair(5, 6, 3)
    value = mb.mec.exact(p, q).entropy
    monkeypatch.setattr("mecbopt._core.mec.available", lambda: False)
    result = mb.mec.exact(p, q)
    assert_proved(result, p, q)
    assert result.entropy == pytest.approx(value, abs=PROVED)
    with pytest.raises(mb.NotSupportedError, match=r"18 letters .* 16 at most.*mec\.greedy"):
        mb.mec.exact(*dirichlet_pair(9, 9, 9))


def test_size_limit_is_refused_politely() -> None:
    p, q = dirichlet_pair(40, 40, 0)
    most = 62 if native.available() else 16
    with pytest.raises(mb.NotSupportedError, match=rf"80 letters .* {most} at most.*mec\.greedy"):
        mb.mec.exact(p, q)
    with pytest.raises(mb.NotSupportedError, match=r"200000 letters"):
        mb.mec.exact(np.full(100_000, 1e-5), np.full(100_000, 1e-5))
    assert_proved(mb.mec.exact(p, p[::-1]), p, p[::-1])  # here greedy meets the bound at any size
    coupling, upper, lower, finished = exact_coupling(p, q)
    assert not finished
    assert lower <= upper == pytest.approx(float(entropy(coupling)))


@pytest.mark.parametrize(
    ("p", "q", "time_limit", "message"),
    [
        ([0.5, 0.6], [1.0], None, r"p sums to 1\.1: it must sum to 1"),
        ([0.5, 0.5], [0.5, float("nan")], None, r"q\[1\] is nan"),
        ([0.5, 0.5], [-0.5, 1.5], None, r"q\[0\] is -0\.5"),
        ([], [1.0], None, "p is empty"),
        ([[1.0]], [1.0], None, r"p holds a list at \[0\]"),
        ([1.0], [1.0], 0, "time_limit is 0"),
        ([1.0], [1.0], float("nan"), "time_limit is nan"),
    ],
)
def test_bad_input(p: object, q: object, time_limit: object, message: str) -> None:
    with pytest.raises(mb.ProblemError, match=message):
        mb.mec.exact(p, q, time_limit=time_limit)


def test_ctrl_c_while_the_answer_is_put_together_keeps_it(monkeypatch):
    """It came as a KeyboardInterrupt out of the entropy of the coupling that the search had found."""
    module = importlib.import_module("mecbopt.mec.exact")
    right, calls = module.joint_entropy, []

    def struck(masses):
        calls.append(masses)
        if len(calls) == 1:  # the tree of the search
            signal.raise_signal(signal.SIGINT)
        return right(masses)

    monkeypatch.setattr(module, "joint_entropy", struck)
    result = mb.mec.exact([0.5, 0.3, 0.2], [0.6, 0.4])
    assert calls
    assert result.stop_reason is mb.StopReason.INTERRUPTED
    assert result.status is mb.Status.OPTIMAL


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("place", ["marginals", "greedy_support"])
def test_ctrl_c_before_the_search_still_gets_an_answer(count, place, monkeypatch):
    """It came as a KeyboardInterrupt where marginals were read or greedy began."""
    room = "several" if count == 3 and place == "greedy_support" else "exact"
    came = strike_once(monkeypatch, f"mec.{room}.{place}")
    law = np.arange(1.0, 13.0) / 78.0
    result = mb.mec.exact(*[law[:: 3 * (count - 1)] / law[:: 3 * (count - 1)].sum()] * (count - 1), law)
    assert came
    assert result.stop_reason is mb.StopReason.INTERRUPTED
    assert result.lower_bound <= result.entropy + 1e-9
    assert result.coupling.sum(axis=tuple(range(count - 1))) == pytest.approx(law)
