"""Couplings without common randomness, and of three and more marginals: processor time until the proof.

    python -m tests.benchmarks.several [--instances 15] [--limit 60] [--json FILE]

Instances: laws by default_rng([shape..., seed]).dirichlet(1, ...).  Rates are shares of min(H(X), H(Y)); the
gaps are the defaults, 1e-4 bits without common randomness and 1e-9 for plain couplings.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from tests.benchmarks.record import seconds_text, write_json

__all__ = ["main"]

PAIRS = ((2, 2), (2, 3), (3, 2), (2, 6), (3, 3))
SHARES = (0.3, 0.6, 0.9)
MARGINALS = ((2, 2, 2), (3, 3, 3), (2, 3, 4), (3, 3, 3, 3), (4, 4, 4))


def laws(shape: tuple[int, ...], seed: int) -> list[np.ndarray]:
    """Laws of the letters of a shape."""
    generator = np.random.default_rng([*shape, seed])
    return [generator.dirichlet(np.ones(size)) for size in shape]


def measure(call: Callable[[], Any]) -> dict[str, Any]:
    """One call."""
    start = time.process_time()
    result = call()
    return {
        "cpu_seconds": time.process_time() - start,
        "status": result.status.value,
        "gap": result.gap,
    }


def without_seed(shape: tuple[int, int], share: float, seed: int, limit: float) -> dict[str, Any]:
    """One problem without common randomness."""
    problem = mb.Problem(*laws(shape, seed))
    problem = problem.replace(rate=share * min(problem.entropy_x, problem.entropy_y))
    return measure(lambda: mb.bottleneck.solve(problem, time_limit=limit))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each shape; write all runs as JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=15)
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    # Imports and the listing of trees stay out of the first timing.
    for pair in PAIRS:
        without_seed(pair, 0.5, 0, 0.1)
    results = []
    print(f"{'what':28s}{'shape':12s}{'share':8s}{'median cpu':12s}{'largest cpu':14s}proved")
    cases: list[tuple[str, tuple[int, ...], float | None]] = [
        *(("no common randomness", pair, share) for pair in PAIRS for share in SHARES),
        *(("plain coupling", shape, None) for shape in MARGINALS),
    ]
    for what, shape, share in cases:
        runs = []
        for seed in range(options.instances):
            if share is None:
                given = laws(shape, seed)
                runs.append(measure(lambda given=given: mb.mec.exact(*given, time_limit=options.limit)))
            else:
                runs.append(without_seed((shape[0], shape[1]), share, seed, options.limit))
        results.append({"what": what, "shape": list(shape), "share": share, "runs": runs})
        seconds = np.array([run["cpu_seconds"] for run in runs])
        proved = sum(run["status"] == "optimal" for run in runs)
        print(
            f"{what:28s}{' x '.join(map(str, shape)):12s}{'' if share is None else f'{share:g}':8s}"
            f"{seconds_text(float(np.median(seconds))):12s}{seconds_text(float(seconds.max())):14s}"
            f"{proved} of {len(runs)}",
            flush=True,
        )
    if options.json is not None:
        write_json(options.json, {"limit_seconds": options.limit, "results": results})


if __name__ == "__main__":
    main()
