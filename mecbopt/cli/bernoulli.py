"""`mecbopt bernoulli`: binary sources in closed form, beside the printed Theorem 2."""

from __future__ import annotations

import math
from typing import Any

import click
from rich.console import Console

import mecbopt.bernoulli as closed_forms
from mecbopt.bernoulli import BernoulliOptimum
from mecbopt.cli.inputs import option_names
from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import Output, output_options, plain_number, to_standard, write_json
from mecbopt.cli.tables import figures_table, framed_table, output_console
from mecbopt.cli.values import NUMBER
from mecbopt.info import binary_entropy

__all__ = ["bernoulli"]

_EPILOG = """\b
Examples:
  mecbopt bernoulli --qx 0.3 --qy 0.3 --rate 0.378
  mecbopt bernoulli --qx 0.3 --qy 0.4 --crossover 0.1 --max-label-entropy 0.6

\b
Exit codes: 0 done; 1 no coupling meets the label constraint; 2 wrong usage or
input.
"""

_OPTION_OF_ARGUMENT = {
    "q_x": "--qx",
    "q_y": "--qy",
    "rate": "--rate",
    "crossover": "--crossover",
    "max_label_entropy": "--max-label-entropy",
}


@click.command(epilog=_EPILOG)
@click.option("--qx", "q_x", type=NUMBER, required=True, help="P(X=1).")
@click.option("--qy", "q_y", type=NUMBER, required=True, help="P(Y=1).")
@click.option("--rate", type=NUMBER, default=math.inf, show_default=True, help="R, bits.")
@click.option("--crossover", type=NUMBER, help="P(S != X) of the label S.")
@click.option("--max-label-entropy", type=NUMBER, help="C, bits, a limit on H(S|Y,U).")
@output_options("the figures")
def bernoulli(
    q_x: Any,
    q_y: Any,
    rate: Any,
    crossover: Any,
    max_label_entropy: Any,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """The optimal coupling of binary X and Y, its weights, its end and its active constraints."""
    with option_names(_OPTION_OF_ARGUMENT):
        best = closed_forms.solve(q_x, q_y, rate, crossover, max_label_entropy)
        # The printed formula knows no label.
        printed = closed_forms.comonotone(q_x, q_y, rate) if max_label_entropy is None else None
        switch = closed_forms.crossover_rate(q_x, q_y)
    write_json(json_output, _document(best, printed, switch, float(rate)))
    _print(best, printed, switch, output_console(aside=to_standard(json_output), quiet=quiet))
    return ExitCode.DONE


def _print(
    best: BernoulliOptimum, printed: BernoulliOptimum | None, switch: float | None, console: Console
) -> None:
    table = figures_table()
    table.add_row("I(X;Y)", f"{best.mutual_information:.9f} bits")
    table.add_row("upper bounds", f"H(X) = {_h(best.q_x):.9f}, H(Y) = {_h(best.q_y):.9f} bits")
    table.add_row("rate H(Y|U)", f"{best.rate:.9f} bits")
    if best.label_entropy_with_seed is not None:
        table.add_row("label H(S|Y,U)", f"{best.label_entropy_with_seed:.9f} bits")
    table.add_row("delta", f"{best.delta:.9f}")
    table.add_row("end", best.end)
    table.add_row("active", best.branch)
    table.add_row(
        "crossover rate R*", "none: the ends tie at every rate" if switch is None else f"{switch:.9f} bits"
    )
    if printed is not None:
        loss = best.mutual_information - printed.mutual_information
        table.add_row(
            "comonotone branch", f"{printed.mutual_information:.9f} bits (printed Theorem 2, reconstructed)"
        )
        table.add_row("its loss", f"{max(loss, 0.0):.9f} bits")
    console.print(table)
    mixture = framed_table()
    for name in best.weights._fields:
        mixture.add_column(name, justify="right")
    mixture.add_row(*(f"{weight:.9f}" for weight in best.weights))
    console.print("\n[bold]weights[/] with which the shared seed picks each mapping")
    console.print(mixture)


def _document(
    best: BernoulliOptimum, printed: BernoulliOptimum | None, switch: float | None, rate: float
) -> dict[str, Any]:
    return {
        "q_x": best.q_x,
        "q_y": best.q_y,
        "rate_limit": plain_number(rate),
        "mutual_information": best.mutual_information,
        "delta": best.delta,
        "weights": best.weights._asdict(),
        "end": best.end,
        "branch": best.branch,
        "rate": best.rate,
        "label_entropy_with_seed": best.label_entropy_with_seed,
        "crossover_rate": switch,
        "comonotone_branch": None if printed is None else printed.mutual_information,
    }


def _h(mass: float) -> float:
    return float(binary_entropy(mass))
