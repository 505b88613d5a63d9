"""The compiled exact solver: branch and bound whose inner loops are C (see `mecbopt._core`)."""

from mecbopt.solvers.compiled.search import MAX_LETTERS, CompiledSearch, available
from mecbopt.solvers.compiled.settings import Settings

__all__ = ["MAX_LETTERS", "CompiledSearch", "Settings", "available"]
