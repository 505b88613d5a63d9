"""Induction over a finite index set by any rank of its members."""

from __future__ import annotations

from typing import Any

from ..lemma import Rule, Step
from .kernel import Context, opened
from .language import ForAll, Formula, ProofError, eq, free_indices, is_index, lt, sort_of, substitute
from .rules import derive, established, refuse_idle

__all__ = ["induction"]


def induction(rank: Any, earlier: Any, *steps: Step, called: str = "before") -> Rule:
    """The claim `ForAll((j,), (), then)` for all members of a finite index set, from those of lower rank.

    With j fixed, the steps derive `then` from the fact `called`: that `then` holds for every `earlier` with
    rank(earlier) < rank(j).  A finite set has no endless descent, whatever the rank is: where `then` failed,
    it would fail at a member of least rank, and there the steps derive it.

    Parameters
    ----------
    rank : term in j
    earlier : index of the sort of j, a new name
    """

    def check(context: Context, claim: Formula) -> str:
        if not (isinstance(claim, ForAll) and len(claim.variables) == 1 and not claim.given):
            raise ProofError("induction proves a claim for all values of one index")
        member = claim.variables[0]
        if not (is_index(member) and is_index(earlier) and sort_of(member) == sort_of(earlier)):
            raise ProofError(f"{member} and {earlier} are no indices of one sort")
        if free_indices(claim) - context.fixed:
            raise ProofError("fix the other free indices of the claim by a block first")
        if earlier == member or earlier in free_indices(claim.then) | free_indices(eq(rank, 0)):
            raise ProofError(f"{earlier} is spoken of already: take a new name")
        if member not in free_indices(eq(rank, 0)):
            raise ProofError(f"the rank does not depend on {member}")
        if free_indices(eq(rank, 0)) - context.fixed - {member}:
            raise ProofError("the rank speaks of an index that is not fixed")
        context.require_defined(eq(rank, rank))
        there = {member: earlier}
        before = ForAll((earlier,), (lt(substitute(rank, there), rank),), substitute(claim.then, there))
        inner, _ = opened(context, ForAll((member,), (before,), claim.then), called=(called,))
        derive(inner, steps)
        established(inner, claim.then)
        refuse_idle(inner, steps)
        if called not in inner.used:
            raise ProofError("what is known of the members before is not used")
        return f"{len(steps)} steps, over {member} by its rank {rank}"

    return Rule("induction", check, steps=steps)
