"""Spatial branch and bound over boxes of couplings (Falk and Soland 1969), one file a step.

`boxes` propagates marginal sums into a box, `relaxation` bounds it by a linear program, `branching` chooses
the split, `stopping` holds every comparison that prunes or stops, `search` keeps the tree.
"""

from mecbopt.engines.branch_and_bound.search import TreeSearch
from mecbopt.engines.branch_and_bound.settings import Settings

__all__ = ["Settings", "TreeSearch"]
