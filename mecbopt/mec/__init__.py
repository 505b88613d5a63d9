"""Plain minimum entropy coupling: greedy couplings, lower bounds and proved optima, all in bits.

`docs/mec.md` states and proves what the search relies on.
"""

from mecbopt.mec.bounds import lower_bound
from mecbopt.mec.exact import exact
from mecbopt.mec.greedy import greedy
from mecbopt.mec.result import MecResult, SparseCoupling

__all__ = ["MecResult", "SparseCoupling", "exact", "greedy", "lower_bound"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
