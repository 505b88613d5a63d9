"""What `encode` and `decode` take alike: a solution, an input, a seed, a format, an output."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from mecbopt.cli.inputs import option_names
from mecbopt.cli.outputs import OutputText
from mecbopt.cli.symbol_files import FORMATS
from mecbopt.cli.values import IntegerType
from mecbopt.coding.counter import SEED_LIMIT
from mecbopt.errors import InfeasibleError
from mecbopt.problem import Mixture, Problem, Solution

__all__ = ["COUNTER", "input_path", "loaded", "stream_names", "stream_options"]

#: Seeds and indices of symbols.
COUNTER = IntegerType(0, SEED_LIMIT - 1)
#: How the library's arguments are called here.
_NAMES = {"x": "INPUT", "seed": "--seed", "first": "--first", "chunk_symbols": "--chunk"}


def stream_options(
    file_help: str, column_help: str, out_help: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add arguments and options that both commands have.

    Parameters
    ----------
    file_help, column_help, out_help : str
        What --format, --column and --out are, in this command.
    """
    decorators = [
        click.argument("solution", metavar="SOLUTION"),
        click.argument("source", metavar="INPUT"),
        click.option(
            "--seed", type=COUNTER, default=0, show_default=True, help="Of the common randomness; shared."
        ),
        click.option("--format", "kind", type=click.Choice(FORMATS), help=file_help),
        click.option("--column", metavar="COLUMN", help=column_help),
        click.option("--out", type=OutputText(), required=True, help=out_help),
    ]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def stream_names() -> AbstractContextManager[None]:
    """Let errors of the library name what these commands call their arguments."""
    return option_names(_NAMES)


def input_path(source: str) -> Path | None:
    """The file of an input that is one."""
    return None if source == "-" else Path(source)


def loaded(path: str) -> tuple[Problem, Mixture]:
    """Problem and mixture of a solution file.

    Raises
    ------
    SolutionError, ProblemError
        It is none.
    InfeasibleError
        The solution has no mixture.
    """
    if Path(path).suffix.lower() == ".toml":
        raise click.UsageError(
            f"SOLUTION is '{path}', which is a problem: solve it first, "
            f"mecbopt solve {path} --json solution.json."
        )
    solution = Solution.from_json(Path(path))
    if solution.mixture is None:
        raise InfeasibleError(
            argument="SOLUTION",
            value=path,
            found=f"{path} is {solution.status.value} and has no mixture",
            remedy="solve a problem that has a coupling",
        )
    return solution.problem, solution.mixture
