"""Steps that several lemmas take with a direction z: it is 0 off the support, and nothing falls along it."""

from __future__ import annotations

from typing import Any

from .lemma import Step, step
from .textbook import k, on, w, z
from .tools.language import ForAll, Formula, eq, ge, implies, le
from .tools.rules import algebra, block, instance

__all__ = ["STAYS_OFF", "STAYS_OFF_TURNED", "one_way"]

STAYS_OFF = step(
    "off",
    implies(le(w(k), 0), eq(z(k), 0)),
    block(
        step("is off", eq(on(k), 0), instance("on the support", {}, using=("empty",))),
        step("no move", eq(z(k), 0), instance("outside", {}, using=("is off",))),
        given="empty",
    ),
)
STAYS_OFF_TURNED = step(
    "turned off",
    implies(le(w(k), 0), eq(-z(k), 0)),
    block(
        step("still", eq(z(k), 0), instance("off", {}, using=("empty",))),
        step("turned", eq(-z(k), 0), algebra("still")),
        given="empty",
    ),
)


def one_way(
    name: str,
    way: Formula,
    direction: Any,
    *last: Step,
    given: str,
    fall: tuple[str, ...],
    level: str,
) -> Step:
    """Along z, or against it, nothing falls; so nothing moves.

    Parameters
    ----------
    name, given : str
        Of the step, and of what it assumes, `way`.
    direction : callable
        z, or its negative.
    last : Step
        What turns the negative back.
    fall : tuple of str
        Facts from which "no fall" follows.
    level : str
        The fact that the moves sum to 0.
    """
    return step(
        name,
        implies(way, ForAll((k,), (), eq(z(k), 0))),
        block(
            step(
                f"no fall {name}",
                ForAll((k,), (), ge(direction(k), 0)),
                instance("no fall", {z: direction}, using=fall),
            ),
            step(
                f"no move {name}",
                ForAll((k,), (), eq(direction(k), 0)),
                instance("same sign", {z: direction}, using=(level, f"no fall {name}")),
            ),
            *last,
            given=given,
        ),
    )
