"""How long a search may run, what it reports, and every comparison that prunes a node or ends it."""

from mecbopt.control.clock import Clock, Expired
from mecbopt.control.comparisons import (
    BOUND_ROUNDING,
    bounds_cross,
    gap_closed,
    improves,
    node_limit_reached,
    prunes,
)
from mecbopt.control.loop import run_search
from mecbopt.control.progress import Progress, ProgressCallback
from mecbopt.control.target import PRUNING_SHARE, Target

__all__ = [
    "BOUND_ROUNDING",
    "PRUNING_SHARE",
    "Clock",
    "Expired",
    "Progress",
    "ProgressCallback",
    "Target",
    "bounds_cross",
    "gap_closed",
    "improves",
    "node_limit_reached",
    "prunes",
    "run_search",
]
