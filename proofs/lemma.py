"""What a proof is here: a lemma with steps, each checked by machine or cited from a textbook.

A step proves its claim by its `check`, which returns a short account of the evidence and raises `ProofError`
otherwise.  A step without a check is either `CITED` (a textbook fact, with its source) or listed in
`Lemma.admitted`; both are counted apart, and an admitted step is a hole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

__all__ = ["Lemma", "Method", "ProofError", "Step", "cited"]


class ProofError(Exception):
    """A step does not prove its claim."""


class Method(Enum):
    """How a step is proved; the value is what tables show."""

    IDENTITY = "identity"  #: two expressions are equal, symbolically and exactly
    SUM_IDENTITY = "sum identity"  #: the same for finite sums over index sets of any size
    SIGN = "sign"  #: a sign by factorisation into factors whose coefficients have one sign
    STURM = "Sturm count"  #: the number of roots of a polynomial in an interval
    CASES = "cases"  #: a finite list of cases, enumerated by the program and exhausted
    BALL = "ball arithmetic"  #: an enclosure, with outward rounding
    COVER = "cover"  #: a box covered by smaller ones, an enclosure on each
    LEMMA = "lemma"  #: another lemma of this folder, proved on the spot
    CITED = "cited"  #: a textbook fact


@dataclass(frozen=True)
class Step:
    """One claim and its evidence.

    Attributes
    ----------
    claim : str
        Markdown with TeX formulas between dollar signs.
    method : Method
    check : callable or None
        Returns the account of the evidence; raises `ProofError` where there is none.  None for cited facts.
    source : str
        Of a cited fact.
    """

    claim: str
    method: Method
    check: Callable[[], str] | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if (self.check is None) != (self.method is Method.CITED):
            raise ValueError(f"step {self.claim!r}: exactly the cited steps have no check")
        if self.method is Method.CITED and not self.source:
            raise ValueError(f"step {self.claim!r}: a cited step needs its source")


def cited(claim: str, source: str) -> Step:
    """A textbook fact with its source."""
    return Step(claim, Method.CITED, source=source)


@dataclass(frozen=True)
class Lemma:
    """A theorem with its proof.

    Attributes
    ----------
    label : str
        A short name for tables.
    statement : str
    assumptions : tuple of str
    steps : tuple of Step
        In order; a step may use those before it.
    admitted : tuple of str
        Claims that are used but neither proved nor textbook facts.  The aim is none.
    """

    label: str
    statement: str
    assumptions: tuple[str, ...]
    steps: tuple[Step, ...]
    admitted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not any(step.method is not Method.CITED for step in self.steps):
            raise ValueError(f"lemma {self.label!r} proves nothing: give it at least one checked step")
