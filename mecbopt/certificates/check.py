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

from mecbopt.certificates.arithmetic import FINE, ceil_div
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.mixture import coupling_of, information_bound, mean_distortion, unmet
from mecbopt.certificates.reading import Document, read_document
from mecbopt.certificates.tree import TreeCheck, order_pairs
from mecbopt.errors import CertificateError, ProblemError

__all__ = ["CertifiedInterval", "check_certificate", "check_document", "main", "proof_target"]


@dataclass(frozen=True, repr=False)
class CertifiedInterval:
    """What a certificate was found to prove.

    Attributes
    ----------
    lower, upper : Fraction
        The greatest I(X;Y), in bits, or the least E d(X,Y) lies between them.  Both are None where
        infeasibility is proved.
    records, nodes : int
        Sizes of the proof.
    quantity : str
        "I(X;Y)" or "E d(X,Y)".
    """

    lower: Fraction | None
    upper: Fraction | None
    records: int
    nodes: int
    quantity: str = "I(X;Y)"

    @property
    def infeasible(self) -> bool:
        """Whether the certificate proves that no coupling meets the limits."""
        return self.lower is None

    @property
    def width(self) -> float:
        """The interval's width; 0 for infeasibility."""
        return 0.0 if self.lower is None or self.upper is None else float(self.upper - self.lower)

    def __repr__(self) -> str:
        return f"CertifiedInterval({self}, width {self.width:.2g})"

    def __str__(self) -> str:
        return f"certified: {self.claim} ({self.records} records, {self.nodes} nodes)"

    @property
    def units(self) -> str:
        """Of the ends: "bits", or "distortion" for that of the problem."""
        return "bits" if self.quantity == "I(X;Y)" else "distortion"

    @property
    def claim(self) -> str:
        """What is proved, in words, the ends rounded outward to twelve decimals."""
        if self.lower is None or self.upper is None:
            return "no coupling meets the limits"
        ends = _outward(self.lower, -1), _outward(self.upper, 1)
        return f"{ends[0]} <= {self.quantity} <= {ends[1]}" + (" bits" if self.units == "bits" else "")


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
        target = proof_target(problem, *document.claim)
    pairs = order_pairs(problem, document.anchor)
    TreeCheck(problem, document.records, pairs, target).run(document.tree)
    lower, upper = document.claim or (None, None)
    quantity = "I(X;Y)" if problem.distortion is None else "E d(X,Y)"
    return CertifiedInterval(lower, upper, len(document.records), len(document.tree), quantity)


def proof_target(problem: ExactProblem, lower: Fraction, upper: Fraction) -> int:
    """What leaves have to prove for a claim, over 2^FINE: of H(X,Y), of H(X|Y) or of the mean distortion."""
    if problem.distortion is not None:
        return ceil_div(lower.numerator << FINE, lower.denominator)
    entropies = problem.entropy_x[1] + (0 if problem.p_y_tolerance else problem.entropy_y[1])
    return entropies - (upper.numerator << FINE) // upper.denominator


def _check_witness(document: Document) -> None:
    """The mixture meets the limits, and is worth the end of the claim that it stands for."""
    problem, weights, mappings = document.problem, document.weights, document.mappings
    if any(weight < 0 for weight in weights) or sum(weights) != 1:
        raise CertificateError("witness.weights: they must be 0 or more and sum to exactly 1.")
    coupling = coupling_of(problem, weights, mappings)
    for limit in unmet(problem, weights, mappings, coupling):
        raise CertificateError(f"witness: the {limit} is not certainly met.")
    lower, upper = document.claim or (Fraction(0), Fraction(0))
    if problem.distortion is not None:
        if mean_distortion(problem, coupling) > upper:
            raise CertificateError("witness: its distortion exceeds claim.upper.")
    # No information is negative: that much needs no enclosure, only a coupling.
    elif lower > 0 and information_bound(problem, coupling) < ceil_div(
        lower.numerator << FINE, lower.denominator
    ):
        raise CertificateError("witness: its information does not certainly reach claim.lower.")


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
