"""Options that describe a problem: a file, numbers on the command line, or columns of samples.

Exactly one of the three is given; options that belong to another are refused, never ignored.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from mecbopt.cli.again import path_text, written
from mecbopt.cli.samples import DELIMITER, DELIMITER_HELP, read_columns
from mecbopt.cli.values import BINS, CHANNEL, NUMBER, PMF, IntegerType
from mecbopt.errors import MecboptError
from mecbopt.problem import Agreement, CostCap, Forbidden, GroupFairness, Problem, load_problem
from mecbopt.problem.bins import is_continuous
from mecbopt.problem.named import NamedConstraint

__all__ = ["OPTION_OF_ARGUMENT", "ProblemSource", "option_names", "problem_options"]

#: Different numbers in a column beyond which they are hardly letters: who gives more is told of --bins.
_MANY_NUMBERS = 40
#: How an argument of the library is called on the command line.
OPTION_OF_ARGUMENT = {
    "p_x": "--px",
    "p_y": "--py",
    "y_size": "--y-size",
    "p_y_tolerance": "--py-tolerance",
    "p_s_given_x": "--ps-given-x",
    "max_label_entropy": "--max-label-entropy",
    "min_label_entropy": "--min-label-entropy",
    "label_sees_seed": "--label-without-seed",
    "rate": "--rate",
    "distortion": "--distortion",
    "constraints.cells": "--forbid",
    "constraints.at_least": "--min-agreement",
    "constraints.costs": "--cost",
    "constraints.at_most": "--max-cost",
    "constraints.outcomes": "--outcomes",
    "constraints.groups": "--groups",
    "normalize": "--normalize",
    "pass normalize=True": "add --normalize",
    "smoothing": "--smoothing",
    "bins": "--bins",
    "x": "--x",
    "y": "--y",
    "label": "--label",
    "method": "--method",
    "engine": "--engine",
    "gap": "--gap",
    "time_limit": "--time-limit",
    "node_limit": "--node-limit",
    "seed": "--seed",
    "workers": "--workers",
    "checkpoint": "--checkpoint",
    "rates": "--rates",
}


@dataclass(frozen=True)
class ProblemSource:
    """The problem options as they were given; None where one was not."""

    file: Path | None
    px: list[Any] | None
    py: list[Any] | None
    ps_given_x: list[list[Any]] | None
    samples: Path | None
    x: str | None
    y: str | None
    label: str | None
    delimiter: str | None
    bins: Any
    smoothing: Any
    rate: Any
    max_label_entropy: Any
    min_label_entropy: Any
    y_size: int | None
    py_tolerance: Any
    label_without_seed: bool
    distortion: list[list[Any]] | None
    forbid: list[list[Any]] | None
    min_agreement: Any
    cost: list[list[Any]] | None
    max_cost: Any
    max_disparity: Any
    outcomes: list[Any] | None
    groups: list[list[Any]] | None
    normalize: bool

    def problem(self) -> Problem:
        """Build the problem.

        Raises
        ------
        click.UsageError
            None or several sources, or an option that does not belong to the one given.
        ProblemError, NotSupportedError
            From the library, in the words of the command line.
        """
        self._refuse_what_does_not_fit()
        if self.file is not None:
            return self._from_file(self.file)
        with option_names():
            if self.samples is None:
                return Problem(
                    self.px or (),
                    self.py,
                    y_size=self.y_size,
                    p_s_given_x=self.ps_given_x,
                    normalize=self.normalize,
                    **self._replacing(),
                )
            names = {"--x": self.x, "--y": self.y, "--label": self.label}
            columns = read_columns(self.samples, names, self.delimiter)
            if self.bins is None and is_continuous(columns["--x"], _MANY_NUMBERS):
                letters = len(set(columns["--x"]))
                click.echo(
                    f"Note: column '{self.x}' holds {letters} different numbers, each a letter of X, and the "
                    "time grows with their number: --bins 6 cuts it into six intervals.",
                    err=True,
                )
            return Problem.from_samples(
                columns["--x"],
                p_y=self.py,
                y=columns.get("--y"),
                label=columns.get("--label"),
                smoothing=0.0 if self.smoothing is None else self.smoothing,
                bins=self.bins,
                normalize=self.normalize,
                **self._replacing(),
            )

    @property
    def input_paths(self) -> dict[str, Path | None]:
        """Files that no output may overwrite."""
        return {
            "the problem file": self.file,
            "--samples": None if self.reads_standard_input else self.samples,
        }

    @property
    def reads_standard_input(self) -> bool:
        """Whether the samples come from there, once and for all."""
        return self.samples is not None and str(self.samples) == "-"

    def arguments(self, *, rate: bool = True) -> list[str]:
        """What states the same problem again on a command line; without the rate for a command of several."""
        given = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "file"}
        if not rate:
            del given["rate"]
        options = [
            word for name, value in given.items() for word in written(f"--{name.replace('_', '-')}", value)
        ]
        return options if self.file is None else [path_text(self.file), *options]

    def _replacing(self) -> dict[str, Any]:
        """What is given of the arguments that go with any source, and replace those of a file."""
        given = {
            name: value
            for name in ("rate", "max_label_entropy", "min_label_entropy", "distortion")
            if (value := getattr(self, name)) is not None
        }
        if self.py_tolerance is not None:
            given["p_y_tolerance"] = self.py_tolerance
        if self.label_without_seed:
            given["label_sees_seed"] = False
        constraints = self._constraints()
        return {**given, "constraints": constraints} if constraints else given

    def _constraints(self) -> list[NamedConstraint]:
        """Those that have options of their own."""
        if (self.cost is None) != (self.max_cost is None):
            missing, there = ("--cost", "--max-cost") if self.cost is None else ("--max-cost", "--cost")
            raise click.UsageError(f"{there} is given without {missing}: give both, or neither.")
        if (self.max_disparity is None) != (self.outcomes is None) or (
            self.groups is not None and self.outcomes is None
        ):
            raise click.UsageError(
                "--max-disparity and --outcomes go together, and --groups with them: give both, or none."
            )
        found: list[NamedConstraint] = []
        if self.forbid is not None:
            found.append(Forbidden([tuple(cell) for cell in self.forbid]))
        if self.min_agreement is not None:
            found.append(Agreement(at_least=float(self.min_agreement)))
        if self.cost is not None:
            rows = [[float(entry) for entry in row] for row in self.cost]
            found.append(CostCap(rows, at_most=float(self.max_cost)))
        if self.max_disparity is not None and self.outcomes is not None:
            with option_names({**OPTION_OF_ARGUMENT, "constraints.at_most": "--max-disparity"}):
                found.append(GroupFairness(self.outcomes, float(self.max_disparity), self.groups))
        return found

    def _from_file(self, path: Path) -> Problem:
        """The file's problem; a rate, a limit, a tolerance or a distortion given here replaces its own."""
        if path.suffix.lower() in (".csv", ".tsv"):
            raise click.UsageError(
                f"FILE is '{path}', a table: name the columns, --samples {path} --x COLUMN ..., or give a "
                "problem file, .toml or .json."
            )
        problem = load_problem(path)
        with option_names():
            changes = self._replacing()
            if "constraints" in changes:  # beside the file's own
                changes["constraints"] = [*problem.constraints, *changes["constraints"]]
            return problem.replace(**changes) if changes else problem

    def _refuse_what_does_not_fit(self) -> None:
        sources = {"a problem FILE": self.file, "--px": self.px, "--samples": self.samples}
        given = [name for name, value in sources.items() if value is not None]
        if not given:
            raise click.UsageError(
                "no problem is given: give a problem FILE, or --px and --py, or --samples with --x."
            )
        if len(given) > 1:
            raise click.UsageError(f"{given[0]} and {given[1]} are both given: give one of them.")
        belongs = {
            "--py": (self.py, ("--px", "--samples")),
            "--y-size": (self.y_size, ("--px",)),
            "--ps-given-x": (self.ps_given_x, ("--px",)),
            "--x": (self.x, ("--samples",)),
            "--y": (self.y, ("--samples",)),
            "--label": (self.label, ("--samples",)),
            "--delimiter": (self.delimiter, ("--samples",)),
            "--bins": (self.bins, ("--samples",)),
            "--smoothing": (self.smoothing, ("--samples",)),
            "--normalize": (self.normalize or None, ("--px", "--samples")),
        }
        for option, (value, homes) in belongs.items():
            if value is not None and given[0] not in homes:
                homes_text = " or ".join(homes)
                raise click.UsageError(
                    f"{option} goes with {homes_text}, not with {given[0]}: leave {option} out, "
                    f"or replace {given[0]} by {homes_text}."
                )
        self._refuse_what_is_missing()

    def _refuse_what_is_missing(self) -> None:
        if self.px is not None and self.py is None and self.y_size is None:
            raise click.UsageError("--px is given without --py: give the pmf of Y as well, or --y-size.")
        self._refuse_a_missing_label("--ps-given-x", self.px, self.ps_given_x)
        if self.label_without_seed and self.file is None and self.max_label_entropy is None:
            raise click.UsageError(
                "--label-without-seed is given without a limit: give --max-label-entropy, or leave it out."
            )
        if self.samples is None:
            return
        if self.x is None:
            raise click.UsageError("--samples is given without --x: name the column that holds X.")
        if (self.y is None) == (self.py is None):
            found = "neither" if self.y is None else "both"
            raise click.UsageError(
                f"--y and --py: {found} given; name the column of Y with --y, or give its pmf with --py."
            )
        self._refuse_a_missing_label("--label", self.samples, self.label)

    def _refuse_a_missing_label(self, option: str, source: Any, label: Any) -> None:
        """A limit on what is known of a label, without the label."""
        limits = {
            "--max-label-entropy": self.max_label_entropy,
            "--min-label-entropy": self.min_label_entropy,
        }
        for name, limit in limits.items():
            if source is not None and limit is not None and label is None:
                remedy = "name its column with --label" if option == "--label" else f"give {option} as well"
                raise click.UsageError(
                    f"{name} is {limit}, but there is no label: {remedy}, or leave {name} out."
                )


def problem_options(*, rate: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the problem options to a command, which receives them as one `source`.

    Parameters
    ----------
    rate : bool
        Offer --rate; a command that takes rates of its own does not.
    """
    decorators = [
        click.argument("file", type=click.Path(path_type=Path), required=False),
        click.option("--px", type=PMF, help="Pmf of X: numbers or fractions a/b, separated by commas."),
        click.option("--py", type=PMF, help="Pmf of Y."),
        click.option(
            "--y-size", type=IntegerType(1, 2**31), help="Letters of Y, whose law is free, in place of --py."
        ),
        click.option(
            "--py-tolerance",
            type=NUMBER,
            help="How far the law of Y may be from the one given, in total variation; replaces the file's.",
        ),
        click.option(
            "--ps-given-x", type=CHANNEL, help="Label channel p(s|x): one row for each letter of X."
        ),
        click.option("--normalize", is_flag=True, help="Accept counts: divide each pmf by its sum."),
        click.option(
            "--samples",
            type=click.Path(path_type=Path),
            help="CSV file of samples, with a header; - is standard input.",
        ),
        click.option("--x", metavar="COLUMN", help="Column of X in the samples."),
        click.option("--y", metavar="COLUMN", help="Column whose law is that of Y (or give --py)."),
        click.option("--label", metavar="COLUMN", help="Column of the label S."),
        click.option("--delimiter", type=DELIMITER, help=DELIMITER_HELP),
        click.option(
            "--bins",
            type=BINS,
            help="Cut columns of numbers into K bins of equal counts; x=0.5:1.5 cuts X at these points.",
        ),
        click.option("--smoothing", type=NUMBER, help="Pseudo-count added to every cell of the counts."),
        *(
            [click.option("--rate", type=NUMBER, help="R in bits; replaces the file's.  [default: no limit]")]
            if rate
            else []
        ),
        click.option(
            "--max-label-entropy", type=NUMBER, help="C in bits, H(S|Y,U) <= C; replaces the file's."
        ),
        click.option(
            "--min-label-entropy", type=NUMBER, help="Privacy in bits, H(S|Y) >= c; replaces the file's."
        ),
        click.option(
            "--label-without-seed",
            is_flag=True,
            help="The limit is on H(S|Y), for one without the seed.",
        ),
        click.option(
            "--distortion",
            type=CHANNEL,
            help="Minimise E d(X,Y) instead: d(x,y), one row for each letter of X; replaces the file's.",
        ),
        click.option("--forbid", type=CHANNEL, help="Cells x,y;x,y of P that stay 0; positions from 0."),
        click.option("--min-agreement", type=NUMBER, help="Least P(X = Y), letters by position."),
        click.option("--cost", type=CHANNEL, help="c(x,y), one row for each letter of X; with --max-cost."),
        click.option("--max-cost", type=NUMBER, help="E c(X,Y) is at most this."),
        click.option(
            "--max-disparity",
            type=NUMBER,
            help="Group fairness: P(Y in --outcomes) differs by no more between groups of X.",
        ),
        click.option(
            "--outcomes", type=PMF, metavar="y,y,...", help="Positions of Y, from 0, for --max-disparity."
        ),
        click.option(
            "--groups",
            type=CHANNEL,
            metavar="x,x;x,...",
            help="Positions of X of each group, as 0,1;2,3.  [default: the groups are the label]",
        ),
    ]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_source(**arguments: Any) -> Any:
            given = {part.name: arguments.pop(part.name, None) for part in fields(ProblemSource)}
            return command(source=ProblemSource(**given), **arguments)

        decorated: Callable[..., Any] = with_source
        for decorator in reversed(decorators):
            decorated = decorator(decorated)
        return decorated

    return decorate


@contextlib.contextmanager
def option_names(names: Mapping[str, str] = OPTION_OF_ARGUMENT) -> Iterator[None]:
    """Let errors of the library name the option where they name the argument."""
    try:
        yield
    except MecboptError as error:
        error.rename(names)
        raise
