"""The plain data of a certificate: docs/reference/certificate_format.md."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from mecbopt.certificates.instance import ExactProblem, Limit, Matrix
from mecbopt.certificates.records import Record

__all__ = ["Claim", "certificate_document"]

#: The interval claimed; None where infeasibility is.
Claim = tuple[Fraction, Fraction] | None


def certificate_document(
    problem: ExactProblem,
    claim: Claim,
    mappings: Sequence[Sequence[int]],
    weights: Sequence[Fraction],
    order: Sequence[int] | None,
    records: Sequence[Record],
    nodes: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    """The certificate as plain data; `problem` has all its letters, also those of mass zero.

    Records must have the box of the first node that uses them.
    """
    label = None
    if problem.p_s_given_x is not None:
        label = {
            "p_s_given_x": [[str(p) for p in row] for row in problem.p_s_given_x],
            "max_entropy": _limit(problem.label_limit),
            "max_entropy_given_y": _limit(problem.given_y_limit),
            "min_entropy_given_y": _limit(problem.privacy),
        }
    claimed: dict[str, Any] = {"kind": "infeasible"}
    witness = None
    if claim is not None:
        claimed = {"kind": "value", "lower": str(claim[0]), "upper": str(claim[1])}
        witness = {
            "mappings": [list(mapping) for mapping in mappings],
            "weights": [str(weight) for weight in weights],
        }
    return {
        "format": "mecbopt-certificate",
        "version": 2,
        "problem": {
            "p_x": [str(p) for p in problem.p_x],
            "p_y": [str(p) for p in problem.p_y],
            "rate": _limit(problem.rate),
            "label": label,
            "p_y_tolerance": str(problem.p_y_tolerance),
            "distortion": None if problem.distortion is None else _matrix(problem.distortion),
            "constraints": [
                {
                    "coefficients": _matrix(row.coefficients),
                    "lower": _limit(row.lower),
                    "upper": _limit(row.upper),
                }
                for row in problem.constraints
            ],
        },
        "claim": claimed,
        "witness": witness,
        "order": None if order is None else list(order),
        "records": [_record(record) for record in records],
        "tree": [_node(node) for node in nodes],
    }


def _limit(limit: Limit) -> str | None:
    return None if limit is None else str(limit)


def _matrix(matrix: Matrix) -> list[list[str]]:
    return [[str(entry) for entry in row] for row in matrix]


def _record(record: Record) -> dict[str, Any]:
    """A record without its box: it is that of the first node that uses it."""

    def grid(numbers: Sequence[int]) -> list[str]:
        return [format(number, "x") for number in numbers]

    return {
        "kind": "farkas" if record.farkas else "bound",
        "lower": [],
        "upper": [],
        "from": grid(record.touch_from),
        "to": grid(record.touch_to),
        "theta": grid(record.theta),
        "cells": grid(record.cells),
        "marginals": grid(record.marginals),
        "rate": format(record.rate, "x"),
        "label": format(record.label, "x"),
        "order": grid(record.order),
        "given_y": format(record.given_y, "x"),
        "privacy": format(record.privacy, "x"),
        "constraints": grid(record.constraints),
        "channel": grid(record.channel),
        "laws": grid(record.laws),
        "columns": grid(record.columns),
    }


def _node(node: Sequence[Any]) -> list[Any]:
    return [*node[:2], format(node[2], "x")] if node[0] == "split" else list(node)
