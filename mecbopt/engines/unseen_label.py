"""Feasibility of a label limit without the seed: the smallest H(S|Y) at a rate, by the compiled tree.

H(S|Y) is concave in the coupling, so its least value is a global optimum like that of the mutual information,
and the same tree finds it: H(S,Y) takes the place of H(X,Y).  A coupling within the limit ends the search, a
bound above the limit proves that there is none; the search then goes on to the smallest C.
"""

from __future__ import annotations

import math
from typing import Any

from mecbopt._core import tree
from mecbopt.control import Clock
from mecbopt.engines.compiled_tree import core_arguments
from mecbopt.engines.vertex import Incumbent
from mecbopt.errors import SolverError
from mecbopt.formulation import Formulation, LabelLimit
from mecbopt.info import entropy
from mecbopt.tolerances import GAP, GAP_FLOOR, LIMIT_SLACK

__all__ = ["least_label_entropy", "unseen_label_arguments", "unseen_slack"]

#: Steps between two looks at the incumbent.
_STEPS = 8
#: A few times what a sum of entropies of at most 64 x 12 masses is off by.
_ROUNDING = 3e-14


def unseen_slack(label: LabelLimit) -> float:
    """Bits by which bounds relax C: a share of I(S;X), as with the seed, and no less than the rounding."""
    return max(LIMIT_SLACK * min(1.0, label.information), _ROUNDING)


def unseen_label_arguments(formulation: Formulation, label: LabelLimit, start: Incumbent) -> dict[str, Any]:
    """What `CompiledSearch` is told of the limit: incumbents meet it as stated, bounds hold with the slack.

    A start that meets it with the slack alone is allowed to.  H(S|Y,U) obeys it as well, within the slack of
    both in its own unit.
    """
    limit = max(label.limit, formulation.label_entropy(start.mappings, start.weights))
    return {
        "max_label_entropy": label.bound + LIMIT_SLACK + unseen_slack(label) / label.information,
        "max_joint_label_entropy": limit + _entropy_beside(formulation),
        "joint_slack": unseen_slack(label),
    }


def _entropy_beside(formulation: Formulation) -> float:
    """What the core's measure of the label exceeds H(S|Y) by: H(Y), and nothing where that varies."""
    return 0.0 if formulation.free_law else float(entropy(formulation.p_y))


def least_label_entropy(
    formulation: Formulation,
    label: LabelLimit,
    start: Incumbent,
    floor: float,
    seed: int,
    clock: Clock,
    *,
    to_the_least: bool = True,
) -> tuple[Incumbent, float, float]:
    """A coupling with H(S|Y) <= C, or the smallest H(S|Y) where there is none.

    Parameters
    ----------
    formulation : Formulation
    label : LabelLimit
        Its limit.
    start : Incumbent
        Meets the other limits.
    floor : float
        A lower bound on H(S|Y), bits.
    seed : int
    clock : Clock
    to_the_least : bool
        Whether to go on to the smallest H(S|Y) once it is proved to lie above C.

    Returns
    -------
    incumbent : Incumbent
    level, bound : float
        Its H(S|Y), and a bound over all couplings, bits; both below C + slack, both above, or the time is up.
    """
    best, level = start, formulation.label_entropy(start.mappings, start.weights)
    if level <= label.limit:
        return best, level, floor
    entropy_y, reach = _entropy_beside(formulation), label.limit + unseen_slack(label)
    limited = formulation.free_law or bool(formulation.other_limits)
    arguments = core_arguments(formulation, seed, slack=LIMIT_SLACK if limited else 0.0)
    # Where there is no coupling with H(S|Y) <= C, those above are looked at too.
    arguments |= {"max_label_entropy": math.inf, "label_table": None}
    search = tree.CompiledSearch(
        **arguments,
        minimise_label_entropy=True,
        entropy_floor=max(0.0, floor + entropy_y),
        start=(start.mappings, start.weights),
    )
    bound = floor
    while not (search.finished or clock.expired):
        # Boxes are closed at bounds above C alone: what is left decides.
        gap = min(GAP, max(0.5 * (level - label.limit), GAP_FLOOR * min(1.0, label.information)))
        try:
            search.run(nodes=_STEPS, seconds=clock.remaining, gap=gap, stop=lambda: clock.expired)
        except SolverError:
            break
        mappings, weights = search.incumbent_mixture
        found = formulation.label_entropy(mappings, weights) if len(weights) else math.inf
        if found < level:
            best, level = Incumbent(mappings, weights, formulation.cost(mappings, weights)), found
        # Infinity would say that nothing meets the other limits, as the start does: then nothing was proved.
        if search.entropy_lower_bound < math.inf:
            bound = max(bound, min(search.entropy_lower_bound - entropy_y, level))
        if level <= reach or (bound > reach and (level - bound <= GAP or not to_the_least)):
            break
    return best, level, bound
