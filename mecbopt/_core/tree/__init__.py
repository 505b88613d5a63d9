"""The compiled branch and bound: see `docs/developer/exact-solver.md`."""

from mecbopt._core.tree.frontier import Frontier
from mecbopt._core.tree.search import MAX_LETTERS, CompiledSearch, available
from mecbopt._core.tree.settings import Settings

__all__ = ["MAX_LETTERS", "CompiledSearch", "Frontier", "Settings", "available"]
