"""What the commands of `mecbopt neural` share: options, progress, output paths, names of arguments.

PyTorch is imported inside the commands alone, so that `--help` is quick and works without it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from mecbopt.errors import MecboptError

__all__ = [
    "FILE",
    "FOLDER",
    "NEW_FILE",
    "POSITIVE",
    "SEED",
    "data_options",
    "load_module",
    "progress_bar",
    "regular_file",
    "with_option_names",
    "writable_file",
    "writable_folder",
]

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
#: Seeds key a 64-bit counter.
SEED = click.IntRange(0, 2**64 - 1)

#: Arguments of the library as these commands call them.
_NAMES = {
    "device": "--device",
    "runtime.device": "--device",
    "epochs": "--judge-epochs",
    "out": "--out",
    "overwrite=True": "--overwrite",
    "resume=True": "--resume",
    "seed": "--seed",
}

Command = TypeVar("Command", bound=Callable[..., Any])


class _Positive(click.FloatRange):
    """A positive, finite number: click's own range lets nan and infinity through."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not (math.isfinite(number) and number > 0):
            self.fail(f"{value} must be a positive, finite number.", param, ctx)
        return number


POSITIVE = _Positive(min=0, min_open=True)


def load_module(name: str) -> Any:
    """A module of the image model, or one short error where a package of its extra is absent."""
    from mecbopt.neural.errors import MissingDependencyError

    try:
        return importlib.import_module(f"mecbopt.neural.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing == "mecbopt":
            raise
        raise MissingDependencyError(
            f"the image model needs {missing}, which is not installed: pip install 'mecbopt[neural]'"
        ) from error


def with_option_names(command: Command) -> Command:
    """A command whose errors name its options, not the arguments of the library."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except MecboptError as error:
            error.rename(_NAMES)
            raise

    return run  # type: ignore[return-value]


def data_options(command: Command) -> Command:
    """Options that say where the data set of a trained model lies."""
    for decorator in (
        click.option("--download", is_flag=True, help="Let torchvision fetch what is missing."),
        click.option("--data-root", type=FOLDER, help="Folder of the data sets; default: MECBOPT_DATA."),
    ):
        command = decorator(command)
    return command


def writable_folder(path: Path) -> Path:
    """Make the output folder before long work starts."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--out {path} cannot be made: {error.strerror}.") from error
    return path


def writable_file(path: Path, *inputs: Path) -> Path:
    """Check an output file before long work starts: its folder exists, and it is none of the inputs."""
    if not path.parent.is_dir():
        raise click.UsageError(f"--out {path}: the folder {path.parent} does not exist; make it first.")
    for given in inputs:
        if path.exists() and path.samefile(given):
            raise click.UsageError(
                f"--out {path} is the input {given}: it would be overwritten; name another."
            )
    return path


def regular_file(path: Path) -> Path:
    """Refuse pipes and devices, which may never end."""
    if not path.is_file():
        raise click.UsageError(f"{path} is no regular file: give a file.")
    return path


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int, dict[str, float]], None] | None]:
    """A progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[terms]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, step: int, steps: int, terms: dict[str, float]) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=steps, terms="")
            shown = "  ".join(
                f"{name} {terms[name]:.2f}"
                for name in ("rate", "label", "reconstruction", "w1")
                if name in terms
            )
            bar.update(tasks[stage], completed=step, total=steps, terms=shown)

        yield report
