"""Curves over the rate, and many problems at once."""

from mecbopt.analysis.curve import RateCurve, rate_curve
from mecbopt.analysis.many import ManyProgress, solve_many
from mecbopt.analysis.prices import LimitPrice, limit_prices

__all__ = ["LimitPrice", "ManyProgress", "RateCurve", "limit_prices", "rate_curve", "solve_many"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
