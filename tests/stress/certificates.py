"""Mutated certificates for both checkers: one verdict, and never a false claim.

    python -m tests.stress.certificates --count 100000 --seed 0

A case is a function of (seed, number).  Every file goes to the checker in Python and to one process of the
checker in JavaScript.  A finding is a disagreement (of verdict or interval), a false claim
accepted, an exception that is no refusal, or more than `SECONDS` for a file.  The exit code is 1 then.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.certificates.mutations import corpus, mutated
from tests.certificates.second import NODE, SecondChecker, first_verdict
from tests.certificates.truth import holds

SECONDS = 20


def case(seed: int, number: int) -> tuple[str, bytes]:
    """What was done, and the file."""
    return mutated(random.Random(f"{seed} {number}"))


def stated_problem(data: bytes) -> dict:
    """The problem in an accepted file."""
    return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)["problem"]


def findings(
    number: int, name: str, data: bytes, path: Path, second: SecondChecker, counts: Counter
) -> list[str]:
    """Check one file with both; what is wrong about it."""
    path.write_bytes(data)
    start = time.process_time()
    try:
        first = first_verdict(path)
    except Exception:
        return [f"{number} {name}: the checker in Python raised {traceback.format_exc(limit=-3)}"]
    python, middle = time.process_time() - start, time.perf_counter()
    other = second(path)
    javascript = time.perf_counter() - middle
    counts["accepted" if first.accepted else "refused"] += 1
    counts["python ms"] += round(1e3 * python)
    counts["javascript ms"] += round(1e3 * javascript)
    found = []
    if first.outcome != other.outcome:
        found.append(f"{number} {name}: Python {first}, JavaScript {other}")
    if max(python, javascript) > SECONDS:
        found.append(f"{number} {name}: {python:.0f} s in Python, {javascript:.0f} s in JavaScript")
    for verdict in {first, other}:
        if verdict.accepted and not holds(stated_problem(data), verdict):
            found.append(f"{number} {name}: accepted, but false: {verdict}")
        if not verdict.accepted and ":" not in verdict.reason:
            found.append(f"{number} {name}: refused without a place: {verdict.reason}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress.certificates", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--record", type=Path, help="write the outcome as JSON")
    options = parser.parse_args(arguments)
    if NODE is None:
        parser.error("node is not there")
    counts: Counter = Counter()
    kinds: Counter = Counter()
    found: list[str] = []
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, SecondChecker() as second:
        path = Path(folder) / "certificate"
        for number in range(options.start, options.start + options.count):
            name, data = case(options.seed, number)
            kinds.update(set(name.replace("*", "").split("+")))
            new = findings(number, name, data, path, second, counts)
            for line in new:
                print(line, flush=True)
            found += new
            if (number + 1) % 1000 == 0:
                print(f"{number + 1}: {dict(counts)}, {len(found)} findings", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - began
    print(f"{options.count} files in {seconds:.0f} s: {dict(counts)}; kinds {dict(kinds)}")
    print(f"{len(found)} findings")
    if options.record is not None:
        record = {
            "command": f"python -m tests.stress.certificates --count {options.count} --seed {options.seed}",
            "date": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            "certificates": len(corpus()),
            "counts": dict(counts),
            "kinds": dict(kinds),
            "findings": found,
        }
        options.record.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
