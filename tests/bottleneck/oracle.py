"""Schemes X - T - Y by brute force, sharing no code with the package."""

from __future__ import annotations

import itertools

import numpy as np


def entropy(law: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return -np.sum(law * np.log2(np.where(law > 0, law, 1.0)), axis=axes)


def filled_along(
    p_t: np.ndarray, law: np.ndarray, rows: tuple[int, ...], columns: tuple[int, ...]
) -> np.ndarray:
    """The vertex of the couplings of p_t and law that fills cells along two orders, shape (N, k, n)."""
    begins_t = np.cumsum(p_t[:, rows], axis=1) - p_t[:, rows]
    begins = np.cumsum(law[list(columns)]) - law[list(columns)]
    ends_t, ends = begins_t + p_t[:, rows], begins + law[list(columns)]
    overlap = np.minimum(ends_t[:, :, None], ends) - np.maximum(begins_t[:, :, None], begins)
    found = np.empty_like(overlap)
    found[:, np.array(rows)[:, None], np.array(columns)] = np.maximum(overlap, 0.0)
    return found


def information(encoder: np.ndarray, decoder: np.ndarray, p_t: np.ndarray) -> np.ndarray:
    """I(X;Y), bits, of P(t, x) (..., k, n) and P(t, y) (..., k, m)."""
    channel = decoder / np.where(p_t > 0, p_t, 1.0)[..., None]
    joint = np.swapaxes(encoder, -1, -2) @ channel
    return entropy(joint.sum(-1), (-1,)) + entropy(joint.sum(-2), (-1,)) - entropy(joint, (-2, -1))


def laws_on_a_grid(rate: float, fine: int) -> np.ndarray:
    """Laws of three letters with H(T) <= rate: a grid, and in each direction the point with H(T) = rate."""
    found = []
    for share in np.linspace(0.5, 1.0, fine):
        rest = np.concatenate([np.linspace(0.0, 2 / 3, 2 * fine), _ends(rate, share)])
        laws = np.stack([1 - rest, rest * share, rest * (1 - share)], axis=1)
        found.append(laws[entropy(laws, (1,)) <= rate + 1e-12])
    return np.concatenate(found)


def _ends(rate: float, share: float) -> list[float]:
    """The masses `rest` below the maximiser of H(T) at which H(T) = rate, by bisection."""

    def rate_of(rest: float) -> float:
        return float(entropy(np.array([1 - rest, rest * share, rest * (1 - share)]), (0,)))

    grid = np.linspace(0.0, 2 / 3, 2000)
    low, high = 0.0, float(grid[np.argmax([rate_of(rest) for rest in grid])])
    if rate_of(high) <= rate:
        return []
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rate_of(middle) <= rate else (low, middle)
    return [low]


def best_on_a_grid(p_x: np.ndarray, p_y: np.ndarray, rate: float, fine: int = 60) -> float:
    """The greatest I(X;Y) over a grid of laws of three letters and, for bits X and Y, all vertices."""
    laws = laws_on_a_grid(rate, fine)
    orders = list(itertools.permutations(range(3)))
    best = 0.0
    encoders = [filled_along(laws, p_x, rows, (0, 1)) for rows in orders]
    decoders = [filled_along(laws, p_y, rows, (0, 1)) for rows in orders]
    for encoder, decoder in itertools.product(encoders, decoders):
        best = max(best, float(information(encoder, decoder, laws).max()))
    return best


def best_of_random_schemes(
    p_x: np.ndarray, p_y: np.ndarray, rate: float, letters: int, count: int, generator: np.random.Generator
) -> float:
    """The greatest I(X;Y) over random laws of T, with random vertices and mixtures of two."""
    laws = generator.dirichlet(np.ones(letters), size=count) ** generator.uniform(0.5, 8.0, size=(count, 1))
    laws /= laws.sum(axis=1, keepdims=True)
    laws = laws[entropy(laws, (1,)) <= rate]
    best = 0.0
    for _ in range(12):
        sides = []
        for law in (p_x, p_y):
            both = [
                filled_along(
                    laws,
                    law,
                    tuple(generator.permutation(letters)),
                    tuple(generator.permutation(len(law))),
                )
                for _ in range(2)
            ]
            share = generator.choice([0.0, 0.0, 0.1, 0.5], size=len(laws))[:, None, None]
            sides.append((1 - share) * both[0] + share * both[1])
        if len(laws):
            best = max(best, float(information(*sides, laws).max()))
    return best
