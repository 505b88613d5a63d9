"""Edits of proofs that leave a true theorem with a valid proof, each with the argument why."""

from __future__ import annotations

_WEAKER = "a step that claims less, still enough for the conclusion, which is unchanged and derived anew"
_SCALED = "a step that claims a positive multiple of the same inequality; the conclusion is unchanged"

#: name of the edit -> why it changes nothing that is claimed, or proves as much
EQUIVALENT: dict[str, str] = {
    "erratum_theorem_2/LEMMA > 'share': relation: lt -> le #1": _WEAKER,
    "lemma_2/ENDS: exchanged operands: a - 1 -> 1 - a #1": (
        "the hypothesis says that a product is 0, and the edit turns the sign of one factor"
    ),
    "largest_loss/LEMMA > 'value': number: 2 -> 3 #1": _SCALED,
}
