"""Mutants that compute the same as the original, each with the argument why."""

from __future__ import annotations

#: name of the mutant -> why no test can tell it from the original
EQUIVALENT: dict[str, str] = {}
