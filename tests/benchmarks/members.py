"""Neighbours of the problem: time of `solve` from the problem to the solution.

    python -m tests.benchmarks.members [--sizes 3 4] [--instances 20] [--json FILE]

Instances: p_X, p_Y as in `exact_solver`; what a family adds is drawn by default_rng([family, seed]).  Rates
are shares of H(Y).  Times hold everything that `solve` does, the reading of cvxpy expressions included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from tests.benchmarks.exact_solver import entropy, instance
from tests.benchmarks.record import seconds_text, write_json

__all__ = ["FAMILIES", "main"]

RATES = (0.3, 0.7)


def two_linear_constraints(size: int, share: float, seed: int) -> mb.Problem:
    """Two dense rows, some of which cut the independent coupling off."""
    import cvxpy

    p_x, p_y = instance(size, size, seed)
    random = np.random.default_rng([1, seed])
    constraints = []
    for _ in range(2):
        form = random.normal(size=(size, size))
        level = float((form * np.outer(p_x, p_y)).sum() + random.uniform(-0.05, 0.1))
        constraints.append(lambda P, a=form, b=level: cvxpy.sum(cvxpy.multiply(a, P)) <= b)
    return mb.Problem(p_x, p_y, share * entropy(p_y), constraints=constraints)


def label_without_seed(size: int, share: float, seed: int) -> mb.Problem:
    """C halfway between the least H(S|Y) at the rate and that of the best coupling without a label."""
    p_x, p_y = instance(size, size, seed)
    channel = np.random.default_rng([2, seed]).dirichlet(np.full(2, 0.5), size=size)
    free = mb.Problem(p_x, p_y, share * entropy(p_y), channel)
    least = mb.solve(free.replace(max_label_entropy=0, label_sees_seed=False)).smallest_label_entropy
    most = mb.solve(free).label_entropy_without_seed
    if least is None or most is None:
        raise RuntimeError(f"{size}x{size}, seed {seed}: no bounds on the label entropy")
    return free.replace(max_label_entropy=(least + most) / 2, label_sees_seed=False)


def one_convex_constraint(size: int, share: float, seed: int) -> mb.Problem:
    """A ball about the independent coupling, of 0.7 of the distance to the best coupling without it."""
    import cvxpy

    p_x, p_y = instance(size, size, seed)
    free = mb.Problem(p_x, p_y, share * entropy(p_y))
    independent = np.outer(p_x, p_y)
    radius = 0.7 * float(np.linalg.norm(mb.solve(free).coupling - independent))
    return free.replace(constraints=[lambda P: cvxpy.norm(P - independent, "fro") <= radius])


def distortion(size: int, share: float, seed: int) -> mb.Problem:
    """The least E d(X,Y) for a distortion of independent uniform entries."""
    p_x, p_y = instance(size, size, seed)
    table = np.random.default_rng([3, seed]).uniform(size=(size, size))
    return mb.Problem(p_x, p_y, share * entropy(p_y), distortion=table)


def tolerance(size: int, share: float, seed: int) -> mb.Problem:
    """A law of Y within .02 in total variation; R is a share of the H(Y) stated."""
    p_x, p_y = instance(size, size, seed)
    return mb.Problem(p_x, p_y, share * entropy(p_y), p_y_tolerance=0.02)


FAMILIES: dict[str, Callable[[int, float, int], mb.Problem]] = {
    "two linear constraints": two_linear_constraints,
    "label without the seed": label_without_seed,
    "tolerance of .02 on p_Y": tolerance,
    "one convex constraint": one_convex_constraint,
    "distortion": distortion,
}


def measure(problem: mb.Problem, time_limit: float) -> dict[str, Any]:
    """One solve."""
    start, start_cpu = time.perf_counter(), time.process_time()
    solution = mb.solve(problem, time_limit=time_limit)
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - start_cpu,
        "status": solution.status.value,
        "engine": solution.engine,
        "nodes": solution.nodes,
        "gap": solution.gap,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each family, size and rate; write all runs as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 4])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    # Imports stay out of the first timing.
    mb.solve(two_linear_constraints(2, 0.5, 0))
    results = []
    print(f"{'family':32s}size  R/H(Y)  median wall    cpu      largest cpu  nodes  optimal  empty")
    for name in options.families:
        problem = FAMILIES[name]
        for size in options.sizes:
            for share in RATES:
                runs = [
                    measure(problem(size, share, seed), options.limit) for seed in range(options.instances)
                ]
                results.append({"family": name, "size": size, "share": share, "runs": runs})
                wall, cpu, nodes = (
                    np.array([run[key] for run in runs]) for key in ("seconds", "cpu_seconds", "nodes")
                )
                counts = [
                    sum(run["status"] == status for run in runs) for status in ("optimal", "infeasible")
                ]
                print(
                    f"{name:32s}{size}x{size}   {share:4.2f}    {seconds_text(float(np.median(wall))):10s}"
                    f"  {seconds_text(float(np.median(cpu))):8s}  {seconds_text(float(cpu.max())):10s}"
                    f"  {np.median(nodes):5.0f}  {counts[0]:7d}  {counts[1]:5d}",
                    flush=True,
                )
    if options.json:
        write_json(options.json, {"cells": results})


if __name__ == "__main__":
    main()
