"""Compact tables of the exact solver's measurements, for docs/developer/exact-solver.md."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmarks.record import markdown_table, seconds_text

__all__ = ["TABLES"]

#: Gaps up to this many bits count as closed (the tolerance is 1e-6).
_CLOSED = 1.01e-6

Runs = Sequence[dict[str, Any]]


def _by_name(content: dict[str, Any]) -> dict[tuple[str, ...], Runs]:
    return {tuple(cell["name"]): cell["runs"] for cell in content["cells"]}


def _distinct(names: Sequence[tuple[str, ...]], position: int) -> list[str]:
    return list(dict.fromkeys(name[position] for name in names))


def _spread(runs: Runs | None) -> str:
    """Median / maximum; what stayed open at the limit, with the largest gap."""
    if not runs:
        return "-"
    seconds = [run["seconds"] for run in runs]
    text = seconds_text(statistics.median(seconds))
    if len(runs) > 1:
        text += f" / {seconds_text(max(seconds))}"
    gaps = [run["gap"] for run in runs if run["gap"] > _CLOSED]
    return text if not gaps else f"{text}, {len(gaps)} open, gap {max(gaps):.0e}".replace("e-0", "e-")


def cells(content: dict[str, Any]) -> str:
    """Random marginals: a column a size, with a label in brackets."""
    runs = _by_name(content)
    sizes, shares = _distinct(list(runs), 0), _distinct(list(runs), 1)
    rows = []
    for share in shares:
        row = [share]
        for size in sizes:
            plain, label = (_spread(runs.get((size, share, kind))) for kind in ("-", "label"))
            row.append(f"{plain} ({label})")
        rows.append(row)
    most = max(run["resident_bytes"] for group in runs.values() for run in group)
    trouble = sum(run["trouble"] for group in runs.values() for run in group)
    return (
        markdown_table(["R/H(Y)", *sizes], rows)
        + f"\nResident memory of the whole process at its largest: {most / 2**20:.0f} MiB. Relaxations that "
        f"were not solved to optimality: {trouble}.\n"
    )


def structured(content: dict[str, Any]) -> str:
    """Uniform and two-valued marginals: a column a size and kind."""
    runs = _by_name(content)
    columns = [(size, kind) for size in _distinct(list(runs), 0) for kind in _distinct(list(runs), 2)]
    rows = [
        [share, *(_spread(runs.get((size, share, kind))) for size, kind in columns)]
        for share in _distinct(list(runs), 1)
    ]
    return markdown_table(["R/H(Y)", *(f"{size} {kind}" for size, kind in columns)], rows)


def levers(content: dict[str, Any]) -> str:
    """A row a lever: times and nodes at both rates, a table a size."""
    runs = _by_name(content)
    text = ""
    for size in _distinct(list(runs), 0):
        names = [name for name in runs if name[0] == size]
        shares = _distinct(names, 1)
        header = [size]
        for share in shares:
            header += [f"R/H(Y) = {share}", "nodes"]
        rows = []
        for lever in _distinct(names, 2):
            row = [lever]
            for share in shares:
                group = runs[size, share, lever]
                row += [_spread(group), f"{statistics.median(run['nodes'] for run in group):.0f}"]
            rows.append(row)
        text += markdown_table(header, rows) + "\n"
    return text


def large(content: dict[str, Any]) -> str:
    """Value and bound at the end, and for the first instance of a cell at the first moment as well."""
    rows = []
    for cell in content["cells"]:
        size, share, _ = cell["name"]
        for place, run in enumerate(cell["runs"]):
            last = (run["seconds"], run["value"], run["value"] + run["gap"])
            for seconds, value, bound in (run["trace"][0], last)[place > 0 :]:
                figures = (f"{value:.6f}", f"{bound:.6f}", f"{bound - value:.6f}")
                rows.append([size, share, str(run.get("seed", place)), seconds_text(seconds), *figures])
    return markdown_table(
        ["size", "R/H(Y)", "instance", "after", "value, bits", "bound, bits", "gap, bits"], rows
    )


#: Section of the page -> its table.
TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "exact_cells": cells,
    "exact_structured": structured,
    "exact_levers": levers,
    "exact_large": large,
}
