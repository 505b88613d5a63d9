"""What one record of a certificate proves, whatever its multipliers are: a bound on H(X,Y) in its box, slabs.

The bound is weak duality with a share theta of Jensen's row and the rest of a line below phi in each cell.
A cell with a multiplier cannot leave its end by more than what the record lacks, over the multiplier.
"""

from __future__ import annotations

import random
from typing import Any

from flint import fmpq

from .chord import c as middle
from .chord import high as right_end
from .chord import low as left_end
from .column_jensen import HIGH, LOW, ROW, SHARE, G, draw_touching, v
from .general_bounds import LABEL, c, j, s
from .lemma import Lemma, Witness, step
from .mappings import P, e, k, p, pmf, q, r, w, x, y
from .rounded_jensen import CHORD, HYPOTHESES, end, left, right, start
from .tools.evaluate import ball, nats
from .tools.kernel import over
from .tools.language import (
    And,
    ForAll,
    Total,
    eq,
    family,
    ge,
    gt,
    implies,
    index,
    le,
    lt,
    phi,
    real,
    substitute,
    total,
)
from .tools.rules import algebra, block, by_cases, instance, part_of_sum, uses

__all__ = ["LEMMA"]

i = index("i", "O")
alpha, beta, theta, up, down, price, turn, order = family("alpha beta theta zp zm zy z d")
R, C, on_rate, on_label, least, target = real("R C zR zC mu T")

CELL, SIZE = P(x, y), total(phi(P(x, y)), x, y)
#: rate and label entropy of a mapping
RATE = Total(phi(q(k, y)), y)
TOLD = total(phi(j(k, s, y)), s, y) - RATE
#: G_y at the preimages of a mapping, summed over y
CELL_COST = (
    (1 - theta(x, y)) * beta(x, y) - up(x, y) + down(x, y) - price(y) - Total(turn(i) * order(i, x, y), i)
)
SCORE = (
    total(p(x) * e(k, x, y) * CELL_COST, x, y)
    + total(q(k, y) / r(y) * theta(x, y) * G(k, x, y), x, y)
    + on_rate * RATE
    + on_label * TOLD
)
BOUND = (
    total((1 - theta(x, y)) * alpha(x, y) + up(x, y) * LOW - down(x, y) * HIGH, x, y)
    + Total(price(y) * r(y), y)
    - on_rate * R
    - on_label * C
    + least
)
TERM = up(x, y) * (CELL - LOW) + down(x, y) * (HIGH - CELL)


def _draw(generator: random.Random, place: int) -> dict[str, Any]:
    """Mixtures in boxes with touching intervals, lines, any multipliers, labels, an order of cells."""
    values = draw_touching(generator, place)
    n, m, number = values["#X"], values["#Y"], values["#K"]
    tight = place % 5 == 0  # boxes without width: the lines are exact
    if tight:
        values |= {"l": values["P"], "u": values["P"]}
    labels, pairs = generator.randint(1, 2), generator.randint(1, 2)
    channel = [pmf(generator, labels, zeros=True) for _ in range(n)]
    joint = [
        [
            [
                sum((values["p"][a] * channel[a][t] for a in range(n) if image[a] == b), fmpq(0))
                for b in range(m)
            ]
            for t in range(labels)
        ]
        for image in values["images"]
    ]
    cells = [(a, b) for a in range(n) for b in range(m)]

    def some(*choices: Any) -> list[list[Any]]:
        return [[generator.choice(choices) for _ in range(m)] for _ in range(n)]

    def line(a: int, b: int) -> tuple[Any, Any]:
        low, high = values["l"][a][b], values["u"][a][b]
        slope = (nats(high) - nats(low)) / (high - low) if low < high else fmpq(0)
        return ball(nats(low)) - slope * low - (not tight) * generator.choice((0, fmpq(1, 9))), slope

    lines = [[line(a, b) for b in range(m)] for a in range(n)]
    signs = [[fmpq(0)] * m for _ in range(n)]
    orders = [[row[:] for row in signs] for _ in range(pairs)]
    for table in orders:
        first, second = sorted(
            (generator.choice(cells), generator.choice(cells)), key=lambda one: values["P"][one[0]][one[1]]
        )
        table[second[0]][second[1]] += 1
        table[first[0]][first[1]] -= 1
    ups = some(0, 0, 1, fmpq(1, 3), fmpq(1, 40))
    downs = [[0 if one else generator.choice((0, 1, fmpq(1, 4), fmpq(1, 40))) for one in row] for row in ups]
    found = {
        "theta": some(0) if tight else some(0, 1, fmpq(1, 2)),
        "zp": ups,
        "zm": downs,
        "zy": [fmpq(generator.randint(-4, 4), 3) for _ in range(m)],
        "z": [(not tight) * generator.choice((0, fmpq(1, 2), 1)) for _ in range(pairs)],
        "d": orders,
        "zR": generator.choice((0, fmpq(1, 2), 1)),
        "zC": generator.choice((0, 0, fmpq(1, 2))),
        "alpha": [[one[0] for one in row] for row in lines],
        "beta": [[one[1] for one in row] for row in lines],
    }
    rates = [nats(*law) for law in values["q"]]
    told = [
        nats(*(one for row in table for one in row)) - rate for table, rate in zip(joint, rates, strict=True)
    ]
    scores = []
    for f in range(number):
        total_score = found["zR"] * ball(rates[f]) + found["zC"] * ball(told[f])
        for a, b in cells:
            cost = (1 - found["theta"][a][b]) * lines[a][b][1] - ups[a][b] + downs[a][b] - found["zy"][b]
            cost -= sum(one * table[a][b] for one, table in zip(found["z"], orders, strict=True))
            total_score += values["p"][a] * values["e"][f][a][b] * cost
            share = values["q"][f][b] / values["r"][b] * found["theta"][a][b]
            total_score += share * values["G"][f][a][b] if share else 0
        scores.append(total_score)
    spent = sum(one * ball(two) for one, two in zip(values["w"], rates, strict=True))
    seen = sum(one * ball(two) for one, two in zip(values["w"], told, strict=True))
    found |= {
        "#S": labels,
        "#O": pairs,
        "c": [[channel[a][t] for a in range(n)] for t in range(labels)],
        "j": joint,
        "R": spent + (not tight) * generator.choice((0, 1)),
        "C": seen + (not tight) * generator.choice((0, 1)),
        "mu": min(scores, key=lambda one: float(one.mid())) - (not tight) * generator.choice((0, fmpq(1, 5))),
    }
    # a slab of one cell that ends near its value, and a target that it reaches
    a, b = generator.choice(cells)
    reached = found["mu"] - found["zR"] * found["R"] - found["zC"] * found["C"]
    reached += sum(one * two for one, two in zip(found["zy"], values["r"], strict=True))
    for a1, b1 in cells:
        reached += (1 - found["theta"][a1][b1]) * lines[a1][b1][0]
        reached += ups[a1][b1] * values["l"][a1][b1] - downs[a1][b1] * values["u"][a1][b1]
    side = 1 if ups[a][b] else -1
    moved = values["P"][a][b] - side * generator.choice((fmpq(1, 10**6), fmpq(1, 9)))
    if side > 0:
        reached += ups[a][b] * (moved - values["l"][a][b])
    else:
        reached += downs[a][b] * (values["u"][a][b] - moved)
    return values | found | {"nu": moved, "T": reached - (not tight) * generator.choice((0, fmpq(1, 9)))}


LINE = le(alpha(x, y) + beta(x, y) * CELL, phi(CELL))
cut = real("nu")
SPENT = total(w(k) * phi(q(k, y)), k, y)
SEEN = total(w(k) * phi(j(k, s, y)), k, s, y) - SPENT
RATE_COUNTS, LABEL_COUNTS = ge(on_rate * (R - SPENT), 0), ge(on_label * (C - SEEN), 0)


def _counts(name: str, limit: str, price_of: Any, slack: Any) -> Any:
    """A limit counts by what it leaves, and not at all without a multiplier."""
    claim = ge(price_of * slack, 0)
    return (
        step(
            f"{name}, priced",
            implies(gt(price_of, 0), claim),
            block(
                step("kept", ge(slack, 0), instance(limit, {}, using=("has a price",))),
                step("product", claim, algebra(over("kept", times=price_of))),
                given="has a price",
            ),
        ),
        step(
            f"{name}, free",
            implies(le(price_of, 0), claim),
            block(
                step("none", eq(price_of, 0), algebra("has none", "prices")),
                step("nothing", claim, algebra(over("none", times=slack))),
                given="has none",
            ),
        ),
        step(name, claim, by_cases(f"{name}, priced", f"{name}, free")),
    )


def _slab(multiplier: Any, slack: Any, moved: Any, beyond: Any, other: str) -> tuple[Any, Any]:
    """Beyond the end that reaches the target lie no couplings below it."""
    claim = implies(gt(multiplier, 0), beyond, ge(BOUND + multiplier * moved, target), gt(SIZE, target))
    rule = block(
        step("spared here", le(BOUND + multiplier * slack, SIZE), algebra("one cell", other)),
        step("more", gt(multiplier * slack, multiplier * moved), algebra(over("beyond", times=multiplier))),
        step("above", gt(SIZE, target), algebra("spared here", "more", "reaches")),
        given="priced; beyond; reaches",
    )
    return claim, rule


UPPER, CUT_UPPER = _slab(up(x, y), CELL - LOW, cut - LOW, gt(CELL, cut), "downs count")
LOWER, CUT_LOWER = _slab(down(x, y), HIGH - CELL, HIGH - cut, lt(CELL, cut), "ups count")
USED = tuple(HYPOTHESES)

LEMMA = Lemma(
    name="record",
    label="Records of certificates and their slabs",
    idea=(
        "Each cell is at least a mean of its line and its Jensen row, and the scores of the mappings "
        "average to at least their least. What a cell has to spare at an end counts in full."
    ),
    meaning={
        p: "law of X",
        w: "weights of the mappings",
        e: "[f_k(x) = y]",
        q: "law of f_k(X)",
        r: "law of Y",
        P: "coupling",
        c: "law of the label given X",
        j: "joint law of label and f_k(X)",
        v: "place of mapping k in a column",
        G: "the concave functions at the places, or less",
        LOW.func: "lower ends of the box",
        HIGH.func: "upper ends",
        start: "starts of the touching intervals",
        end: "their ends",
        left: "slopes before them",
        right: "slopes after them",
        alpha: "heights of the lines",
        beta: "their slopes",
        theta: "shares of the Jensen rows",
        up: "positive multipliers of the cells",
        down: "negative ones, turned positive",
        price: "multipliers of the marginals",
        turn: "multipliers of the order",
        order: "+1 at the first cell of a pair, -1 at the second",
        on_rate: "multiplier of the rate, turned positive",
        on_label: "multiplier of the label, turned positive",
        R: "rate limit",
        C: "label limit",
        least: "at most the score of every mapping",
        target: "target of the tree",
        cut: "new end of a cell",
    },
    hypotheses={
        **HYPOTHESES,
        "channel": ge(c(s, x), 0),
        "label and image": LABEL["label and image"],
        "lines": And(
            (
                le(alpha(x, y) + beta(x, y) * LOW, phi(LOW)),
                le(alpha(x, y) + beta(x, y) * HIGH, phi(HIGH)),
            )
        ),
        "shares": And((ge(theta(x, y), 0), le(theta(x, y), 1))),
        "multipliers": And((ge(up(x, y), 0), ge(down(x, y), 0))),
        "prices": And((ge(on_rate, 0), ge(on_label, 0), ge(turn(i), 0))),
        "rate": implies(gt(on_rate, 0), le(SPENT, R)),
        "label": implies(gt(on_label, 0), le(SEEN, C)),
        "order": ge(total(order(i, x, y) * CELL, x, y), 0),
        "least": le(least, SCORE),
    },
    conclusions={"bound": le(BOUND, SIZE), "slab from above": UPPER, "slab from below": LOWER},
    steps=(
        step("row", ROW, uses("rounded_jensen", using=USED)),
        step(
            "wide box",
            implies(lt(LOW, HIGH), LINE),
            block(
                step(
                    "chord",
                    substitute(CHORD, {left_end: LOW, middle: CELL, right_end: HIGH}),
                    uses("chord", {left_end: LOW, middle: CELL, right_end: HIGH}, using=("box",)),
                ),
                step(
                    "times the width",
                    le((HIGH - LOW) * LINE.left, (HIGH - LOW) * phi(CELL)),
                    algebra("chord", over("lines", times=HIGH - CELL), over("lines", times=CELL - LOW)),
                ),
                step("line", LINE, algebra(over("times the width", times=1 / (HIGH - LOW)))),
                given="wide",
            ),
        ),
        step(
            "narrow box",
            implies(le(HIGH, LOW), LINE),
            block(
                step("at the end", eq(CELL, LOW), algebra("box", "narrow")),
                step("line", LINE, algebra("lines", put=("at the end",))),
                given="narrow",
            ),
        ),
        step(
            "line",
            ForAll((x, y), (), LINE),
            block(step("either", LINE, by_cases("wide box", "narrow box"))),
        ),
        step(
            "cell bound",
            ge(
                phi(CELL),
                (1 - theta(x, y)) * LINE.left + theta(x, y) * Total(SHARE * G(k, x, y), k),
            ),
            algebra(over("line", times=1 - theta(x, y)), over("row", times=theta(x, y))),
        ),
        *_counts("rate counts", "rate", on_rate, R - SPENT),
        *_counts("label counts", "label", on_label, C - SEEN),
        step(
            "columns",
            eq(Total(CELL, x), r(y)),
            algebra(over("coupling", x), over("law of the image", k, times=w(k)), "marginal"),
        ),
        step(
            "spared",
            le(BOUND + total(TERM, x, y), SIZE),
            algebra(
                over("cell bound", x, y),
                over("least", k, times=w(k)),
                over("weights", times=least),
                "rate counts",
                "label counts",
                over("order", i, times=turn(i)),
                over("columns", y, times=price(y)),
                over("coupling", x, y, times=(1 - theta(x, y)) * beta(x, y)),
                over("coupling", x, y, times=up(x, y)),
                over("coupling", x, y, times=down(x, y)),
                over("coupling", x, y, times=price(y)),
                over("coupling", i, x, y, times=turn(i) * order(i, x, y)),
            ),
        ),
        step("ups count", ge(up(x, y) * (CELL - LOW), 0), algebra(over("box", times=up(x, y)))),
        step("downs count", ge(down(x, y) * (HIGH - CELL), 0), algebra(over("box", times=down(x, y)))),
        step("bound", le(BOUND, SIZE), algebra("spared", over("ups count", x, y), over("downs count", x, y))),
        step("cells count", ge(TERM, 0), algebra("ups count", "downs count")),
        step("one in its row", le(TERM, Total(TERM, y)), part_of_sum("cells count")),
        step("rows count", ge(Total(TERM, y), 0), algebra(over("cells count", y))),
        step("one row", le(Total(TERM, y), total(TERM, x, y)), part_of_sum("rows count")),
        step("one cell", le(BOUND + TERM, SIZE), algebra("spared", "one in its row", "one row")),
        step("slab from above", UPPER, CUT_UPPER),
        step("slab from below", LOWER, CUT_LOWER),
    ),
    witness=Witness(draw=_draw, count=250),
)
