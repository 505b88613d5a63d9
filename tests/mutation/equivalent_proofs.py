"""Edits of proofs that leave a true theorem with a valid proof, each with the argument why."""

from __future__ import annotations

_WEAKER = "a step that claims less, still enough for the conclusion, which is unchanged and derived anew"
_LESS = (
    "the statement claims one part less, and what is left is proved; the page of statements, which a test "
    "holds against them, shows the difference"
)
_SCALED = "a step that claims a positive multiple of the same inequality; the conclusion is unchanged"

_SIGN = "the step says that a product is 0, and the edit turns the sign of one factor"
_INDICATOR = "an indicator, 0 or 1 by definition or by another hypothesis, is 0 where it is at most 0"

#: name of the edit -> why it changes nothing that is claimed, or proves as much
EQUIVALENT: dict[str, str] = {
    "erratum_theorem_2/LEMMA > 'share': relation: lt -> le #1": _WEAKER,
    "binary_coupling/LEMMA > 'inside': exchanged operands: b - a * d -> a * d - b #2": _WEAKER,
    "largest_loss_opposite/LEMMA > 'golden': relation: ge -> gt #1": (
        "a step that claims more, which its certificate proves; the conclusion is unchanged"
    ),
    "lemma_2/ENDS: exchanged operands: a - 1 -> 1 - a #1": (
        "the hypothesis says that a product is 0, and the edit turns the sign of one factor"
    ),
    "entropy_between/LEMMA > 'terms': number: 1 -> 2 #2": _WEAKER,
    "entropy_between/LEMMA > 'share': relation: lt -> le #1": _WEAKER,
    "entropy_between/LEMMA > 'share': relation: gt -> ge #1": _WEAKER,
    "functional_representation/LEMMA: arguments exchanged: delta(t, t2) -> delta(t2, t) #2": (
        "whether two indices are equal does not depend on their order"
    ),
    "theorem_3/LEMMA > 'nothing': relation: lt -> gt #1": "0 > 0 is as absurd as 0 < 0",
    "largest_loss/LEMMA > 'value': number: 2 -> 3 #1": _SCALED,
    "edge/DIRECTIONS > 'independent': relation: le -> lt #1": (
        "two cases, >= 0 and <= 0, become >= 0 and < 0, which cover as much"
    ),
    "largest_loss/LEMMA > 'share': exchanged operands: 1 - root -> root - 1 #2": (
        "a step that claims something weaker in one part, which follows from the other facts named with it"
    ),
    (
        "crossover/LEMMA: member dropped: (lt(ANTITONE_CAP, (1 - b) / a), lt(ANTITONE_CAP, b / a), "
        "lt(ANTITONE_C -> (lt(ANTITONE_CAP, b / a), lt(ANTITONE_CAP, (1 - b) / (1 - a))) #1"
    ): _LESS,
    "edge_order/IN_ROW: relation: eq -> le #2": _INDICATOR,
    "edge_order/IN_COLUMN: relation: eq -> le #2": _INDICATOR,
    ("edge_order/(pair, once, count): exchanged operands: 1 - delta(at, to) -> delta(at, to) - 1 #1"): _SIGN,
    "edge_order/(pair, once, count): exchanged operands: 1 - own -> own - 1 #1": _SIGN,
    "light_letters/LEMMA: relation: eq -> le #7": _INDICATOR,
    "light_letters/LEMMA > 'nothing': relation: lt -> gt #1": "0 > 0 is as absurd as 0 < 0",
    (
        "majorize_profile/LEMMA > 'indicator': exchanged operands: 1 - upto(k2, k) -> upto(k2, k) - 1 #1"
    ): _SIGN,
    "majorize_profile/LEMMA > 'off': exchanged operands: 1 - upto(k2, k) -> upto(k2, k) - 1 #1": _SIGN,
}
