"""Processor time of sparse greedy couplings of long alphabets, and how well they keep their marginals.

Run from the project root: python -m tests.benchmarks.greedy [--largest 1000000] [--json FILE].
Instances: p, q = default_rng(n).dirichlet(ones(n)), drawn in that order.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from tests.benchmarks.plain_mec import instance
from tests.benchmarks.record import markdown_table, write_json

__all__ = ["main", "measure", "section"]


def measure(n: int) -> dict[str, Any]:
    """One sparse greedy coupling; `off`: the most by which a letter's atoms miss its mass."""
    laws = instance(n)
    start = time.process_time()
    result = mb.mec.greedy(*laws, sparse=True)
    seconds = time.process_time() - start
    coupling = result.coupling
    if not isinstance(coupling, mb.mec.SparseCoupling):
        raise TypeError(f"n = {n}: the coupling is a {type(coupling).__name__}")
    return {
        "n": n,
        "cpu_seconds": seconds,
        "atoms": len(coupling.masses),
        "off": max(float(np.abs(coupling.marginal(axis) - law).max()) for axis, law in enumerate(laws)),
        "entropy": result.entropy,
        "gap": result.gap,
    }


def section(results: dict[str, Any]) -> str:
    """What docs/mec.md shows of a record."""
    return markdown_table(
        ["n = m", "cpu, s", "atoms", "marginals off by", "above the bound, bits"],
        [
            [
                f"{row['n']:,}",
                f"{row['cpu_seconds']:.2g}",
                f"{row['atoms']:,}",
                f"{row['off']:.0e}",
                f"{row['gap']:.4f}",
            ]
            for row in results["rows"]
        ],
    )


def main() -> None:
    """Print the table; write it as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=10**6)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    mb.mec.greedy(*instance(10), sparse=True)  # imports stay out of the first timing
    rows = []
    for n in (10**digits for digits in range(3, 7) if 10**digits <= arguments.largest):
        row = measure(n)
        rows.append(row)
        print(f"n = {n:7d}  cpu {row['cpu_seconds']:7.4f}  entropy {row['entropy']:.9f}", flush=True)
    results = {"rows": rows}
    print(section(results))
    if arguments.json:
        write_json(arguments.json, results)


if __name__ == "__main__":
    main()
