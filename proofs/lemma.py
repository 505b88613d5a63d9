"""What a proof is here: a statement as an object, and steps that derive it in the kernel.

A `Statement` says that its hypotheses imply its conclusions, for all values of the free symbols and families.
A textbook fact is a statement with a source, a lemma one with steps.  The runner establishes the hypotheses,
then every step's claim by its rule, and in the end each conclusion must be an established fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .tools.kernel import Context
from .tools.language import Formula, ProofError

__all__ = ["Lemma", "ProofError", "Rule", "Statement", "Step", "Witness", "step"]


@dataclass(frozen=True)
class Rule:
    """A way to derive a claim: its name in tables, and the check that the kernel runs."""

    method: str
    check: Callable[[Context, Formula], str]
    #: the cited textbook fact, if the rule applies one
    cites: Statement | None = None
    #: why it applies here, or an idea in a few words
    remark: str = ""
    #: the steps of a block
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Step:
    """One named claim and the rule that derives it from facts before it."""

    name: str
    claim: Formula
    rule: Rule


def step(name: str, claim: Formula, rule: Rule) -> Step:
    """A step of a proof."""
    return Step(name, claim, rule)


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Numbers for a statement, made from its meaning and not from its formulas.

    Attributes
    ----------
    draw : callable
        (random, number) -> instance; the first numbers are the border instances.
    count : int
        How many instances.
    loose : mapping of str to str
        Hypotheses or conclusions whose inequalities no instance comes close to, each with the reason.
    needed : mapping of str to instance or str
        Where it is claimed that a hypothesis is needed: an instance that breaks it alone and for which a
        conclusion is false, or in words why it is kept though no conclusion fails without it.
    """

    draw: Callable[[Any, int], dict[str, Any]]
    count: int = 10_000
    loose: Mapping[str, str] = field(default_factory=dict)
    needed: Mapping[str, dict[str, Any] | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Statement:
    """Hypotheses that imply conclusions, each by a name.

    Attributes
    ----------
    name : str
        Of the file for a lemma, of the entry for a textbook fact.
    label : str
    hypotheses, conclusions : mapping of str to Formula
        A free index in one of them means: for all.
    source : str
        Of a textbook fact; empty for lemmas.
    witness : Witness
        Instances at which the formulas are evaluated; a statement without them is refused.
    """

    name: str
    label: str
    hypotheses: Mapping[str, Formula]
    conclusions: Mapping[str, Formula]
    source: str = ""
    meaning: Mapping[Any, str] = field(default_factory=dict)  #: symbol or family -> what it is, in words
    witness: Witness | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Lemma(Statement):
    """A statement with its proof.

    Attributes
    ----------
    idea : str
        The proof in two sentences.
    steps : tuple of Step
    conventions : tuple of str
        What the notation means where that is a choice.
    """

    idea: str
    steps: tuple[Step, ...]
    conventions: tuple[str, ...] = ()
