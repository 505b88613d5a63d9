"""The page of all benchmarks: the headline of each record, a ratio to something known, the command for more.

python -m tests.benchmarks.overview writes docs/benchmarks/index.md from the records beside it; a run of
`python -m tests.benchmarks` that replaces records does so as well.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.benchmarks.record import ROOT, markdown_table, seconds_text

__all__ = ["overview", "write_overview"]

FOLDER = ROOT / "docs" / "benchmarks"
_START = """# All benchmarks

What was measured, the headline, a ratio to something known, and the command that measures it again. Times
are processor times unless they say otherwise, medians and the largest in brackets; each page says on which
processor and when.
`make bench` runs all of them, `python -m tests.benchmarks --quick` shows in a minute that everything runs.

"""
_END = """
How far the checks can be trusted is measured too: [faults put into the code and the
proofs](../theory/checks.md). What the image model reaches stands in [its results](../neural/results.md), and
what each part of the search brings in [the exact search](../developer/exact-solver.md).
"""
#: What a row of the page says: what, headline, ratio.
Row = tuple[str, str, str]


def _factor(ratio: float) -> str:
    """Two significant digits."""
    return f"{float(f'{ratio:.2g}'):g}" if ratio < 1000 else f"{float(f'{ratio:.2g}'):.0f}"


def _times(seconds: Iterable[float]) -> str:
    values = list(seconds)
    return f"{seconds_text(statistics.median(values))} ({seconds_text(max(values))})"


def _peers(record: dict[str, Any]) -> list[Row]:
    """The size and rate that all solvers are closest to: 4x4 at half the entropy."""
    cell = next(row for row in record["summary"] if (row["n"], row["m"], row["fraction"]) == (4, 4, 0.5))
    ours = cell["auto"]
    ratios = [
        f"{name} {'>' if cell[solver]['median_open'] else ''}{_factor(cell[solver]['ratio'])}"
        for solver, name in (("scip", "SCIP"), ("maingo", "MAiNGO"))
    ]
    return [
        (
            "Exact search beside general global solvers, 4x4, R = H(Y)/2",
            f"{seconds_text(ours['median_seconds'])} ({seconds_text(ours['max_seconds'])}), "
            f"{ours['closed']} of {ours['count']} closed",
            f"their time over ours: {', '.join(ratios)}",
        )
    ]


def _cells(record: dict[str, Any]) -> list[Row]:
    runs = {tuple(cell["name"]): cell["runs"] for cell in record["results"]["cells"]}
    found = [run for name, of_name in runs.items() for run in of_name if name[0] == "5x5"]
    closed = sum(run["gap"] <= 1e-6 for run in found)
    return [
        (
            "Exact search, 5x5, all rates, with and without a label",
            _times(run["seconds"] for run in found),
            f"{closed} of {len(found)} closed",
        )
    ]


def _structured(record: dict[str, Any]) -> list[Row]:
    runs = [run for cell in record["results"]["cells"] for run in cell["runs"]]
    closed = sum(run["gap"] <= 1e-6 for run in runs)
    times = _times(run["seconds"] for run in runs)
    return [("Equal and two-valued masses, 4x4 and 5x5", times, f"{closed} of {len(runs)} closed")]


def _large(record: dict[str, Any]) -> list[Row]:
    runs = [run for cell in record["results"]["cells"] for run in cell["runs"]]
    sizes = [cell["name"][0] for cell in record["results"]["cells"]]
    worst = max(run["gap"] for run in runs)
    return [
        (
            f"Bounds on large problems, {sizes[0]} to {sizes[-1]}, two minutes each",
            f"largest gap {worst:.1e} bits",
            f"{sum(run['gap'] <= 1e-6 for run in runs)} of {len(runs)} closed",
        )
    ]


def _levers(record: dict[str, Any]) -> list[Row]:
    runs = {
        tuple(cell["name"]): statistics.median(run["seconds"] for run in cell["runs"])
        for cell in record["results"]["cells"]
    }
    place = ("5x5", "0.1")
    whole = runs[(*place, "default")]
    factors = {name[2]: seconds / whole for name, seconds in runs.items() if name[:2] == place}
    name = max(factors, key=lambda lever: factors[lever])
    return [
        (
            "What one part of the search brings, 5x5, R = H(Y)/10",
            seconds_text(whole),
            f"{name}: {_factor(factors[name])} times as long",
        )
    ]


def _curve(record: dict[str, Any]) -> list[Row]:
    ours = [run for run in record["curves"] if run["engine"] == "auto"]
    others = [run["cpu_seconds"] for run in record["curves"] if run["engine"] == "highs"]
    seconds = [run["cpu_seconds"] for run in ours]
    ratio = statistics.median(others) / statistics.median(seconds)
    commands = record["commands"]
    return [
        (
            f"A curve of {ours[0]['points']} rates, 3x3",
            _times(seconds),
            f"the search on HiGHS over ours: {_factor(ratio)}",
        ),
        (
            "`import mecbopt`; a first solve in a fresh interpreter",
            f"{seconds_text(commands['import mecbopt']['median_cpu_seconds'])}; "
            f"{seconds_text(commands['first solve (2x2)']['median_cpu_seconds'])}",
            f"the bare interpreter: {seconds_text(commands['bare interpreter']['median_cpu_seconds'])}",
        ),
    ]


def _agreement(record: dict[str, Any]) -> list[Row]:
    parts = (("enumeration of exchange cliques", "cliques"), ("branch and bound on HiGHS", "highs"))
    return [
        (
            f"Two engines on the same problems: compiled against {name}",
            f"{record[key]['agree']} of {record[key]['instances']} agree, "
            f"largest difference {record[key]['largest_difference']:.0e} bits",
            "time of the other over ours: "
            + _factor(record[key]["median_seconds_other"] / record[key]["median_seconds_compiled"]),
        )
        for name, key in parts
    ]


def _certificates(record: dict[str, Any]) -> list[Row]:
    found = record["instances"]
    solve, write, check = (
        statistics.median(row[f"{name}_seconds"] for row in found) for name in ("solve", "write", "check")
    )
    return [
        (
            "Certificates, 2x2 to 5x5, checked twice",
            f"{sum(row['holds'] for row in found)} of {len(found)} hold; write {seconds_text(write)}, "
            f"check {seconds_text(check)}",
            f"writing over solving: {_factor(write / solve)}",
        )
    ]


def _members(record: dict[str, Any]) -> list[Row]:
    rows: list[Row] = []
    cells = record["results"]["cells"]
    for family in dict.fromkeys(cell["family"] for cell in cells):
        size = max(cell["size"] for cell in cells if cell["family"] == family)
        runs = [
            run for cell in cells if (cell["family"], cell["size"]) == (family, size) for run in cell["runs"]
        ]
        closed = sum(run["status"] in ("optimal", "infeasible") for run in runs)
        rows.append(
            (
                f"{family[0].upper()}{family[1:]}, {size}x{size}",
                _times(run["cpu_seconds"] for run in runs),
                f"{closed} of {len(runs)} decided",
            )
        )
    return rows


def _parallel(record: dict[str, Any]) -> list[Row]:
    runs = [run["seconds"] for run in record["runs"]]
    ratio = statistics.median(run["one thread"] / run["two threads"] for run in runs)
    return [
        (
            "Two threads on one problem, 6x6, the slowest of a sample, by the clock",
            _times(run["two threads"] for run in runs),
            f"one thread over two: {ratio:.2f}",
        )
    ]


def _plain(record: dict[str, Any]) -> list[Row]:
    row = next(row for row in record["results"]["exact"] if row["n"] == 10)
    ratios = " and ".join(
        f"{method}: {'' if peer['finished'] else '> '}{_factor(peer['ratio'])}"
        for method, peer in row["references"].items()
    )
    return [
        (
            "Plain minimum entropy coupling to 1e-9 bits, 10x10",
            seconds_text(row["cpu_seconds"]),
            f"published methods over ours, {ratios}",
        )
    ]


def _greedy(record: dict[str, Any]) -> list[Row]:
    row = record["results"]["rows"][-1]
    return [
        (
            f"Greedy coupling of {row['n']:,} and {row['n']:,} letters",
            seconds_text(row["cpu_seconds"]),
            f"marginals off by {row['off']:.0e} at most",
        )
    ]


def _streams(record: dict[str, Any]) -> list[Row]:
    lengths = record["results"]["lengths"]
    excess = max(row["excess_share"] for row in lengths)
    slowest = min(min(row["encoded_a_second"], row["decoded_a_second"]) for row in lengths)
    return [
        (
            f"Coded streams of {lengths[0]['symbols']:,} symbols",
            f"{slowest / 1e6:.0f} million symbols a second and more",
            f"coded over ideal length: at most {1 + excess:.4f}",
        )
    ]


def _local(record: dict[str, Any]) -> list[Row]:
    row = record["small"][-1]
    return [
        (
            f"Local search against proved optima, {row['letters']}x{row['letters']}",
            f"{seconds_text(row['median_cpu_seconds'])} ({seconds_text(row['max_cpu_seconds'])})",
            f"{row['found']} of {row['proved']} optima found",
        )
    ]


#: Record -> what it comes to, in the order of reading.
HEADLINES: dict[str, Callable[[dict[str, Any]], list[Row]]] = {
    "peers": _peers,
    "exact_cells": _cells,
    "exact_structured": _structured,
    "exact_large": _large,
    "exact_levers": _levers,
    "members": _members,
    "parallel": _parallel,
    "curve": _curve,
    "agreement": _agreement,
    "certificates": _certificates,
    "local_search": _local,
    "plain_mec": _plain,
    "greedy": _greedy,
    "streams": _streams,
}


def overview(folder: Path = FOLDER) -> str:
    """The page from the records of a folder; a record that is not there has no row."""
    rows: list[list[str]] = []
    for name, headline in HEADLINES.items():
        path = folder / f"{name}.json"
        if not path.exists():
            continue
        page = f"[all figures]({name}.md)" if (folder / f"{name}.md").exists() else f"`{name}.json`"
        for what, figures, ratio in headline(json.loads(path.read_text(encoding="utf-8"))):
            rows.append([what, figures, ratio, f"`python -m tests.benchmarks {name}`", page])
    table = markdown_table(["what", "headline", "ratio", "command", "more"], rows)
    return _START + table.replace("---:", "---") + _END  # words, to the left


def write_overview(folder: Path = FOLDER) -> Path:
    """Write the page beside the records."""
    path = folder / "index.md"
    path.write_text(overview(folder), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(write_overview())
