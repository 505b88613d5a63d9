"""The compiled engine against two independent exact methods, on random instances.

One is the branch and bound on HiGHS over all enumerated mappings, the other an enumeration of exchange
cliques (`tests.core.clique_enumeration`), which shares nothing with any tree.  A quarter of the instances
have equal masses: uniform marginals, or masses of two values.  An instance is a function of its number.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mecbopt as mb
from tests.benchmarks.record import markdown_table, seconds_text, write_json
from tests.core.clique_enumeration import best_over_cliques
from tests.oracle import bits, smallest_label_entropy

__all__ = ["Case", "add_arguments", "against_cliques", "against_highs", "case", "clique_case", "run"]

#: Twenty in a row: mostly 3x3, with one 4x4, which takes HiGHS ten times as long.
SHAPES = (
    *[(3, 3)] * 8,
    *[(3, 4), (4, 3), (2, 3), (3, 2)] * 2,
    *[(2, 2), (2, 4), (4, 2), (4, 4)],
)

TOLERANCE = 1e-6
#: Rounding of values and bounds that come from different sums.
ROUNDING = 1e-9
#: What the slack of 1e-10 bits that every label limit has can be worth in information: up to 21 bits for a
#: bit of label entropy were seen, 100 are allowed.
LABEL_SLACK = 1e-8


@dataclass(frozen=True)
class Case:
    """An instance, and what it was drawn as."""

    number: int
    shape: tuple[int, int]
    equal_masses: bool
    fraction: float
    problem: mb.Problem

    @property
    def kind(self) -> str:
        return "equal masses" if self.equal_masses else "Dirichlet"

    @property
    def label(self) -> bool:
        return self.problem.has_label_constraint


def _masses(random: np.random.Generator, letters: int, equal: bool) -> NDArray[np.float64]:
    """A pmf: uniform on the simplex, or with letters of one or two masses."""
    if not equal:
        return random.dirichlet(np.ones(letters))
    heavy = random.integers(letters)  # 0: uniform
    masses = np.where(np.arange(letters) < heavy, random.integers(2, 5), 1)
    return masses / masses.sum()


def _draw(number: int, shape: tuple[int, int], label: bool, equal: bool) -> Case:
    random = np.random.default_rng([number, *shape, int(label), int(equal)])
    p_x, p_y = (_masses(random, letters, equal) for letters in shape)
    fraction = 1.0 if random.random() < 0.05 else float(random.uniform(0.05, 1.0))
    rate = fraction * float(bits(p_y).sum())
    arguments: dict[str, Any] = {}
    if label:
        channel = random.dirichlet(np.ones(3), size=shape[0])
        if equal:
            channel = channel[random.integers(shape[0], size=shape[0])]  # letters that may be exchanged
        least, most = smallest_label_entropy(p_x, p_y, rate, channel), float(bits(p_x @ channel).sum())
        limit = least + random.uniform(0.02, 1.0) * (most - least)
        arguments = {"p_s_given_x": channel, "max_label_entropy": limit}
    return Case(number, shape, equal, fraction, mb.Problem(p_x, p_y, rate=rate, **arguments))


def case(number: int) -> Case:
    """An instance for HiGHS: every shape with and without a label, a quarter with equal masses.

    At 4x4 equal masses take HiGHS minutes, for want of an order of the letters: those are left to the
    cliques, and the first 3x3 of a block has equal masses twice as often.
    """
    turn, place = divmod(number, len(SHAPES))
    equal = {0: (0, 1), len(SHAPES) - 1: ()}.get(place, (0,))
    return _draw(number, SHAPES[place], label=turn % 2 == 1, equal=turn // 2 % 4 in equal)


def clique_case(number: int, letters: int = 4) -> Case:
    """A square instance without a label for the cliques, every fourth with equal masses."""
    return _draw(number, (letters, letters), label=False, equal=number % 4 == 0)


def _solve(instance: Case, engine: str, time_limit: float) -> tuple[mb.Solution, float]:
    start = time.process_time()
    solution = mb.solve(
        instance.problem,
        method="exact",
        engine=engine,
        gap=TOLERANCE,
        time_limit=time_limit,
        seed=instance.number,
    )
    seconds = time.process_time() - start
    solution.check()
    return solution, seconds


def _place(instance: Case) -> dict[str, Any]:
    return {
        "number": instance.number,
        "shape": list(instance.shape),
        "label": instance.label,
        "kind": instance.kind,
        "fraction": instance.fraction,
    }


def against_highs(instance: Case, time_limit: float = 60.0) -> dict[str, Any]:
    """Values and bounds of the compiled engine, of the default, and of the engine on HiGHS.

    `difference` is the larger one of the values, `crossing` by how much a value exceeds a bound, in bits.
    """
    other, highs_seconds = _solve(instance, "highs", time_limit)
    record = _place(instance) | {"optimal": other.status is mb.Status.OPTIMAL, "other_seconds": highs_seconds}
    differences, crossings = [], []
    for engine in ("compiled", "auto"):
        ours, record[f"{engine}_seconds"] = _solve(instance, engine, time_limit)
        record["optimal"] &= ours.status is mb.Status.OPTIMAL
        differences.append(abs(ours.mutual_information - other.mutual_information))
        crossings.append(ours.mutual_information - other.upper_bound)
        crossings.append(other.mutual_information - ours.upper_bound)
    return record | {"difference": max(differences), "crossing": max(crossings)}


def against_cliques(instance: Case, time_limit: float = 60.0) -> dict[str, Any]:
    """The same for the enumeration of cliques, whose value is the optimum up to rounding."""
    p_x, p_y, rate = instance.problem.p_x, instance.problem.p_y, instance.problem.rate
    start = time.process_time()
    best = best_over_cliques(p_x, p_y, rate)
    record = _place(instance) | {"other_seconds": time.process_time() - start}
    ours, record["compiled_seconds"] = _solve(instance, "compiled", time_limit)
    return record | {
        "optimal": ours.status is mb.Status.OPTIMAL,
        "difference": abs(ours.mutual_information - best),
        "crossing": max(ours.mutual_information - best, best - ours.upper_bound),
    }


def agrees(record: dict[str, Any]) -> bool:
    """Whether both methods proved the same value, to the gap that was asked for."""
    slack = ROUNDING + (LABEL_SLACK if record["label"] else 0.0)
    within = record["difference"] <= TOLERANCE + slack and record["crossing"] <= slack
    return bool(record["optimal"]) and within


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    group = parser.add_argument_group("agreement")
    group.add_argument("--highs-cases", type=int, default=2000, help="instances against HiGHS (2000)")
    group.add_argument("--clique-cases", type=int, default=200, help="4x4 instances against cliques (200)")


def _summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What a set of records shows, with the instance that differs most."""
    worst = max(records, key=lambda record: float(record["difference"]))
    return {
        "instances": len(records),
        "optimal": sum(bool(record["optimal"]) for record in records),
        "agree": sum(map(agrees, records)),
        "largest_difference": worst["difference"],
        "instance_of_the_largest": worst["number"],
        "largest_crossing": max(record["crossing"] for record in records),
        "median_seconds_compiled": statistics.median(record["compiled_seconds"] for record in records),
        "median_seconds_other": statistics.median(record["other_seconds"] for record in records),
        "largest_seconds_other": max(record["other_seconds"] for record in records),
    }


def _groups(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Summaries by shape, label and kind of masses."""
    keys = sorted({(tuple(record["shape"]), record["label"], record["kind"]) for record in records})
    return [
        {"shape": list(shape), "label": label, "kind": kind}
        | _summary([r for r in records if (tuple(r["shape"]), r["label"], r["kind"]) == (shape, label, kind)])
        for shape, label, kind in keys
    ]


def run(options: argparse.Namespace, machine: dict[str, Any], out: Path) -> tuple[str, str, bool]:
    """Compare all instances, writing the results so far now and then.

    Returns
    -------
    tuple (report, small table, sound)
        Markdown, nothing, and whether all agree.
    """
    # Cliques first: they take the longest each.
    letters, counts = 4, {"cliques": options.clique_cases, "highs": options.highs_cases}
    if options.quick:
        letters, counts = 3, {name: min(count, 20) for name, count in counts.items()}
    content: dict[str, Any] = machine | {
        "benchmark": "agreement",
        "gap_bits": TOLERANCE,
        "time_limit_seconds": options.time_limit,
        "disagreements": [],
    }
    sound = True
    for name, count in counts.items():
        records: list[dict[str, Any]] = []
        for number in range(count):
            if name == "cliques":
                record = against_cliques(clique_case(number, letters), options.time_limit)
            else:
                record = against_highs(case(number), options.time_limit)
            records.append(record)
            if not agrees(record):
                content["disagreements"].append({"against": name} | record)
                print(f"DOES NOT AGREE with {name}: {record}", flush=True)
            if number % 20 == 19 or number + 1 == count:
                content[name] = _summary(records) | {"groups": _groups(records)}
                write_json(out / "agreement.json", content)
                print(f"{name}: {number + 1} of {count}, {content[name]['agree']} agree", flush=True)
        sound &= all(map(agrees, records))
    return _report(content, [name for name in counts if name in content]), "", sound


def _report(content: dict[str, Any], names: list[str]) -> str:
    """The tables as Markdown."""
    titles = {"highs": "The branch and bound on HiGHS", "cliques": "Enumeration of exchange cliques"}
    lines = [
        "# Agreement of the exact engines\n",
        f"`{content['command']}`, {content['date']}, {content['processor']}, {content['cores']} cores.\n",
        f"Gap {content['gap_bits']:g} bits, limit {content['time_limit_seconds']:g} s a solve.  An instance "
        "is a function of its number (`tests/benchmarks/agreement.py`), rates from 0.05 to 1 of H(Y).  "
        "Differences of the values in bits: the compiled engine's, and against HiGHS also the default "
        "engine's.\n",
    ]
    for name in names:
        part = content[name]
        rows = [
            [
                f"{group['shape'][0]}x{group['shape'][1]}, {group['kind']}{', label' * group['label']}",
                str(group["instances"]),
                str(group["agree"]),
                f"{group['largest_difference']:.1e}",
                seconds_text(group["median_seconds_compiled"]),
                seconds_text(group["median_seconds_other"]),
            ]
            for group in part["groups"]
        ]
        total = [
            "all",
            str(part["instances"]),
            str(part["agree"]),
            f"{part['largest_difference']:.1e}",
            "",
            "",
        ]
        header = ["instances", "number", "agree", "largest difference", "compiled, median", "other, median"]
        lines += [f"## {titles[name]}\n", markdown_table(header, [*rows, total])]
    return "\n".join(lines)
