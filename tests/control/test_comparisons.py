"""The comparisons that prune and stop, over the product of {-inf, 0, inf}."""

from __future__ import annotations

import itertools
import math

import pytest

from mecbopt.control import comparisons as stopping

ENDS = (-math.inf, 0.0, math.inf)
GAP = 1e-6


@pytest.mark.parametrize(("bound", "incumbent"), list(itertools.product(ENDS, ENDS)))
def test_every_comparison_over_the_ends(bound, incumbent):
    without_incumbent = incumbent == math.inf
    assert stopping.prunes(bound, incumbent, GAP) == (
        bound == math.inf if without_incumbent else bound >= incumbent - GAP
    )
    assert stopping.gap_closed(bound, incumbent, GAP) == (
        not without_incumbent and (bound == math.inf or bound >= incumbent or incumbent == -math.inf)
    )
    assert stopping.bounds_cross(bound, incumbent) == (bound > incumbent)
    assert stopping.improves(bound, incumbent) == (bound < incumbent)


def test_rounding_neither_crosses_nor_improves():
    assert not stopping.bounds_cross(1.0 + 1e-12, 1.0)
    assert stopping.bounds_cross(1.0 + 1e-6, 1.0)
    assert not stopping.improves(1.0 - 1e-14, 1.0)


@pytest.mark.parametrize(
    ("nodes", "limit", "reached"), [(0, None, False), (0, 0, True), (3, 4, False), (4, 4, True)]
)
def test_the_node_limit(nodes, limit, reached):
    assert stopping.node_limit_reached(nodes, limit) is reached


def test_a_bound_is_rounded_outward_by_more_for_more_terms():
    assert 1.0 - 2e-11 < stopping.rounded_outward(1.0, 1000) < stopping.rounded_outward(1.0, 4) < 1.0
    assert stopping.rounded_outward(math.inf, 4) == math.inf
