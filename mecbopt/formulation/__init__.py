"""What engines see of a problem: an objective and limits, presolve with lift, mappings and their pricing."""

from mecbopt.formulation.deterministic import functions_of_channel, to_deterministic
from mecbopt.formulation.enumeration import (
    MAX_ENUMERATED_MAPPINGS,
    distinct_mappings,
    enumerate_mappings,
    mapping_count,
    mapping_count_in_words,
)
from mecbopt.formulation.formulation import Formulation
from mecbopt.formulation.limits import LabelLimit, Limit, LinearLimit, RateLimit
from mecbopt.formulation.linear_rows import LinearRows, linear_rows
from mecbopt.formulation.lowering import LIMITS, OBJECTIVES, lower
from mecbopt.formulation.objectives import JointEntropy, LinearObjective, Objective
from mecbopt.formulation.partitions import (
    MAX_BINARY_LETTERS,
    MAX_SUBSET_LETTERS,
    CheapestPartition,
    prices_exactly,
    subset_sums,
)
from mecbopt.formulation.presolve import Presolved, presolve
from mecbopt.formulation.pricing import CheapestMapping, least_mean_cost

__all__ = [
    "LIMITS",
    "MAX_BINARY_LETTERS",
    "MAX_ENUMERATED_MAPPINGS",
    "MAX_SUBSET_LETTERS",
    "OBJECTIVES",
    "CheapestMapping",
    "CheapestPartition",
    "Formulation",
    "JointEntropy",
    "LabelLimit",
    "Limit",
    "LinearLimit",
    "LinearObjective",
    "LinearRows",
    "Objective",
    "Presolved",
    "RateLimit",
    "distinct_mappings",
    "enumerate_mappings",
    "functions_of_channel",
    "least_mean_cost",
    "linear_rows",
    "lower",
    "mapping_count",
    "mapping_count_in_words",
    "presolve",
    "prices_exactly",
    "subset_sums",
    "to_deterministic",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
