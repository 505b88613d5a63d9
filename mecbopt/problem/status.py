"""What is known about a solution, and why the search stopped: two questions, two enums."""

from __future__ import annotations

from enum import Enum

__all__ = ["Status", "StopReason"]


class _Described(Enum):
    """An enum whose members carry a meaning and a remedy beside their value."""

    meaning: str
    remedy: str

    def __new__(cls, value: str, meaning: str, remedy: str) -> _Described:
        """Keep the text beside the value; the value alone is written to files."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        member.remedy = remedy
        member.__doc__ = f"{meaning} {remedy}".strip()
        return member


class Status(_Described):
    """What is known.  OPTIMAL is a statement in floating point."""

    OPTIMAL = (
        "optimal",
        "The coupling's value is within the asked gap of a valid upper bound.",
        "Nothing to do.",
    )
    FEASIBLE = (
        "feasible",
        "The coupling satisfies every constraint; its value is not proved optimal within the asked gap.",
        "Read `upper_bound`; give a larger time or node limit, or method='exact'.",
    )
    INFEASIBLE = (
        "infeasible",
        "No coupling satisfies the constraints.",
        "Raise max_label_entropy to `smallest_label_entropy`, or the rate to `smallest_rate`.",
    )
    UNKNOWN = (
        "unknown",
        "Neither a coupling nor a proof of infeasibility was found before the search stopped.",
        "Give a larger time or node limit.",
    )
    INVALID = (
        "invalid",
        "The bounds cross by more than the tolerance: numerical trouble, nothing is proved.",
        "Report the problem; try engine='highs', or marginals without masses many orders apart.",
    )


class StopReason(_Described):
    """Why the search stopped."""

    GAP_CLOSED = (
        "gap closed",
        "The gap reached the asked tolerance.",
        "Nothing to do; lower gap for more digits.",
    )
    EXHAUSTED = ("exhausted", "Everything was enumerated or excluded.", "Nothing to do.")
    LOCAL_SEARCH_DONE = (
        "local search done",
        "Every start of the local search reached a local optimum.",
        "Use method='exact' for a proof.",
    )
    TIME_LIMIT = ("time limit", "The time limit was reached.", "Raise time_limit.")
    NODE_LIMIT = ("node limit", "The node limit was reached.", "Raise node_limit.")
    INTERRUPTED = ("interrupted", "The search was interrupted; what was found is kept.", "Run it again.")
    NUMERICAL_TROUBLE = (
        "numerical trouble",
        "A linear program could not be solved reliably; the bounds found before it are kept.",
        "Raise gap, or try another engine.",
    )
