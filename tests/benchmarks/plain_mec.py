"""Time of the proved plain minimum entropy coupling beside published methods.

Run from the project root: python -m tests.benchmarks.plain_mec [--largest 14] [--json FILE].
Instances: p, q = default_rng(n).dirichlet(ones(n)), drawn in that order; other families as their names say.
The published methods (`mec_reference`) solve the same instances in the same run, up to a limit each.
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
from mecbopt._core import mec as native
from mecbopt.mec.exact import SearchSettings, exact_coupling
from tests.benchmarks.mec_reference import METHODS, NoCompilerError, least_entropy
from tests.benchmarks.record import markdown_table, seconds_text


def instance(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The marginals of size n."""
    generator = np.random.default_rng(n)
    return generator.dirichlet(np.ones(n)), generator.dirichlet(np.ones(n))


def measure_reference(method: str, n: int, limit: float, own_seconds: float) -> dict[str, Any]:
    """One solve by a published method; `ratio`: its processor time over ours (at least, where unfinished)."""
    answer = least_entropy(method, *instance(n), limit)
    return {
        "finished": answer.finished,
        "entropy": answer.entropy,
        "steps": answer.steps,
        "cpu_seconds": answer.cpu_seconds,
        "ratio": answer.cpu_seconds / own_seconds,
    }


def measure_exact(n: int, time_limit: float, reference_limits: dict[str, float]) -> dict[str, Any]:
    """One exact solve, and the published methods on the same instance."""
    p, q = instance(n)
    start, start_cpu = time.perf_counter(), time.process_time()
    result = mb.mec.exact(p, q, time_limit=time_limit)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    references = {}
    for method, limit in reference_limits.items():
        reference = measure_reference(method, n, limit, cpu_seconds)
        if reference["finished"] and abs(reference["entropy"] - result.entropy) > 2e-9 + result.gap:
            raise RuntimeError(f"n = {n}: {method} finds {reference['entropy']}, exact {result.entropy}")
        references[method] = reference
    return {
        "n": n,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "status": result.status.value,
        "entropy": result.entropy,
        "gap": result.gap,
        "greedy_entropy": mb.mec.greedy(p, q).entropy,
        "lower_bound": mb.mec.lower_bound(p, q),
        "references": references,
    }


def peer_text(reference: dict[str, Any] | None, limit: float) -> str:
    """Processor time of a published method and its ratio to ours; "-" where it was not run."""
    if reference is None:
        return "-"
    ratio = f"{reference['ratio']:.2g}" if reference["ratio"] < 100 else f"{reference['ratio']:,.0f}"
    if reference["finished"]:
        return f"{seconds_text(reference['cpu_seconds'])} ({ratio}x)"
    return f"> {limit:g} s (> {ratio}x)"


def measure_family(name: str, pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """Median and maximum over a family of instances."""
    seconds = []
    for p, q in pairs:
        start = time.process_time()
        if mb.mec.exact(p, q).status is not mb.Status.OPTIMAL:
            raise RuntimeError(f"{name}: an instance was not closed")
        seconds.append(time.process_time() - start)
    return {"family": name, "instances": len(pairs), "median": float(np.median(seconds)), "max": max(seconds)}


def families() -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """Random and symmetric instances."""

    def uniform(n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full(n, 1 / n), np.full(m, 1 / m)

    def random(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng([n, m, seed])
        return generator.dirichlet(np.ones(n)), generator.dirichlet(np.ones(m))

    def two_valued(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng([n, seed])
        p, q = (generator.choice(generator.random(2), size=n) for _ in range(2))
        return p / p.sum(), q / q.sum()

    return {
        "8 x 8, Dirichlet(1)": [random(8, 8, seed) for seed in range(20)],
        "10 x 10, Dirichlet(1)": [random(10, 10, seed) for seed in range(10)],
        "4 x 16, Dirichlet(1)": [random(4, 16, seed) for seed in range(5)],
        "uniform, 12 and 11, 15 and 13": [uniform(12, 11), uniform(15, 13)],
        "12 x 12, two-valued": [two_valued(12, seed) for seed in range(5)],
    }


def measure_levers(n: int) -> list[dict[str, Any]]:
    """The complete search with one lever off at a time."""
    p, q = instance(n)
    rows = []
    for name, settings in {
        "all": SearchSettings(),
        "no pattern bound": SearchSettings(pattern_bound=False),
        "no beam passes": SearchSettings(beam_widths=()),
    }.items():
        start = time.process_time()
        _, upper, _, finished = exact_coupling(p, q, settings=settings)
        rows.append({"n": n, "levers": name, "cpu_seconds": time.process_time() - start, "entropy": upper})
        if not finished:
            raise RuntimeError(f"{name}: not closed")
    return rows


def reference_limits(n: int, arguments: argparse.Namespace) -> dict[str, float]:
    """Methods and their limits at a size."""
    if n > arguments.reference_largest or arguments.reference_limit <= 0.0:
        return {}
    return dict.fromkeys(METHODS, arguments.reference_limit)


def exact_table(rows: list[dict[str, Any]], limit: float) -> str:
    """The solves as a Markdown table."""
    header = ["n = m", "cpu, s", "entropy, bits", "proved within", "greedy above", "`lower_bound` below"]
    return markdown_table(
        [*header, *METHODS],
        [
            [
                str(row["n"]),
                f"{row['cpu_seconds']:.2g}",
                f"{row['entropy']:.9f}",
                f"{row['gap']:.0e}",
                f"{row['greedy_entropy'] - row['entropy']:.4f}",
                f"{row['entropy'] - row['lower_bound']:.4f}",
                *(peer_text(row["references"].get(method), limit) for method in METHODS),
            ]
            for row in rows
        ],
    )


def section(results: dict[str, Any]) -> str:
    """What docs/mec.md shows of a record: the solves, the families and the levers."""
    families_table = markdown_table(
        ["family", "instances", "median, s", "maximum, s"],
        [
            [row["family"], str(row["instances"]), f"{row['median']:.2g}", f"{row['max']:.2g}"]
            for row in results["families"]
        ],
    )
    levers = "; ".join(f"{row['levers']} {row['cpu_seconds']:.2g} s" for row in results["levers"])
    return (
        f"{exact_table(results['exact'], results['reference_limit'])}\n{families_table}\n"
        f"Levers at $n = {results['levers'][0]['n']}$: {levers}.\n"
    )


def main() -> None:
    """Print the tables; write them as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smallest", type=int, default=6)
    parser.add_argument("--largest", type=int, default=12)
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--reference-largest", type=int, default=11)
    parser.add_argument("--reference-limit", type=float, default=20.0, help="seconds each; 0: none are run")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    mb.mec.exact(*instance(6))  # imports stay out of the first timing
    print(f"compiled core: {native.available()}")
    exact = []
    for n in range(arguments.smallest, arguments.largest + 1):
        try:
            row = measure_exact(n, arguments.time_limit, reference_limits(n, arguments))
        except NoCompilerError as error:
            parser.error(str(error))
        exact.append(row)
        peers = ", ".join(
            f"{method} {peer_text(reference, arguments.reference_limit)}"
            for method, reference in row["references"].items()
        )
        print(f"n = {n:2d}  cpu {row['cpu_seconds']:7.3f}  {row['status']:8s}  {peers}", flush=True)
    print(exact_table(exact, arguments.reference_limit))
    spread = []
    print("family                          instances  median cpu  max cpu")
    for name, pairs in families().items():
        row = measure_family(name, pairs)
        spread.append(row)
        print(f"{name:32s}{row['instances']:9d}  {row['median']:10.3f}  {row['max']:7.3f}", flush=True)
    levers = measure_levers(min(arguments.largest, 10))
    for row in levers:
        print(f"n = {row['n']}, {row['levers']:18s} cpu {row['cpu_seconds']:7.3f}", flush=True)
    if arguments.json:
        machine = {"machine": platform.machine(), "python": platform.python_version()}
        arguments.json.write_text(
            json.dumps(
                {
                    "exact": exact,
                    "reference_limit": arguments.reference_limit,
                    "families": spread,
                    "levers": levers,
                }
                | machine,
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
