"""The proofs on edges and atoms of plain couplings break where their statements are broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mecbopt._proofs import edge_exchange, edge_order, light_letters, majorize_profile, majorized
from mecbopt._proofs.lemma import ProofError
from mecbopt._proofs.tools.language import ForAll, Or, Total, eq, gt, le, lt, phi, total
from mecbopt._proofs.witness import try_instances

z, a, b = edge_exchange.z, edge_exchange.a, edge_exchange.b
GIVEN = (*edge_exchange.APART, gt(a, 0), gt(b, 0))


def exchange(claim: Any) -> ForAll:
    """A claim about the three cells of a rectangle."""
    return ForAll(edge_exchange.RECTANGLE, GIVEN, claim)


#: what is false -> the lemma and the formula: the gap of two edges, equality allowed, is all that there is
FALSE = {
    "a larger gap": (edge_exchange, exchange(Or((le(101 * z, 100 * (a - b)), le(101 * z, 100 * (b - a)))))),
    "a strict gap": (edge_exchange, exchange(Or((lt(z, a - b), lt(z, b - a))))),
    "a gap on one side": (edge_exchange, exchange(le(z, a - b))),
    "a sum in place of a difference": (edge_exchange, exchange(le(z, a + b - z))),
    "more that fits": (edge_exchange, exchange(le(b, a - z))),
    "every letter has an edge": (edge_order, eq(Total(edge_order.OF_ROW - 1, edge_order.x), 0)),
    "two letters have none": (
        edge_order,
        eq(Total(1 - edge_order.OF_ROW, edge_order.x) + Total(1 - edge_order.OF_COLUMN, edge_order.y), 2),
    ),
    "rows alone": (edge_order, eq(edge_order.OF_ROW, 1)),
    "more entropy": (
        majorized,
        lt(
            Total(phi(majorized.b(majorized.k)), majorized.k),
            Total(phi(majorized.a(majorized.k)), majorized.k),
        ),
    ),
    "sums below": (majorize_profile, lt(majorize_profile.ATOMS, majorize_profile.SUMS)),
    "more mass in small atoms": (
        light_letters,
        eq(
            Total(light_letters.light(light_letters.x) * light_letters.p(light_letters.x), light_letters.x),
            total(
                light_letters.small(light_letters.x, light_letters.y)
                * light_letters.P(light_letters.x, light_letters.y),
                light_letters.x,
                light_letters.y,
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_conclusion_is_refuted_by_numbers(name: str) -> None:
    module, claim = FALSE[name]
    with pytest.raises(ProofError, match="is false"):
        try_instances(replace(module.LEMMA, conclusions={"it": claim}), 60)
