"""The compiled search against independent exact methods: vertex enumeration and exchange cliques."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.errors import NotSupportedError, ProblemError
from tests.core.clique_enumeration import best_over_cliques
from tests.instances import dirichlet_marginals, random_instance
from tests.oracle import best_over_all_bases, bits, polytope

SHAPES = [(2, 2), (2, 3), (3, 2), (3, 3)]

#: The gap that the search closes, and rounding.
TOLERANCE = 1e-6 + 1e-9


def solve(p_x, p_y, rate, channel=None, limit=None, **levers):
    search = CompiledSearch(p_x, p_y, rate, channel, limit, settings=Settings(**levers))
    search.run(seconds=60)
    return search


def value(search, p_x, p_y):
    return float(bits(p_x).sum() + bits(p_y).sum()) - search.incumbent_entropy


def check_incumbent(search, p_x, p_y, rate, channel=None, limit=None):
    """The incumbent meets marginals and limits to 1e-12, with the weights and the value it claims."""
    mappings, weights = search.incumbent_mappings, search.incumbent_weights
    m = len(p_y)
    assert (weights > 0).all()
    assert len(weights) <= m + 1 + (channel is not None)
    cells = (mappings[:, :, None] == np.arange(m)) * np.asarray(p_x)[:, None]
    coupling = np.einsum("k,kxy->xy", weights, cells)
    np.testing.assert_allclose(coupling.sum(axis=1), p_x, atol=1e-12)
    np.testing.assert_allclose(coupling.sum(axis=0), p_y, atol=1e-12)
    laws = cells.sum(axis=1)
    assert weights @ bits(laws).sum(axis=1) <= rate + 1e-12
    assert bits(coupling).sum() == pytest.approx(search.incumbent_entropy, abs=1e-11)
    if channel is not None:
        joint = np.einsum("kxy,xs->kys", cells, channel)
        labels = bits(joint).sum(axis=(1, 2)) - bits(laws).sum(axis=1)
        assert weights @ labels <= limit + 1e-12


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(12))
def test_value_is_the_best_vertex(shape, seed):
    """V = max over vertices of I(X;Y)."""
    case = random_instance(*shape, seed)
    search = solve(case.p_x, case.p_y, case.rate)
    best = best_over_all_bases(polytope(case.p_x, case.p_y, case.rate))
    assert value(search, case.p_x, case.p_y) == pytest.approx(best, abs=TOLERANCE)
    assert search.incumbent_entropy - search.entropy_lower_bound <= TOLERANCE
    assert search.trouble == 0
    check_incumbent(search, case.p_x, case.p_y, case.rate)


@pytest.mark.parametrize("shape", SHAPES[:3])
@pytest.mark.parametrize("seed", range(8))
def test_value_with_a_label_is_the_best_vertex(shape, seed):
    """The same with sum_k w_k H(S|f_k(X)) <= C."""
    case = random_instance(*shape, seed, label="feasible")
    search = solve(case.p_x, case.p_y, case.rate, case.channel, case.limit)
    best = best_over_all_bases(polytope(case.p_x, case.p_y, case.rate, case.channel, case.limit))
    assert value(search, case.p_x, case.p_y) == pytest.approx(best, abs=TOLERANCE)
    check_incumbent(search, case.p_x, case.p_y, case.rate, case.channel, case.limit)


@pytest.mark.parametrize("seed", range(4))
def test_an_infeasible_label_limit_is_recognised(seed):
    """C below the smallest attainable: no incumbent, the bound is infinite."""
    case = random_instance(2, 3, seed, label="infeasible")
    search = solve(case.p_x, case.p_y, case.rate, case.channel, case.limit)
    assert search.infeasible
    assert search.finished
    assert search.entropy_lower_bound == math.inf
    assert len(search.incumbent_weights) == 0


EQUAL = {
    "uniform": (np.ones(3) / 3, np.ones(3) / 3),
    "X uniform": (np.ones(3) / 3, np.array([0.5, 0.3, 0.2])),
    "Y uniform": (np.array([0.5, 0.3, 0.2]), np.ones(3) / 3),
    "pairs": (np.array([0.2, 0.4, 0.4]), np.array([0.1, 0.1, 0.8])),
}


@pytest.mark.parametrize("name", EQUAL)
@pytest.mark.parametrize("share", [0.1, 0.45, 0.8, 1.0])
@pytest.mark.parametrize("levers", [{"pivots": True}, {"pivots": False}, {"symmetry": False}])
def test_ordering_exchangeable_letters_keeps_the_optimum(name, share, levers):
    """Some optimum satisfies all order rows at once."""
    p_x, p_y = EQUAL[name]
    rate = share * float(bits(p_y).sum())
    search = solve(p_x, p_y, rate, **levers)
    best = best_over_all_bases(polytope(p_x, p_y, rate))
    assert value(search, p_x, p_y) == pytest.approx(best, abs=TOLERANCE)


ALIKE = {
    "3x3": ([3], [3]),
    "4x2": ([4], [2]),
    "2x4": ([2], [4]),
    "classes": ([1, 2], [3]),
    "two pairs": ([2, 2], [2, 1]),
    "rest": ([3, 1], [1, 2]),
    "lonely Y": ([3], [1, 1]),
}


def permutations_within(classes):
    """All permutations of letters, numbered class by class, that keep every class."""
    first, parts = 0, []
    for size in classes:
        parts.append(list(itertools.permutations(range(first, first + size))))
        first += size
    return [list(itertools.chain(*one)) for one in itertools.product(*parts)]


@pytest.mark.parametrize("name", ALIKE)
@pytest.mark.parametrize("pivots", [True, False])
def test_every_orbit_has_a_coupling_in_order(name, pivots):
    """And where no two cells are equal only one: all of the group is used, but for cells not in the rows."""
    x_classes, y_classes = ALIKE[name]
    p_x, p_y = (
        np.concatenate([np.full(size, 1.0 + kind) for kind, size in enumerate(classes)])
        for classes in (x_classes, y_classes)
    )
    search = CompiledSearch(p_x / p_x.sum(), p_y / p_y.sum(), 0.5, settings=Settings(pivots=pivots))
    first, second = (list(cells) for cells in zip(*search.order, strict=True))
    generator = np.random.default_rng(0)
    for largest in (1, 2, 4, 10**6):
        for _ in range(10):
            cells = generator.integers(0, largest + 1, (len(p_x), len(p_y)))
            orbit = [
                cells[np.ix_(rows, columns)].ravel()
                for rows in permutations_within(x_classes)
                for columns in permutations_within(y_classes)
            ]
            ordered = [one for one in orbit if (one[first] >= one[second]).all()]
            assert ordered
            if largest == 10**6:
                assert len(ordered) == 1


def test_pivots_see_what_one_row_and_column_do_not():
    """A cell that holds a whole letter leaves ties in its lines; from .4 H(Y) on pivots order the others."""
    even = np.full(4, 0.25)
    nodes = {}
    for pivots in (True, False, None):
        search = solve(even, even, 1.4, pivots=pivots)
        assert search.finished or search.incumbent_entropy - search.entropy_lower_bound <= TOLERANCE
        assert value(search, even, even) == pytest.approx(1.270619283, abs=1e-6)
        nodes[pivots] = search.nodes
    assert 3 * nodes[True] < nodes[False]
    assert nodes[None] == nodes[True]
    assert solve(even, even, 0.5).order == solve(even, even, 0.5, pivots=False).order


def test_equal_masses_with_different_labels_are_not_exchangeable():
    """Only letters of equal mass and equal label law may be ordered."""
    p_x, p_y = np.array([0.25, 0.25, 0.5]), np.array([0.5, 0.5])
    channel = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    for limit in (0.86, 0.9, 0.93):
        search = solve(p_x, p_y, 0.7, channel, limit)
        best = best_over_all_bases(polytope(p_x, p_y, 0.7, channel, limit))
        assert value(search, p_x, p_y) == pytest.approx(best, abs=TOLERANCE)


LEVERS = [
    {"jensen_rows": False},
    {"sharpening": False},
    {"propagation": False},
    {"reduced_cost_tightening": False},
    {"root_tightening": True},
    {"columns_per_round": 1},
    {"random_starts": 0},
    {"branching_margin": 0.45},
]


@pytest.mark.parametrize("levers", LEVERS, ids=lambda change: next(iter(change)))
def test_no_lever_changes_the_value(levers):
    """Levers change the tree, never the optimum."""
    for seed in range(3):
        case = random_instance(3, 3, 100 + seed)
        plain = value(solve(case.p_x, case.p_y, case.rate), case.p_x, case.p_y)
        changed = value(solve(case.p_x, case.p_y, case.rate, **levers), case.p_x, case.p_y)
        assert changed == pytest.approx(plain, abs=TOLERANCE)


def test_rate_zero_is_the_product_coupling():
    """R = 0: only constants, I = 0."""
    p_x, p_y = dirichlet_marginals(4, 4, 0)
    search = solve(p_x, p_y, 0.0)
    assert value(search, p_x, p_y) == pytest.approx(0.0, abs=1e-9)
    assert (search.incumbent_mappings == search.incumbent_mappings[:, :1]).all()


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (4, 4)])
def test_infinite_rate_equals_a_rate_that_cannot_bind(shape):
    """R = infinity and R = H(Y) have the same value."""
    p_x, p_y = dirichlet_marginals(*shape, 1)
    free = value(solve(p_x, p_y, math.inf), p_x, p_y)
    full = value(solve(p_x, p_y, float(bits(p_y).sum())), p_x, p_y)
    assert free == pytest.approx(full, abs=TOLERANCE)


@pytest.mark.parametrize("tiny", [1e-4, 1e-8, 1e-12])
def test_extreme_masses(tiny):
    """A mass near zero moves the value by no more than its entropy terms, and nothing breaks."""
    p_x, p_y = np.array([0.6, 0.4]), np.array([0.55, 0.45])
    rate = 0.5
    value_without = value(solve(p_x, p_y, rate), p_x, p_y)
    with_x = np.array([0.6 - tiny, 0.4, tiny])
    with_y = np.array([0.55 - tiny, 0.45, tiny])
    search = solve(with_x, with_y, rate)
    check_incumbent(search, with_x, with_y, rate)
    assert search.incumbent_entropy - search.entropy_lower_bound <= TOLERANCE
    # Merging the tiny letters maps every coupling to one of the small problem up to their entropy.
    slack = 4 * float(bits(np.array([tiny]))[0]) + 20 * tiny * math.log2(1 / tiny) + 2e-6
    assert value(search, with_x, with_y) == pytest.approx(value_without, abs=slack)


def test_four_by_four_needs_a_small_tree():
    """A regression guard on the size of the tree (measured: 50 to 600 nodes)."""
    for share in (0.1, 0.5, 0.9):
        p_x, p_y = dirichlet_marginals(4, 4, 2)
        search = solve(p_x, p_y, share * float(bits(p_y).sum()))
        assert search.incumbent_entropy - search.entropy_lower_bound <= TOLERANCE
        assert search.nodes < 3000


@pytest.mark.parametrize("seed", range(3))
def test_exchange_cliques_agree_with_all_vertices(seed):
    """The oracle of the agreement tests, against the other oracle."""
    case = random_instance(3, 3, 50 + seed)
    best = best_over_all_bases(polytope(case.p_x, case.p_y, case.rate))
    assert best_over_cliques(case.p_x, case.p_y, case.rate) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (([0.5, 0.5], [1.0], 0.5), NotSupportedError, "p_y"),
        ((np.ones(21) / 21, [0.5, 0.5], 0.5), NotSupportedError, "p_x"),
        ((np.ones(17) / 17, [0.4, 0.3, 0.3], 0.5), NotSupportedError, "p_x"),
        (([0.5, 0.5], np.ones(13) / 13, 0.5), NotSupportedError, "p_y"),
        (([0.5, 0.6], [0.5, 0.5], 0.5), ProblemError, "p_x"),
        (([1.0, 0.0], [0.5, 0.5], 0.5), ProblemError, "p_x"),
        (([0.5, 0.5], [0.5, 0.5], -0.1), ProblemError, "rate"),
        (([0.5, 0.5], [0.5, 0.5], 0.5, [[1.0, 0.0], [0.0, 1.0]]), ProblemError, "max_label_entropy"),
        (([0.5, 0.5], [0.5, 0.5], 0.5, [[1.0, 0.0]], 0.5), ProblemError, "p_s_given_x"),
    ],
)
def test_input_that_was_not_presolved_is_refused(arguments, error, text):
    """One clear error that names the argument."""
    with pytest.raises(error, match=text):
        CompiledSearch(*arguments)


def test_a_start_is_taken_and_checked():
    """A given mixture is the first incumbent; one of the wrong shape is refused."""
    p_x, p_y = [0.5, 0.3, 0.2], [0.6, 0.4]
    search = CompiledSearch(p_x, p_y, 0.5, start=([[0, 0, 0], [1, 1, 1]], [0.6, 0.4]))
    assert search.incumbent_entropy < math.inf
    with pytest.raises(ProblemError, match="start"):
        CompiledSearch(p_x, p_y, 0.5, start=([[0, 0]], [1.0]))
    with pytest.raises(ProblemError, match="start"):
        CompiledSearch(p_x, p_y, 0.5, start=([[0, 0, 2]], [1.0]))
