"""Solvers: `solve` and the engines behind it."""

from mecbopt.solvers.progress import Progress
from mecbopt.solvers.solve import ENGINES, METHODS, solve

__all__ = ["ENGINES", "METHODS", "Progress", "solve"]
