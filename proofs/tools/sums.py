"""Identities between finite sums over index sets of any size.

A formal sum is a linear combination of terms such as sum over k, x, y of w_k p_x e_kxy.  A rule states a
known sum, say sum over k of w_k q_ky = r_y.  It rewrites a term that holds its factors when the index that
is summed occurs in no other factor: this is the distributive law, valid for any finite index sets, so what is
proved here is proved for every alphabet and every number of mappings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from ..lemma import Method, ProofError, Step

__all__ = ["FormalSum", "Rule", "S", "sum_identity"]

Atom = tuple[str, str]
Key = tuple[frozenset[str], tuple[Atom, ...]]


def _atoms(text: str) -> Counter[Atom]:
    """'w_k q_ky' -> factors (name, indices); an index is one letter."""
    found: Counter[Atom] = Counter()
    for word in text.split():
        name, _, indices = word.partition("_")
        found[(name, indices)] += 1
    return found


def _key(bound: Iterable[str], atoms: Counter[Atom]) -> Key:
    return frozenset(bound), tuple(sorted(atoms.elements()))


@dataclass(frozen=True)
class FormalSum:
    """A linear combination of sums; `terms` maps (bound indices, factors) to coefficients."""

    terms: tuple[tuple[Key, Fraction], ...]

    @classmethod
    def of(cls, terms: dict[Key, Fraction]) -> FormalSum:
        """From a mapping, without zeros and in a fixed order."""
        kept = [(key, value) for key, value in terms.items() if value != 0]
        return cls(tuple(sorted(kept, key=lambda item: (sorted(item[0][0]), item[0][1]))))

    def __add__(self, other: FormalSum) -> FormalSum:
        merged = dict(self.terms)
        for key, value in other.terms:
            merged[key] = merged.get(key, Fraction(0)) + value
        return FormalSum.of(merged)

    def __mul__(self, factor: int | Fraction) -> FormalSum:
        return FormalSum.of({key: value * factor for key, value in self.terms})

    __rmul__ = __mul__

    def __sub__(self, other: FormalSum) -> FormalSum:
        return self + (-1) * other

    def __neg__(self) -> FormalSum:
        return (-1) * self


def S(factors: str, over: str = "") -> FormalSum:
    """The sum of a product of indexed factors over the indices in `over`."""
    atoms = _atoms(factors)
    present = {index for _, indices in atoms for index in indices}
    if not set(over) <= present:
        raise ProofError(f"a sum over {over} of {factors} has an index that no factor carries")
    return FormalSum.of({_key(over, atoms): Fraction(1)})


@dataclass(frozen=True)
class Rule:
    """The sum of `factors` over `index` is `result` (a product of factors; empty for 1).

    With an empty `index`, a product of factors is replaced by another (an idempotent e e = e, say).
    """

    factors: str
    index: str
    result: str

    def apply(self, key: Key) -> Key | None:
        """The rewritten term, or None where the rule does not apply."""
        bound, atoms = key
        rest = Counter(atoms)
        pattern = _atoms(self.factors)
        if any(rest[atom] < count for atom, count in pattern.items()):
            return None
        rest -= pattern
        if self.index:
            if self.index not in bound or any(self.index in indices for _, indices in rest):
                return None
            bound = bound - {self.index}
        return _key(bound, rest + _atoms(self.result))


def rewrite(expression: FormalSum, rules: tuple[Rule, ...]) -> FormalSum:
    """Apply the rules until none applies; each application removes a sum or a factor, so this ends."""
    terms = dict(expression.terms)
    for _ in range(1000):
        changed = False
        for key, value in list(terms.items()):
            for rule in rules:
                new = rule.apply(key)
                if new is not None and new != key:
                    del terms[key]
                    terms[new] = terms.get(new, Fraction(0)) + value
                    changed = True
                    break
        if not changed:
            return FormalSum.of(terms)
    raise ProofError("the rules do not come to an end")


def sum_identity(
    claim: str, sides: Callable[[], list[tuple[FormalSum, FormalSum]]], rules: tuple[Rule, ...]
) -> Step:
    """A step that proves equations between finite sums by the distributive law and known sums."""

    def check() -> str:
        pairs = sides()
        if not pairs:
            raise ProofError("there is no equation to prove")
        for left, right in pairs:
            if not left.terms and not right.terms:
                raise ProofError("both sides are empty")
            difference = rewrite(left - right, rules)
            if difference.terms:
                raise ProofError(f"left minus right leaves {difference.terms}")
        count = len(pairs)
        return f"{count} equation{'s' * (count > 1)} for any index sets"

    return Step(claim, Method.SUM_IDENTITY, check)
