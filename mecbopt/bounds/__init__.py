"""Bounds on the joint entropy of couplings that need no search; each rule once, on plain arrays."""

from mecbopt.bounds.elementary import mutual_information_bound
from mecbopt.bounds.majorisation import majorisation_bound
from mecbopt.bounds.profile import profile_bound

__all__ = ["majorisation_bound", "mutual_information_bound", "profile_bound"]
