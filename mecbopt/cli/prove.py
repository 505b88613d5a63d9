"""`mecbopt prove`: run the machine-checked derivations; the exit code says whether all is proved."""

from __future__ import annotations

import importlib
import io
import sys
from types import ModuleType
from typing import Any

import click
from rich.console import Console, Group
from rich.markup import escape
from rich.text import Text

from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import (
    Output,
    OutputText,
    output_options,
    refuse_equal_paths,
    to_standard,
    write_json,
)
from mecbopt.cli.tables import framed_table, output_console
from mecbopt.cli.values import IntegerType
from mecbopt.errors import CertificateError

__all__ = ["prove"]

_EPILOG = """\b
Examples:
  mecbopt prove
  mecbopt prove sign_theorem crossover --steps
  mecbopt prove --format markdown --out proofs.md

\b
Exit codes: 0 every statement is derived and holds at its instances; 1 a step
failed; 2 wrong usage; 3 stopped by Ctrl-C: what was proved before is shown.
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
@output_options("every step")
def prove(
    names: tuple[str, ...],
    jobs: int,
    form: str,
    out: Output | None,
    steps: bool,
    only_list: bool,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Prove the theorems that this package rests on: all of them, or those named.

    All take several minutes of a processor, which --jobs shares; a single one takes seconds.
    """
    refuse_equal_paths({"--out": out, "--json": json_output}, {})
    proofs = load_proofs()
    unknown = [name for name in names if name not in proofs.NAMES]
    if unknown:
        raise click.UsageError(f"NAME is '{unknown[0]}': it must be one of {', '.join(proofs.NAMES)}.")
    chosen = tuple(dict.fromkeys(names)) or proofs.NAMES
    if only_list:
        write_json(json_output, {"proofs": list(chosen)})
        if not quiet:
            click.echo("\n".join(chosen), err=to_standard(json_output))
        return ExitCode.DONE
    results: list[Any] = []
    try:
        for result in proofs.run_all(chosen, jobs):
            results.append(result)
            if sys.stderr.isatty():
                click.echo(f"{result.name}: {'proved' if result.proved else 'NOT PROVED'}", err=True)
    except KeyboardInterrupt:
        click.echo(f"Interrupted: {len(results)} of {len(chosen)} lemmas were tried.", err=True)
    write_json(json_output, {"proofs": [_document(result) for result in results]})
    if out is not None or not quiet:
        _tell(proofs, results, form, steps, out, aside=to_standard(json_output))
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
    table = framed_table()
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


def _document(result: Any) -> dict[str, Any]:
    """A lemma and its steps as plain data."""
    return {
        "name": result.name,
        "statement": result.label,
        "proved": result.proved,
        "seconds": result.seconds,
        "steps": [
            {"name": step.name, "verdict": step.verdict.value, "method": step.method, "account": step.account}
            for step in result.steps
        ],
    }


def _tell(
    proofs: Any, results: list[Any], form: str, steps: bool, out: Output | None, *, aside: bool
) -> None:
    """The results in the form that was asked for, beside a document on standard output."""
    if form == "table":
        _show(_table(proofs, results, steps), out, aside=aside)
        return
    text = f"{getattr(proofs, form)(results).rstrip()}\n"
    if out is None and aside:
        click.echo(text, err=True, nl=False)
    else:
        (out or Output(None)).write(text)


def _show(table: Group, out: Output | None, *, aside: bool) -> None:
    """On the console, or as text of a fixed width."""
    if out is None or out.path is None:
        output_console(aside=aside).print(table)
        return
    text = io.StringIO()
    Console(file=text, width=140, highlight=False).print(table)
    out.write(text.getvalue())
