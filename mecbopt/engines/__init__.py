"""Engines: objects that hold their settings, say what they support, and search.  `solve` drives them."""

from mecbopt.engines.base import YES, Engine, OneStep, Request, Search, Support
from mecbopt.engines.chains import Chains
from mecbopt.engines.enumeration import Enumeration
from mecbopt.engines.free_law import FreeLaw
from mecbopt.engines.highs import Highs
from mecbopt.engines.linear import Linear
from mecbopt.engines.local import Greedy, Local
from mecbopt.engines.low_rate import LowRate
from mecbopt.engines.plain import Plain
from mecbopt.engines.registry import ENGINES, named_engine, pick, register
from mecbopt.engines.tree import Tree
from mecbopt.engines.trivial import Trivial
from mecbopt.engines.vertex import Incumbent

__all__ = [
    "ENGINES",
    "YES",
    "Chains",
    "Engine",
    "Enumeration",
    "FreeLaw",
    "Greedy",
    "Highs",
    "Incumbent",
    "Linear",
    "Local",
    "LowRate",
    "OneStep",
    "Plain",
    "Request",
    "Search",
    "Support",
    "Tree",
    "Trivial",
    "named_engine",
    "pick",
    "register",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
