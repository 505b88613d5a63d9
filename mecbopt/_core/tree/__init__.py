"""The compiled branch and bound: see `docs/developer/exact-solver.md`."""

from mecbopt._core.tree.frontier import Frontier
from mecbopt._core.tree.inputs import LETTERS_TAKEN, MAX_LABELS, MAX_LETTERS, MAX_LINEAR_ROWS, takes
from mecbopt._core.tree.search import CompiledSearch, available
from mecbopt._core.tree.settings import Settings

__all__ = [
    "LETTERS_TAKEN",
    "MAX_LABELS",
    "MAX_LETTERS",
    "MAX_LINEAR_ROWS",
    "CompiledSearch",
    "Frontier",
    "Settings",
    "available",
    "takes",
]
