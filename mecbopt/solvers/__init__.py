"""Solvers: `solve` and the engines behind it."""

from mecbopt.control import Progress
from mecbopt.solvers.solve import ENGINES, METHODS, solve

__all__ = ["ENGINES", "METHODS", "Progress", "solve"]
