"""Problems, mixtures, solutions, their states and their files."""

from mecbopt.problem.bins import Bins
from mecbopt.problem.files import load_problem
from mecbopt.problem.mixture import Mixture, source_letters
from mecbopt.problem.named import Agreement, CostCap, Forbidden, GroupFairness, Moment
from mecbopt.problem.problem import Problem
from mecbopt.problem.solution import Solution
from mecbopt.problem.status import Status, StopReason

__all__ = [
    "Agreement",
    "Bins",
    "CostCap",
    "Forbidden",
    "GroupFairness",
    "Mixture",
    "Moment",
    "Problem",
    "Solution",
    "Status",
    "StopReason",
    "load_problem",
    "source_letters",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
