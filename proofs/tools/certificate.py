"""Certificates of signs: a term as a combination of products of facts, found and checked in exact rationals.

`combination` writes a target as a sum of given forms, with coefficients that are free for equations and not
negative for inequalities (a linear program, Bland's rule, exact).  What it returns is verified by adding it
up again, so an error of the search cannot prove anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import fmpq

from .language import ProofError
from .normal import Normal

__all__ = ["combination"]


def combination(
    target: Normal, forms: Sequence[Normal], free: Sequence[bool], prefer: Sequence[bool]
) -> list[fmpq] | None:
    """Coefficients with sum of c_i forms_i = target; None where there are none.

    Parameters
    ----------
    free : sequence of bool
        Whether the coefficient may be negative.
    prefer : sequence of bool
        The sum of these coefficients is made positive if that is possible.
    """
    keys = list(dict.fromkeys(key for form in (target, *forms) for key in form))
    columns: list[list[fmpq]] = []
    origin: list[tuple[int, int]] = []
    for number, form in enumerate(forms):
        column = [form.get(key, fmpq(0)) for key in keys]
        columns.append(column)
        origin.append((number, 1))
        if free[number]:
            columns.append([-entry for entry in column])
            origin.append((number, -1))
    right = [target.get(key, fmpq(0)) for key in keys]
    reward = [fmpq(int(prefer[number] and sign > 0)) for number, sign in origin]
    solution = _feasible(columns, right, reward)
    if solution is None:
        return None
    result = [fmpq(0)] * len(forms)
    for (number, sign), value in zip(origin, solution, strict=True):
        result[number] += sign * value
    check: Normal = {}
    for coefficient, form in zip(result, forms, strict=True):
        for key, value in form.items():
            check[key] = check.get(key, fmpq(0)) + coefficient * value
    if {key: value for key, value in check.items() if value} != target:
        raise ProofError("a certificate does not add up")
    if any(value < 0 and not is_free for value, is_free in zip(result, free, strict=True)):
        raise ProofError("a certificate has a negative coefficient")
    return result


def _feasible(columns: list[list[fmpq]], right: list[fmpq], reward: list[fmpq]) -> list[fmpq] | None:
    """A point of {columns x = right, x >= 0}, then a step towards reward; tableau simplex, Bland's rule."""
    rows, count = len(right), len(columns)
    table = []
    for row in range(rows):
        line = [column[row] for column in columns] + [right[row]]
        if line[-1] < 0:
            line = [-entry for entry in line]
        table.append(line)
    basis: list[int] = [-1 - row for row in range(rows)]  # artificial variables, no columns of their own
    cost = [sum((line[place] for line in table), fmpq(0)) for place in range(count + 1)]
    steps = 0
    while cost[-1] != 0:
        steps += 1
        entering = _entering(cost, count, steps)
        if entering is None:
            return None
        if not _pivot(table, basis, entering, cost):
            return None
    for row in range(rows):  # artificial variables at zero leave the basis, or their row is redundant
        if basis[row] < 0:
            entering = next((place for place in range(count) if table[row][place] != 0), None)
            if entering is not None:
                _pivot_at(table, basis, row, entering, cost)
    kept = [row for row in range(rows) if basis[row] >= 0]
    table, basis = [table[row] for row in kept], [basis[row] for row in kept]
    profit = [*reward, fmpq(0)]
    for line, place in zip(table, basis, strict=True):
        if profit[place]:
            factor = profit[place]
            profit = [entry - factor * other for entry, other in zip(profit, line, strict=True)]
    while profit[-1] == 0:  # the first gain is enough
        entering = next((place for place in range(count) if profit[place] > 0), None)
        if entering is None or not _pivot(table, basis, entering, profit):
            if entering is not None:
                return _along_ray(table, basis, entering, count)
            break
    solution = [fmpq(0)] * count
    for line, place in zip(table, basis, strict=True):
        solution[place] = line[-1]
    return solution


def _entering(cost: list[fmpq], count: int, steps: int) -> int | None:
    """The steepest column at first; after many steps the first (Bland), which cannot cycle."""
    if steps > 150:
        return next((place for place in range(count) if cost[place] > 0), None)
    best = max(range(count), key=cost.__getitem__, default=None)
    return best if best is not None and cost[best] > 0 else None


def _along_ray(table: list[list[fmpq]], basis: list[int], entering: int, count: int) -> list[fmpq]:
    """A point one unit along an unbounded direction."""
    solution = [fmpq(0)] * count
    solution[entering] = fmpq(1)
    for line, place in zip(table, basis, strict=True):
        solution[place] = line[-1] - line[entering]
    return solution


def _pivot(table: list[list[fmpq]], basis: list[int], entering: int, cost: list[fmpq]) -> bool:
    best: tuple[fmpq, int, int] | None = None
    for row, line in enumerate(table):
        if line[entering] > 0:
            key = (line[-1] / line[entering], basis[row], row)
            if best is None or key < best:
                best = key
    if best is None:
        return False
    _pivot_at(table, basis, best[2], entering, cost)
    return True


def _pivot_at(table: list[list[fmpq]], basis: list[int], row: int, entering: int, cost: list[fmpq]) -> None:
    pivot = table[row][entering]
    table[row] = line = [entry / pivot for entry in table[row]]
    for other, current in enumerate(table):
        if other != row and current[entering] != 0:
            factor = current[entering]
            table[other] = [a - factor * b if b else a for a, b in zip(current, line, strict=True)]
    if cost[entering] != 0:
        factor = cost[entering]
        cost[:] = [a - factor * b if b else a for a, b in zip(cost, line, strict=True)]
    basis[row] = entering
