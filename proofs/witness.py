"""The second witness of a statement: its formulas evaluated at instances that are made from its meaning.

An instance that a hypothesis excludes, a conclusion that fails, an implication that never has anything to
say, and an inequality that no instance comes close to (so that a weaker or shifted one would pass as well)
are all failures.  Where it is claimed that a hypothesis is needed, an instance breaks it alone and makes a
conclusion false.
"""

from __future__ import annotations

import functools
import random
from typing import Any

from .lemma import ProofError, Statement, Witness
from .tools.evaluate import Recorder, holds, number, precision, prepared
from .tools.language import And, Exists, ForAll, Formula, Or, Rel, heads

__all__ = ["attest", "attested", "try_instances"]

#: A strict inequality counts as tried where its sides came this close, relative to their largest distance;
#: one with <= where they were equal (balls that overlap count).
CLOSE = 0.05
#: Implications must have had something to say this often.
SPOKEN = 20


def _exact(value: Any) -> Any:
    """Fractions as flint's rationals, through nested lists."""
    if isinstance(value, (list, tuple)):
        return [_exact(one) for one in value]
    return number(value)


def instance_of(values: dict[str, Any]) -> dict[str, Any]:
    """An instance with exact rationals; sizes of index sets (#X) and places that indices have (@x) stay
    integers.
    """
    found = {name: value if name.startswith("#") else _exact(value) for name, value in values.items()}
    return {name: one for name, one in found.items() if name[0] != "@"} | {
        name[1:]: value for name, value in values.items() if name[0] == "@"
    }


def relations(formula: Formula) -> list[Rel]:
    """The inequalities that a formula claims (not those that it is given)."""
    if isinstance(formula, Rel):
        return [formula] if formula.op in ("<", "<=") else []
    if isinstance(formula, (And, Or)):
        return [one for part in formula.parts for one in relations(part)]
    if isinstance(formula, (ForAll, Exists)):
        return relations(formula.then)
    return []


def implications(formula: Formula) -> list[ForAll]:
    """The implications in a formula."""
    if isinstance(formula, (And, Or)):
        return [one for part in formula.parts for one in implications(part)]
    if isinstance(formula, ForAll):
        return [formula, *implications(formula.then)]
    if isinstance(formula, Exists):
        return implications(formula.then)
    return []


@functools.cache
def attested(fact: Statement) -> str:
    """A textbook fact that a proof cites, tried once a process."""
    return attest(fact)


def attest(lemma: Statement, scale: float = 1.0) -> str:
    """Evaluate a statement at its instances; the account, or `ProofError`."""
    count = max(1, round(_given(lemma).count * scale))
    records = try_instances(lemma, count)
    with precision(64):
        needed = _needed(lemma)
    for name, formula in (*lemma.hypotheses.items(), *lemma.conclusions.items()):
        _tried(name, formula, records[name], lemma, count)
    return f"{count} instances; {needed} hypotheses shown to be needed"


def try_instances(lemma: Statement, count: int) -> dict[str, Recorder]:
    """What the formulas recorded at the first instances, all of which they fit."""
    witness = _given(lemma)
    records = {name: Recorder() for name in (*lemma.hypotheses, *lemma.conclusions)}
    generator = random.Random(lemma.name)
    checks = [
        (kind, name, prepared(formula, records[name]))
        for kind, formulas in (("hypothesis", lemma.hypotheses), ("conclusion", lemma.conclusions))
        for name, formula in formulas.items()
    ]
    with precision(64):
        for place in range(count):
            values = instance_of(witness.draw(generator, place))
            for kind, name, check in checks:
                if not check(values):
                    verb = "excludes" if kind == "hypothesis" else "is false at"
                    raise ProofError(f"the {kind} '{name}' {verb} instance {place}: {_short(values)}")
    return records


def _given(lemma: Statement) -> Witness:
    if lemma.witness is None:
        raise ProofError(f"'{lemma.name}' has no instances")
    return lemma.witness


def _tried(name: str, formula: Formula, record: Recorder, lemma: Statement, count: int) -> None:
    loose = _given(lemma).loose
    if name in loose:
        if not loose[name]:
            raise ProofError(f"'{name}' is called loose without a reason")
    else:
        for one in relations(formula):
            if not heads(one):
                continue  # between numbers: there is nothing to come close
            least, most = record.seen.get(one, (float("inf"), 0.0))
            if least > (CLOSE * most if one.op == "<" else 0):
                raise ProofError(f"'{name}': no instance comes close to equality in {one} ({least:.3g})")
    for one in implications(formula):
        if one.given and record.spoken.get(one, 0) < min(SPOKEN, count // 4):
            raise ProofError(f"'{name}': what is given was true {record.spoken.get(one, 0)} times only")


def _needed(lemma: Statement) -> int:
    """Each hypothesis is needed, by an instance, or kept for a reason."""
    shown = 0
    unknown = set(_given(lemma).needed) - set(lemma.hypotheses)
    if unknown:
        raise ProofError(f"there are no hypotheses {sorted(unknown)}")
    for name in lemma.hypotheses:
        case = _given(lemma).needed.get(name)
        if case is None:
            continue
        if isinstance(case, str):
            if not case:
                raise ProofError(f"'{name}' is kept without a reason")
            continue
        values = instance_of(case)
        for other, formula in lemma.hypotheses.items():
            if holds(formula, values) == (other == name):
                raise ProofError(f"the instance without '{name}' is not right at '{other}'")
        if all(holds(formula, values) for formula in lemma.conclusions.values()):
            raise ProofError(f"without '{name}' the conclusions hold all the same at its instance")
        shown += 1
    return shown


def _short(values: dict[str, Any]) -> str:
    shown = {}
    for name, value in values.items():
        if not callable(value):
            shown[name] = value if isinstance(value, (int, list)) else str(value)
    return str(shown)[:400]
