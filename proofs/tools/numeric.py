"""Rules by numbers: finite lists of values, enclosures of closed terms, covers of boxes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from ..lemma import Rule
from .evaluate import ball, compiled, enclosed, holds, interval, precision
from .kernel import Context
from .language import ForAll, Formula, Or, ProofError, Rel, conjuncts, free_symbols
from .replacing import numbers

__all__ = ["cover", "decide", "enclosure"]


def decide() -> Rule:
    """A claim about finitely many values, each tried: `ForAll(variables, (one of: v = 0, v = 1; ...),
    then)`.
    """

    def check(_: Context, claim: Formula) -> str:
        variables, given, then = (
            (claim.variables, claim.given, claim.then) if isinstance(claim, ForAll) else ((), (), claim)
        )
        ranges: dict[Any, list[Any]] = {}
        others = []
        for one in given:
            values = _values(one)
            if values is None or values[0] in ranges:
                others.append(one)
            else:
                ranges[values[0]] = values[1]
        if set(variables) != set(ranges) or free_symbols(claim):
            raise ProofError(f"{claim} has variables without a finite range")
        if any(not _exact(term) for term in terms_of(claim)):
            raise ProofError("only exact values are decided: no logarithms or roots")
        tried = 0
        for choice in itertools.product(*(ranges[one] for one in variables)):
            values = {one.name: ball_or_exact(value) for one, value in zip(variables, choice, strict=True)}
            if all(holds(one, values) for one in others):
                tried += 1
                if not holds(then, values):
                    raise ProofError(f"it fails at {dict(zip(variables, choice, strict=True))}")
        if not tried:
            raise ProofError("no case was tried")
        return f"{tried} cases tried"

    return Rule("cases", check)


def ball_or_exact(value: Any) -> Any:
    """A rational exactly, another number as a ball."""
    return compiled(value)({})


def terms_of(formula: Any) -> list[Any]:
    """Every term of a formula."""
    found: list[Any] = []
    numbers(formula, lambda term: found.append(term) or term)
    return found


def _exact(term: Any) -> bool:
    """Built of rationals, sums, products and integer powers."""
    rational = all(one.is_Integer for one in (power.exp for power in term.atoms(sp.Pow)))
    return rational and not term.atoms(sp.Function) and all(one.is_Rational for one in term.atoms(sp.Number))


def _values(formula: Formula) -> tuple[Any, list[Any]] | None:
    parts = formula.parts if isinstance(formula, Or) else (formula,)
    if not all(isinstance(part, Rel) and part.op == "=" and part.right.is_number for part in parts):
        return None
    if len({part.left for part in parts}) != 1 or not isinstance(parts[0].left, sp.Symbol):
        return None
    return parts[0].left, [part.right for part in parts]


def enclosure(digits: int = 20) -> Rule:
    """Equations excluded: inequalities between closed terms, by balls."""

    def check(_: Context, claim: Formula) -> str:
        accounts = []
        for part in conjuncts(claim):
            if not isinstance(part, Rel) or part.op == "=" or free_symbols(part):
                raise ProofError(f"{part} is no inequality between numbers")
            difference = enclosed(part.right - part.left)
            if not difference > 0:  # also for <=: no ball proves an equality
                raise ProofError(f"the balls do not prove {part}: {difference.str(10)}")
            sides = [enclosed(side) for side in (part.left, part.right)]
            accounts.append(f"{sides[0].str(digits)} {part.op} {sides[1].str(digits)}")
        return "; ".join(accounts)

    return Rule("ball arithmetic", check)


def cover(max_boxes: int = 200_000) -> Rule:
    """The claim `ForAll(variables, bounds, left < right)` on a box: bisected until balls prove it on each
    piece.

    The box is read off the claim, and the pieces must add up to it.
    """

    def check(_: Context, claim: Formula) -> str:
        if (
            not isinstance(claim, ForAll)
            or not isinstance(claim.then, Rel)
            or claim.then.op not in ("<", "<=")
        ):
            raise ProofError("a cover proves an inequality for all points of a box")
        if free_symbols(claim):
            raise ProofError(f"{claim} speaks of more than its variables")
        box = _box(claim)
        term = claim.then.right - claim.then.left
        value = compiled(term)
        slopes = [compiled(sp.diff(term, one)) for one in claim.variables]
        names = [one.name for one in claim.variables]
        with precision(64):
            pieces, volume = _covered(box, names, value, slopes, max_boxes)
        if volume != sp.prod([high - low for low, high in box]) or not volume:
            raise ProofError("the pieces do not fill the box")
        return f"{pieces} boxes fill {' x '.join(f'[{low}, {high}]' for low, high in box)}"

    return Rule("cover", check)


def _box(claim: ForAll) -> list[tuple[Fraction, Fraction]]:
    lows, highs = {}, {}
    for one in claim.given:
        if not isinstance(one, Rel) or one.op not in ("<", "<="):
            raise ProofError(f"{one} is no bound")
        if one.right in claim.variables and one.left.is_Rational:
            lows[one.right] = Fraction(int(one.left.p), int(one.left.q))
        elif one.left in claim.variables and one.right.is_Rational:
            highs[one.left] = Fraction(int(one.right.p), int(one.right.q))
        else:
            raise ProofError(f"{one} is no bound of one variable")
    if set(lows) != set(claim.variables) or set(highs) != set(claim.variables):
        raise ProofError("a variable has no bound")
    return [(lows[one], highs[one]) for one in claim.variables]


def _covered(
    box: list[tuple[Fraction, Fraction]],
    names: list[str],
    value: Callable[[dict[str, Any]], Any],
    slopes: list[Callable[[dict[str, Any]], Any]],
    max_boxes: int,
) -> tuple[int, Fraction]:
    queue, settled, volume = [box], 0, Fraction(0)
    while queue:
        current = queue.pop()
        if settled + len(queue) > max_boxes:
            raise ProofError(f"no proof after {max_boxes} boxes, for instance on {current}")
        if _positive(current, names, value, slopes):
            settled += 1
            piece = Fraction(1)
            for low, high in current:
                piece *= high - low
            volume += piece
            continue
        widest = max(range(len(current)), key=lambda i: current[i][1] - current[i][0])
        low, high = current[widest]
        middle = (low + high) / 2
        for part in ((low, middle), (middle, high)):
            queue.append([*current[:widest], part, *current[widest + 1 :]])
    return settled, volume


def _positive(
    box: list[tuple[Fraction, Fraction]],
    names: list[str],
    value: Callable[[dict[str, Any]], Any],
    slopes: list[Callable[[dict[str, Any]], Any]],
) -> bool:
    """By the natural form, or by the mean value form around the middle."""
    balls = {name: interval(low, high) for name, (low, high) in zip(names, box, strict=True)}
    try:
        if ball(value(dict(balls))) > 0:
            return True
        middles = {name: (low + high) / 2 for name, (low, high) in zip(names, box, strict=True)}
        moved = ball(value({name: ball(middle) for name, middle in middles.items()}))
        for name, slope in zip(names, slopes, strict=True):
            moved = moved + ball(slope(dict(balls))) * (balls[name] - ball(middles[name]))
        return bool(moved > 0)
    except (ProofError, ZeroDivisionError):
        return False
