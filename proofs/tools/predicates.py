"""Named properties and what they mean in numbers (exact rationals), for the second witness."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["MEANINGS", "WORDS"]

#: name -> function of (instance, *arguments)
MEANINGS: dict[str, Callable[..., bool]] = {}
#: name -> words with {0}, {1}, ... for the arguments
WORDS: dict[str, str] = {}
