"""`mecbopt neural discrete`: train on discrete letters and compare with the optimum of `solve`.

The scheme is chosen among its restarts by what training measures; the optimum is computed afterwards, at the
scheme's own coded rate, marginals and label entropy, so a scheme is neither excused nor favoured by missing
its targets.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from mecbopt.cli.main import ExitCode
from mecbopt.problem import Problem

__all__ = ["compare", "discrete", "holds"]

#: Largest distance from the optimum, in bits, and the least optimum that makes this a test.
LARGEST_GAP = 0.03
_LEAST_VALUE = 0.15
#: How far the coded rate may lie from its target: a scheme must not pass by spending more.  It may spend less
#: only where that costs nothing: within LARGEST_GAP of the optimum at the whole target.
_RATE_ACCURACY = 0.03
#: How far Y may lie from its prescribed law, in total variation.
_MARGINAL_ACCURACY = 0.01
#: Slack of the comparison with an upper bound of `solve`, and of the label constraint, in bits.
_ROUNDING = 1e-6
_LABEL_SLACK = 0.02


@click.command(epilog="Example: mecbopt neural discrete --restarts 16 --json discrete.json")
@click.option(
    "--restarts", type=click.IntRange(min=1), default=16, show_default=True, help="Seeds for each problem."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="The first of them."
)
@click.option("--only", type=int, multiple=True, help="Number of a problem, from 1; repeatable.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the results."
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def discrete(
    restarts: int, seed: int, only: tuple[int, ...], json_file: Path | None, quiet: bool
) -> ExitCode:
    """Train on twelve small discrete problems and compare with their optima.

    Leaves with 1 unless every scheme is within .03 bits of the optimum at its coded rate and marginals and
    not above it, meets the law of Y within .01 (total variation), keeps its label constraint, and meets its
    rate within 3% (or spends less, and is within .03 bits of the optimum at the target).
    """
    from mecbopt.cli.neural import load_module

    points = load_module("discrete.points").POINTS
    if json_file is not None and not json_file.parent.is_dir():
        raise click.UsageError(
            f"--json {json_file}: the folder {json_file.parent} does not exist; make it first."
        )
    for number in only:
        if not 1 <= number <= len(points):
            raise click.UsageError(f"--only {number}: the problems are numbered from 1 to {len(points)}.")
    named = list(points.items())
    chosen = [named[number - 1] for number in only] or named
    rows = []
    for name, problem in chosen:
        started = time.process_time()
        row = compare(name, problem, restarts, seed)
        row["cpu_seconds"] = time.process_time() - started
        rows.append(row)
        line = (
            f"{row['name']:28} I {row['mutual_information']:.4f}  optimum {row['optimum']:.4f}  "
            f"gap {row['gap']:.4f}  coded rate {row['coded_rate']:.4f} of {row['target_rate']:g}"
            f"{'' if row['holds'] else '  FAILS'}"
        )
        if not quiet:
            click.echo(line)
        if json_file is not None:
            software = load_module("software").software_record()
            document = {"restarts": restarts, "seed": seed, "points": rows, "software": software}
            json_file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    holding = sum(row["holds"] for row in rows)
    if not quiet:
        click.echo(f"{holding} of {len(rows)} within {LARGEST_GAP} bits of the optimum, none above it")
    return ExitCode.DONE if holding == len(rows) else ExitCode.CLAIM_FAILED


def compare(name: str, problem: Problem, restarts: int, seed: int) -> dict[str, Any]:
    """Train on one problem, solve it at what was realised, and say how far apart they are."""
    from mecbopt.cli.neural import load_module
    from mecbopt.solving import solve

    module = load_module("discrete.schemes")
    scheme = module.train_discrete(problem, module.discrete_config(problem.rate, seed), restarts)
    p_y = scheme.coupling.sum(axis=0)
    realised = problem.replace(p_y=p_y, normalize=True)
    if problem.max_label_entropy is not None:
        # At its own label entropy where that is the larger: then the scheme is one of those compared with.
        realised = realised.replace(max_label_entropy=max(problem.max_label_entropy, scheme.label_entropy))
    best, at_target = (
        solve(realised.replace(rate=rate), gap=_ROUNDING) for rate in (scheme.coded_rate, problem.rate)
    )
    row = {
        "name": name,
        "target_rate": problem.rate,
        "coded_rate": scheme.coded_rate,
        "symbol_rate": scheme.symbol_rate,
        "mapping_rate": scheme.mapping_rate,
        "mutual_information": scheme.mutual_information,
        "optimum": best.mutual_information,
        "optimum_upper_bound": best.upper_bound,
        "optimum_at_target": at_target.mutual_information,
        "gap": best.mutual_information - scheme.mutual_information,
        "marginal_distance": 0.5 * float(np.abs(p_y - problem.require_p_y()).sum()),
        "label_entropy": scheme.label_entropy,
        "max_label_entropy": problem.max_label_entropy,
        "coupling": scheme.coupling.tolist(),
    }
    return row | {"holds": holds(row)}


def holds(row: dict[str, Any]) -> bool:
    """Whether a comparison counts as passed (see `discrete`)."""
    spent = row["coded_rate"] / row["target_rate"] - 1.0
    spares = row["optimum_at_target"] - row["mutual_information"] <= LARGEST_GAP
    limit = row["max_label_entropy"]
    return bool(
        row["gap"] <= LARGEST_GAP
        and row["mutual_information"] <= row["optimum_upper_bound"] + _ROUNDING
        and row["optimum"] >= _LEAST_VALUE
        and spent <= _RATE_ACCURACY
        and (spent >= -_RATE_ACCURACY or spares)
        and row["marginal_distance"] <= _MARGINAL_ACCURACY
        and (limit is None or row["label_entropy"] <= limit + _LABEL_SLACK)
    )
