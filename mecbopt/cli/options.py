"""Options of the solver, the same for every command that solves, and the exit code of what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.values import NUMBER
from mecbopt.engines import ENGINES
from mecbopt.problem import Solution, Status, StopReason
from mecbopt.solving import METHODS
from mecbopt.tolerances import GAP

__all__ = ["exit_code", "solver_options"]

_STOPPED = (
    StopReason.TIME_LIMIT,
    StopReason.NODE_LIMIT,
    StopReason.INTERRUPTED,
    StopReason.NUMERICAL_TROUBLE,
)


def solver_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the solver's options under the names of its arguments."""
    decorators = [
        click.option(
            "--method",
            type=click.Choice(METHODS),
            default="auto",
            show_default=True,
            help="exact proves the optimum, local and greedy search without proof.",
        ),
        click.option(
            "--engine",
            type=click.Choice(("auto", *ENGINES)),
            default="auto",
            show_default=True,
            help="What carries out exact.",
        ),
        click.option(
            "--gap", type=NUMBER, default=GAP, show_default=True, help="Bits that count as optimal."
        ),
        click.option("--time-limit", type=NUMBER, help="Seconds after which to stop with what was found."),
        click.option("--node-limit", type=int, help="Nodes of the search tree after which to stop."),
        click.option("--seed", type=int, default=0, show_default=True, help="Of the random starts."),
        click.option("--workers", type=int, default=1, show_default=True, help="Processes."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def exit_code(solution: Solution) -> ExitCode:
    """Done, a claim that failed (infeasible, or bounds that cross), or stopped before the asked gap."""
    if solution.status in (Status.INFEASIBLE, Status.INVALID):
        return ExitCode.CLAIM_FAILED
    if solution.status is Status.OPTIMAL:
        return ExitCode.DONE
    stopped = solution.stop_reason in _STOPPED or solution.status is Status.UNKNOWN
    return ExitCode.STOPPED if stopped else ExitCode.DONE
