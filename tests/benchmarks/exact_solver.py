"""The compiled exact solver: times, nodes and remaining gaps; what each lever brings.

    python -m tests.benchmarks.exact_solver cells --sizes 3 4 5 6
    python -m tests.benchmarks.exact_solver structured --sizes 4 5
    python -m tests.benchmarks.exact_solver levers --sizes 4 5 --instances 10
    python -m tests.benchmarks.exact_solver large --resume build/exact_large.state.json --budget 170

Instances: p_X, p_Y drawn from Dirichlet(1) by default_rng(1000 seed + 10 n + m), in that order.  Processor
seconds of one process, compile time excluded (there is none at run time).  `large` measures `mecbopt.solve`,
the others its core.  It takes hours: with `--resume` what the file holds is not measured again, and with
`--budget` no run begins after so many processor seconds, so that it can be had in parts; every cell gets its
first instance before any gets its second.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import resource
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

import mecbopt as mb
from mecbopt._core.tree import CompiledSearch, Settings
from mecbopt.bounds import mutual_information_bound
from mecbopt.control import Progress
from tests.benchmarks.record import describe_machine, kept_runs, markdown_table, seconds_text, write_json

__all__ = ["LEVERS", "RATES", "instance", "label_instance", "main", "measure"]

FloatArray = NDArray[np.float64]

#: Rates, as shares of H(Y).
RATES = (0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)

#: Those of `large`, in order of running.
LARGE_RATES = (0.5, 0.1, 0.9, 0.3, 0.7, 0.05)

GAP = 1e-6

#: Each lever against the default settings.
LEVERS: dict[str, dict[str, Any]] = {
    "default": {},
    "without Jensen rows": {"jensen_rows": False},
    "Jensen rows on the curve only": {"sharpening": False},
    "without reduced-cost tightening": {"reduced_cost_tightening": False},
    "without propagation": {"propagation": False},
    "with root tightening": {"root_tightening": True},
    "one column a pricing round": {"columns_per_round": 1},
    "pool of 600": {"pool_limit": 600},
    "without symmetry": {"symmetry": False},
    "without random starts": {"random_starts": 0},
    "splits at 0.4 or more": {"branching_margin": 0.4},
}

#: How letters of equal mass are ordered: by the rate, by one row and column, by pivots.
ORDERS = {"auto": None, "line": False, "pivots": True}


def entropy(masses: FloatArray) -> float:
    """Bits."""
    positive = masses[masses > 0]
    return float(-(positive * np.log2(positive)).sum())


def instance(n: int, m: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Two Dirichlet(1) marginals."""
    generator = np.random.default_rng(1000 * seed + 10 * n + m)
    return generator.dirichlet(np.ones(n)), generator.dirichlet(np.ones(m))


def label_instance(p_x: FloatArray, p_y: FloatArray, rate: float, seed: int) -> tuple[FloatArray, float]:
    """A label channel with three values, and a limit halfway between the least attainable and H(S)."""
    n, m = len(p_x), len(p_y)
    channel = np.random.default_rng(seed).dirichlet(np.ones(3), size=n)
    mappings = np.array(list(itertools.product(range(m), repeat=n)))
    joint = p_x[:, None] * channel
    laws = np.stack([(mappings == y) @ p_x for y in range(m)])

    def bits(values: FloatArray) -> FloatArray:
        return np.asarray(-values * np.log2(np.where(values > 0, values, 1.0)))

    labels = sum(bits((mappings == y) @ joint).sum(axis=1) for y in range(m)) - bits(laws).sum(axis=0)
    least = linprog(labels, A_ub=bits(laws).sum(axis=0)[None], b_ub=[rate], A_eq=laws, b_eq=p_y).fun
    return channel, float(least + 0.5 * (entropy(p_x @ channel) - least))


def measure(
    p_x: FloatArray,
    p_y: FloatArray,
    rate: float,
    limit: float,
    label: tuple[FloatArray, float] | None = None,
    **levers: Any,
) -> dict[str, Any]:
    """Solve one instance within `limit` processor seconds."""
    total = entropy(p_x) + entropy(p_y)
    floor = total - mutual_information_bound(p_x, p_y, rate) - 1e-12  # every solver has it
    start = time.process_time()
    settings = dataclasses.replace(Settings(), **levers)
    search = CompiledSearch(p_x, p_y, rate, *(label or (None, None)), entropy_floor=floor, settings=settings)
    trace: list[tuple[float, float, float]] = []
    while not search.finished and search.incumbent_entropy - search.entropy_lower_bound > GAP:
        remaining = limit - (time.process_time() - start)
        if remaining <= 0:
            break
        search.run(seconds=min(0.5, remaining), gap=GAP)
        elapsed = time.process_time() - start
        if not trace or elapsed >= 2 * trace[-1][0]:
            trace.append((elapsed, total - search.incumbent_entropy, total - search.entropy_lower_bound))
    return {
        "seconds": time.process_time() - start,
        "gap": search.incumbent_entropy - search.entropy_lower_bound,
        "value": total - search.incumbent_entropy,
        # (seconds, value, upper bound) after the first slice and at every doubling of the time.
        "trace": trace,
        "nodes": search.nodes,
        "linear_programs": search.lps,
        "pivots": search.pivots,
        "node_bytes": search.peak_node_bytes,
        # Of the whole process so far, in kilobytes on Linux: an upper bound for this solve.
        "resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "columns": search.columns,
        "trouble": search.trouble,
    }


def _row(name: Sequence[str], runs: list[dict[str, Any]]) -> list[str]:
    seconds = [run["seconds"] for run in runs]
    nodes = [run["nodes"] for run in runs]
    gaps = [run["gap"] for run in runs]
    still_open = sum(gap > GAP * 1.01 for gap in gaps)
    return [
        *name,
        seconds_text(float(np.median(seconds))),
        seconds_text(max(seconds)),
        f"{np.median(nodes):.0f}",
        f"{max(nodes)}",
        f"{still_open} of {len(runs)}",
        f"{max(gaps):.1e}",
        f"{max(run['resident_bytes'] for run in runs) / 2**20:.0f}",
    ]


_COLUMNS = ("median", "maximum", "nodes, median", "nodes, max.", "open", "largest gap, bits", "MiB so far")


def cells(
    sizes: Iterable[int], count: int, limit: float, rates: Iterable[float], labels: Iterable[bool]
) -> Iterator[dict[str, Any]]:
    """Random marginals, with and without a label."""
    for size, share in itertools.product(sizes, rates):
        for label in labels:
            runs = []
            for seed in range(count):
                p_x, p_y = instance(size, size, seed)
                rate = share * entropy(p_y)
                limits = label_instance(p_x, p_y, rate, seed) if label else None
                runs.append(measure(p_x, p_y, rate, limit, limits))
            name = (f"{size}x{size}", f"{share:g}", "label" if label else "-")
            yield {"name": name, "runs": runs}


def structured(
    sizes: Iterable[int], limit: float, rates: Iterable[float], order: str
) -> Iterator[dict[str, Any]]:
    """Uniform and two-valued marginals."""
    for size in sizes:
        uniform = np.ones(size) / size
        two_x = np.where(np.arange(size) < size // 2, 2.0, 1.0)
        two_y = np.where(np.arange(size) < size // 2, 1.0, 3.0)
        for kind, p_x, p_y in (
            ("uniform", uniform, uniform),
            ("two-valued", two_x / two_x.sum(), two_y / two_y.sum()),
        ):
            for share in rates:
                runs = [measure(p_x, p_y, share * entropy(p_y), limit, pivots=ORDERS[order])]
                yield {"name": (f"{size}x{size}", f"{share:g}", kind), "runs": runs}


def levers(sizes: Iterable[int], count: int, limit: float) -> Iterator[dict[str, Any]]:
    """Every lever switched over, on the same instances; uniform marginals for the symmetry as well."""
    for size, (name, change) in itertools.product(sizes, LEVERS.items()):
        for share in (0.1, 0.5):
            runs = []
            for seed in range(count):
                p_x, p_y = instance(size, size, seed)
                runs.append(measure(p_x, p_y, share * entropy(p_y), limit, **change))
            yield {"name": (f"{size}x{size}", f"{share:g}", name), "runs": runs}
    uniform = np.ones(4) / 4
    for name in ("default", "without symmetry"):
        runs = [measure(uniform, uniform, 0.3 * 2.0, limit, **LEVERS[name])]
        yield {"name": ("4x4 uniform", "0.3", name), "runs": runs}


def measure_solve(size: int, share: float, seed: int, limit: float) -> dict[str, Any]:
    """One instance by `mecbopt.solve`, struck as by Ctrl-C after `limit` processor seconds."""
    p_x, p_y = instance(size, size, seed)
    problem = mb.Problem(p_x, p_y, rate=share * entropy(p_y))
    start = time.process_time()
    trace: list[tuple[float, float, float]] = []

    def look(progress: Progress) -> None:
        elapsed = time.process_time() - start
        if not trace or elapsed >= 2 * trace[-1][0]:
            trace.append((elapsed, progress.mutual_information, progress.upper_bound))
        if elapsed >= limit:
            raise KeyboardInterrupt

    solution = mb.solve(problem, method="exact", gap=GAP, progress=look)
    return {
        "seed": seed,
        "seconds": time.process_time() - start,
        "gap": solution.gap,
        "value": solution.mutual_information,
        "rate": problem.rate,
        "trace": trace,
        "nodes": solution.nodes,
        "status": solution.status.value,
        "resident_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


def large(
    sizes: Iterable[int],
    count: int,
    limit: float,
    rates: Iterable[float],
    resume: Path | None,
    budget: float,
) -> Iterator[dict[str, Any]]:
    """Sizes whose mappings are never enumerated; a cell that has no run yet is left out."""
    known = kept_runs(resume) or {}
    cells = list(itertools.product(sizes, rates))
    begun = time.process_time()
    for seed, (size, share) in itertools.product(range(count), cells):
        key = f"{size} {share:g} {seed}"
        if key in known:
            continue
        if time.process_time() - begun >= budget:
            break
        known[key] = measure_solve(size, share, seed, limit) | {"limit": limit}
        if resume is not None:
            write_json(resume, known)
        # A line a run: what is on the way.
        print(
            key,
            json.dumps({name: known[key][name] for name in ("seconds", "gap", "value", "nodes")}),
            flush=True,
        )
    for size, share in itertools.product(sizes, sorted(rates)):
        runs = [known[key] for seed in range(count) if (key := f"{size} {share:g} {seed}") in known]
        if runs:
            yield {"name": (f"{size}x{size}", f"{share:g}", "-"), "runs": runs}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one family of measurements; print its table, write its JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("family", choices=("cells", "structured", "levers", "large"))
    parser.add_argument("--sizes", type=int, nargs="+", help="3 4 5; 7 8 for large")
    parser.add_argument("--instances", type=int, help="20; 5 for large")
    parser.add_argument("--limit", type=float, help="processor seconds an instance; 60, 120 for large")
    parser.add_argument("--rates", type=float, nargs="+", help="shares of H(Y); not for levers")
    parser.add_argument("--order", choices=ORDERS, default="auto", help="of equal letters, for structured")
    parser.add_argument("--resume", type=Path, help="for large: what was measured, to be gone on with")
    parser.add_argument(
        "--budget", type=float, default=math.inf, help="for large: begin no run after, processor seconds"
    )
    parser.add_argument("--without-label", action="store_true", help="cells without a label only")
    parser.add_argument("--with-trace", action="store_true", help="print value and bound over the time")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args(arguments)
    is_large = options.family == "large"
    options.sizes = options.sizes or ([7, 8] if is_large else [3, 4, 5])
    options.instances = options.instances or (5 if is_large else 20)
    options.limit = options.limit or (120.0 if is_large else 60.0)
    options.rates = options.rates or (LARGE_RATES if is_large else RATES)
    families = {
        "cells": lambda: cells(
            options.sizes,
            options.instances,
            options.limit,
            options.rates,
            (False,) if options.without_label else (False, True),
        ),
        "structured": lambda: structured(options.sizes, options.limit, options.rates, options.order),
        "levers": lambda: levers(options.sizes, options.instances, options.limit),
        "large": lambda: large(
            options.sizes, options.instances, options.limit, options.rates, options.resume, options.budget
        ),
    }
    command = f"python -m tests.benchmarks.exact_solver {options.family}"
    content: dict[str, Any] = {
        "machine": describe_machine(command),
        "options": vars(options) | {"json": None, "resume": None},
        "cells": [],
    }
    rows = []
    for cell in families[options.family]():
        content["cells"].append(cell)
        rows.append(_row(cell["name"], cell["runs"]))
        print("  ".join(rows[-1]), flush=True)
        if options.with_trace:
            for seconds, value, bound in cell["runs"][0]["trace"]:
                print(f"    {seconds:6.1f} s  value {value:.6f}  bound {bound:.6f}", flush=True)
        if options.json:
            write_json(options.json, content)
    print(markdown_table(("size", "R/H(Y)", "kind", *_COLUMNS), rows))


if __name__ == "__main__":
    main()
