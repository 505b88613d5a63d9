"""Random instances for the second witness of the edge lemma and of those that count mappings."""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq, fmpq_mat

__all__ = ["draw_cells", "draw_law", "draw_optimum"]


def draw_cells(columns: list[Any], weights: list[Any]) -> list[list[Any]]:
    """The mixture of matrices."""
    return [
        [
            sum((a * b[i][j] for a, b in zip(weights, columns, strict=True)), fmpq(0))
            for j in range(len(columns[0][0]))
        ]
        for i in range(len(columns[0]))
    ]


def draw_law(cells: list[list[Any]]) -> list[Any]:
    """Sums of columns."""
    return [sum((row[j] for row in cells), fmpq(0)) for j in range(len(cells[0]))]


def draw_optimum(generator: random.Random, place: int, limits: int) -> dict[str, Any]:
    """Weights on columns that are independent in the rows, and as many more as there are limits; the same
    weights again, or others that are worse, change a row, or leave the columns.
    """
    number, n, m = generator.randint(1, 5), generator.randint(1, 2), generator.randint(1, 3)
    rows, bounding = generator.randint(1, 2), generator.randint(1, 2)
    a = [[fmpq(generator.randint(-1, 2)) for _ in range(number)] for _ in range(rows)]
    b = [[fmpq(generator.randint(-1, 2)) for _ in range(number)] for _ in range(bounding)]
    b[0] = [fmpq(generator.randint(1, 2)) for _ in range(number)]
    chosen: list[int] = []
    for column in generator.sample(range(number), number):
        tried = [[row[one] for one in (*chosen, column)] for row in (*a, *b)]
        if fmpq_mat(tried).rank() == len(chosen) + 1:
            chosen.append(column)
    chosen += [column for column in range(number) if column not in chosen][:limits]
    weights = [
        fmpq(generator.randint(1, 9), generator.choice((10, 300))) if column in chosen else fmpq(0)
        for column in range(number)
    ]

    def matrices(letters: int) -> list[Any]:
        return [
            [
                [fmpq(generator.randint(0, 4), generator.choice((5, 30))) for _ in range(m)]
                for _ in range(letters)
            ]
            for _ in range(number)
        ]

    columns, labels = matrices(n), [matrices(2) for _ in range(max(limits, 1))]
    other = list(weights)
    if place % 3 == 1:
        other[generator.choice(chosen)] = fmpq(0)
    if place % 3 == 2:
        other = [one * generator.choice((0, 1, fmpq(1, 2), 2)) for one in weights]
    here, there = draw_cells(columns, weights), draw_cells(columns, other)
    seen, known = ([draw_cells(one, each) for one in labels] for each in (weights, other))
    return {
        "#K": number,
        "#X": n,
        "#Y": m,
        "#S": 2,
        "#V": m,
        "#L": len(labels),
        "#R": rows,
        "#O": bounding,
        "A": a,
        "B": b,
        "c": [fmpq(generator.randint(1, 4), generator.choice((2, 200))), *[fmpq(0)] * (bounding - 1)],
        "w": weights,
        "u": other,
        "on": [int(one > 0) for one in weights],
        "z": [fmpq(0)] * number,
        "M": columns,
        "N": labels,
        "P": here,
        "Q": there,
        "r": draw_law(here),
        "t": draw_law(there),
        "J": seen,
        "K": known,
        "D": [draw_law(one) for one in seen],
        "E": [draw_law(one) for one in known],
    }
