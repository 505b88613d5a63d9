"""Run the stress suite: `make stress`, or `python -m tests.stress --seconds 600 --groups tiny,large`.

The exit code is 1 if any claim failed.  A case is a function of group, seed and number: what failed is seen
again with `--groups GROUP --seed SEED --case NUMBER`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

import numpy
import scipy

import mecbopt
from tests.stress.catalogue import GROUPS
from tests.stress.runner import Report, run_case, run_child, run_group


def main(arguments: list[str] | None = None) -> int:
    """Parse, run group after group, print and record."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="for all groups together (default 300)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--groups", default=",".join(GROUPS), help="names separated by commas")
    parser.add_argument("--case", type=int, help="run this one case, here, and print what it finds")
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--record", type=Path, help="write the outcome as JSON")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        run_child(GROUPS[options.child], options.seed, options.start)
    # A shell without job control starts what runs in the background deaf to Ctrl-C, and its children with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    names = options.groups.split(",")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        parser.error(f"unknown groups {', '.join(unknown)}: there are {', '.join(GROUPS)}")
    if options.case is not None:
        found = [finding for name in names for finding in run_case(GROUPS[name], options.seed, options.case)]
        print(*(json.dumps(finding.document(), indent=1) for finding in found), sep="\n")
        return int(bool(found))
    reports = []
    for name in names:
        report = run_group(GROUPS[name], options.seed, options.seconds / len(names), options.start)
        _print(report)
        reports.append(report)
    if options.record is not None:
        options.record.write_text(json.dumps(_record(options, reports), indent=1) + "\n", encoding="utf-8")
    return int(any(report.findings for report in reports))


def _print(report: Report) -> None:
    verdict = "clean" if not report.findings else f"{len(report.findings)} findings"
    print(f"{report.group}: {report.cases} cases in {report.seconds:.0f} s, {verdict}", flush=True)
    for claim, instances in report.document()["instances"].items():
        print(f"  {report.kinds()[claim]} x not so: {claim}")
        for instance in instances[:2]:
            print(f"    case {instance['case']}: {instance['detail']}\n      {instance['code']}", flush=True)


def _record(options: argparse.Namespace, reports: list[Report]) -> dict[str, object]:
    return {
        "command": f"python -m tests.stress --seconds {options.seconds:g} --seed {options.seed} "
        f"--groups {options.groups}",
        "date": time.strftime("%Y-%m-%d"),
        "mecbopt": mecbopt.__version__,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "machine": f"{platform.machine()}, {os.cpu_count()} processors",
        "groups": [report.document() for report in reports],
    }


if __name__ == "__main__":
    sys.exit(main())
