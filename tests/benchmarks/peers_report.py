"""Figures and tables of the comparison with general global solvers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from typing import Any

from tests.benchmarks.formulation import CELL_LOWER_BOUND
from tests.benchmarks.record import markdown_table, seconds_text

__all__ = ["NAMES", "OWN", "TOLERANCE", "contradictions", "summarise", "tables"]

OWN = {"auto": "mecbopt", "highs": "mecbopt on HiGHS"}
NAMES = OWN | {"scip": "SCIP", "maingo": "MAiNGO"}

#: Bits: a value that is better than ours by more is a wrong claim of ours.
TOLERANCE = 1e-6

#: Medians aimed at, seconds.
TARGETS = {(3, 3): 0.05, (4, 4): 1.0, (5, 4): 10.0, (5, 5): 2.0}

#: Fractions of H(Y) that the small table shows, and the size of which it shows all.
SMALL, SMALL_SIZE = (0.1, 0.5, 1.0), (5, 5)


def contradictions(records: Iterable[dict[str, Any]]) -> list[str]:
    """Couplings, made exactly feasible, that are better than an optimum or a bound we claim."""
    own: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    records = list(records)
    for record in records:
        if record["solver"] in OWN:
            own.setdefault(_instance(record), []).append(record)
    found = []
    for record in records:
        for ours in own.get(_instance(record), []):
            limit = ours["value"] if ours["status"] == "optimal" else ours["bound"]
            if record.get("value", -math.inf) > limit + TOLERANCE:
                found.append(
                    f"{record['n']}x{record['m']}, R = {record['fraction']} H(Y), seed {record['seed']}: "
                    f"{NAMES[record['solver']]} has {record['value']:.9f}, "
                    f"{NAMES[ours['solver']]} claims {limit:.9f}"
                )
    return found


def _instance(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["n"], record["m"], record["fraction"], record["seed"]


def summarise(records: Iterable[dict[str, Any]], time_limit: float) -> list[dict[str, Any]]:
    """One row a cell: for each solver count, closed, median, maximum, ratio to ours, difference of values.

    An instance that was not closed counts with the time spent on it, and the figures that depend on it are
    lower bounds (`..._open` is true).  A ratio is the median over the instances that both have run.
    """
    groups: dict[tuple[int, int, float], dict[str, dict[int, dict[str, Any]]]] = {}
    for record in records:
        group = groups.setdefault((record["n"], record["m"], record["fraction"]), {})
        group.setdefault(record["solver"], {})[record["seed"]] = record
    rows = []
    for (n, m, fraction), group in sorted(groups.items()):
        ours = group.get("auto", {})
        row: dict[str, Any] = {"n": n, "m": m, "fraction": fraction}
        for solver, by_seed in group.items():
            row[solver] = _solver_summary(by_seed, ours, time_limit)
        rows.append(row)
    return rows


def _seconds(record: dict[str, Any], time_limit: float) -> float:
    return float(record.get("cpu_seconds", time_limit))


def _solver_summary(
    by_seed: dict[int, dict[str, Any]], ours: dict[int, dict[str, Any]], time_limit: float
) -> dict[str, Any]:
    seconds = [_seconds(record, time_limit) for record in by_seed.values()]
    closed = {seed: record for seed, record in by_seed.items() if record["status"] == "optimal"}
    ratios = [
        _seconds(record, time_limit) / ours[seed]["cpu_seconds"]
        for seed, record in by_seed.items()
        if seed in ours
    ]
    differences = [record["value"] - ours[seed]["value"] for seed, record in closed.items() if seed in ours]
    claims = [
        record["claimed_value"] - ours[seed]["value"]
        for seed, record in closed.items()
        if seed in ours and "claimed_value" in record
    ]
    return {
        "count": len(by_seed),
        "closed": len(closed),
        "median_seconds": statistics.median(seconds),
        "median_wall_seconds": statistics.median(
            record.get("wall_seconds", math.nan) for record in by_seed.values()
        ),
        # Open ones took the limit, so the median is a lower bound as soon as half of them are open.
        "median_open": 2 * (len(by_seed) - len(closed)) >= len(by_seed),
        "max_seconds": max(seconds),
        "max_open": len(closed) < len(by_seed),
        "ratio": statistics.median(ratios) if ratios else math.nan,
        "least_ratio": min(ratios, default=math.nan),
        "largest_difference": max(differences, key=abs) if differences else math.nan,
        "largest_claim_error": max(claims, key=abs) if claims else math.nan,
    }


def _figure(summary: dict[str, Any] | None) -> str:
    """Median / maximum, with the number closed."""
    if summary is None:
        return "not run"
    text = f"{'>' * summary['median_open']}{seconds_text(summary['median_seconds'])}"
    if summary["count"] > 1:
        text += f" / {'>' * summary['max_open']}{seconds_text(summary['max_seconds'])}"
    return text + f" ({summary['closed']} of {summary['count']})"


def _ratio(summary: dict[str, Any] | None) -> str:
    if summary is None or not math.isfinite(summary["ratio"]):
        return "-"
    text = f"{'>' * summary['median_open']}{_two_digits(summary['ratio'])}"
    return text if summary["count"] == 1 else f"{text} / {_two_digits(summary['least_ratio'])}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.0e}"


def tables(content: dict[str, Any]) -> tuple[str, str]:
    """The full report and the small table of the README."""
    rows = content["summary"]
    solvers = [name for name in NAMES if any(name in row for row in rows)]
    peers = [name for name in solvers if name not in OWN]
    header = ["n x m, R/H(Y)", *(NAMES[name] for name in solvers)]
    header += [f"{NAMES[name]} / mecbopt" for name in peers]
    header += [f"{NAMES[name]}: value, claim" for name in peers]
    body, small = [], []
    for row in rows:
        label = f"{row['n']}x{row['m']}, {row['fraction']:g}"
        ratios = [_ratio(row.get(name)) for name in peers]
        body.append(
            [
                label,
                *(_figure(row.get(name)) for name in solvers),
                *ratios,
                *(_values(row.get(name)) for name in peers),
            ]
        )
        if row["fraction"] in SMALL or (row["n"], row["m"]) == SMALL_SIZE:
            figures = [_figure(row.get(name)) for name in solvers if name != "highs"]
            small.append([label, *figures, *ratios])
    text = "# General global solvers on the same instances\n\n" + _caption(content)
    text += markdown_table(header, body) + "\n" + _targets(rows)
    if content["contradictions"]:
        text += "\n**Contradictions:**\n\n" + "".join(f"- {line}\n" for line in content["contradictions"])
    else:
        text += "\nNo peer found a value above ours by more than the tolerance.\n"
    small_header = ["n x m, R/H(Y)", *(NAMES[name] for name in solvers if name != "highs")]
    small_header += [f"{NAMES[name]} / mecbopt" for name in peers]
    return text, _small_caption(content) + markdown_table(small_header, small)


def _caption(content: dict[str, Any]) -> str:
    load = ", ".join(f"{value:.1f}" for value in content["load_average_at_start"])
    return (
        f"`{content['command']}`, {content['date']}, {content['processor']}, {content['cores']} cores, one "
        f"thread a solver, load average {load}.  Dirichlet(1) marginals, first seed {content['seed']}; "
        f"tolerance {_power(content['tolerance_bits'])} bits; limit {content['time_limit_seconds']:g} s of "
        f"wall-clock time for mecbopt, {content['peer_time_limit_seconds']:g} s of processor time for the "
        f"others, {content['largest_time_limit_seconds']:g} s at 5x5 with R < H(Y).\n\n"
        "Median / maximum of the processor time (closed of run), `>` where instances stayed open at the "
        "limit.  A peer's time starts when its model is built, ours with the problem.  Ratios of the times "
        "on the same instance, median / least.  Of the instances a peer calls optimal: the "
        "largest difference of its value, made exactly feasible, from ours, and of the value it claims "
        f"itself, bits.  The peers' cells are bounded below by {_power(CELL_LOWER_BOUND)}; at R = H(Y) they "
        "get the transportation polytope alone.\n\n"
    )


def _small_caption(content: dict[str, Any]) -> str:
    tolerance, limit = _power(content["tolerance_bits"]), content["peer_time_limit_seconds"]
    return (
        "## Speed\n\n"
        f"Optima proved within {tolerance} bits on random marginals, beside general global solvers:\n"
        f"median / maximum processor time (closed of run), `>` where instances stayed open at {limit:g} s\n"
        f"({content['largest_time_limit_seconds']:g} s at 5x5); then the ratio of the times on the same "
        "instance, median / least.\n`make bench` measures this; "
        "[docs/benchmarks/peers.md](docs/benchmarks/peers.md) has all rows and how they were measured.\n\n"
    )


def _values(summary: dict[str, Any] | None) -> str:
    if summary is None:
        return "-"
    return f"{_signed(summary['largest_difference'])}, {_signed(summary['largest_claim_error'])}"


def _targets(rows: list[dict[str, Any]]) -> str:
    """Medians against what was aimed at."""
    lines = []
    for (n, m), target in TARGETS.items():
        measured = [row["auto"] for row in rows if (row["n"], row["m"]) == (n, m) and "auto" in row]
        if not measured:
            continue
        worst = max(measured, key=lambda summary: summary["median_seconds"])
        met = worst["median_seconds"] <= target and not worst["median_open"]
        walls = max(summary["median_wall_seconds"] for summary in measured)
        figures = [target, worst["median_seconds"], walls]
        lines.append([f"{n}x{m}", *map(seconds_text, figures), "yes" if met else "NO"])
    header = ["size", "target", "processor time", "wall clock", "met (processor time)"]
    return "Worst median of mecbopt over the rates:\n\n" + markdown_table(header, lines)


def _power(value: float) -> str:
    """1e-6, not 1e-06."""
    return f"{value:g}".replace("e-0", "e-")


def _two_digits(value: float) -> str:
    """Two significant digits, without an exponent."""
    digits = max(0, math.floor(math.log10(value)) - 1)
    return f"{round(value, -digits):.0f}"
