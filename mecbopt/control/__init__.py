"""How long a search may run, what it reports, and every comparison that prunes a node or ends it."""

from mecbopt.control.clock import Clock, Expired
from mecbopt.control.comparisons import (
    bounds_cross,
    gap_closed,
    improves,
    node_limit_reached,
    prunes,
    rounded_outward,
)
from mecbopt.control.interrupts import HeldInterrupts, held_interrupts
from mecbopt.control.loop import Advancing, run_search
from mecbopt.control.progress import Progress, ProgressCallback
from mecbopt.control.requests import valid_gap
from mecbopt.control.target import PRUNING_SHARE, Target

__all__ = [
    "PRUNING_SHARE",
    "Advancing",
    "Clock",
    "Expired",
    "HeldInterrupts",
    "Progress",
    "ProgressCallback",
    "Target",
    "bounds_cross",
    "gap_closed",
    "held_interrupts",
    "improves",
    "node_limit_reached",
    "prunes",
    "rounded_outward",
    "run_search",
    "valid_gap",
]
