"""Certificates of random instances: what they prove, and what tracing, writing and both checks cost.

An instance is a function of its number: from 2x2 to 4x4, and 5x5 beside; generic masses as ratios of small
integers and as floats, equal masses, letters without mass, low and high rates, no rate, labels, infeasible
labels.  Values are compared with an enumeration of all vertices, or of exchange cliques, where the size
allows it, else with a solve at a gap of 1e-9.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import math
import statistics
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import mecbopt as mb
from mecbopt._core.tree import CompiledSearch
from mecbopt.certificates.check import check_document
from tests.benchmarks.record import markdown_table, seconds_text, write_json
from tests.certificates.second import NODE, SecondChecker
from tests.core.clique_enumeration import best_over_cliques
from tests.oracle import best_over_all_bases, bits, polytope, smallest_label_entropy

__all__ = ["KINDS", "Case", "add_arguments", "case", "certified", "run", "true_value"]

KINDS = (
    "ratios",
    "floats",
    "equal masses",
    "low rate",
    "high rate",
    "no rate",
    "label",
    "label, floats",
    "infeasible",
    "no mass",
)
#: The widest interval that an instance may be left with, bits.
WIDTH = 2e-6
#: Rounding of values that come from floats.
ROUNDING = 1e-10
#: What the solver's slack of a label limit can be worth: see tests.benchmarks.agreement.
LABEL_SLACK = 1e-8


@dataclass(frozen=True)
class Case:
    """An instance, and what it was drawn as."""

    number: int
    kind: str
    problem: mb.Problem

    @property
    def size(self) -> str:
        """The alphabets, "n x m" without spaces."""
        return "x".join(map(str, self.problem.shape))


def case(number: int, shape: tuple[int, int] | None = None) -> Case:
    """The instance of a number; its size is drawn where it is not given."""
    random = np.random.default_rng([number, 12])
    kind = KINDS[number % len(KINDS)]
    n, m = shape or map(int, random.integers(2, 5, 2))
    p_x, p_y = _masses(random, kind, n), _masses(random, kind, m)
    floats_x, floats_y = (np.array([float(p) for p in masses]) for masses in (p_x, p_y))
    entropy = float(bits(floats_y).sum())
    share = {"low rate": 0.03, "high rate": 0.95}.get(kind, float(random.uniform(0.1, 0.8)))
    rate = round(share * entropy, 4)
    arguments: dict[str, Any] = {} if kind == "no rate" else {"rate": Fraction(str(rate))}
    if kind in ("label", "label, floats", "infeasible"):
        weights = random.integers(1, 20, (n, int(random.integers(2, 4))))
        channel = weights / weights.sum(axis=1, keepdims=True)
        exact = [[Fraction(int(w), int(row.sum())) for w in row] for row in weights]
        least = smallest_label_entropy(floats_x, floats_y, rate, channel)
        most = float(bits(floats_x @ channel).sum())
        limit = (
            0.99 * least if kind == "infeasible" else least + float(random.uniform(0.1, 0.6)) * (most - least)
        )
        arguments |= {
            "p_s_given_x": channel if kind == "label, floats" else exact,
            "max_label_entropy": round(limit, 6),
        }
    return Case(number, kind, mb.Problem(p_x, p_y, **arguments))


def _masses(random: np.random.Generator, kind: str, letters: int) -> Any:
    if kind in ("floats", "label, floats"):
        return random.dirichlet(np.ones(letters))
    if kind == "equal masses":
        heavy = random.integers(letters)  # 0: uniform
        weights = np.where(np.arange(letters) < heavy, random.integers(2, 4), 1)
    else:
        weights = random.integers(1, 30, letters)
    if kind == "no mass" and letters > 2:
        weights[random.integers(letters)] = 0
    return [Fraction(int(w), int(weights.sum())) for w in weights]


def true_value(case: Case) -> tuple[float | None, float]:
    """The optimum, None where there is none, by a method that shares nothing with certificates; its error."""
    problem = case.problem
    if problem.shape[0] * problem.shape[1] <= 6:
        body = polytope(
            problem.p_x, problem.p_y, problem.rate, problem.p_s_given_x, problem.max_label_entropy
        )
        best = float(best_over_all_bases(body))
        return best if math.isfinite(best) else None, ROUNDING
    if not problem.has_label_constraint and case.kind != "no mass" and max(problem.shape) <= 4:
        return best_over_cliques(problem.p_x, problem.p_y, problem.rate), ROUNDING
    solution = mb.solve(problem, gap=1e-9)
    if not solution.has_coupling:
        return None, 0.0
    return solution.mutual_information, 1e-9 + (LABEL_SLACK if problem.has_label_constraint else ROUNDING)


def certified(case: Case, *, timed: bool = False, second: SecondChecker | None = None) -> dict[str, Any]:
    """Certify an instance and judge the certificate: times in seconds, size in bytes.

    The second checker's time is that of the clock: it is another process, which waits for the file's name.
    """
    started = time.process_time()
    certificate = mb.certify(case.problem)
    written = time.process_time()
    interval = check_document(certificate.document)
    checked = time.process_time()
    value, error = true_value(case)
    if interval.infeasible:
        holds = value is None
    else:
        holds = value is not None and interval.lower - error <= value <= interval.upper + error
    record = {
        "number": case.number,
        "kind": case.kind,
        "size": case.size,
        "rate": case.problem.rate,
        "holds": bool(holds),
        "width": interval.width,
        "records": interval.records,
        "nodes": interval.nodes,
        "bytes": len(gzip.compress(certificate.to_json().encode(), mtime=0)),
        "write_seconds": written - started,
        "check_seconds": checked - written,
    }
    if second is not None:
        record |= _second_opinion(certificate, interval, second)
    return record | (_search_times(case.problem) if timed else {})


def _second_opinion(
    certificate: mb.Certificate, interval: mb.CertifiedInterval, second: SecondChecker
) -> dict[str, Any]:
    """What the checker in JavaScript takes, and whether it finds the same interval."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        certificate.to_json(path)
        started = time.perf_counter()
        verdict = second(path)
        seconds = time.perf_counter() - started
    ends = (None, None) if interval.infeasible else (interval.lower, interval.upper)
    return {"agrees": verdict.outcome == (True, *ends), "second_check_seconds": seconds}


def _search_times(problem: mb.Problem, repeats: int = 5) -> dict[str, float]:
    """Solving, and the compiled search without and with its trace; the least of some tries."""
    solving = []
    for _ in range(repeats):
        started = time.process_time()
        mb.solve(problem)
        solving.append(time.process_time() - started)
    record = {"solve_seconds": min(solving)}
    if problem.has_label_constraint or (problem.p_x == 0).any() or (problem.p_y == 0).any():
        return record
    n, m = problem.shape
    start = ([[y] * n for y in range(m)], problem.p_y)
    for name, trace in (("search_seconds", False), ("traced_seconds", True)):
        times = []
        for _ in range(repeats):
            started = time.process_time()
            search = CompiledSearch(problem.p_x, problem.p_y, problem.rate, start=start, trace=trace)
            search.run()
            times.append(time.process_time() - started)
        record[name] = min(times)
    return record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    group = parser.add_argument_group("certificates")
    group.add_argument("--certificates", type=int, default=280, help="instances up to 4x4 (280)")
    group.add_argument("--large-certificates", type=int, default=20, help="instances of 5x5 (20)")


def run(options: argparse.Namespace, machine: dict[str, Any], out: Path) -> tuple[str, str, bool]:
    """Certify all instances, writing the results so far now and then.

    Returns
    -------
    tuple (report, small table, sound)
        Markdown, nothing, and whether every certificate holds the true value in an interval narrow enough.
    """
    small, large = options.certificates, options.large_certificates
    if options.quick:
        small, large = min(small, 10), 0
    content: dict[str, Any] = machine | {"benchmark": "certificates", "width_bits": WIDTH, "instances": []}
    cases = [case(number) for number in range(small)] + [case(number, (5, 5)) for number in range(large)]
    with contextlib.ExitStack() as stack:
        second = stack.enter_context(SecondChecker()) if NODE else None
        for position, instance in enumerate(cases):
            record = certified(instance, timed=True, second=second)
            content["instances"].append(record)
            if not _good(record):
                print(f"NOT AS CLAIMED: {record}", flush=True)
            # Those of 5x5 take minutes each.
            if position >= small or position % 20 == 19 or position + 1 == len(cases):
                write_json(out / "certificates.json", content)
                print(f"{position + 1} of {len(cases)} certificates", flush=True)
    return _report(content), "", all(map(_good, content["instances"]))


def _good(record: dict[str, Any]) -> bool:
    return bool(record["holds"]) and record["width"] <= WIDTH and record.get("agrees", True)


def _report(content: dict[str, Any]) -> str:
    """The tables as Markdown."""
    lines = [
        "# Certificates\n",
        f"`{content['command']}`, {content['date']}, {content['processor']}, {content['cores']} cores.\n",
        "Processor time; medians, and the largest in brackets. *Solve* is `mb.solve`, *tracing* the compiled "
        "search's time with its trace over that without (sum of all), *write* is `mb.certify` with the "
        "check at its end, *check* that of the reference checker; *second* is the one in JavaScript under "
        "Node, by the clock, which must find the same interval for an instance to *hold*. Sizes compressed. "
        "An instance is a function of its number (`tests/benchmarks/certificates.py`).\n",
    ]
    for title, key in (("By size", "size"), ("By kind", "kind")):
        groups = dict.fromkeys(record[key] for record in content["instances"])
        names = sorted(groups) if key == "size" else list(groups)
        rows = [
            _row(name, [record for record in content["instances"] if record[key] == name]) for name in names
        ]
        if key == "size":
            rows.append(_row("all", content["instances"]))
        header = [
            key,
            "number",
            "hold",
            "widest, bits",
            "records",
            "solve",
            "tracing",
            "write",
            "check",
            "second",
            "kB",
        ]
        lines += [f"## {title}\n", markdown_table(header, rows)]
    return "\n".join(lines)


def _row(name: str, records: list[dict[str, Any]]) -> list[str]:
    def typical(key: str, text: Any) -> str:
        values = [record[key] for record in records]
        return f"{text(statistics.median(values))} ({text(max(values))})"

    traced = [record for record in records if "traced_seconds" in record]
    plain = sum(record["search_seconds"] for record in traced)
    return [
        name,
        str(len(records)),
        str(sum(map(_good, records))),
        f"{max(record['width'] for record in records):.1e}",
        typical("records", lambda value: f"{value:.0f}"),
        typical("solve_seconds", seconds_text),
        f"{sum(record['traced_seconds'] for record in traced) / plain:.2f}" if plain else "-",
        typical("write_seconds", seconds_text),
        typical("check_seconds", seconds_text),
        typical("second_check_seconds", seconds_text) if "second_check_seconds" in records[0] else "-",
        typical("bytes", lambda value: f"{value / 1000:.0f}"),
    ]
