"""A rate curve of 50 points, and what `import mecbopt` costs."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from tests.benchmarks.isolation import timed
from tests.benchmarks.record import ROOT, markdown_table, seconds_text, write_json
from tests.instances import dirichlet_marginals
from tests.oracle import bits

__all__ = ["add_arguments", "measure_command", "measure_curve", "run"]

POINTS = 50

#: Seconds aimed at for a 3x3 curve.
TARGET_SECONDS = 5.0

#: What is timed in an interpreter of its own; the first line is the base of the others.
COMMANDS = {
    "bare interpreter": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import mecbopt": ["-c", "import mecbopt"],
    "import mecbopt.problem": ["-c", "import mecbopt as mb; mb.Problem"],
    "first solve (2x2)": [
        "-c",
        "import mecbopt as mb; mb.solve(mb.Problem([0.6, 0.4], [0.7, 0.3], rate=0.4))",
    ],
    "first solve (4x4)": [
        "-c",
        "import mecbopt as mb; mb.solve(mb.Problem([0.4, 0.3, 0.2, 0.1], [0.35, 0.3, 0.25, 0.1], rate=0.9))",
    ],
    "mecbopt --help": ["-m", "mecbopt", "--help"],
    "mecbopt demo": ["-m", "mecbopt", "demo"],
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    group = parser.add_argument_group("curve")
    group.add_argument("--curves", type=int, default=5, help="random problems (5)")
    group.add_argument("--repeats", type=int, default=5, help="starts of the interpreter a line (5)")


def measure_curve(seed: int, engine: str, points: int = POINTS, letters: int = 3) -> dict[str, Any]:
    """The curve of one random problem from rate 0 to H(Y)."""
    p_x, p_y = dirichlet_marginals(letters, letters, seed)
    rates = np.linspace(0.0, float(bits(p_y).sum()), points)
    curve, wall, processor = timed(lambda: mb.rate_curve(mb.Problem(p_x, p_y), rates, engine=engine))
    gaps = curve.upper_bound - curve.mutual_information
    return {
        "seed": seed,
        "engine": engine,
        "points": points,
        "wall_seconds": wall,
        "cpu_seconds": processor,
        "optimal_points": sum(solution.status is mb.Status.OPTIMAL for solution in curve.solutions),
        "largest_gap": float(gaps.max()),
    }


def _children_seconds() -> float:
    """Processor seconds of the processes started so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure_command(arguments: list[str], repeats: int) -> dict[str, Any]:
    """Median times of a fresh interpreter, after one start that fills the caches."""
    walls, processor = [], []
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:  # the demo writes its pictures where it is run
        for _ in range(repeats + 1):
            start, start_cpu = time.perf_counter(), _children_seconds()
            subprocess.run(
                [sys.executable, *arguments], cwd=folder, env=environment, check=True, capture_output=True
            )
            walls.append(time.perf_counter() - start)
            processor.append(_children_seconds() - start_cpu)
    return {
        "median_cpu_seconds": statistics.median(processor[1:]),
        "median_wall_seconds": statistics.median(walls[1:]),
    }


def run(options: argparse.Namespace, machine: dict[str, Any], out: Path) -> tuple[str, str, bool]:
    """Measure and write `curve.json`; Markdown, nothing for the README, and whether all was proved."""
    count, points = (1, 5) if options.quick else (options.curves, POINTS)
    measure_curve(0, "auto", 2)  # imports stay out of the first timing
    counts = {"auto": count, "highs": 1}
    curves = [measure_curve(seed, engine, points) for engine in counts for seed in range(counts[engine])]
    repeats = 1 if options.quick else options.repeats
    commands = {name: measure_command(arguments, repeats) for name, arguments in COMMANDS.items()}
    write_json(out / "curve.json", machine | {"benchmark": "curve", "curves": curves, "commands": commands})
    rows = []
    for engine in counts:
        chosen = [curve for curve in curves if curve["engine"] == engine]
        figures = []
        for clock in ("cpu_seconds", "wall_seconds"):
            times = [curve[clock] for curve in chosen]
            figures.append(f"{seconds_text(statistics.median(times))} / {seconds_text(max(times))}")
        optimal = sum(curve["optimal_points"] for curve in chosen)
        rows.append([engine, *figures, f"{optimal} of {points * len(chosen)}"])
    load = ", ".join(f"{value:.1f}" for value in machine["load_average_at_start"])
    text = (
        "# A rate curve, and the first call\n\n"
        f"`{machine['command']}`, {machine['date']}, {machine['processor']}, {machine['cores']} cores, "
        f"load average {load}.\n\n"
        f"{points} points of random 3x3 problems ({count}; one on HiGHS), R from 0 to H(Y), gap 1e-6 bits; "
        f"target {TARGET_SECONDS:g} s.  Median / maximum:\n\n"
    )
    text += markdown_table(["engine", "processor time", "wall clock", "points proved"], rows)
    text += "\nA fresh interpreter, medians:\n\n" + markdown_table(
        ["command", "processor time", "wall clock"],
        [
            [name, seconds_text(timing["median_cpu_seconds"]), seconds_text(timing["median_wall_seconds"])]
            for name, timing in commands.items()
        ],
    )
    proved = all(curve["optimal_points"] == curve["points"] for curve in curves)
    return text, "", proved
