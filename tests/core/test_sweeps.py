"""Two letters of Y priced by sweeps over an arrangement of lines, against tables over all sets."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.formulation import Formulation
from tests.instances import dirichlet_marginals
from tests.oracle import bits

BY_TABLES = Settings(symmetry=False, random_starts=0, jensen_rows=False, sweep_letters=99)
BY_SWEEPS = Settings(symmetry=False, random_starts=0, sweep_letters=2)


def masses(random, n, even):
    """All equal, or multiples of one small mass, many of them equal, or generic."""
    kinds = (np.ones(n), random.integers(1, 4, n), random.dirichlet(np.ones(n)) + 1e-3)
    drawn = kinds[even % 3]
    return drawn / drawn.sum()


def channel_of(random, n, kind):
    """A function of x, a few values that letters share, or generic."""
    shares = (random.integers(0, 2, n), random.integers(1, 4, n) / 4, random.uniform(size=n))[kind % 3]
    shares[:2] = 0.25, 0.75
    return np.stack([1 - shares, shares], axis=1)


def boxes(random, p_x, p_y, count):
    """Boxes that hold the independent coupling, some cells of them with no room on one side."""
    center, widest = np.outer(p_x, p_y), np.minimum.outer(p_x, p_y)
    for _ in range(count):
        lower = center * random.uniform(0, 1, center.shape) * random.integers(0, 2, center.shape)
        yield lower, center + (widest - center) * random.uniform(0, 1, center.shape) ** 2


def near_and_far(random, n, kind):
    """Masses down to 1e-12; shares that differ by a unit in the last place, or are multiples of 1/4."""
    p_x = 10.0 ** -random.uniform(0, 12, n) if kind % 2 else random.integers(1, 4, n)
    near = 0.5 + random.integers(-1, 2, n) * 10.0 ** -random.uniform(0.4, 16, n)
    shares = near if kind % 4 < 2 else random.integers(0, 5, n) / 4
    shares[:2] = 0.3, 0.8
    return p_x / p_x.sum(), np.stack([1 - shares, shares], axis=1)


def linear_forms(random, p_x, channel):
    """Nothing, few values, all letters in one point, and generic ones: each a form that is priced."""
    plane = p_x[:, None] * (0.5 + np.outer(channel[:, 1], [0.0, random.choice([-1.0, 1.0])]))
    yield np.zeros((len(p_x), 2))
    yield p_x[:, None] * random.integers(-1, 2, (len(p_x), 2))
    yield plane
    yield p_x[:, None] * random.uniform(-4, 4, (len(p_x), 2))


@pytest.mark.parametrize("seed", range(60))
def test_a_sweep_finds_the_least_of_all_mappings(seed):
    """A thousandth of what bounds leave for rounding is what it misses."""
    random = np.random.default_rng(seed)
    p_x, channel = near_and_far(random, n := 2 + seed % 9, seed)
    search = CompiledSearch(p_x, [0.4, 0.6], 0.5, channel, 0.9, settings=BY_SWEEPS)
    held = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    parts = np.stack([1 - held, held])  # (letter of Y, mapping, letter of X)
    entropy = bits(parts @ p_x).sum(axis=0)
    label = bits(np.einsum("ykx,xs->yks", parts, p_x[:, None] * channel)).sum(axis=(0, 2)) - entropy
    for linear in linear_forms(random, p_x, channel):
        for _ in range(3):
            on_rate, on_label = 10.0 ** random.uniform(-2, 2, 2) * random.integers(0, 3, 2).clip(0, 1)
            least = np.min(np.einsum("ykx,xy->k", parts, linear) + on_rate * entropy + on_label * label)
            found = search.swept_least(linear, on_rate, on_label)
            margin = 1e-12 * (1 + np.abs(linear).sum() + 0.1 * (on_rate + on_label))
            assert abs(found - least) <= 0.2 * margin


@pytest.mark.parametrize("seed", range(36))
def test_bounds_are_those_of_tables_over_all_sets(seed):
    """A set that a sweep missed would leave a bound that is too high."""
    random = np.random.default_rng(seed)
    n = 3 + seed % 7
    p_x, p_y = masses(random, n, seed), random.dirichlet([3, 3])
    channel = channel_of(random, n, seed // 3)
    rate = random.uniform(0.2, 0.8) * float(bits(p_y).sum())
    limit = random.uniform(0.6, 1.0) * float(bits(p_x @ channel).sum())
    kinds = [{"p_s_given_x": channel, "max_label_entropy": limit}]
    form = random.integers(0, 3, (1, n, 2)) / 2
    kinds.append({"linear": (form, [-math.inf], [float((form[0] * np.outer(p_x, p_y)).sum())])})
    kinds.append(kinds[0] | kinds[1])
    for limits in kinds:
        searches = [CompiledSearch(p_x, p_y, rate, **limits, settings=one) for one in (BY_SWEEPS, BY_TABLES)]
        assert [search.sweeps for search in searches] == [True, False]
        for lower, upper in boxes(random, p_x, p_y, 4):
            sweeps, tables = (search.relaxation_bound(lower, upper) for search in searches)
            assert sweeps == pytest.approx(tables, abs=5e-9)


def test_trees_prove_the_same():
    """A label, linear rows, both, and a label without the seed; 9 letters."""
    p_x, _ = dirichlet_marginals(9, 2, 4)
    p_y, random = np.array([0.4, 0.6]), np.random.default_rng(1)
    channel, form = random.dirichlet(np.ones(2), size=9), random.uniform(size=(1, 9, 2))
    entropy = float(bits(p_x @ channel).sum())
    label = {"p_s_given_x": channel, "max_label_entropy": 0.94 * entropy}
    row = {"linear": (form, [float((form[0] * np.outer(p_x, p_y)).sum()) + 0.03], [math.inf])}
    joint = 0.97 * entropy + float(bits(p_y).sum())
    unseen = label | {
        "max_label_entropy": 0.97 * entropy,
        "max_joint_label_entropy": joint,
        "joint_slack": 1e-10,
    }
    for limits in (label, row, label | row, unseen):
        values, bounds = [], []
        for settings in (BY_SWEEPS, BY_TABLES):
            search = CompiledSearch(p_x, p_y, 0.5, **limits, settings=replace(settings, random_starts=4))
            search.run(gap=1e-6, nodes=100_000)
            values.append(search.incumbent_entropy)
            bounds.append(search.entropy_lower_bound)
        assert values == pytest.approx([values[0]] * 2, abs=1e-6)
        assert min(bounds) >= max(values) - 2.001e-6
        assert max(bounds) <= min(values)


def test_fourteen_letters_with_a_label_are_bounded_as_by_tables():
    """The default: from 12 letters on."""
    p_x, p_y = dirichlet_marginals(14, 2, 1)
    channel = np.random.default_rng([1, 14]).dirichlet(np.ones(2), size=14)
    limits = 0.5, channel, 0.95 * float(bits(p_x @ channel).sum())
    settings = Settings(symmetry=False, random_starts=0), BY_TABLES
    sweeps, tables = (CompiledSearch(p_x, p_y, *limits, settings=one) for one in settings)
    assert sweeps.sweeps
    assert not tables.sweeps
    for lower, upper in boxes(np.random.default_rng(3), p_x, p_y, 3):
        assert sweeps.relaxation_bound(lower, upper) == pytest.approx(
            tables.relaxation_bound(lower, upper), abs=5e-9
        )


def test_where_sweeps_do_not_serve():
    """Three letters of Y, three labels, the rate alone, tables of another kind, fewer letters than asked."""
    random = np.random.default_rng(2)
    p_x, p_y = random.dirichlet(np.ones(6)), np.array([0.4, 0.6])
    labels = random.dirichlet(np.ones(2), size=6)
    table = random.uniform(size=64)

    def sweeps(p_y=p_y, settings=BY_SWEEPS, **limits):
        return CompiledSearch(p_x, p_y, 0.5, **limits, settings=settings).sweeps

    label = {"p_s_given_x": labels, "max_label_entropy": 0.9}
    share = Formulation.of(p_x, p_y, 0.5, labels, 0.9).label_limit.table[0]
    assert sweeps(**label)
    assert sweeps(**label, label_table=share)
    assert not sweeps(**label, label_table=-share)
    assert not sweeps(**label, label_table=table)
    assert not sweeps(**label, settings=Settings(sweep_letters=7))
    assert not sweeps(p_y=np.array([0.2, 0.3, 0.5]), **label)
    assert not sweeps(p_s_given_x=random.dirichlet(np.ones(3), size=6), max_label_entropy=0.9)
    assert not sweeps()
