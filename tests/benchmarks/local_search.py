"""How often the local search finds the proved optimum, and what it reaches on large alphabets.

Run from the project root:
python -m tests.benchmarks.local_search [--count 100] [--seconds 20] [--out docs/benchmarks]
python -m tests.benchmarks.local_search --losses [--seconds 2].

Instances: `tests.instances.dirichlet_marginals`, R/H(Y) cycling over 0.1, 0.3, 0.5, 0.7, 1.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from mecbopt._core import tree as compiled
from tests.instances import dirichlet_marginals

SHARES = (0.1, 0.3, 0.5, 0.7, 1.0)
#: Bits below the proved value that still count as found.
TOLERANCE = 1e-6


def problem(letters: int, seed: int) -> mb.Problem:
    """The instance of a seed."""
    free = mb.Problem(*dirichlet_marginals(letters, letters, seed))
    return free.replace(rate=SHARES[seed % len(SHARES)] * free.entropy_y)


def against_proof(letters: int, count: int) -> dict[str, Any]:
    """Hits, times and misses on instances that the exact method closes."""
    seconds, cpu, misses, proved = [], [], [], 0
    for seed in range(count):
        instance = problem(letters, seed)
        exact = mb.solve(instance, time_limit=120)
        begin, begin_cpu = time.perf_counter(), time.process_time()
        local = mb.solve(instance, method="local")
        seconds.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
        local.check()
        if exact.status is not mb.Status.OPTIMAL:
            continue
        proved += 1
        shortfall = exact.mutual_information - local.mutual_information
        if shortfall > TOLERANCE:
            misses.append({"seed": seed, "share": SHARES[seed % len(SHARES)], "bits": shortfall})
    return {
        "letters": letters,
        "proved": proved,
        "found": proved - len(misses),
        "median_seconds": float(np.median(seconds)),
        "max_seconds": float(np.max(seconds)),
        "median_cpu_seconds": float(np.median(cpu)),
        "max_cpu_seconds": float(np.max(cpu)),
        "misses": misses,
    }


def large(letters: int, seed: int, limit: float) -> dict[str, Any]:
    """Value and gap to the bound that costs nothing, beside the greedy coupling's."""
    instance = problem(letters, seed)
    greedy = mb.solve(instance, method="greedy")
    begin = time.perf_counter()
    local = mb.solve(instance, method="local", time_limit=limit)
    return {
        "letters": letters,
        "share": SHARES[seed % len(SHARES)],
        "greedy": greedy.mutual_information,
        "local": local.mutual_information,
        "gap": local.upper_bound - local.mutual_information,
        "seconds": time.perf_counter() - begin,
    }


def losses(letters: int, count: int, limit: float) -> list[float]:
    """R - I(X;Y) of what is found within the limit at R = H(Y) / 2, where R is the bound, bits."""
    found = []
    for seed in range(count):
        free = mb.Problem(*dirichlet_marginals(letters, letters, seed))
        instance = free.replace(rate=0.5 * free.entropy_y)
        found.append(instance.rate - mb.solve(instance, method="local", time_limit=limit).mutual_information)
    return found


def main() -> None:
    """Measure, print, and write JSON and a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0, help="limit on a large instance")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--losses", action="store_true", help="only what 8x8 at half of H(Y) loses")
    arguments = parser.parse_args()
    if arguments.losses:
        lost = losses(8, 6, arguments.seconds)
        print(f"{np.mean(lost):.4f} bits of", *(f"{loss:.4f}" for loss in lost))
        return
    small = [against_proof(letters, arguments.count) for letters in (4, 5)]
    big = [large(letters, seed, arguments.seconds) for letters in (8, 16, 32) for seed in (1, 4)]
    command = (
        f"python -m tests.benchmarks.local_search --count {arguments.count} --seconds {arguments.seconds:g}"
    )
    lines = [
        "# Local search",
        "",
        f"`{command}`; compiled core: {compiled.available()}.",
        f"A value within {TOLERANCE:g} bits of the proved optimum counts as found.",
        "The gap on large alphabets is to the elementary upper bound, not to an optimum.",
        "",
        "| instances | proved | found | seconds, median | max | of the processor, median | max |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['letters']}x{row['letters']} | {row['proved']} | {row['found']} | "
        f"{row['median_seconds']:.2f} | {row['max_seconds']:.2f} | "
        f"{row['median_cpu_seconds']:.2f} | {row['max_cpu_seconds']:.2f} |"
        for row in small
    ]
    lines += [
        "",
        "| instance | R/H(Y) | greedy, bits | local, bits | gap, bits | seconds |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['letters']}x{row['letters']} | {row['share']} | {row['greedy']:.4f} | {row['local']:.4f} | "
        f"{row['gap']:.4f} | {row['seconds']:.1f} |"
        for row in big
    ]
    table = "\n".join(lines) + "\n"
    print(table)
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        machine = {"machine": platform.machine(), "python": platform.python_version(), "command": command}
        (arguments.out / "local_search.json").write_text(
            json.dumps({"small": small, "large": big} | machine, indent=1) + "\n"
        )
        (arguments.out / "local_search.md").write_text(table)


if __name__ == "__main__":
    main()
