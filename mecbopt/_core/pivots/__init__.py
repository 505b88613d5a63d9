"""The compiled local search: descents over vertices by pivots."""

from mecbopt._core.pivots.search import PivotSearch

__all__ = ["PivotSearch"]
