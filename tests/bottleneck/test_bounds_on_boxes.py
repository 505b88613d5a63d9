"""The relaxation: no bound above the cost of any point in its box, and boxes lose no feasible point."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from mecbopt.bottleneck.forests import letter_bound, pairs, trees
from mecbopt.bottleneck.programs import Program
from mecbopt.bottleneck.relaxation import Boxes, Family
from mecbopt.info import entropy
from tests.bottleneck.oracle import information


def family(shape: tuple[int, int], rate: float, generator: np.random.Generator) -> Family:
    p_x, p_y = (generator.dirichlet(np.ones(size)) for size in shape)
    k = letter_bound(*shape)
    encoders, decoders = pairs(*shape)
    return Family(p_x, p_y, rate, trees(encoders, k, p_x), trees(decoders, k, p_y))


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (3, 3)])
@pytest.mark.parametrize("width", [0.5, 0.05, 0.003])
def test_no_bound_lies_above_a_feasible_point_of_its_box(shape: tuple[int, int], width: float) -> None:
    """H(X,Y) at p_T >= bound of every box that holds p_T, where no edge is negative and H(T) <= R."""
    generator = np.random.default_rng([*shape, int(1000 * width)])
    found = 0
    for _ in range(4):
        whole = family(shape, 10.0, generator)
        points = generator.dirichlet(0.7 * np.ones(whole.encoders.present.shape[1]), size=4000)
        pair = generator.integers(len(whole.roots().pair), size=len(points))
        encoder, decoder = whole.masses(pair, points)
        inside = np.minimum(encoder.min(axis=(1, 2)), decoder.min(axis=(1, 2))) >= 0.0
        points, pair, encoder, decoder = (part[inside] for part in (points, pair, encoder, decoder))
        shift = generator.uniform(0.0, width, size=points.shape)
        low, high = np.maximum(points - shift, 0.0), np.minimum(points - shift + width, 1.0)
        cost = entropy(whole.p_x) + entropy(whole.p_y) - information(encoder, decoder, points)
        np.testing.assert_allclose(encoder.sum(axis=1), np.tile(whole.p_x, (len(points), 1)), atol=1e-12)
        for rate in (float(entropy(points, axis=1).max()), float(np.median(entropy(points, axis=1)))):
            limited = Family(whole.p_x, whole.p_y, rate, whole.encoders, whole.decoders)
            examined = limited.examine(Boxes(pair, low, high))
            allowed = entropy(points, axis=1) <= rate
            assert np.all(examined.bound[allowed] <= cost[allowed])
            assert np.all(examined.boxes.low[allowed] <= points[allowed] + 1e-12)
            assert np.all(examined.boxes.high[allowed] >= points[allowed] - 1e-12)
            found += int(allowed.sum())
    assert found > 50


def test_bounds_converge_with_the_square_of_the_width() -> None:
    generator = np.random.default_rng(3)
    whole = family((2, 3), 10.0, generator)
    points = generator.dirichlet(3.0 * np.ones(3), size=3000)
    pair = generator.integers(len(whole.roots().pair), size=len(points))
    encoder, decoder = whole.masses(pair, points)
    # Cells without an edge are 0.
    inside = ~np.any((encoder != 0.0) & (encoder < 0.02), axis=(1, 2))
    inside &= ~np.any((decoder != 0.0) & (decoder < 0.02), axis=(1, 2))
    points, pair, encoder, decoder = (part[inside] for part in (points, pair, encoder, decoder))
    cost = entropy(whole.p_x) + entropy(whole.p_y) - information(encoder, decoder, points)
    gaps = []
    for width in (0.01, 0.0025):
        # A box holds less than its middle: the bound is compared with the least cost at corners too.
        examined = whole.examine(Boxes(pair, points - width, points + width))
        corners = [cost]
        for sides in itertools.permutations((-1.0, 0.0, 1.0)):
            corner = points + width * np.array(sides)
            sides_of = whole.masses(pair, corner)
            corners.append(entropy(whole.p_x) + entropy(whole.p_y) - information(*sides_of, corner))
        gaps.append(float(np.median(np.min(corners, axis=0) - examined.bound)))
    assert len(points) > 20
    assert gaps[1] < gaps[0] / 8


@pytest.mark.parametrize("k", [3, 4])
def test_programs_equal_a_solver_of_linear_programs(k: int) -> None:
    generator = np.random.default_rng(k)
    size = 20
    low = generator.dirichlet(np.ones(k), size=size) * 0.7
    high = low + generator.uniform(0.05, 0.5, size=(size, k))
    gradient, row = generator.normal(size=(size, k)), generator.normal(size=(size, k))
    other = -generator.integers(0, 2, size=(size, k)).astype(float)
    room, least = generator.normal(0.3, 0.3, size=size), -generator.uniform(0.3, 0.8, size=size)
    program = Program(low, high, row, room)
    one, two = program.least(gradient)[0], program.least_beside(gradient, other, least)[0]
    for i in range(size):
        for value, rows, sides in (
            (one, row[i : i + 1], room[i : i + 1]),
            (two, np.stack([row[i], other[i]]), [room[i], least[i]]),
        ):
            exact = linprog(
                gradient[i],
                A_ub=rows,
                b_ub=sides,
                A_eq=np.ones((1, k)),
                b_eq=[1.0],
                bounds=list(zip(low[i], high[i], strict=True)),
            )
            if exact.status == 0:
                assert value[i] == pytest.approx(exact.fun, abs=1e-8)
