"""The compiled branch and bound: see `docs/developer/exact-solver.md`."""

from mecbopt._core.tree.frontier import Frontier
from mecbopt._core.tree.search import MAX_LETTERS, MAX_LINEAR_ROWS, CompiledSearch, available
from mecbopt._core.tree.settings import Settings

__all__ = ["MAX_LETTERS", "MAX_LINEAR_ROWS", "CompiledSearch", "Frontier", "Settings", "available"]
