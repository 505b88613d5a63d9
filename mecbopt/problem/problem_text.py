"""How a problem shows itself: one line in a terminal, its statement in words, tables in a notebook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mecbopt.problem import html

if TYPE_CHECKING:
    from mecbopt.problem.problem import Problem

__all__ = ["html_tables", "law_tables", "letter_names", "one_line", "statement"]

#: Largest alphabets whose laws a notebook shows in full.
_MAX_ROWS = 20


def one_line(problem: Problem) -> str:
    """Sizes and limits."""
    n, m = problem.shape
    parts = [f"n={n}", f"m={m}", f"rate={problem.rate:.6g}"]
    parts += [] if problem.p_y is not None else ["p_y=None"]
    parts += [] if problem.p_s_given_x is None else [f"s={problem.p_s_given_x.shape[1]}"]
    for name in ("max_label_entropy", "min_label_entropy"):
        value = getattr(problem, name)
        parts += [] if value is None else [f"{name}={value:.6g}"]
    parts += [f"p_y_tolerance={problem.p_y_tolerance:.6g}"] if problem.p_y_tolerance else []
    parts += [] if problem.label_sees_seed else ["label_sees_seed=False"]
    parts += [] if problem.distortion is None else ["distortion"]
    parts += [f"constraints={len(problem.constraints)}"] if problem.constraints else []
    return f"Problem({', '.join(parts)})"


def statement(problem: Problem) -> list[tuple[str, str]]:
    """What is asked, part by part: the part's name, and its meaning with its figures."""
    n, m = problem.shape
    rows = [
        ("asked for", "greatest I(X;Y)" if problem.distortion is None else "least E d(X,Y)"),
        ("X", f"{_count(n, 'letter')}, H(X) = {problem.entropy_x:.6f} bits"),
        ("Y", _law_of_y(problem, m)),
        (
            "rate",
            "no limit on H(Y|U)" if math.isinf(problem.rate) else f"H(Y|U) <= R = {problem.rate:.6g} bits",
        ),
    ]
    if problem.p_s_given_x is not None:
        size = problem.p_s_given_x.shape[1]
        rows.append(("label S", f"{_count(size, 'letter')}, H(S) = {problem.label_entropy:.6f} bits"))
    if problem.max_label_entropy is not None:
        known, seen = ("H(S|Y,U)", "knows") if problem.label_sees_seed else ("H(S|Y)", "does not know")
        limit = f"{known} <= C = {problem.max_label_entropy:.6g} bits: who guesses S {seen} the seed U"
        rows.append(("label limit", limit))
    if problem.min_label_entropy is not None:
        rows.append(("privacy", f"H(S|Y) >= {problem.min_label_entropy:.6g} bits"))
    for position, constraint in enumerate(problem.constraints):
        rows.append((f"constraint {position + 1}", _named(constraint)))
    if problem.smoothing:
        rows.append(("smoothing", f"{problem.smoothing:g} added to every cell of the counts"))
    return rows


def html_tables(problem: Problem) -> str:
    """The statement, and the laws where the alphabets are small enough to read."""
    return html.figures(statement(problem)) + law_tables(problem, _MAX_ROWS)


def law_tables(problem: Problem, most_rows: int) -> str:
    """p_X with the label channel beside it, and p_Y; a law of more letters is left out."""
    tables = ""
    n, m = problem.shape
    if n <= most_rows:
        channel = problem.p_s_given_x
        s_names = [] if channel is None else letter_names(problem.s_letters, channel.shape[1])
        rows = [
            (name, [f"{mass:.6g}", *([] if channel is None else [f"{p:.6g}" for p in channel[x]])])
            for x, (name, mass) in enumerate(
                zip(letter_names(problem.x_letters, n), problem.p_x, strict=True)
            )
        ]
        tables += html.matrix("x", ["p_X(x)", *(f"p(s = {name} | x)" for name in s_names)], rows)
    if problem.p_y is not None and m <= most_rows:
        masses = zip(letter_names(problem.y_letters, m), problem.p_y, strict=True)
        tables += html.matrix("y", ["p_Y(y)"], [(name, [f"{mass:.6g}"]) for name, mass in masses])
    return tables


def letter_names(given: tuple[Any, ...] | None, size: int) -> list[str]:
    """The problem's own names of letters, or their positions."""
    return [str(letter) for letter in (range(size) if given is None else given)]


def _law_of_y(problem: Problem, m: int) -> str:
    if problem.p_y is None:
        return f"{_count(m, 'letter')}, of any law"
    text = f"{_count(m, 'letter')}, H(Y) = {problem.entropy_y:.6f} bits"
    if problem.p_y_tolerance:
        text += f", within {problem.p_y_tolerance:.6g} of this law in total variation"
    return text


def _named(constraint: Any) -> str:
    """A constraint in one line: a dataclass shows its fields, a function its name and no address."""
    name = getattr(constraint, "__name__", None)
    return f"function {name}" if isinstance(name, str) else " ".join(repr(constraint).split())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
