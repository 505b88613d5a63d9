"""The compiled branch and bound: see `docs/developer/exact-solver.md`."""

from mecbopt._core.tree.frontier import Frontier
from mecbopt._core.tree.inputs import MAX_LABELS, MAX_LETTERS, MAX_LINEAR_ROWS
from mecbopt._core.tree.search import CompiledSearch, available
from mecbopt._core.tree.settings import Settings

__all__ = [
    "MAX_LABELS",
    "MAX_LETTERS",
    "MAX_LINEAR_ROWS",
    "CompiledSearch",
    "Frontier",
    "Settings",
    "available",
]
