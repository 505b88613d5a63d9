"""How much the comonotone branch can lose: in closed form over everything, and over a, b <= 1/2.

With x = 1 - 2a and y = 1 - 2b the loss on the same side of 1/2 is symmetric in x and y, and at a fixed
product x y it is largest on the diagonal; there one equation is left, c log2(1 + 1/c^2) = 1.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from flint import arb

from .binary_coupling import a, b, conditional_entropy
from .crossover import ANTITONE_CAP, B_ABOVE_A, B_AT_MOST_A, LEVEL
from .lemma import Lemma, ProofError, cited
from .runner import uses
from .tools.ball import ball, ball_step, cover_step, precision
from .tools.ball import entropy as ball_entropy
from .tools.ball import phi as ball_phi
from .tools.symbolic import entropy, identity, ln, phi, root_count, sign_step

__all__ = ["LEMMA", "enclose_same_side"]

x, y, c, r, u, v = sp.symbols("x y c r u v", positive=True)

#: The loss at the rate where the antitone end saturates, 0 < a, b < 1/2.
SAME_SIDE = conditional_entropy(slope=ANTITONE_CAP) - LEVEL
#: Twice that loss in x and y.
TWICE = (x + y) * ln(x + y) - x * ln(x) - y * ln(y) + x * y * ln(x * y) - (1 + x * y) * ln(1 + x * y)
#: The derivative of `SAME_SIDE` in a.
SLOPE = -y * ln(y) + 2 * b * ln(x) + y * ln(1 + x * y) - ln(x + y)
#: On the diagonal x = y = c, and its derivative's factor.
DIAGONAL = TWICE.subs({x: c, y: c}) / 2
PSI = c * ln(1 + 1 / c**2)
#: Derivative along x -> x e^s, y -> y e^-s with y = r x, divided by x.
K = (1 - r) * ln(1 + r) + r * ln(r)

#: Opposite sides, relabelled to 0 < a, b < 1/2: the loss once both ends are saturated.
OPPOSITE_BELOW = LEVEL - a * entropy(b / a)
OPPOSITE_ABOVE = LEVEL - (1 - a) * entropy((b - a) / (1 - a))
RIDGE = (1 - a) * entropy(a / (1 - a))
HALF = Fraction(1, 2)
GOLDEN = (1 + sp.sqrt(5)) / 2
WORST_A = (5 - sp.sqrt(5)) / 10


def _excess(point: Fraction) -> arb:
    """The left side c log2(1 + 1/c^2) - 1 at a rational c."""
    value = ball(point)
    return value * (1 + 1 / value**2).log() / arb.const_log2() - 1


@precision()
def enclose_same_side() -> tuple[arb, arb]:
    """Balls around c* and around the largest loss (c* - log2(1 + c*^2)) / 2, bits."""
    low, high = Fraction(1, 10), Fraction(1, 2)
    if not (_excess(low) < 0 and _excess(high) > 0):
        raise ProofError("the bracket does not hold the root")
    for _ in range(100):
        middle = (low + high) / 2
        excess = _excess(middle)
        if excess < 0:
            low = middle
        elif excess > 0:
            high = middle
        else:
            break
    root = ball(low).union(ball(high))
    return root, (root - (1 + root**2).log() / arb.const_log2()) / 2


def _loss(first: arb, second: arb) -> arb:
    """The loss of `SAME_SIDE` on a box, bits.

    By the joint law: 2ab, a(1-2b), b(1-2a) and the rest for the comonotone end against 0, a, b, 1-a-b.
    """
    both = 2 * first * second
    left, right = first * (1 - 2 * second), second * (1 - 2 * first)
    spread = ball_phi(both) + ball_phi(left) + ball_phi(right) + ball_phi(1 - both - left - right)
    return spread - ball_phi(first) - ball_phi(second) - ball_phi(1 - first - second)


def _slope(first: arb, second: arb) -> arb:
    """The derivative of the loss in a, bits: `SLOPE` on a box."""
    far, near = 1 - 2 * first, 1 - 2 * second
    nats = -near * near.log() + 2 * second * far.log() + near * (1 + far * near).log() - (far + near).log()
    return nats / arb.const_log2()


def _below_bound(box: tuple[arb, ...]) -> bool:
    """Whether the loss stays below 0.0788 bits on a box, by its natural or its mean value form."""
    limit = ball(Fraction(788, 10_000))
    if _loss(*box) < limit:
        return True
    first, second = box
    middle = (first.mid(), second.mid())
    # The loss is symmetric, so its derivative in b is that in a with the arguments exchanged.
    moved = _slope(first, second) * (first - middle[0]) + _slope(second, first) * (second - middle[1])
    return bool(_loss(*middle) + moved < limit)


def _same_side() -> tuple[bool, str]:
    root, loss = enclose_same_side()
    mass = (1 - root) / 2
    rate = ball_entropy(mass) * mass / (1 - mass)
    narrow = root.rad() < 1e-25 and loss.rad() < 1e-25
    account = f"c* = {root.str(25)}, a = b = {mass.str(20)}, R = {rate.str(20)}, loss = {loss.str(25)} bits"
    return bool(narrow and loss > ball(Fraction(787, 10_000)) and loss < ball(Fraction(788, 10_000))), account


def _overall() -> tuple[bool, str]:
    _, same_side = enclose_same_side()
    golden = (1 + arb(5).sqrt()) / 2
    loss = golden.log() / arb.const_log2()
    mass = (5 - arb(5).sqrt()) / 10
    direct = (1 - mass) * ball_entropy(mass / (1 - mass))
    account = f"log2((1+sqrt 5)/2) = {loss.str(25)} bits at a = {mass.str(20)}"
    return bool(loss > same_side and direct.overlaps(loss) and loss.rad() < 1e-25), account


LEMMA = Lemma(
    label="Largest loss of the comonotone branch",
    statement=(
        "Over all $a, b, R$ the comonotone branch loses at most $\\log_2\\frac{1+\\sqrt5}{2} = 0.694242$ "
        "bits, attained at "
        "$a = (5-\\sqrt5)/10$, $b = 1-a$, $R \\ge h(a)$ (and relabelled). Over $a, b \\le 1/2$ it loses at "
        "most "
        "$\\frac12(c - \\log_2(1+c^2)) = 0.078704$ bits, where $c = 0.234882$ is the root in (0,1) of "
        "$c \\log_2(1 + c^{-2}) = 1$, attained only at $a = b = (1-c)/2$, $R = h(a)\\, a/(1-a)$."
    ),
    assumptions=("$0 < a, b < 1$, $R \\ge 0$", "no label"),
    steps=(
        uses(
            "Same side, $a, b < 1/2$: the loss is $D(t)$ while both ends spend the rate, and $D' > 0$.",
            "sign_theorem",
        ),
        uses(
            "Past $t = b/(1-a)$ the antitone end is constant and $\\Phi(t)$ decreases until the comonotone "
            "end leads: "
            "the loss is largest at $t = b/(1-a)$. For $a$ or $b$ = 1/2 it is 0.",
            "crossover",
        ),
        identity(
            "With $x = 1-2a$, $y = 1-2b$ twice that loss is $(x+y)\\ln(x+y) - x\\ln x - y\\ln y + "
            "xy\\ln(xy) - "
            "(1+xy)\\ln(1+xy)$.",
            lambda: (2 * SAME_SIDE.subs({a: (1 - x) / 2, b: (1 - y) / 2}, simultaneous=True), TWICE),
        ),
        identity(
            "In a and b it is the entropy of (2ab, a(1-2b), b(1-2a), rest) less that of (0, a, b, 1-a-b).",
            lambda: (
                SAME_SIDE,
                sum(
                    phi(cell) for cell in (2 * a * b, a * (1 - 2 * b), b * (1 - 2 * a), 1 - a - b + 2 * a * b)
                )
                - sum(phi(cell) for cell in (a, b, 1 - a - b)),
            ),
        ),
        identity(
            "Along $x \\to x e^s$, $y \\to y e^{-s}$ the product is fixed and the derivative at $s = 0$, "
            "$y = rx$, is "
            "$x\\,[(1-r)\\ln(1+r) + r\\ln r]$.",
            lambda: ((x * sp.diff(TWICE, x) - y * sp.diff(TWICE, y)).subs(y, r * x), x * K),
        ),
        identity(
            "$k(r) = (1-r)\\ln(1+r) + r\\ln r$ has $k(1) = 0$ and $k''(r) = (1-r)/(r(1+r)^2)$.",
            lambda: [(K.subs(r, 1), 0), (sp.diff(K, r, 2), (1 - r) / (r * (1 + r) ** 2))],
        ),
        sign_step("$k'' > 0$ on (0, 1).", lambda: [((1 - r) / (r * (1 + r) ** 2), {r: 1 / (1 + u)}, 1)]),
        cited(
            "$k(0^+) = 0 = k(1)$ and strict convexity give $k < 0$ on (0, 1): at a fixed product the loss "
            "is largest at "
            "$x = y$, and only there ($x, y < 1$ is kept on the way to the diagonal).",
            "Rockafellar, Convex Analysis, section 4",
        ),
        identity(
            "On the diagonal the loss $L(c)$ has $L'(c) = \\ln 2 - \\psi(c)$, $\\psi(c) = c\\ln(1 + "
            "c^{-2})$.",
            lambda: (sp.diff(DIAGONAL, c), ln(2) - PSI),
        ),
        identity(
            "$\\psi''(c) = -2(1-c^2)/(c(1+c^2)^2)$, $\\psi(1) = \\ln 2$ and $\\psi'(1) = \\ln 2 - 1$.",
            lambda: [
                (sp.diff(PSI, c, 2), -2 * (1 - c**2) / (c * (1 + c**2) ** 2)),
                (PSI.subs(c, 1), ln(2)),
                (sp.diff(PSI, c).subs(c, 1), ln(2) - 1),
            ],
        ),
        sign_step(
            "$\\psi'' < 0$ on (0, 1).",
            lambda: [(-2 * (1 - c**2) / (c * (1 + c**2) ** 2), {c: 1 / (1 + u)}, -1)],
        ),
        ball_step(
            "$\\ln 2 - 1 < 0$.", lambda: (bool(arb.const_log2() - 1 < 0), f"{(arb.const_log2() - 1).str(20)}")
        ),
        cited(
            "$\\psi$ is strictly concave with $\\psi(0^+) = 0 < \\ln 2$, $\\psi(1) = \\ln 2$ and falls "
            "into 1, so it takes "
            "$\\ln 2$ exactly once in (0, 1), at $c^*$: L increases before and decreases after.",
            "Rockafellar, Convex Analysis, section 4",
        ),
        identity(
            "Where $\\psi(c) = \\ln 2$: $L = \\frac12(c \\ln 2 - \\ln(1+c^2))$; in general "
            "$L - \\frac12(c\\ln2 - \\ln(1+c^2)) = \\frac c2(\\ln 2 - \\psi(c))$.",
            lambda: (DIAGONAL - (c * ln(2) - ln(1 + c**2)) / 2, c * (ln(2) - PSI) / 2),
        ),
        identity(
            "Its derivative in a is $-y\\ln y + 2b\\ln x + y\\ln(1+xy) - \\ln(x+y)$; it is symmetric in a "
            "and b.",
            lambda: [
                (sp.diff(SAME_SIDE, a), SLOPE.subs({x: 1 - 2 * a, y: 1 - 2 * b}, simultaneous=True)),
                (SAME_SIDE, SAME_SIDE.subs({a: b, b: a}, simultaneous=True)),
            ],
        ),
        cover_step(
            "The same by a second method, a cover of the closed square $0 \\le a, b \\le 1/2$ (borders "
            "included, "
            "by continuity): the loss at $t = b/(1-a)$ is nowhere above 0.0788 bits.",
            lambda: [((Fraction(0), HALF), (Fraction(0), HALF))],
            _below_bound,
        ),
        ball_step(
            "Enclosures of $c^*$, of the point and of the largest loss over $a, b \\le 1/2$.", _same_side
        ),
        uses(
            "Opposite sides, relabelled by $b \\to 1-b$ to $a, b < 1/2$: printed and optimal end change "
            "roles, the loss "
            "is 0 up to the crossover and then grows until both ends are saturated.",
            "crossover",
        ),
        identity(
            "There, $b \\le a$: loss $(1-a)h(b/(1-a)) - a h(b/a)$, with derivative "
            "$\\ln\\frac{1-a-b}{a-b}$ in b.",
            lambda: (sp.diff(OPPOSITE_BELOW, b), ln(1 - a - b) - ln(a - b)),
        ),
        sign_step(
            "$(1-a-b)/(a-b) > 1$: the loss increases in b up to a.",
            lambda: [((1 - a - b) / (a - b) - 1, B_AT_MOST_A, 1)],
        ),
        identity(
            "$b > a$: loss $(1-a)[h(b/(1-a)) - h((b-a)/(1-a))]$, with derivative "
            "$\\ln\\frac{(1-a-b)(b-a)}{b(1-b)}$ in b.",
            lambda: (sp.diff(OPPOSITE_ABOVE, b), ln(1 - a - b) + ln(b - a) - ln(b) - ln(1 - b)),
        ),
        sign_step(
            "$(1-a-b)(b-a) - b(1-b) < 0$: the loss decreases in b from a on.",
            lambda: [((1 - a - b) * (b - a) - b * (1 - b), B_ABOVE_A, -1)],
        ),
        identity(
            "So $b = a$ is best (that is $b = 1-a$ before relabelling): loss $(1-a) h(a/(1-a))$, with "
            "derivative "
            "$\\ln\\frac{(1-2a)^2}{a(1-a)}$.",
            lambda: [
                (LEVEL.subs(b, a), RIDGE),
                (sp.diff(RIDGE, a), 2 * ln(1 - 2 * a) - ln(a) - ln(1 - a)),
            ],
        ),
        identity(
            "$(1-2a)^2 - a(1-a) = 5a^2 - 5a + 1$, which vanishes at $(5-\\sqrt5)/10$ and at its mirror "
            "image.",
            lambda: [
                ((1 - 2 * a) ** 2 - a * (1 - a), 5 * a**2 - 5 * a + 1),
                (sp.expand(5 * WORST_A**2 - 5 * WORST_A + 1), 0),
            ],
        ),
        root_count(
            "It has exactly one root in [0, 1/2].",
            lambda: (5 * a**2 - 5 * a + 1, a, sp.Integer(0), sp.Rational(1, 2), 1),
        ),
        sign_step(
            "It is 1 at 0 and -1/4 at 1/2: the loss on the ridge increases up to the root and decreases "
            "after it.",
            lambda: [
                ((5 * a**2 - 5 * a + 1).subs(a, 0), {}, 1),
                ((5 * a**2 - 5 * a + 1).subs(a, sp.Rational(1, 2)), {}, -1),
            ],
        ),
        identity(
            "At the root $a/(1-a) = g^{-2}$, $(1-2a)/(1-a) = g^{-1}$, $(1-a)(2 g^{-2} + g^{-1}) = 1$ with "
            "$g = (1+\\sqrt5)/2$, so the loss is $(1-a)(2g^{-2} + g^{-1}) \\ln g = \\ln g$.",
            lambda: [
                (sp.radsimp(WORST_A / (1 - WORST_A) - GOLDEN**-2), 0),
                (sp.radsimp((1 - 2 * WORST_A) / (1 - WORST_A) - 1 / GOLDEN), 0),
                (sp.radsimp((1 - WORST_A) * (2 * GOLDEN**-2 + 1 / GOLDEN) - 1), 0),
            ],
        ),
        identity(
            "$h(p) = -p\\ln p - (1-p)\\ln(1-p)$ with $p = g^{-2}$, $1-p = g^{-1}$ is $(2g^{-2} + "
            "g^{-1})\\ln g$.",
            lambda: (phi(r**-2) + phi(1 / r), (2 * r**-2 + 1 / r) * ln(r)),
        ),
        ball_step("It exceeds the largest loss on the same side; enclosure.", _overall),
    ),
)
