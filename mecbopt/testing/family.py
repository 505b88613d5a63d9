"""Strategies of the wider family: distortion, constraints, laws of Y that vary, labels in other ways.

Feasible by construction, as in `problems`: every limit is what a mixture that is drawn first attains, plus a
margin.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from mecbopt.problem import Agreement, CostCap, Forbidden, GroupFairness, Mixture, Moment, Problem
from mecbopt.testing._hypothesis import strategies
from mecbopt.testing.laws import as_mixture, channels, mixtures, pmfs

__all__ = ["family_problems"]

_MEMBERS = (
    "distortion",
    "constraints",
    "p_y_tolerance",
    "y_size",
    "min_label_entropy",
    "label_sees_seed",
)
#: Named constraints hold for a mixture with this margin or more.
_MARGINS = (0.0, 0.02, 0.2)


def family_problems(
    max_x: int = 3,
    max_y: int = 3,
    *,
    members: tuple[str, ...] = _MEMBERS,
    max_label: int = 3,
    max_denominator: int = 12,
) -> Any:
    """Feasible problems that use at least one of the given arguments.

    Parameters
    ----------
    max_x, max_y, max_label : int
        Largest alphabets.
    members : tuple of str
        Some of "distortion", "constraints" (those with a name), "p_y_tolerance", "y_size",
        "min_label_entropy", "label_sees_seed"; the last stands for a limit on H(S|Y).  "p_y_tolerance" and
        "y_size" exclude each other, and so do "min_label_entropy" and "label_sees_seed".
    max_denominator : int
        Of distortions and tolerances, which are Fractions.
    """
    st = strategies()
    fractions = st.fractions(min_value=0, max_value=1, max_denominator=max_denominator)

    def build(draw: Any) -> Problem:
        chosen = set(draw(st.lists(st.sampled_from(members), min_size=1, unique=True)))
        for together in (
            ("p_y_tolerance", "y_size"),
            ("min_label_entropy", "label_sees_seed"),
        ):
            if set(together) <= chosen:
                chosen.discard(draw(st.sampled_from(together)))
        n, m = (draw(st.integers(min_value=1, max_value=largest)) for largest in (max_x, max_y))
        p_x = draw(pmfs(n, n))
        mappings, weights = draw(mixtures(n, m))
        mixture = as_mixture(mappings, weights)
        source = np.array([float(mass) for mass in p_x])
        arguments: dict[str, Any] = {
            "rate": mixture.rate(source) + draw(st.sampled_from([0.0, 0.05, math.inf]))
        }
        if "distortion" in chosen:
            arguments["distortion"] = draw(
                st.lists(st.lists(fractions, min_size=m, max_size=m), min_size=n, max_size=n)
            )
        if "y_size" in chosen:
            arguments |= {"p_y": None, "y_size": m}
        else:
            arguments["p_y"] = output_law(p_x, mappings, weights, m)
        if "p_y_tolerance" in chosen:
            # The mixture's own law moved by a mass within the tolerance still admits the mixture.
            arguments |= _near(draw, arguments["p_y"], draw(fractions))
        if chosen & {"min_label_entropy", "label_sees_seed"}:
            arguments |= _label(draw, chosen, mixture, source, draw(channels(n, 2, max_label)))
        if "constraints" in chosen:
            arguments["constraints"] = [draw(_constraint(mixture.coupling(source, m)))]
        return Problem(p_x, **arguments)

    return st.composite(build)()


def _constraint(coupling: Any) -> Any:
    """A named constraint that a coupling meets, often with equality."""
    st = strategies()
    n, m = coupling.shape
    entries = st.integers(min_value=-3, max_value=3)
    margin = st.sampled_from(_MARGINS)
    masses = coupling.sum(axis=1)

    def forbidden(draw: Any) -> Any:
        cells = [tuple(cell) for cell in np.argwhere(coupling == 0.0).tolist()]
        return Forbidden(draw(st.lists(st.sampled_from(cells), min_size=1, max_size=2, unique=True)))

    def cost_cap(draw: Any) -> Any:
        costs = draw(st.lists(st.lists(entries, min_size=m, max_size=m), min_size=n, max_size=n))
        return CostCap(costs, at_most=float((np.array(costs) * coupling).sum()) + draw(margin))

    def moment(draw: Any) -> Any:
        of_x, of_y = (draw(st.lists(entries, min_size=size, max_size=size)) for size in (n, m))
        return Moment(of_x, of_y, at_least=float(np.array(of_x) @ coupling @ np.array(of_y)) - draw(margin))

    def agreement(draw: Any) -> Any:
        return Agreement(at_least=max(0.0, float(np.trace(coupling)) - draw(margin)))

    def fairness(draw: Any) -> Any:
        cut = draw(st.integers(min_value=1, max_value=n - 1))
        outcomes = draw(st.lists(st.integers(min_value=0, max_value=m - 1), min_size=1, unique=True))
        falls_in = coupling[:, outcomes].sum(axis=1)
        held = [falls_in[part].sum() / masses[part].sum() for part in (slice(0, cut), slice(cut, n))]
        return GroupFairness(outcomes, abs(held[0] - held[1]) + draw(margin), [range(cut), range(cut, n)])

    kinds = [cost_cap, moment, agreement]
    if (coupling == 0.0).any():
        kinds.append(forbidden)
    if n > 1 and masses.min() > 0.0:
        kinds.append(fairness)
    return st.sampled_from(kinds).flatmap(lambda build: st.composite(build)())


def output_law(p_x: Any, mappings: Any, weights: Any, letters_y: int) -> list[Fraction]:
    """P(Y = y) of a mixture of exact values, as Fractions."""
    law = [Fraction(0)] * letters_y
    for weight, mapping in zip(weights, mappings, strict=True):
        for mass, image in zip(p_x, mapping, strict=True):
            law[image] += weight * mass
    return law


def _near(draw: Any, p_y: list[Fraction], tolerance: Fraction) -> dict[str, Any]:
    """A tolerance, and a law within it: some mass of one letter goes to another."""
    st = strategies()
    giving, taking = (draw(st.integers(min_value=0, max_value=len(p_y) - 1)) for _ in range(2))
    moved = min(tolerance, p_y[giving])
    law = list(p_y)
    law[giving] -= moved
    law[taking] += moved
    return {"p_y": law, "p_y_tolerance": tolerance}


def _label(draw: Any, chosen: set[str], mixture: Mixture, source: Any, channel: Any) -> dict[str, Any]:
    """A label channel with limits on H(S|Y) that the mixture meets."""
    st = strategies()
    table = np.array([[float(mass) for mass in row] for row in channel])
    attained = mixture.label_entropy_without_seed(source, table)
    limits: dict[str, Any] = {"p_s_given_x": channel}
    if "min_label_entropy" in chosen:
        limits["min_label_entropy"] = max(0.0, attained * draw(st.sampled_from([1.0, 0.9, 0.0])))
    if "label_sees_seed" in chosen:
        limits["label_sees_seed"] = False
        limits["max_label_entropy"] = max(0.0, attained) + draw(st.sampled_from([0.0, 0.01, 0.3]))
    return limits
