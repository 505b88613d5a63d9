"""The process whose call is limited or interrupted: python -m tests.stress.limits_child CODE.

Prints "ready" before the call and one JSON line after it: clocks at both ends, and what is wrong with the
result.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb

__all__ = ["wrong"]


def _processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def wrong(result: Any) -> str:
    """Why a result is not valid; an empty text where it is."""
    if isinstance(result, mb.Solution):
        try:
            result.check(1e-9)
        except mb.SolutionError as error:
            return str(error)
        if result.mixture is None and result.problem.max_label_entropy is None:
            return f"no coupling: {result!r}"
        if result.mixture is not None and not result.mutual_information <= result.upper_bound + 1e-12:
            return f"bound below the value: {result!r}"
        return ""
    if isinstance(result, mb.mec.MecResult):
        valid = math.isfinite(result.entropy) and result.lower_bound <= result.entropy + 1e-12
        return "" if valid else repr(result)
    if hasattr(result, "solutions"):
        result = result.solutions
    elif isinstance(result, (list, tuple)):
        # A problem of a list whose turn never came before Ctrl-C has no coupling, and says so.
        result = [
            solution
            for solution in result
            if solution.mixture is not None or solution.stop_reason is not mb.StopReason.INTERRUPTED
        ]
    if isinstance(result, (list, tuple)):
        return next((text for text in map(wrong, result) if text), "")
    return f"a {type(result).__name__} came back"


def main() -> None:
    """Warm up, call, judge."""
    names = {"mb": mb, "np": np, "inf": math.inf, "random": np.random.default_rng}
    setup, _, code = sys.argv[1].rpartition(";")
    exec(setup, names)  # the suite's own text
    for method in ("exact", "local"):  # what is imported on first use is no part of the call
        mb.solve(mb.Problem([0.5, 0.5], [0.4, 0.6], 0.3), method=method)
    mb.mec.exact([0.5, 0.5], [0.4, 0.6])
    mb.rate_curve(mb.Problem([0.5, 0.5], [0.4, 0.6]), [0.3])
    began, used = time.monotonic(), _processor_seconds()
    print("ready", began, used, flush=True)
    report: dict[str, Any] = {}
    try:
        result = eval(code, names)
        ended, spent = time.monotonic(), _processor_seconds()
        report["wrong"] = wrong(result)
    except KeyboardInterrupt as error:
        ended, spent = time.monotonic(), _processor_seconds()
        where = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        within = [name for name in where if str(Path(mb.__file__).parent) in name]
        # Outside the package it came before the call began, and at the end of a hold after its answer.
        if within and not within[-1].endswith(str(Path("control", "interrupts.py"))):
            report["raised"] = f"KeyboardInterrupt from {within[-1]}"
    except mb.NotSupportedError as error:
        ended, spent = time.monotonic(), _processor_seconds()
        report["refused"] = str(error)
    report |= {"began": began, "ended": ended, "used": used, "spent": spent}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
