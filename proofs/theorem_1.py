"""Theorem 1 for finite alphabets of any size: the deterministic form loses nothing.

Given finite seeds V and Z that represent encoder and decoder (`functional_representation` builds them), the
seed W = (U, V, Z) makes Y a function of (X, W) with the same law of (X, U, Y), at a rate that is not larger.
"""

from __future__ import annotations

import random
from typing import Any

import sympy as sp
from flint import fmpq

from .functional_representation import represent
from .grouping import B as whole
from .grouping import b as part
from .lemma import Lemma, Witness, step
from .log_sum import A as whole_a
from .log_sum import B as whole_b
from .log_sum import a as first
from .log_sum import b as second
from .log_sum import w as weight
from .mappings import pmf
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Or,
    Total,
    delta,
    eq,
    family,
    ge,
    implies,
    index,
    le,
    ln0,
    phi,
    total,
)
from .tools.rules import algebra, block, by_cases, part_of_sum, sign, uses, zero_product

__all__ = ["LEMMA"]

x = index("x", "X")
y, y2 = index("y y2", "Y")
u, v, z, s = index("u", "U"), index("v", "V"), index("z", "Z"), index("s", "S")
t, t2 = index("t t2", "T")
p, m, a, c, g, h, E, D, f, tau, theta, eta, label = family("p m a c g h E D f tau theta eta L")
eta1, eta2, j, j1, j2 = family("eta1 eta2 j j1 j2")

G, H, F = g(u, v, x, t), h(u, z, t, y), f(u, v, z, x, y)
SEED = m(u) * a(v) * c(z)
RATE_T = total(m(u) * phi(theta(u, t)), u, t)
RATE_Y = total(SEED * phi(eta(u, v, z, y)), u, v, z, y)
#: H(S|Y,W) and H(S|Y,U)
LABEL_W = total(SEED * phi(j(u, v, z, s, y)), u, v, z, s, y) - RATE_Y
LABEL_U = total(m(u) * phi(j2(u, s, y)), u, s, y) - total(m(u) * phi(eta2(u, y)), u, y)
PARTS = eq(phi(tau(u, v, t) * H), H * phi(tau(u, v, t)))
T_LETTERS = le(phi(eta(u, v, z, y)), Total(phi(tau(u, v, t) * H), t))
T_SEED = le(
    Total(a(v) * (phi(tau(u, v, t)) + tau(u, v, t) * ln0(1)), v), phi(theta(u, t)) + theta(u, t) * ln0(1)
)
MIX_Z = le(
    Total(c(z) * (phi(j(u, v, z, s, y)) + j(u, v, z, s, y) * ln0(eta(u, v, z, y))), z),
    phi(j1(u, v, s, y)) + j1(u, v, s, y) * ln0(eta1(u, v, y)),
)
MIX_V = le(
    Total(a(v) * (phi(j1(u, v, s, y)) + j1(u, v, s, y) * ln0(eta1(u, v, y))), v),
    phi(j2(u, s, y)) + j2(u, s, y) * ln0(eta2(u, y)),
)


def _table(function: Any, *sizes: int) -> Any:
    """Nested lists of a function of indices."""
    if not sizes:
        return function()
    return [_table(lambda *rest, one=one: function(one, *rest), *sizes[1:]) for one in range(sizes[0])]


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Random schemes; seeds built row by row, laws added up outcome by outcome."""
    n, us, ts, ms, labels = (generator.randint(1, 2) for _ in range(5))
    source, common = pmf(generator, n, zeros=True), pmf(generator, us, zeros=True)
    encoder = [[pmf(generator, ts, zeros=True) for _ in range(us)] for _ in range(n)]
    decoder = [[pmf(generator, ms, zeros=True) for _ in range(us)] for _ in range(ts)]
    seeds_v, sends = represent([encoder[a1][b1] for a1 in range(n) for b1 in range(us)], place % 3 == 0)
    seeds_z, reads = represent([decoder[a1][b1] for a1 in range(ts) for b1 in range(us)], place % 3 == 0)
    channel = [pmf(generator, labels, zeros=True) for _ in range(n)]
    vs, zs = len(seeds_v), len(seeds_z)
    if vs * zs > 24:
        return _draw(generator, place)

    def sent(b1: int, e1: int, a1: int) -> int:
        return int(sends[e1][a1 * us + b1])

    def received(b1: int, e1: int, d1: int, a1: int) -> int:
        return int(reads[d1][sent(b1, e1, a1) * us + b1])

    def joint(b1: int, e1: int, d1: int, l1: int, y1: int) -> Any:
        return sum(
            (source[a1] * channel[a1][l1] for a1 in range(n) if received(b1, e1, d1, a1) == y1), fmpq(0)
        )

    def law(b1: int, e1: int, d1: int, y1: int) -> Any:
        return sum((source[a1] for a1 in range(n) if received(b1, e1, d1, a1) == y1), fmpq(0))

    def mean(values: Any, weights: list[Any]) -> Any:
        return sum((weight_ * value for weight_, value in zip(weights, values, strict=True)), fmpq(0))

    nested = {
        "E": encoder,
        "D": [[decoder[d1][b1] for b1 in range(us)] for d1 in range(ts)],
        "g": _table(lambda b1, e1, a1, t1: int(sent(b1, e1, a1) == t1), us, vs, n, ts),
        "h": _table(lambda b1, d1, t1, y1: int(reads[d1][t1 * us + b1] == y1), us, zs, ts, ms),
        "f": _table(lambda b1, e1, d1, a1, y1: int(received(b1, e1, d1, a1) == y1), us, vs, zs, n, ms),
        "tau": _table(
            lambda b1, e1, t1: sum((source[a1] for a1 in range(n) if sent(b1, e1, a1) == t1), fmpq(0)),
            us,
            vs,
            ts,
        ),
        "theta": _table(lambda b1, t1: sum(source[a1] * encoder[a1][b1][t1] for a1 in range(n)), us, ts),
        "eta": _table(law, us, vs, zs, ms),
        "eta1": _table(
            lambda b1, e1, y1: mean([law(b1, e1, d1, y1) for d1 in range(zs)], seeds_z), us, vs, ms
        ),
        "j": _table(joint, us, vs, zs, labels, ms),
        "j1": _table(
            lambda b1, e1, l1, y1: mean([joint(b1, e1, d1, l1, y1) for d1 in range(zs)], seeds_z),
            us,
            vs,
            labels,
            ms,
        ),
        # with the seeds left out: straight from the scheme
        "eta2": _table(
            lambda b1, y1: sum(
                source[a1] * encoder[a1][b1][t1] * decoder[t1][b1][y1] for a1 in range(n) for t1 in range(ts)
            ),
            us,
            ms,
        ),
        "j2": _table(
            lambda b1, l1, y1: sum(
                source[a1] * channel[a1][l1] * encoder[a1][b1][t1] * decoder[t1][b1][y1]
                for a1 in range(n)
                for t1 in range(ts)
            ),
            us,
            labels,
            ms,
        ),
    }
    return nested | {
        "#X": n,
        "#U": us,
        "#T": ts,
        "#Y": ms,
        "#S": labels,
        "#V": vs,
        "#Z": zs,
        "p": source,
        "m": common,
        "a": seeds_v,
        "c": seeds_z,
        "L": [[row[l1] for row in channel] for l1 in range(labels)],
    }


def _pmf(term: Any, over_index: Any) -> And:
    return And((ge(term, 0), eq(Total(term, over_index), 1)))


def _one_of(member: Any, other: Any, same_index: Any, letter: Any) -> And:
    """A family of indicators of exactly one letter."""
    return And((eq(member * other, same_index * member), eq(Total(member, letter), 1)))


LEMMA = Lemma(
    name="theorem_1",
    label="Theorem 1: the deterministic form",
    idea=(
        "Put the seeds that represent encoder and decoder into the common randomness. Y "
        "is then a function of T given "
        "the seed, and knowing more of the seed lowers conditional entropies (log-sum inequality)."
    ),
    meaning={
        p: "law of X",
        m: "law of U",
        E: "encoder p(t|x,u)",
        D: "decoder p(y|t,u)",
        a: "law of V",
        c: "law of Z",
        g: "[V sends t]",
        h: "[Z reads y]",
        f: "[Y = y] given x and W",
        label: "law of the label given X",
        tau: "law of T given W",
        theta: "law of T given U",
        eta: "law of Y given W",
        eta1: "law of Y given U, V",
        eta2: "law of Y given U",
        j: "joint law of S and Y given W",
        j1: "given U, V",
        j2: "given U",
    },
    hypotheses={
        "source": _pmf(p(x), x),
        "common randomness": _pmf(m(u), u),
        "encoder": _pmf(E(x, u, t), t),
        "decoder": _pmf(D(t, u, y), y),
        "label": _pmf(label(s, x), s),
        "seed V": _pmf(a(v), v),
        "seed Z": _pmf(c(z), z),
        "V sends one letter": _one_of(G, g(u, v, x, t2), delta(t, t2), t),
        "Z reads one letter": _one_of(H, h(u, z, t, y2), delta(y, y2), y),
        "V represents the encoder": eq(Total(a(v) * G, v), E(x, u, t)),
        "Z represents the decoder": eq(Total(c(z) * H, z), D(t, u, y)),
        "output": eq(F, Total(G * H, t)),
        "T given W": eq(tau(u, v, t), Total(p(x) * G, x)),
        "T given U": eq(theta(u, t), Total(p(x) * E(x, u, t), x)),
        "Y given W": eq(eta(u, v, z, y), Total(p(x) * F, x)),
        "Y given U, V": eq(eta1(u, v, y), Total(c(z) * eta(u, v, z, y), z)),
        "Y given U": eq(eta2(u, y), total(p(x) * E(x, u, t) * D(t, u, y), x, t)),
        "S, Y given W": eq(j(u, v, z, s, y), Total(p(x) * label(s, x) * F, x)),
        "S, Y given U, V": eq(j1(u, v, s, y), Total(c(z) * j(u, v, z, s, y), z)),
        "S, Y given U": eq(j2(u, s, y), total(p(x) * label(s, x) * E(x, u, t) * D(t, u, y), x, t)),
    },
    conclusions={
        "W is a seed": And((ge(SEED, 0), eq(total(SEED, u, v, z), 1))),
        "Y is a function of X and W": _one_of(F, f(u, v, z, x, y2), delta(y, y2), y),
        "the law of (X, U, Y) is the scheme's": eq(
            total(a(v) * c(z) * F, v, z), Total(E(x, u, t) * D(t, u, y), t)
        ),
        "rate": le(RATE_Y, RATE_T),
        "label": le(LABEL_W, LABEL_U),
    },
    steps=(
        step("seed laws", ge(SEED, 0), sign()),
        step(
            "seed",
            eq(total(SEED, u, v, z), 1),
            algebra(
                over("seed Z", u, v, times=m(u) * a(v)),
                over("seed V", u, times=m(u)),
                "common randomness",
            ),
        ),
        step(
            "one output",
            eq(F * f(u, v, z, x, y2), delta(y, y2) * F),
            algebra(
                over("output", times=f(u, v, z, x, y2)),
                over("output", times=delta(y, y2)),
                over("output", t, times=G * H, at={y: y2}),
                over("V sends one letter", t, t2, times=H * h(u, z, t2, y2)),
                over("Z reads one letter", t, times=G),
            ),
        ),
        step(
            "some output",
            eq(Total(F, y), 1),
            algebra(
                over("output", y),
                over("Z reads one letter", t, times=G),
                "V sends one letter",
            ),
        ),
        step(
            "same law",
            eq(total(a(v) * c(z) * F, v, z), Total(E(x, u, t) * D(t, u, y), t)),
            algebra(
                over("output", v, z, times=a(v) * c(z)),
                over("V represents the encoder", t, times=D(t, u, y)),
                over("Z represents the decoder", t, v, times=a(v) * G),
            ),
        ),
        # the rate: Y is a function of T given W, and W knows more than U
        step("sent squared", ge(G**2, 0), sign()),
        step("sent", ge(G, 0), algebra("sent squared", over("V sends one letter", at={t2: t}))),
        step("read squared", ge(H**2, 0), sign()),
        step("read", ge(H, 0), algebra("read squared", over("Z reads one letter", at={y2: y}))),
        step("read or not", eq(H * (H - 1), 0), algebra(over("Z reads one letter", at={y2: y}))),
        step("0 or 1", Or((eq(H, 0), eq(H, 1))), zero_product("read or not")),
        step("T parts", ge(tau(u, v, t) * H, 0), sign()),
        step(
            "Y from T",
            eq(eta(u, v, z, y), Total(tau(u, v, t) * H, t)),
            algebra(
                "Y given W",
                over("output", x, times=p(x)),
                over("T given W", t, times=H),
            ),
        ),
        step(
            "letters of T",
            T_LETTERS,
            uses(
                "grouping",
                {"I": "T", part: lambda i: tau(u, v, i) * h(u, z, i, y), whole: eta(u, v, z, y)},
                using=("T parts", "Y from T"),
            ),
        ),
        step(
            "entropy of parts",
            ForAll((u, v, z, t, y), (), PARTS),
            block(
                step(
                    "not read",
                    implies(eq(H, 0), PARTS),
                    block(
                        step("nothing", PARTS, algebra(put=("no",))),
                        given="no",
                    ),
                ),
                step(
                    "is read",
                    implies(eq(H, 1), PARTS),
                    block(
                        step("all", PARTS, algebra(put=("yes",))),
                        given="yes",
                    ),
                ),
                step("either", PARTS, by_cases("not read", "is read", cover="0 or 1")),
            ),
        ),
        step(
            "Y below T",
            le(Total(phi(eta(u, v, z, y)), y), Total(phi(tau(u, v, t)), t)),
            algebra(
                over("letters of T", y),
                over("entropy of parts", t, y),
                over("Z reads one letter", t, times=phi(tau(u, v, t))),
            ),
        ),
        step("T laws", ge(tau(u, v, t), 0), sign()),
        step(
            "T without V",
            eq(theta(u, t), Total(a(v) * tau(u, v, t), v)),
            algebra(
                over("T given W", v, times=a(v)),
                over("V represents the encoder", x, times=p(x)),
                "T given U",
            ),
        ),
        step(
            "T seed",
            T_SEED,
            uses(
                "log_sum",
                {
                    "I": "V",
                    weight: a,
                    first: lambda i: sp.Integer(1),
                    second: lambda i: tau(u, i, t),
                    whole_a: 1,
                    whole_b: theta(u, t),
                },
                using=("seed V", "T laws", "T without V"),
            ),
        ),
        step(
            "rate",
            le(RATE_Y, RATE_T),
            algebra(
                over("Y below T", u, v, z, times=SEED),
                over("seed Z", u, v, t, times=m(u) * a(v) * phi(tau(u, v, t))),
                over("T seed", u, t, times=m(u)),
            ),
        ),
        # the label
        step("outputs", ge(F, 0), sign()),
        step("joints", ge(j(u, v, z, s, y), 0), sign()),
        step("laws of Y", ge(eta(u, v, z, y), 0), sign()),
        step(
            "labels add up",
            eq(Total(j(u, v, z, s, y), s), eta(u, v, z, y)),
            algebra(
                over("S, Y given W", s),
                over("label", x, times=p(x) * F),
                "Y given W",
            ),
        ),
        step("part", le(j(u, v, z, s, y), Total(j(u, v, z, s, y), s)), part_of_sum("joints")),
        step("joint below law", le(j(u, v, z, s, y), eta(u, v, z, y)), algebra("part", "labels add up")),
        step(
            "without Z",
            MIX_Z,
            uses(
                "log_sum",
                {
                    "I": "Z",
                    weight: c,
                    first: lambda i: eta(u, v, i, y),
                    second: lambda i: j(u, v, i, s, y),
                    whole_a: eta1(u, v, y),
                    whole_b: j1(u, v, s, y),
                },
                using=("seed Z", "laws of Y", "joints", "joint below law", "Y given U, V", "S, Y given U, V"),
            ),
        ),
        step("joints given U, V", ge(j1(u, v, s, y), 0), sign()),
        step("laws given U, V", ge(eta1(u, v, y), 0), sign()),
        step(
            "below given U, V",
            le(j1(u, v, s, y), eta1(u, v, y)),
            algebra(
                over("joint below law", z, times=c(z)),
                "Y given U, V",
                "S, Y given U, V",
            ),
        ),
        step(
            "Y without V",
            eq(eta2(u, y), Total(a(v) * eta1(u, v, y), v)),
            algebra(
                "Y given U",
                over("same law", x, times=p(x)),
                over("Y given W", v, z, times=a(v) * c(z)),
                over("Y given U, V", v, times=a(v)),
            ),
        ),
        step(
            "S, Y without V",
            eq(j2(u, s, y), Total(a(v) * j1(u, v, s, y), v)),
            algebra(
                "S, Y given U",
                over("same law", x, times=p(x) * label(s, x)),
                over("S, Y given W", v, z, times=a(v) * c(z)),
                over("S, Y given U, V", v, times=a(v)),
            ),
        ),
        step(
            "without V",
            MIX_V,
            uses(
                "log_sum",
                {
                    "I": "V",
                    weight: a,
                    first: lambda i: eta1(u, i, y),
                    second: lambda i: j1(u, i, s, y),
                    whole_a: eta2(u, y),
                    whole_b: j2(u, s, y),
                },
                using=(
                    "seed V",
                    "laws given U, V",
                    "joints given U, V",
                    "below given U, V",
                    "Y without V",
                    "S, Y without V",
                ),
            ),
        ),
        step(
            "labels given U add up",
            eq(Total(j2(u, s, y), s), eta2(u, y)),
            algebra(
                over("S, Y given U", s),
                over("label", x, t, times=p(x) * E(x, u, t) * D(t, u, y)),
                "Y given U",
            ),
        ),
        step(
            "label bound",
            le(LABEL_W, LABEL_U),
            algebra(
                over("without Z", u, v, s, y, times=m(u) * a(v)),
                over("without V", u, s, y, times=m(u)),
                over("labels add up", u, v, z, y, times=SEED * ln0(eta(u, v, z, y))),
                over("labels given U add up", u, y, times=m(u) * ln0(eta2(u, y))),
            ),
        ),
    ),
    witness=Witness(draw=_draw, count=600),
)
