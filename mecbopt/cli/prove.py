"""`mecbopt prove`: run the machine-checked derivations; the exit code says whether all is proved."""

from __future__ import annotations

import importlib
import io
import sys
from types import ModuleType
from typing import Any

import click
from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import Output, OutputText
from mecbopt.cli.tables import output_console
from mecbopt.cli.values import IntegerType
from mecbopt.errors import CertificateError

__all__ = ["prove"]

_EPILOG = """\b
Examples:
  mecbopt prove
  mecbopt prove sign_theorem crossover --steps
  mecbopt prove --format markdown --out proofs.md

\b
Exit codes: 0 every statement is derived and holds at its instances; 1 a step failed;
2 wrong usage; 3 stopped by Ctrl-C: what was proved before is shown.
"""


@click.command(epilog=_EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--jobs", type=IntegerType(1, 512), default=1, show_default=True, help="Processes.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "latex"]),
    default="table",
    show_default=True,
)
@click.option("--out", type=OutputText(), help="Write the result there instead of showing it.")
@click.option("--steps", is_flag=True, help="List every step in the table.")
@click.option("--list", "only_list", is_flag=True, help="Name the proofs and leave.")
def prove(
    names: tuple[str, ...], jobs: int, form: str, out: Output | None, steps: bool, only_list: bool
) -> ExitCode:
    """Prove the theorems that this package rests on: all of them, or those named."""
    proofs = load_proofs()
    unknown = [name for name in names if name not in proofs.NAMES]
    if unknown:
        raise click.UsageError(f"NAME is '{unknown[0]}': it must be one of {', '.join(proofs.NAMES)}.")
    chosen = tuple(dict.fromkeys(names)) or proofs.NAMES
    if only_list:
        click.echo("\n".join(chosen))
        return ExitCode.DONE
    results: list[Any] = []
    try:
        for result in proofs.run_all(chosen, jobs):
            results.append(result)
            if sys.stderr.isatty():
                click.echo(f"{result.name}: {'proved' if result.proved else 'NOT PROVED'}", err=True)
    except KeyboardInterrupt:
        click.echo(f"Interrupted: {len(results)} of {len(chosen)} lemmas were tried.", err=True)
    if form == "table":
        _show(_table(proofs, results, steps), out)
    else:
        (out or Output(None)).write(f"{getattr(proofs, form)(results).rstrip()}\n")
    if not all(result.proved for result in results):
        return ExitCode.CLAIM_FAILED
    return ExitCode.DONE if len(results) == len(chosen) else ExitCode.STOPPED


def load_proofs() -> ModuleType:
    """The proofs, in a checkout and in an installed wheel.

    Raises
    ------
    CertificateError
        They are not there, or lack a dependency: nothing is proved.
    """
    try:
        return importlib.import_module("mecbopt._proofs")
    except ImportError as error:
        raise CertificateError(
            f"the proofs cannot be loaded: {error}", remedy="install the missing package"
        ) from error


def _table(proofs: Any, results: list[Any], steps: bool) -> Group:
    """One row a lemma (and a step), failures with their reason, and the totals."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("lemma", no_wrap=True)
    for name in ("proved", "cited", "failed"):
        table.add_column(name, justify="right")
    table.add_column("methods" if not steps else "steps")
    table.add_column("seconds", justify="right")
    verdict = proofs.Verdict
    for result in results:
        methods = sorted({step.method for step in result.steps if step.verdict is verdict.PROVED})
        counts = [result.count(one) for one in (verdict.PROVED, verdict.CITED, verdict.FAILED)]
        style = "" if result.proved else "bold red"
        table.add_row(
            result.name,
            *map(str, counts),
            escape(result.label if steps else ", ".join(methods)),
            f"{result.seconds:.2f}",
            style=style,
        )
        for step in result.steps:
            if steps or step.verdict is verdict.FAILED:
                text = f"{step.verdict.value} [{step.method}] {step.name}: {step.account}"
                table.add_row("", "", "", "", escape(text), f"{step.seconds:.2f}")
    total = sum(result.seconds for result in results)
    return Group(table, Text(f"{proofs.summary(results)}, {total:.1f} s."))


def _show(table: Group, out: Output | None) -> None:
    """On the console, or as text of a fixed width."""
    if out is None or out.path is None:
        output_console().print(table)
        return
    text = io.StringIO()
    Console(file=text, width=140, highlight=False).print(table)
    out.write(text.getvalue())
