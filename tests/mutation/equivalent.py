"""Mutants that compute the same as the original, each with the argument why."""

from __future__ import annotations

#: name of the mutant -> why no test can tell it from the original
EQUIVALENT: dict[str, str] = {
    "mecbopt/bernoulli/polygon.py::label_share: 0.0 -> 1.0 #3": (
        "the slack where the label tells nothing (told = 0): the share beside it is then plus or minus "
        "infinity, "
        "and no finite slack changes on which side of the top that lies"
    ),
    "mecbopt/engines/low_rate.py::optimum: 0.0 -> 1.0 #1": (
        "the share that the search starts from: the theorem is used for two letters or more on each side, "
        "so some "
        "mapping is not constant, its value is below infinity, and the share is replaced with it"
    ),
    "mecbopt/engines/branch_and_bound/relaxation.py::bound: 1.0 -> 2.0 #2": (
        "the sign with which a Farkas ray is tried: twice a ray proves the same, and the margin it has to "
        "beat is a "
        "tolerance"
    ),
}
