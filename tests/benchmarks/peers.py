"""The exact solver beside general global solvers, on the same instances in the same run.

Everything runs on one thread and is measured in seconds of processor time, which other work on the machine
disturbs least; wall-clock seconds stand beside them in the JSON.  The instances have Dirichlet(1) marginals.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mecbopt as mb
from tests.benchmarks import maingo_peer, scip_peer
from tests.benchmarks.isolation import run_isolated, timed
from tests.benchmarks.peers_report import NAMES, OWN, TOLERANCE, contradictions, summarise, tables
from tests.benchmarks.record import kept_runs, write_json
from tests.instances import dirichlet_marginals
from tests.oracle import bits

__all__ = ["Cell", "add_arguments", "cells", "run"]

FRACTIONS = (0.1, 0.3, 0.5, 0.7, 1.0)
SIZES = ((3, 3), (4, 4), (5, 4))

#: Where general solvers need longest, on fewer instances and under a limit of their own.
LARGEST = (5, 5)
LARGEST_FRACTIONS = (0.3, 0.7, 1.0)

PEERS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "scip": ("pyscipopt", scip_peer.solve),
    "maingo": ("maingopy", maingo_peer.solve),
}


@dataclass(frozen=True)
class Cell:
    """One cell of the table: a size and a rate."""

    letters_x: int
    letters_y: int
    fraction: float

    @property
    def is_hard(self) -> bool:
        """A rate at the largest size, where general solvers run into their limit."""
        return (self.letters_x, self.letters_y) == LARGEST and self.fraction < 1

    @property
    def label(self) -> str:
        return f"{self.letters_x}x{self.letters_y}, {self.fraction:g}"


def cells(quick: bool = False) -> list[Cell]:
    """The cells of the table."""
    if quick:
        return [Cell(3, 3, 0.5), Cell(3, 3, 1.0)]
    small = [Cell(n, m, fraction) for n, m in SIZES for fraction in FRACTIONS]
    return [*small, *(Cell(*LARGEST, fraction) for fraction in LARGEST_FRACTIONS)]


def _order(everything: list[Cell], count: int) -> list[tuple[Cell, int]]:
    """Easy cells first; then one instance of every cell before the second of any, so that a budget thins."""
    easy = [cell for cell in everything if cell.fraction == 1 or cell.letters_x == 3]
    hard = [cell for cell in everything if cell.is_hard]
    middle = [cell for cell in everything if cell not in easy and cell not in hard]
    return [(cell, offset) for block in (easy, middle, hard) for offset in range(count) for cell in block]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this benchmark."""
    group = parser.add_argument_group("peers")
    group.add_argument("--instances", type=int, default=10, help="instances a cell for mecbopt (10)")
    group.add_argument("--highs-instances", type=int, help="the same for its HiGHS engine (all)")
    group.add_argument("--peer-instances", type=int, help="the same for SCIP and MAiNGO (all)")
    group.add_argument("--time-limit", type=float, default=60.0, help="seconds an instance (60)")
    group.add_argument("--peer-limit", type=float, help="the same for SCIP and MAiNGO (--time-limit)")
    group.add_argument(
        "--largest-limit", type=float, default=600.0, help="the same at 5x5 with R < H(Y) (600)"
    )
    group.add_argument(
        "--largest-peer-instances", type=int, default=1, help="instances for SCIP and MAiNGO there (1)"
    )
    group.add_argument(
        "--budget",
        type=float,
        default=math.inf,
        help="wall-clock seconds for each solver; what comes later is left out",
    )
    group.add_argument(
        "--piece",
        type=float,
        default=math.inf,
        help="wall-clock seconds after which no instance is begun; the same command goes on",
    )
    group.add_argument("--seed", type=int, default=0, help="seed of the first instance (0)")


def _own_solve(cell: Cell, seed: int, engine: str, time_limit: float) -> dict[str, Any]:
    p_x, p_y = dirichlet_marginals(cell.letters_x, cell.letters_y, seed)
    problem = mb.Problem(p_x, p_y, rate=cell.fraction * float(bits(p_y).sum()))
    solution, wall, processor = timed(
        lambda: mb.solve(
            problem, method="exact", gap=TOLERANCE, time_limit=time_limit, engine=engine, seed=seed
        )
    )
    solution.check()
    return {
        "status": "optimal" if solution.status is mb.Status.OPTIMAL else solution.status.value,
        "wall_seconds": wall,
        "cpu_seconds": processor,
        "nodes": solution.nodes,
        "engine": solution.engine,
        "value": solution.mutual_information,
        "bound": solution.upper_bound,
    }


def _peer_solve(name: str, cell: Cell, seed: int, time_limit: float) -> dict[str, Any]:
    p_x, p_y = dirichlet_marginals(cell.letters_x, cell.letters_y, seed)
    arguments = {
        "p_x": p_x.tolist(),
        "p_y": p_y.tolist(),
        "rate": cell.fraction * float(bits(p_y).sum()),
        "time_limit": time_limit,
        "tolerance": TOLERANCE,
    }
    return run_isolated(PEERS[name][1], arguments, time_limit)


def _present(name: str) -> bool:
    return importlib.util.find_spec(PEERS[name][0]) is not None


def run(options: argparse.Namespace, machine: dict[str, Any], out: Path) -> tuple[str, str, bool]:
    """Run all cells, writing the results so far after each.

    Returns
    -------
    tuple (report, small table, sound)
        Markdown, Markdown, and whether no peer found a value that contradicts ours.
    """
    wanted = {"auto": options.instances, "highs": options.highs_instances or options.instances}
    for name in PEERS:
        if _present(name):
            wanted[name] = options.peer_instances or options.instances
        else:
            print(f"peers: {NAMES[name]} is left out: {PEERS[name][0]} is not installed (extra bench).")
    peer_limit = min(options.peer_limit or options.time_limit, options.time_limit)
    content: dict[str, Any] = machine | {
        "benchmark": "peers",
        "seed": options.seed,
        "time_limit_seconds": options.time_limit,
        "peer_time_limit_seconds": peer_limit,
        "largest_time_limit_seconds": options.largest_limit,
        "tolerance_bits": TOLERANCE,
        "instances": wanted,
        "records": [],
    }
    if math.isfinite(options.piece):
        content = _gone_on_with(content, kept_runs(out / "peers.json"), machine)
    known, before = {_place(record) for record in content["records"]}, len(content["records"])
    began = time.perf_counter()
    mb.solve(
        mb.Problem([0.6, 0.4], [0.7, 0.3], rate=0.4), method="exact"
    )  # imports stay out of the first timing
    spent = dict.fromkeys(wanted, 0.0)
    for cell, offset in _order(cells(options.quick), max(wanted.values())):
        seed = options.seed + offset
        place = {"n": cell.letters_x, "m": cell.letters_y, "fraction": cell.fraction, "seed": seed}
        if _place(place) in known:
            continue
        if time.perf_counter() - began > options.piece and len(content["records"]) > before:
            print("peers: the same command goes on here.")
            return "", "", True
        for name, count in wanted.items():
            most = options.largest_peer_instances if cell.is_hard and name in PEERS else count
            if offset >= most or spent[name] > options.budget:
                continue
            limit = options.largest_limit if cell.is_hard else peer_limit
            start = time.perf_counter()
            record = (
                _own_solve(cell, seed, name, options.time_limit)
                if name in OWN
                else _peer_solve(name, cell, seed, limit)
            )
            spent[name] += time.perf_counter() - start
            content["records"].append(place | {"solver": name} | record)
            _progress(cell, name, seed, record)
        write_json(out / "peers.json", content)
    rows = summarise(content["records"], peer_limit)
    content |= {"summary": rows, "contradictions": contradictions(content["records"])}
    write_json(out / "peers.json", content)
    report, small = tables(content)
    for line in content["contradictions"]:
        print(f"CONTRADICTION: {line}", file=sys.stderr)
    return report, small, not content["contradictions"]


def _place(record: dict[str, Any]) -> tuple[Any, ...]:
    """The instance of a record: every solver runs on it in the same piece."""
    return tuple(record[name] for name in ("n", "m", "fraction", "seed"))


def _gone_on_with(
    content: dict[str, Any], kept: dict[str, Any] | None, machine: dict[str, Any]
) -> dict[str, Any]:
    """What was begun with the same settings on the same processor; each piece's date, commit and load."""
    same = (
        "processor",
        "cores",
        "versions",
        "seed",
        "instances",
        *(one for one in content if "limit" in one),
    )
    if kept is not None and "summary" not in kept and all(kept.get(one) == content[one] for one in same):
        content = kept
    piece = {name: machine[name] for name in ("date", "commit", "load_average_at_start")}
    return content | {"pieces": [*content.get("pieces", ()), piece]}


def _progress(cell: Cell, name: str, seed: int, record: dict[str, Any]) -> None:
    seconds = record.get("cpu_seconds", math.nan)
    print(
        f"{cell.label:9s} {name:7s} seed {seed:3d}  {record['status']:8s} {seconds:9.4f} s"
        f"  value {record.get('value', math.nan):.9f}",
        flush=True,
    )
