"""Bounds on the joint entropy of couplings that need no search; each rule once, on plain arrays."""

from mecbopt.bounds.elementary import mutual_information_bound
from mecbopt.bounds.majorisation import majorisation_bound
from mecbopt.bounds.profile import profile_bound
from mecbopt.bounds.secants import phi_secants

__all__ = ["majorisation_bound", "mutual_information_bound", "phi_secants", "profile_bound"]
