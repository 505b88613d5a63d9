"""What the compiled tree leaves open on long X-alphabets with few outputs.

Run from the project root: python -m tests.benchmarks.long_alphabets [--seconds 60] [--instances 2]
[--letters 14x2 16x2] [--tables].

Instances: p_X, p_Y by `tests.instances.dirichlet_marginals`, a channel to two labels by
default_rng([seed, n]).dirichlet; C halfway between the least that greedy finds at C = 0 and what a local
search of two seconds has without a limit.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import mecbopt as mb
from mecbopt.engines.tree import Tree
from tests.instances import dirichlet_marginals

#: Letters, share of H(Y) that R is, and whether there is a label.
CELLS = (
    *(((n, 2), share, True) for n in (12, 14, 16, 20) for share in (0.3, 0.7)),
    ((16, 3), 0.5, False),
    ((14, 4), 0.5, False),
)


def instance(shape: tuple[int, int], share: float, label: bool, seed: int) -> mb.Problem:
    """The problem of a cell and a seed."""
    problem = mb.Problem(*dirichlet_marginals(*shape, seed))
    problem = problem.replace(rate=share * problem.entropy_y)
    if not label:
        return problem
    channel = np.random.default_rng([seed, shape[0]]).dirichlet(np.ones(2), size=shape[0])
    problem = problem.replace(p_s_given_x=channel, max_label_entropy=0.0)
    least = mb.solve(problem, method="greedy").smallest_label_entropy
    free = mb.solve(problem.replace(max_label_entropy=1.0), method="local", time_limit=2.0)
    if least is None or free.label_entropy_with_seed is None:
        raise RuntimeError(f"seed {seed}: no limits to lie between")
    return problem.replace(max_label_entropy=0.5 * (least + free.label_entropy_with_seed))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument(
        "--letters", nargs="*", default=["20x2", "16x3", "14x4"], help="of the cells to solve"
    )
    parser.add_argument("--tables", action="store_true", help="two letters of Y by tables, not by sweeps")
    arguments = parser.parse_args()
    engine = Tree(sweep_letters=10**6) if arguments.tables else Tree()
    print("| letters | R/H(Y) | label | seed | gap, bits | nodes | processor seconds |")
    print("|---|---:|---|---:|---:|---:|---:|")
    for shape, share, label in CELLS:
        letters, has_label = "x".join(map(str, shape)), "yes" if label else "no"
        if letters not in arguments.letters:
            continue
        for seed in range(arguments.instances):
            problem = instance(shape, share, label, seed)
            used = time.process_time()
            solution = mb.solve(problem, engine=engine, time_limit=arguments.seconds)
            used = time.process_time() - used
            figures = f"{solution.gap:.1e} | {solution.nodes} | {used:.1f}"
            print(f"| {letters} | {share} | {has_label} | {seed} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
