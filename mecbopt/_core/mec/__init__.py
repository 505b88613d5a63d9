"""The compiled search for minimum entropy couplings: theorem and notation in `docs/mec.md`."""

from mecbopt._core.mec.greedy import greedy_atoms
from mecbopt._core.mec.search import (
    COMPLETE,
    MAX_LETTERS,
    RUNNING,
    NativeSearch,
    available,
    integer_masses,
    pattern_count,
    root_bound,
)

__all__ = [
    "COMPLETE",
    "MAX_LETTERS",
    "RUNNING",
    "NativeSearch",
    "available",
    "greedy_atoms",
    "integer_masses",
    "pattern_count",
    "root_bound",
]
