"""Command line of the benchmarks: python -m tests.benchmarks [NAME ...] [--quick] [--out DIR]."""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks import agreement, certificates, curve, greedy, peers, plain_mec
from tests.benchmarks.exact_report import TABLES
from tests.benchmarks.overview import write_overview
from tests.benchmarks.record import ROOT, describe_machine, fill_section, write_json

__all__ = ["main"]

DEFAULT_OUT = ROOT / "docs" / "benchmarks"

#: The page that shows the compact tables of `exact_report`.
EXACT_PAGE = ROOT / "docs" / "developer" / "exact-solver.md"

#: Scripts with a section on a page: the page, and what makes the section of the results.
SECTIONS = {name: (EXACT_PAGE, table) for name, table in TABLES.items()} | {
    "plain_mec": (ROOT / "docs" / "mec.md", plain_mec.section),
    "greedy": (ROOT / "docs" / "mec.md", greedy.section),
}

#: Benchmarks with `run`, in the order of the report.
BENCHMARKS = {"peers": peers, "curve": curve, "agreement": agreement, "certificates": certificates}


@dataclass(frozen=True)
class Script:
    """A benchmark with a command line of its own: it writes its results with --json, or all with --out."""

    module: str
    arguments: tuple[str, ...] = ()
    quick_arguments: tuple[str, ...] = ()
    writes_all: bool = False
    collects: bool = False  # with a budget of 0 it writes what was measured before


SCRIPTS = {
    "exact_cells": Script(
        "exact_solver",
        ("cells", "--sizes", "3", "4", "5", "6"),
        ("cells", "--sizes", "3", "--instances", "1", "--limit", "5"),
    ),
    "exact_structured": Script(
        "exact_solver", ("structured", "--sizes", "4", "5"), ("structured", "--sizes", "3", "--limit", "5")
    ),
    "exact_large": Script(
        "exact_solver",
        ("large", "--with-trace", "--resume", "build/exact_large.state.json"),
        ("large", "--sizes", "7", "--instances", "1", "--limit", "0.2", "--with-trace"),
        collects=True,
    ),
    "exact_levers": Script(
        "exact_solver",
        ("levers", "--sizes", "4", "5", "--instances", "10", "--limit", "20"),
        ("levers", "--sizes", "3", "--instances", "1", "--limit", "5"),
    ),
    "parallel": Script(
        "parallel",
        ("--size", "6", "--instances", "10", "--slowest", "10"),
        ("--size", "3", "--instances", "1", "--slowest", "2"),
    ),
    "members": Script("members", (), ("--sizes", "3", "--instances", "1")),
    "several": Script("several", (), ("--instances", "1", "--limit", "1")),
    "plain_mec": Script("plain_mec", ("--largest", "14"), ("--smallest", "4", "--largest", "5")),
    "greedy": Script("greedy", (), ("--largest", "1000")),
    "streams": Script("streams", (), ("--largest", "5", "--symbols", "100000")),
    "local_search": Script("local_search", (), ("--count", "1", "--seconds", "1"), writes_all=True),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"one of {', '.join([*BENCHMARKS, *SCRIPTS])}; default all"
    )
    parser.add_argument("--quick", action="store_true", help="tiny settings: shows that everything runs")
    parser.add_argument(
        "--collect", action="store_true", help="of benchmarks that are run in parts: what was measured before"
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the results (docs/benchmarks; with --quick: build/benchmarks)"
    )
    for benchmark in BENCHMARKS.values():
        benchmark.add_arguments(parser)
    return parser


def _run_script(name: str, options: argparse.Namespace, machine: dict[str, Any], out: Path) -> str | None:
    """Run a script; its text as Markdown, empty where it wrote that itself, None where it failed."""
    script = SCRIPTS[name]
    raw = out.resolve() / f"{name}.raw.json"
    results = ["--out", str(out.resolve())] if script.writes_all else ["--json", str(raw)]
    command = [sys.executable, "-m", f"tests.benchmarks.{script.module}", *results]
    collecting = ["--budget", "0"] if options.collect and script.collects else []
    done = subprocess.run(
        [*command, *(script.quick_arguments if options.quick else script.arguments), *collecting],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    print(done.stdout, end="")
    if script.writes_all and not done.returncode:
        return ""
    if done.returncode or not raw.exists():
        print(f"{name}: failed with exit status {done.returncode}.", file=sys.stderr)
        return None
    results = json.loads(raw.read_text(encoding="utf-8"))
    raw.unlink()
    write_json(out / f"{name}.json", machine | {"benchmark": name, "results": results})
    if name in SECTIONS and out == DEFAULT_OUT:
        page, section = SECTIONS[name]
        if fill_section(page, section(results), name):
            print(f"{page.relative_to(ROOT)}: table of {name} replaced.")
    return (
        f"# {name.replace('_', ' ').capitalize()}\n\n`{machine['command']}`, {machine['date']}, "
        f"{machine['processor']}, {machine['cores']} cores.\n\n{printed_as_markdown(done.stdout)}"
    )


def printed_as_markdown(output: str) -> str:
    """What a script printed: its Markdown tables as such, and the lines of every run folded behind them."""
    lines = output.rstrip().splitlines()
    table = [line for line in lines if line.startswith("|")]
    rest = "\n".join(line for line in lines if not line.startswith("|")).rstrip()
    if not table:
        return f"```text\n{rest}\n```\n"
    runs = "\n".join(f"    {line}".rstrip() for line in rest.splitlines())
    return "\n".join(table) + f'\n\n??? note "Every run"\n\n    ```text\n{runs}\n    ```\n'


def main(arguments: list[str] | None = None) -> int:
    """Run the named benchmarks; 0 when all ran and nothing contradicts the package's claims."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    options = parser.parse_args(given)
    names = options.names or [*BENCHMARKS, *SCRIPTS]
    unknown = sorted(set(names) - set(BENCHMARKS) - set(SCRIPTS))
    if unknown:
        parser.error(f"NAME is {', '.join(unknown)}: it must be one of {', '.join([*BENCHMARKS, *SCRIPTS])}.")
    for option in (
        "instances",
        "highs_instances",
        "peer_instances",
        "time_limit",
        "peer_limit",
        "largest_limit",
        "largest_peer_instances",
        "budget",
        "piece",
        "curves",
        "repeats",
        "highs_cases",
        "clique_cases",
        "certificates",
    ):
        value = getattr(options, option)
        if value is not None and not value > 0:
            parser.error(f"--{option.replace('_', '-')} is {value}: it must be positive.")
    if options.quick:
        options.instances, options.time_limit = min(options.instances, 2), min(options.time_limit, 5.0)
    out = options.out or (ROOT / "build" / "benchmarks" if options.quick else DEFAULT_OUT)
    out.mkdir(parents=True, exist_ok=True)
    machine = describe_machine(shlex.join(["python", "-m", "tests.benchmarks", *given]))
    sound = True
    for name in names:
        print(f"== {name}", flush=True)
        if name in SCRIPTS:
            text = _run_script(name, options, machine, out)
            sound &= text is not None
            if text is None:
                continue
        else:
            text, small, good = BENCHMARKS[name].run(options, machine, out)
            sound &= good
            # The README shows recorded runs only: never a quick one, nor one written elsewhere.
            if small and out == DEFAULT_OUT and fill_section(ROOT / "README.md", small):
                print("README.md: table replaced.")
        if text:
            (out / f"{name}.md").write_text(text, encoding="utf-8")
            print(text)
    if out == DEFAULT_OUT:
        write_overview()
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
