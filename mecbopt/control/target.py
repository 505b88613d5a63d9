"""The gap at which a value counts as optimal, absolute or relative, in the one sense of the search.

A search minimises a cost (the joint entropy); the value that the caller reads is `offset - cost` or the cost
itself.  An absolute gap is the same on both scales; a relative one refers to the value.
"""

from __future__ import annotations

from dataclasses import dataclass

from mecbopt.control.comparisons import gap_closed

__all__ = ["PRUNING_SHARE", "Target"]

#: Nodes that cannot improve by more than this share of the gap are pruned: the rest is for rounding, so that
#: a finished search has a gap that is at most the one asked for.
PRUNING_SHARE = 0.9


@dataclass(frozen=True)
class Target:
    """When to be content.

    Attributes
    ----------
    gap : float
        Bits.
    relative_gap : float
        Share of the value.
    offset : float
        The value is `offset` less the cost.
    """

    gap: float
    relative_gap: float = 0.0
    offset: float = 0.0

    def allowed(self, incumbent: float) -> float:
        """The gap that is good enough at this incumbent; it never shrinks while the incumbent improves."""
        if self.relative_gap == 0.0:
            return self.gap
        return max(self.gap, self.relative_gap * max(0.0, self.offset - incumbent))

    def pruning_gap(self, incumbent: float) -> float:
        """What a node must promise beyond the incumbent to be kept."""
        return PRUNING_SHARE * self.allowed(incumbent)

    def reached(self, bound: float, incumbent: float) -> bool:
        """Whether the incumbent is proved to be good enough."""
        return gap_closed(bound, incumbent, self.allowed(incumbent))
