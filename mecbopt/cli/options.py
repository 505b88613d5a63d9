"""Options of the solver, the same for every command that solves, and the exit code of what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.values import NUMBER, IntegerType
from mecbopt.engines import ENGINES
from mecbopt.problem import Status, StopReason
from mecbopt.solving import METHODS
from mecbopt.tolerances import GAP

__all__ = ["Ended", "exit_code", "limit_options", "solver_options"]

#: What the compiled engines count with.
_MAX_INTEGER = 2**63 - 1
#: More processes than this serve no machine, and some refuse to start them.
_MAX_WORKERS = 512

_STOPPED = (
    StopReason.TIME_LIMIT,
    StopReason.NODE_LIMIT,
    StopReason.INTERRUPTED,
    StopReason.NUMERICAL_TROUBLE,
)


class Ended(Protocol):
    """What every result says of how it ended."""

    @property
    def status(self) -> Status:
        """What is known."""
        ...

    @property
    def stop_reason(self) -> StopReason:
        """Why it stopped."""
        ...


def _limits(gap: float, each: str) -> list[Callable[..., Any]]:
    """Gap, limits and seed under the names of the library's arguments."""
    per = f", for each {each}" if each else ""
    return [
        click.option(
            "--gap", type=NUMBER, default=gap, show_default=True, help="Bits that count as optimal."
        ),
        click.option(
            "--time-limit", type=NUMBER, help=f"Seconds after which to stop with what was found{per}."
        ),
        click.option(
            "--node-limit",
            type=IntegerType(0, _MAX_INTEGER),
            help=f"Nodes of the search tree after which to stop{per}.",
        ),
        click.option(
            "--seed",
            type=IntegerType(0, _MAX_INTEGER),
            default=0,
            show_default=True,
            help="Of the random starts.",
        ),
    ]


def solver_options(*, each: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the solver's options under the names of its arguments.

    Parameters
    ----------
    each : str
        What a limit holds for, where the command solves several problems: "rate".
    """
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
            metavar="NAME",
            help=f"What carries out exact: {', '.join(('auto', *ENGINES))}.",
        ),
        *_limits(GAP, each),
        click.option(
            "--workers",
            type=IntegerType(1, _MAX_WORKERS),
            default=1,
            show_default=True,
            help=f"Processes that share the {each}s." if each else "Threads that share the search.",
        ),
    ]

    return _applied(decorators)


def limit_options(*, gap: float = GAP) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add gap, limits and seed alone, for a command with one way to search."""
    return _applied(_limits(gap, ""))


def _applied(decorators: list[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """One decorator for several, in their order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def exit_code(solution: Ended) -> ExitCode:
    """Done, a claim that failed (infeasible, or bounds that cross), or stopped before the asked gap."""
    if solution.status in (Status.INFEASIBLE, Status.INVALID):
        return ExitCode.CLAIM_FAILED
    if solution.status is Status.OPTIMAL:
        return ExitCode.DONE
    stopped = solution.stop_reason in _STOPPED or solution.status is Status.UNKNOWN
    return ExitCode.STOPPED if stopped else ExitCode.DONE
