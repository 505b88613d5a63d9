"""The checker: verifies a certificate with exact and outward rounded arithmetic.

It imports the standard library, python-flint and the error classes, no solver.  `python -m
mecbopt.certificates.check FILE` prints the certified interval and exits 0, or prints place and reason and
exits 1.  The format is specified in docs/reference/certificate_format.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from mecbopt.certificates.arithmetic import FINE, ceil_div, phi_bounds
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.reading import Document, read_document
from mecbopt.certificates.tree import TreeCheck, order_pairs
from mecbopt.errors import CertificateError, ProblemError

__all__ = ["CertifiedInterval", "check_certificate", "check_document", "main", "mixture_bounds"]


@dataclass(frozen=True, repr=False)
class CertifiedInterval:
    """What a certificate was found to prove.

    Attributes
    ----------
    lower, upper : Fraction
        Bits: the greatest I(X;Y) lies between them.  Both are None where infeasibility is proved.
    records, nodes : int
        Sizes of the proof.
    """

    lower: Fraction | None
    upper: Fraction | None
    records: int
    nodes: int

    @property
    def infeasible(self) -> bool:
        """Whether the certificate proves that no coupling meets the limits."""
        return self.lower is None

    @property
    def width(self) -> float:
        """The interval's width in bits; 0 for infeasibility."""
        return 0.0 if self.lower is None or self.upper is None else float(self.upper - self.lower)

    def __repr__(self) -> str:
        return f"CertifiedInterval({self}, width {self.width:.2g})"

    def __str__(self) -> str:
        size = f"({self.records} records, {self.nodes} nodes)"
        if self.lower is None or self.upper is None:
            return f"certified: no coupling meets the limits {size}"
        return f"certified: {_outward(self.lower, -1)} <= I(X;Y) <= {_outward(self.upper, 1)} bits {size}"


def _outward(value: Fraction, side: int) -> str:
    """Twelve decimals, rounded away from the interval."""
    scale = 10**12
    units = value * scale
    whole = ceil_div(units.numerator, units.denominator) if side > 0 else units.numerator // units.denominator
    sign, digits = "-" if whole < 0 else "", f"{abs(whole):013d}"
    return f"{sign}{digits[:-12]}.{digits[-12:]}"


def check_certificate(path: str | Path) -> CertifiedInterval:
    """Verify a certificate.

    Parameters
    ----------
    path : str or Path
        A file of the format `mecbopt-certificate`, JSON, possibly compressed by gzip.

    Returns
    -------
    CertifiedInterval

    Raises
    ------
    ProblemError
        `path` is no path.
    CertificateError
        It does not prove its claim; the message names the place in the file and the reason.
    """
    if not isinstance(path, (str, PathLike)):
        raise ProblemError(argument="path", value=path, required="be a path to a certificate")
    return _checked(read_document(path))


def check_document(data: Any) -> CertifiedInterval:
    """Verify a certificate given as plain data, as `check_certificate` does one in a file."""
    return _checked(Document(data))


def _checked(document: Document) -> CertifiedInterval:
    problem, target = document.problem, None
    if document.claim is not None:
        _check_witness(document)
        target = problem.entropy_sum[1] - _floor(document.claim[1])
    pairs = order_pairs(problem, document.anchor)
    TreeCheck(problem, document.records, pairs, target).run(document.tree)
    lower, upper = document.claim or (None, None)
    return CertifiedInterval(lower, upper, len(document.records), len(document.tree))


def _floor(value: Fraction) -> int:
    """The greatest integer over 2^FINE at or below a rational."""
    return (value.numerator << FINE) // value.denominator


def _check_witness(document: Document) -> None:
    """The mixture meets marginals exactly, limits by enclosure, and is worth the claim's lower end."""
    problem, weights, mappings = document.problem, document.weights, document.mappings
    n, m = problem.shape
    if any(weight < 0 for weight in weights) or sum(weights) != 1:
        raise CertificateError("witness.weights: they must be 0 or more and sum to exactly 1.")
    coupling = [[Fraction(0)] * m for _ in range(n)]
    for weight, mapping in zip(weights, mappings, strict=True):
        for x, y in enumerate(mapping):
            coupling[x][y] += weight * problem.p_x[x]
    for y in range(m):
        if sum(row[y] for row in coupling) != problem.p_y[y]:
            raise CertificateError(f"witness: the marginal of Y is off at kept letter {y}.")
    bounds = mixture_bounds(problem, weights, mappings)
    for name, limit, high in zip(("rate", "label"), (problem.rate, problem.label_limit), bounds, strict=True):
        if limit is not None and high > _floor(limit):
            raise CertificateError(f"witness: the {name} limit is not certainly met.")
    joint = sum(phi_bounds(p.numerator, p.denominator)[1] for row in coupling for p in row)
    claimed = document.claim[0] if document.claim else Fraction(0)
    # No information is negative: that much needs no enclosure, only a coupling.
    if claimed > 0 and problem.entropy_sum[0] - joint < ceil_div(
        claimed.numerator << FINE, claimed.denominator
    ):
        raise CertificateError("witness: its information does not certainly reach claim.lower.")


def mixture_bounds(
    problem: ExactProblem, weights: Sequence[Fraction], mappings: Sequence[Sequence[int]]
) -> tuple[int, int]:
    """Upper ends, over 2^FINE, of a mixture's rate H(Y|U) and label entropy H(S|Y,U)."""
    rate = label = Fraction(0)
    for weight, mapping in zip(weights, mappings, strict=True):
        blocks = [0] * problem.shape[1]
        for x, y in enumerate(mapping):
            blocks[y] |= 1 << x
        rate += weight * sum(problem.set_phi[block][1] for block in blocks)
        label += weight * sum(problem.set_label[block][1] for block in blocks)
    return ceil_div(rate.numerator, rate.denominator), ceil_div(label.numerator, label.denominator)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files named on the command line; 0 where all are proved, 1 otherwise, 2 for wrong usage."""
    paths = list(sys.argv[1:] if arguments is None else arguments)
    if not paths or any(path.startswith("-") for path in paths):
        print("usage: python -m mecbopt.certificates.check FILE [FILE ...]", file=sys.stderr)
        return 2
    failed = False
    for path in paths:
        try:
            print(check_certificate(path))
        except CertificateError as error:
            print(f"{path}: not proved: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
