"""Random problems where solvers go wrong: tiny masses, useless labels, ties, borders of theorems.

A case is plain data: rationals and floats that a reproducer prints and reads back without loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

import mecbopt as mb
from tests.stress.oracle import Mixtures

__all__ = ["Case", "border_case", "labelled_case", "random_case", "rounded_case", "useless_case"]

Random = np.random.Generator
Row = tuple[Fraction | float, ...]


@dataclass(frozen=True)
class Case:
    """Arguments of a problem."""

    p_x: Row
    p_y: Row
    rate: float = math.inf
    channel: tuple[Row, ...] | None = None
    limit: float | None = None

    def problem(self) -> mb.Problem:
        """The problem itself."""
        return mb.Problem(list(self.p_x), list(self.p_y), self.rate, self._channel(), self.limit)

    def _channel(self) -> list[list[Any]] | None:
        return None if self.channel is None else [list(row) for row in self.channel]

    def code(self) -> str:
        """Python that builds it (after `from fractions import Fraction; from math import inf`)."""
        arguments = [repr(list(self.p_x)), repr(list(self.p_y)), repr(self.rate)]
        if self.channel is not None:
            arguments += [repr(self._channel()), repr(self.limit)]
        return f"mb.Problem({', '.join(arguments)})"

    def mixtures(self) -> Mixtures:
        """The oracle's view: letters of mass 0 left out, sums exactly 1."""
        problem = self.problem()
        kept = [x for x, mass in enumerate(problem.exact_p_x) if mass]
        channel = problem.exact_p_s_given_x
        return Mixtures(
            [problem.exact_p_x[x] for x in kept],
            [mass for mass in problem.exact_p_y if mass],
            None if channel is None else [channel[x] for x in kept],
        )

    @property
    def mappings(self) -> int:
        """m^n over the letters of positive mass."""
        letters_x, letters_y = (sum(1 for mass in law if mass) for law in (self.p_x, self.p_y))
        return int(letters_y**letters_x)


def _normalised(masses: Any) -> Row:
    return tuple(float(mass) for mass in np.asarray(masses, dtype=float) / np.sum(masses))


def _counts(random: Random, size: int) -> Row:
    counts = random.integers(1, 30, size)
    return tuple(Fraction(int(count), int(counts.sum())) for count in counts)


def _tiny(random: Random, size: int) -> Row:
    return _normalised(10.0 ** -(random.random(size) * random.choice([2, 6, 9, 13])))


def _one_tiny(random: Random, size: int) -> Row:
    masses = random.dirichlet(np.ones(size))
    masses[random.integers(size)] = 10.0 ** -random.integers(6, 14)
    return _normalised(masses)


def _equal(random: Random, size: int) -> Row:
    return (Fraction(1, size),) * size


def _few_values(random: Random, size: int) -> Row:
    counts = random.integers(1, 4, size)
    return tuple(Fraction(int(count), int(counts.sum())) for count in counts)


def _with_zeros(random: Random, size: int) -> Row:
    masses = random.dirichlet(np.ones(size)) * (random.random(size) < 0.7)
    return _normalised(masses) if masses.any() else _equal(random, size)


def _dirichlet(random: Random, size: int) -> Row:
    return _normalised(random.dirichlet(np.ones(size)))


PMFS: tuple[Callable[[Random, int], Row], ...] = (
    _dirichlet, _dirichlet, _counts, _tiny, _one_tiny, _equal, _few_values, _with_zeros
)  # fmt: skip


def _random_rows(random: Random, size: int, labels: int) -> list[Row]:
    return [_dirichlet(random, labels) for _ in range(size)]


def _useless(random: Random, size: int, labels: int) -> list[Row]:
    """H(S) - H(S|X) of about 1e-12 to 1e-6 bits."""
    base = random.dirichlet(3 * np.ones(labels))
    noise = 10.0 ** -random.uniform(3, 6) * random.normal(size=(size, labels))
    return [_normalised(row) for row in base * np.exp(noise)]


def _perfect(random: Random, size: int, labels: int) -> list[Row]:
    chosen = random.integers(labels, size=size)
    return [tuple(Fraction(int(s == label)) for s in range(labels)) for label in chosen]


def _equal_rows(random: Random, size: int, labels: int) -> list[Row]:
    rows = _random_rows(random, 1 + int(random.integers(2)), labels)
    return [rows[k] for k in random.integers(len(rows), size=size)]


def _tenths(random: Random, size: int, labels: int) -> list[Row]:
    """Binary labels in tenths, some of them certain."""
    tenths = random.integers(0, 11, size)
    return [(Fraction(int(k), 10), Fraction(10 - int(k), 10)) for k in tenths]


CHANNELS: tuple[Callable[[Random, int, int], list[Row]], ...] = (
    _random_rows, _random_rows, _useless, _useless, _perfect, _equal_rows, _tenths
)  # fmt: skip


def _entropy(law: Row) -> float:
    values = np.array([float(mass) for mass in law if mass])
    return float(-(values * np.log2(values)).sum())


def _rate(random: Random, case: Case) -> float:
    """Anything, with the corners of the theory among it."""
    h_x, h_y = _entropy(case.p_x), _entropy(case.p_y)
    least = min(float(mass) for mass in case.p_x if mass)
    low_rate = 0.0
    if least < 1:
        binary = _entropy((least, 1 - least))
        low_rate = min(float(mass) for mass in case.p_y if mass) * binary / (1 - least)
    corner = float(random.choice([0.0, low_rate, h_y, h_x, 1e-9, h_y / 2, 1.0]))
    kind = random.integers(8)
    if kind < 4:
        return float(random.uniform(0.02, 1.2) * h_y)
    if kind < 5:
        return math.inf
    if kind < 6:
        return float(h_y * 10.0 ** -random.uniform(0, 9))
    shift = float(random.choice([0.0, 0.0, 1e-16, -1e-16, 1e-12, -1e-12, 1e-9, -1e-9]))
    return max(0.0, corner + shift)


def random_case(random: Random, letters_x: int, letters_y: int, *, tame: bool = False) -> Case:
    """A problem without a label; `tame` keeps to masses of ordinary size."""
    chosen = PMFS[:3] if tame else PMFS
    p_x = chosen[random.integers(len(chosen))](random, letters_x)
    p_y = chosen[random.integers(len(chosen))](random, letters_y)
    if letters_x == letters_y and random.random() < 0.1:
        p_y = p_x
    case = Case(p_x, p_y)
    return replace(case, rate=_rate(random, case))


def labelled_case(random: Random, letters_x: int, letters_y: int, *, tame: bool = False) -> Case:
    """A problem with a label and a limit anywhere from hopeless to void."""
    case = random_case(random, letters_x, letters_y, tame=tame)
    rows = CHANNELS[random.integers(len(CHANNELS))](random, letters_x, int(random.integers(2, 4)))
    case = replace(case, channel=tuple(rows), limit=0.0)
    problem = case.problem()
    most = float(problem.label_entropy or 0.0)
    each = np.array([_entropy(row) for row in rows])
    least = float(np.array(problem.p_x) @ each)
    share = float(random.choice([random.random(), random.random(), 1.0, 0.0, 0.999999, 1.02]))
    return replace(case, limit=max(0.0, least + share * (most - least)))


def useless_case(random: Random, letters_x: int, letters_y: int) -> Case:
    """A label that says next to nothing, and limits of which both bind."""
    case = random_case(random, letters_x, letters_y, tame=True)
    rows = _useless(random, letters_x, 2)
    case = replace(
        case, rate=float(random.uniform(0.5, 1.0) * _entropy(case.p_y)), channel=tuple(rows), limit=0.0
    )
    most = float(case.problem().label_entropy or 0.0)
    least = case.mixtures().smallest_label_entropy(case.rate).upper
    return replace(case, limit=least + float(random.random()) * (most - least))


def rounded_case(random: Random, letters_x: int) -> Case:
    """Counts on one side, a binary Y, a label in tenths: where a descent over mappings is often misled."""
    rows = tuple(_tenths(random, letters_x, 2))
    share = Fraction(int(random.integers(1, 10)), 10)
    return Case(_counts(random, letters_x), (share, 1 - share), channel=rows, limit=0.0)


def border_case(random: Random, case: Case) -> Case:
    """The same with C at the smallest attainable one for its rate, or a hair beside it (asks the oracle)."""
    least = case.mixtures().smallest_label_entropy(case.rate).upper
    shift = float(random.choice([0.0, 1e-15, -1e-15, 1e-12, 1e-10, -1e-10, 1e-9, -1e-9, 1e-8, -1e-8, 1e-6]))
    return replace(case, limit=max(0.0, least + shift))
