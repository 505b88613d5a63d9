"""Two checkouts on the same problems, taking turns: the ratio of processor times of `solve`, cell by cell.

    python -m tests.benchmarks.paired --old PATH [--sizes 3 4 5] [--instances 20]

The instances of `exact_solver`, with its label (which can always be met) and with one that at low rates
cannot.  Both processes are warm; each problem is solved by one and then by the other, and of several
repeats the least time counts: a busy machine moves both alike.  The checkout at `PATH` has its core built.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.exact_solver import RATES, entropy, instance, label_instance
from tests.benchmarks.record import ROOT, describe_machine, markdown_table, seconds_text, write_json

__all__ = ["main"]

KINDS = ("-", "label", "tight label")
#: What a pair of repeats should take at most, seconds; values that differ by more than this contradict.
_REPEAT_SECONDS, _SAME = 0.2, 2e-6


class Checkout:
    """A process that solves with the package of one checkout."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("paired_worker.py"))],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
        )
        found = Path(self._read())
        if not found.is_relative_to(root):
            raise RuntimeError(f"{root} is asked for, but {found} is imported: is it a checkout?")

    def _read(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("a process of the benchmark ended before its answer")
        return json.loads(line)

    def solve(self, task: dict[str, Any]) -> dict[str, Any]:
        """The answer to one task."""
        if self._process.stdin is None:
            raise RuntimeError("the process has no standard input")
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._read()
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def tight_label(p_x: Any, seed: int) -> tuple[Any, float]:
    """A label of two values of which 0.4 of I(S;X) must be kept: too much for low rates."""
    channel = np.random.default_rng([7, seed]).dirichlet(np.ones(2), size=len(p_x))
    rest = float(sum(mass * entropy(row) for mass, row in zip(p_x, channel, strict=True)))
    return channel, rest + 0.6 * (entropy(p_x @ channel) - rest)


def tasks(size: int, share: float, kind: str, instances: int, limit: float) -> Iterator[dict[str, Any]]:
    """The problems of one cell."""
    for seed in range(instances):
        p_x, p_y = instance(size, size, seed)
        rate = share * entropy(p_y)
        channel, least = None, None
        if kind != "-":
            known = kind == "label"
            channel, least = label_instance(p_x, p_y, rate, seed) if known else tight_label(p_x, seed)
        yield {
            "p_x": p_x.tolist(),
            "p_y": p_y.tolist(),
            "rate": rate,
            "channel": None if channel is None else channel.tolist(),
            "limit": least,
            "time_limit": limit,
        }


def compare(new: Checkout, old: Checkout, task: dict[str, Any], order: int) -> dict[str, Any]:
    """Both answers to one task, and the ratio of their times."""
    # How long it takes decides how often; the first solve is also the warmest way to the second.
    once = new.solve(task | {"repeats": 1})
    repeats = max(1, min(9, int(_REPEAT_SECONDS / max(once["seconds"], 1e-6))))
    answers: dict[str, Any] = {}
    pair = (("new", new), ("old", old))
    for name, checkout in pair if order % 2 else pair[::-1]:
        answers[name] = checkout.solve(task | {"repeats": repeats})
    values = [answers[name]["value"] for name in ("new", "old")]
    same = values[0] == values[1] if None in values else abs(values[0] - values[1]) <= _SAME
    same = same or "feasible" in (answers["new"]["status"], answers["old"]["status"])
    return answers | {"ratio": answers["new"]["seconds"] / answers["old"]["seconds"], "same": same}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and print; 1 where values disagree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--old", type=Path, required=True, help="checkout to compare with, its core built")
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 4])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, help="shares of H(Y)")
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    new, old = Checkout(ROOT), Checkout(options.old.resolve())
    rows, cells, sound = [], [], True
    for size in options.sizes:
        for kind in options.kinds:
            for share in options.rates:
                runs = [
                    compare(new, old, task, place)
                    for place, task in enumerate(tasks(size, share, kind, options.instances, options.limit))
                ]
                ratios = [run["ratio"] for run in runs]
                totals = [sum(run[name]["seconds"] for run in runs) for name in ("new", "old")]
                nodes = [run["new"]["nodes"] / max(1, run["old"]["nodes"]) for run in runs]
                sound &= all(run["same"] for run in runs)
                cells.append({"size": size, "kind": kind, "share": share, "runs": runs})
                rows.append(
                    [
                        f"{size}x{size}",
                        kind,
                        f"{share:g}",
                        f"{statistics.median(ratios):.2f}",
                        f"{totals[0] / totals[1]:.2f}",
                        *(seconds_text(total / len(runs)) for total in totals),
                        f"{statistics.median(nodes):.2f}",
                        str(sum(run["new"]["status"] == "infeasible" for run in runs)),
                    ]
                )
                print("  ".join(rows[-1]), flush=True)
    for checkout in (new, old):
        checkout.close()
    medians = sorted(float(row[3]) for row in rows)
    header = ("size", "kind", "R/H(Y)", "ratio, median", "of sums", "new", "old", "nodes, ratio", "empty")
    print(f"\n{markdown_table(header, rows)}")
    print(f"Of {len(rows)} cells: median {statistics.median(medians):.2f}, largest {medians[-1]:.2f}.")
    if options.json is not None:
        command = f"python -m tests.benchmarks.paired --old PATH --instances {options.instances}"
        write_json(options.json, describe_machine(command) | {"cells": cells})
    return 0 if sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
