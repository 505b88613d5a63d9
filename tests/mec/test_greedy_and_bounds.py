"""Greedy couplings, sparse and dense, and the lower bounds."""

from __future__ import annotations

import importlib
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt._core import mec as native
from mecbopt.info import entropy, meet
from mecbopt.mec.bounds import profile_bound

pmfs = st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any).map(lambda w: np.array(w) / sum(w))
#: Guarantees of the greedy algorithm, bits (docs/mec.md).
TWO_MARGINALS = math.log2(math.e) / math.e
ANY_MARGINALS = (1 + math.log2(math.e)) / 2


@given(st.lists(pmfs, min_size=2, max_size=4))
def test_greedy_is_a_coupling_within_its_guarantee(marginals: list[np.ndarray]) -> None:
    result = mb.mec.greedy(*marginals)
    assert isinstance(result.coupling, np.ndarray)
    assert result.coupling.shape == tuple(len(p) for p in marginals)
    for axis, p in enumerate(marginals):
        others = tuple(other for other in range(len(marginals)) if other != axis)
        np.testing.assert_allclose(result.coupling.sum(axis=others), p, rtol=0, atol=1e-12)
    guarantee = TWO_MARGINALS if len(marginals) == 2 else ANY_MARGINALS
    assert -1e-12 <= result.gap <= guarantee + 1e-9
    assert np.count_nonzero(result.coupling) <= sum(map(len, marginals)) - len(marginals) + 1


def majorize_profile(rows: list[int], columns: list[int]) -> float:
    """Atoms S_k - S_(k-1), S_k = min over letters y of max(S_(k-1) + y, t - mass of letters up to y)."""
    total, placed, atoms = sum(rows), 0, []
    while placed < total:
        reached = min(
            max(placed + y, total - sum(other for other in side if other <= y))
            for side in (rows, columns)
            for y in side
        )
        reached = min(reached, total)
        atoms.append((reached - placed) / total)
        placed = reached
    return float(entropy(atoms))


@pytest.mark.skipif(not native.available(), reason="the compiled core is absent")
@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=7), st.lists(st.integers(1, 50), min_size=2, max_size=7)
)
def test_the_search_begins_at_the_majorize_profile_bound(a: list[int], b: list[int]) -> None:
    rows, columns = (
        sorted((x * sum(b) for x in a), reverse=True),
        sorted((y * sum(a) for y in b), reverse=True),
    )
    unit = 2**60 // sum(rows)
    with native.NativeSearch([x * unit for x in rows], [y * unit for y in columns], 6.0, False) as search:
        bound = search.root_bound
    scale = unit * sum(rows) / 2**60
    assert bound == pytest.approx(scale * (majorize_profile(rows, columns) - math.log2(scale)), abs=1e-12)
    p, q = np.array(rows) / sum(rows), np.array(columns) / sum(columns)
    assert (
        profile_bound([p, q]) - 1e-12 <= majorize_profile(rows, columns) <= mb.mec.exact(p, q).entropy + 1e-12
    )
    assert majorize_profile(rows, columns) >= float(entropy(meet(p, q))) - 1e-12


@given(st.lists(pmfs, min_size=2, max_size=3))
def test_sparse_and_dense_are_the_same_coupling(marginals: list[np.ndarray]) -> None:
    dense, sparse = mb.mec.greedy(*marginals), mb.mec.greedy(*marginals, sparse=True)
    assert isinstance(sparse.coupling, mb.mec.SparseCoupling)
    assert np.array_equal(sparse.coupling.to_dense(), dense.coupling)
    assert sparse.entropy == dense.entropy
    for axis, p in enumerate(marginals):
        np.testing.assert_allclose(sparse.coupling.marginal(axis), p, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sizes", [(30, 20), (6, 5, 4), (7,) * 24])
def test_atoms_stand_in_lexicographic_order(sizes: tuple[int, ...]) -> None:
    """Each cell once, for shapes whose cells one number of 64 bits can count, and beyond (7^24)."""
    module = importlib.import_module("mecbopt.mec.greedy")
    random = np.random.default_rng(1)
    marginals = [random.dirichlet(np.ones(size)) for size in sizes]
    expected: dict[tuple[int, ...], float] = {}
    for cell, mass in zip(*module._atoms(marginals), strict=True):
        expected[tuple(cell.tolist())] = expected.get(tuple(cell.tolist()), 0.0) + mass
    coupling = module.greedy_support(marginals)
    assert coupling.indices.dtype == np.int64
    assert list(map(tuple, coupling.indices.tolist())) == sorted(expected)
    assert coupling.masses.tolist() == [expected[cell] for cell in sorted(expected)]


def test_sparse_form_as_a_scipy_matrix() -> None:
    result = mb.mec.greedy([0.5, 0.3, 0.2], [0.6, 0.4], sparse=True)
    assert isinstance(result.coupling, mb.mec.SparseCoupling)
    assert np.array_equal(result.coupling.to_scipy().toarray(), result.coupling.to_dense())
    three = mb.mec.greedy([0.5, 0.5], [0.5, 0.5], [0.7, 0.3], sparse=True)
    assert isinstance(three.coupling, mb.mec.SparseCoupling)
    with pytest.raises(mb.ProblemError, match="3 marginals"):
        three.coupling.to_scipy()


def test_a_hundred_thousand_letters() -> None:
    generator = np.random.default_rng(0)
    p, q = generator.dirichlet(np.ones(100_000)), generator.dirichlet(np.ones(100_000))
    start = time.process_time()
    result = mb.mec.greedy(p, q, sparse=True)
    # Measured 0.3 s; the limit is ample, since a loaded machine must not fail the suite.
    assert time.process_time() - start < (3 if native.available() else 30)
    assert isinstance(result.coupling, mb.mec.SparseCoupling)
    assert np.abs(result.coupling.marginal(0) - p).max() <= 1e-15
    assert np.abs(result.coupling.marginal(1) - q).max() <= 1e-15
    assert 0.0 <= result.gap <= TWO_MARGINALS
    with pytest.raises(mb.ProblemError, match="sparse=True"):
        mb.mec.greedy(p, q)


def test_greedy_by_hand() -> None:
    result = mb.mec.greedy([0.6, 0.4], [0.5, 0.3, 0.2])
    np.testing.assert_allclose(result.coupling, [[0.5, 0.0, 0.1], [0.0, 0.3, 0.1]], atol=1e-15)
    assert mb.mec.greedy([0.5, 0.5], [0.5, 0.5]).status is mb.Status.OPTIMAL


@given(pmfs, pmfs)
def test_bounds_are_ordered(p: np.ndarray, q: np.ndarray) -> None:
    """max(H(p), H(q)) <= H(p meet q), and every bound is at most lower_bound <= greedy <= H(p) + H(q)."""
    bound = mb.mec.lower_bound(p, q)
    assert max(entropy(p), entropy(q)) <= entropy(meet(p, q)) + 1e-9 <= bound + 2e-9
    assert profile_bound([p, q]) <= bound + 1e-12
    assert bound <= mb.mec.greedy(p, q).entropy + 1e-9 <= entropy(p) + entropy(q) + 2e-9
    assert mb.mec.lower_bound(q, p) == pytest.approx(bound, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(pmfs, pmfs)
def test_no_bound_exceeds_the_minimum(p: np.ndarray, q: np.ndarray) -> None:
    optimum = mb.mec.exact(p, q)
    assert mb.mec.lower_bound(p, q) <= optimum.entropy + 1e-9
    assert optimum.entropy <= mb.mec.greedy(p, q).entropy + 1e-9


@given(pmfs, pmfs, pmfs)
def test_more_marginals_never_lower_the_bound_of_majorisation_and_profile(p, q, r) -> None:
    both = max(float(entropy(meet(p, q))), profile_bound([p, q]))
    assert mb.mec.lower_bound(p, q, r) >= both - 1e-9


def test_profile_bound_by_hand() -> None:
    # Quantiles: .5 | .1 | .4 with smaller letters .5, .5, .4.
    assert profile_bound([np.array([0.5, 0.5]), np.array([0.6, 0.4])]) == pytest.approx(
        0.6 + 0.4 * math.log2(1 / 0.4), abs=1e-12
    )


@pytest.mark.parametrize("call", [mb.mec.greedy, mb.mec.lower_bound])
def test_bad_input_names_the_argument(call) -> None:
    with pytest.raises(mb.ProblemError, match=r"q sums to 0\.9"):
        call([1.0], [0.5, 0.4])
    with pytest.raises(mb.ProblemError, match=r"more\[0\]\[1\] is -1"):
        call([1.0], [1.0], np.array([2.0, -1.0]))
    with pytest.raises(mb.ProblemError, match="p is 'abc'"):
        call("abc", [1.0])


def test_results_compare_by_equals() -> None:
    first, second = (mb.mec.greedy([0.5, 0.5], [0.7, 0.3]) for _ in range(2))
    assert first.equals(second)
    assert not first.equals(mb.mec.greedy([0.5, 0.5], [0.6, 0.4]))
    assert not first.equals(mb.mec.greedy([0.5, 0.5], [0.7, 0.3], sparse=True))
    assert mb.mec.greedy([0.5, 0.5], [1.0], sparse=True).equals(mb.mec.greedy([0.5, 0.5], [1.0], sparse=True))


@pytest.mark.skipif(not native.available(), reason="the compiled core is absent")
@pytest.mark.parametrize("sizes", [(1, 1), (5, 4), (200, 150), (30, 20, 10), (2, 3, 4, 5)])
@pytest.mark.parametrize("kind", ["random", "equal masses", "tiny masses"])
def test_the_compiled_greedy_is_its_twin_to_the_bit(sizes, kind):
    module = importlib.import_module("mecbopt.mec.greedy")
    random = np.random.default_rng(len(kind))
    for _ in range(20):
        marginals = []
        for size in sizes:
            masses = random.dirichlet(np.ones(size))
            if kind == "equal masses":  # zeros among them
                masses = random.integers(0, 4, size).astype(float)
                masses[random.integers(size)] += 1.0
            elif kind == "tiny masses":
                masses = masses * 10.0 ** random.uniform(-17, 0, size)
            marginals.append(masses / masses.sum())
        compiled = native.greedy_atoms(marginals, module._DUST)
        plain = module._atoms(marginals)
        assert np.array_equal(compiled[0], plain[0])
        assert np.array_equal(compiled[1], plain[1])


@pytest.mark.skipif(not native.available(), reason="the compiled core is absent")
def test_a_hundred_thousand_letters_take_less_than_a_second_or_two():
    """Half a second of processor time on a machine with nothing else to do."""
    random = np.random.default_rng(0)
    p, q = (random.dirichlet(np.ones(100_000)) for _ in range(2))
    start = time.process_time()
    coupling = mb.mec.greedy(p, q, sparse=True).coupling
    assert time.process_time() - start < 2.0
    for axis, law in enumerate((p, q)):
        sums = np.bincount(coupling.indices[:, axis], coupling.masses, len(law))
        assert np.abs(sums - law).max() < 1e-15
