"""Seed faults, run the tests that should notice, and count: `make mutation`, about a quarter of an hour.

Forty mutants are drawn from the seed, twenty in each of closed form and solver rows.  Each is written into a
copy of the project, and the tests of its group run there.  With `--proofs` edits of statements and proofs are
drawn instead (345 unless `--count` says otherwise), and `mecbopt prove` itself has to notice
(`tests/mutation/proofs.py`).  The exit code is 1 if a mutant survives that `equivalent.py` or
`equivalent_proofs.py` does not argue to be equivalent.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutation import proofs
from tests.mutation.equivalent import EQUIVALENT
from tests.mutation.sites import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Group:
    """Files to change and the tests that must notice, the quickest first."""

    name: str
    files: tuple[str, ...]
    tests: tuple[tuple[str, ...], ...]


def groups() -> list[Group]:
    """The two parts that the claims of the documentation rest on."""
    return [
        Group(
            "closed form",
            tuple(
                f"mecbopt/bernoulli/{name}.py"
                for name in (
                    "information",
                    "polygon",
                    "arrays",
                    "crossover",
                    "coupling",
                    "optimum",
                    "distortion",
                    "scalars",
                )
            ),
            (
                ("tests/bernoulli/test_optimum.py", "tests/bernoulli/test_distortion.py"),
                ("tests/bernoulli/test_against_linear_program.py", "tests/proofs/test_agreement.py"),
            ),
        ),
        Group(
            "solver rows",
            (
                "mecbopt/engines/branch_and_bound/relaxation.py",
                "mecbopt/formulation/formulation.py",
                "mecbopt/engines/feasibility.py",
                "mecbopt/engines/low_rate.py",
            ),
            (
                ("tests/properties/test_relaxation_rows.py", "tests/formulation"),
                ("tests/engines/test_exact.py", "-k", "not larger"),
                ("tests/properties/test_general.py", "tests/engines/test_methods.py"),
            ),
        ),
    ]


def draw(seed: int, each: int) -> list[tuple[Group, Mutant]]:
    """`each` different mutants of every group."""
    chosen = []
    for group in groups():
        everything = [mutant for name in group.files for mutant in mutants(ROOT, Path(name))]
        picked = random.Random(f"{seed}/{group.name}").sample(everything, each)
        chosen += [(group, mutant) for mutant in picked]
    return chosen


def _copy() -> Path:
    """A copy of what the tests need."""
    folder = Path(tempfile.mkdtemp(prefix="mecbopt-mutation-"))
    leave = shutil.ignore_patterns("__pycache__", "_build", "*.egg-info")
    for name in ("mecbopt", "proofs", "tests", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _run(folder: Path, tests: tuple[str, ...]) -> bool:
    """Whether these tests pass in a copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False  # a fault that never ends is noticed
    return done.returncode == 0


def _passes_unchanged(group: Group) -> bool:
    """Whether the tests of a group pass without a fault; otherwise catching one means nothing."""
    folder = _copy()
    try:
        return all(_run(folder, tests) for tests in group.tests)
    finally:
        shutil.rmtree(folder)


def examine(group: Group, mutant: Mutant) -> dict[str, object]:
    """Run the group's tests on one mutant until one fails."""
    start = time.perf_counter()
    folder = _copy()
    try:
        (folder / mutant.path).write_text(mutant.source(ROOT), encoding="utf-8")
        caught_by = next((tests for tests in group.tests if not _run(folder, tests)), None)
    finally:
        shutil.rmtree(folder)
    verdict = "caught" if caught_by else "equivalent" if mutant.name in EQUIVALENT else "SURVIVED"
    return {
        "group": group.name,
        "operator": mutant.operator,
        "mutant": mutant.name,
        "verdict": verdict,
        "by": " ".join(caught_by) if caught_by else EQUIVALENT.get(mutant.name, ""),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> int:
    """Draw, examine, report; 1 if a mutant survives without an argument."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=20, help="mutants in each of the two groups")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--group", help="only this group")
    parser.add_argument("--json", type=Path, help="write the outcome there")
    parser.add_argument(
        "--skip-baseline", action="store_true", help="trust that the tests pass without faults"
    )
    parser.add_argument(
        "--proofs", action="store_true", help="edits of statements and proofs, by `mecbopt prove` itself"
    )
    parser.add_argument("--count", type=int, default=345, help="with --proofs: how many edits")
    parser.add_argument("--lemma", help="with --proofs: only this file")
    arguments = parser.parse_args()
    if arguments.proofs:
        return proofs.run(arguments.seed, arguments.count, arguments.jobs, arguments.lemma, arguments.json)
    if not arguments.skip_baseline:
        for group in groups():
            if arguments.group in (None, group.name) and not _passes_unchanged(group):
                print(f"the tests of '{group.name}' fail without any fault: mend them first")
                return 1
    chosen = [(g, m) for g, m in draw(arguments.seed, arguments.each) if arguments.group in (None, g.name)]
    outcome = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(lambda pair: examine(*pair), chosen):
            outcome.append(result)
            print(f"{result['verdict']:10} {result['seconds']:6} s  {result['mutant']}", flush=True)
    survived = [result for result in outcome if result["verdict"] == "SURVIVED"]
    caught = sum(result["verdict"] == "caught" for result in outcome)
    equal = len(outcome) - caught - len(survived)
    print(f"{len(outcome)} mutants: {caught} caught, {equal} equivalent, {len(survived)} survived")
    if arguments.json:
        document = {"seed": arguments.seed, "mutants": outcome}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 1 if survived else 0


if __name__ == "__main__":
    raise SystemExit(main())
