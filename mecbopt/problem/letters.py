"""Names of letters: which belong to a problem, and how they are written."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from mecbopt.errors import ProblemError

__all__ = ["Letters", "distinct_letters", "is_missing", "plain_letter", "positions"]

Letters = tuple[Hashable, ...]


def distinct_letters(name: str, letters: Iterable[Any], size: int | None) -> Letters:
    """One name for each of `size` letters, no two equal.

    Raises
    ------
    ProblemError
        Another number of letters (`size` is None: there is nothing to name), equal or unhashable ones.
    """
    # An array without axes only looks like a sequence.
    if isinstance(letters, bytes) or not isinstance(letters, Iterable) or getattr(letters, "ndim", 1) == 0:
        raise ProblemError(argument=name, value=letters, remedy="give a sequence of letters")
    named = tuple(letters)
    if len(named) != size:
        known = "there is nothing that they name" if size is None else f"the pmf has {size}"
        raise ProblemError(
            argument=name,
            value=named,
            found=f"has {len(named)} letters, but {known}",
            remedy="give one name for each letter",
        )
    seen: set[Hashable] = set()
    for position, letter in enumerate(named):
        if not _is_hashable(letter):
            raise ProblemError(
                argument=f"{name}[{position}]",
                value=letter,
                required="be hashable, such as a string, a number or a tuple of those",
            )
        if is_missing(letter):
            raise ProblemError(
                argument=f"{name}[{position}]", value=letter, required="be a letter, finite and not missing"
            )
        if letter in seen:
            raise ProblemError(
                argument=f"{name}[{position}]", value=letter, required="differ from the letters before it"
            )
        seen.add(letter)
    return named


def _is_hashable(letter: Any) -> bool:
    """Whether `hash` works; a tuple that holds a list only looks hashable."""
    try:
        hash(letter)
    except TypeError:
        return False
    return True


def is_missing(letter: Any) -> bool:
    """Whether a letter stands for none: None, NaN, infinity, pandas' NA and NaT."""
    if letter is None:
        return True
    if isinstance(letter, Decimal):
        return not letter.is_finite()
    if isinstance(letter, (float, complex)):
        return not np.isfinite(letter)
    if isinstance(letter, tuple):
        return any(map(is_missing, letter))
    try:
        return bool(letter != letter)
    except (TypeError, ValueError, RuntimeError):  # NA, arrays and tensors refuse to be true or false
        return True


def positions(name: str, found: Sequence[Hashable], wanted: Letters, of: str) -> list[int]:
    """Where each wanted letter stands among those of a table whose rows or columns have their own names."""
    places = {letter: place for place, letter in enumerate(found)}
    absent = [letter for letter in wanted if letter not in places]
    if absent or len(found) != len(wanted):
        extra = [letter for letter in found if letter not in set(wanted)]
        about = f"lacks the letter {absent[0]!r}" if absent else f"has the letter {extra[:1] or found[0]!r}"
        raise ProblemError(
            argument=name,
            value=tuple(found),
            found=about,
            required=f"have the letters of {of}, each once",
        )
    return [places[letter] for letter in wanted]


def plain_letter(letter: Any) -> Any:
    """A letter as files can hold it: numbers and texts as they are, tuples as lists, the rest by its text."""
    # The item of a date may be its nanoseconds: dates are written by their text.
    item = letter.item() if isinstance(letter, np.generic) and letter.dtype.kind not in "mM" else letter
    if isinstance(item, tuple):
        return [plain_letter(part) for part in item]
    return item if isinstance(item, (str, int, float)) else str(item)
