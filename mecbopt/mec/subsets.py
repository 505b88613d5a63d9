"""The dynamic program over pairs of subsets in pure Python: fallback and check of the compiled search.

Theorem and notation: docs/mec.md, "The joins of the Python twin".  It knows no order of edges and the profile
bound alone, so it shares no more with `mecbopt/_core/mec` than the exact integer masses; for small alphabets.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["MAX_LETTERS", "minimum_entropy_tree"]

#: Letters in both alphabets together: 16 take a few seconds.
MAX_LETTERS = 16


def _phi(mass: float) -> float:
    return -mass * math.log2(mass) if mass > 0.0 else 0.0


def minimum_entropy_tree(
    rows: list[int],
    columns: list[int],
    unit: float,
    upper: float,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[float, list[tuple[int, int, int]] | None] | None:
    """The coupling of least entropy, if it is below `upper`.

    Parameters
    ----------
    rows, columns : list of int
        Positive masses with equal sums.
    unit : float
        Probability of mass 1.
    upper : float
        Bits; states that cannot come below are dropped.
    should_stop : callable
        Asked for every state; a true answer ends the search.

    Returns
    -------
    entropy : float
    cells : list of (row, column, mass), or None
        The n + m - 1 or fewer positive cells; None, with `upper` as the entropy, where no coupling lies
        below.  None instead of the pair where the search was stopped.
    """
    masses = rows + [-mass for mass in columns]
    count, row_bits = len(masses), (1 << len(rows)) - 1
    # set of used letters -> (entropy, open mass, positive on rows, part joined last)
    layers: list[dict[int, tuple[float, int, int]]] = [{} for _ in range(count + 1)]
    for letter, mass in enumerate(masses):
        layers[1][1 << letter] = (0.0, mass, 0)
    subtrees: list[tuple[int, float, int, int]] = []
    largest_light = (count - 1) // 3
    for layer in range(1, count):
        kept = {
            key: value
            for key, value in layers[layer].items()
            if value[0] + _remaining_entropy(masses, len(rows), key, value[1], unit) < upper
        }
        layers[layer] = kept
        if 2 <= layer <= largest_light:
            subtrees += [(key, f + _phi(abs(d) * unit), d, layer) for key, (f, d, _) in kept.items()]
        for key, (f, d, _) in kept.items():
            if should_stop():
                return None
            target = layers[layer + 1]
            for letter, mass in enumerate(masses):
                # A row joins an open column, a column an open row, either a balanced set.
                if key >> letter & 1 or (mass > 0 and d > 0) or (mass < 0 and d < 0):
                    continue
                _offer(
                    target, key | 1 << letter, f + _phi(min(abs(mass), abs(d)) * unit), d + mass, 1 << letter
                )
            for other, cost, handed, size in subtrees:
                if size >= layer or size > count - layer - size:
                    break  # sorted by size
                if other & key or handed * d > 0 or abs(handed) > abs(d):
                    continue
                _offer(layers[layer + size], key | other, f + cost, d + handed, other)
    full = (1 << count) - 1
    if full not in layers[count] or layers[count][full][0] >= upper:
        return upper, None
    cells: list[tuple[int, int, int]] = []
    _draw(layers, masses, full, row_bits, cells)
    return layers[count][full][0], cells


def _offer(layer: dict[int, tuple[float, int, int]], key: int, entropy: float, d: int, joined: int) -> None:
    old = layer.get(key)
    if old is None or entropy < old[0]:
        layer[key] = (entropy, d, joined)


def _remaining_entropy(masses: list[int], n: int, used: int, d: int, unit: float) -> float:
    """Profile bound on what the unused letters and the open mass still cost."""
    sides = [
        [abs(mass) for letter, mass in enumerate(masses[low:high], low) if not used >> letter & 1]
        for low, high in ((0, n), (n, len(masses)))
    ]
    if d:
        sides[d < 0].append(abs(d))
    a, b = (sorted(side) for side in sides)
    bound, left_a, left_b = 0.0, 0, 0
    while a and b:
        left_a, left_b = left_a or a[-1], left_b or b[-1]
        width = min(left_a, left_b)
        bound -= width * unit * math.log2(min(a[-1], b[-1]) * unit)
        left_a, left_b = left_a - width, left_b - width
        if not left_a:
            a.pop()
        if not left_b:
            b.pop()
    return bound


def _draw(
    layers: list[dict[int, tuple[float, int, int]]],
    masses: list[int],
    key: int,
    row_bits: int,
    cells: list[tuple[int, int, int]],
) -> tuple[int, int]:
    """Append the cells of the tree on `key`; return its open letter and the signed mass open there."""
    if key & (key - 1) == 0:
        letter = key.bit_length() - 1
        return letter, masses[letter]
    joined = layers[key.bit_count()][key][2]
    left, left_open = _draw(layers, masses, key & ~joined, row_bits, cells)
    right, right_open = _draw(layers, masses, joined, row_bits, cells)
    moved = min(abs(left_open), abs(right_open))
    if moved:
        n = row_bits.bit_length()
        row, column = (left, right) if left < n else (right, left)
        cells.append((row, column - n, moved))
    return (left if abs(left_open) > abs(right_open) else right), left_open + right_open
