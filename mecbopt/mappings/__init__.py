"""Deterministic mappings X -> Y: enumeration, subset tables, pricing, presolve, Theorem 1."""

from mecbopt.mappings.deterministic import functions_of_channel, to_deterministic
from mecbopt.mappings.enumeration import MAX_ENUMERATED_MAPPINGS, enumerate_mappings, mapping_count
from mecbopt.mappings.instance import Instance
from mecbopt.mappings.limits import LabelLimit, Limit, RateLimit
from mecbopt.mappings.partitions import (
    MAX_BINARY_LETTERS,
    MAX_SUBSET_LETTERS,
    CheapestPartition,
    prices_exactly,
    subset_sums,
)
from mecbopt.mappings.presolve import Presolved, presolve
from mecbopt.mappings.pricing import CheapestMapping, least_mean_cost

__all__ = [
    "MAX_BINARY_LETTERS",
    "MAX_ENUMERATED_MAPPINGS",
    "MAX_SUBSET_LETTERS",
    "CheapestMapping",
    "CheapestPartition",
    "Instance",
    "LabelLimit",
    "Limit",
    "Presolved",
    "RateLimit",
    "enumerate_mappings",
    "functions_of_channel",
    "least_mean_cost",
    "mapping_count",
    "presolve",
    "prices_exactly",
    "subset_sums",
    "to_deterministic",
]
