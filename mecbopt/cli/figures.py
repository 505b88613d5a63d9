"""`mecbopt figures`: draws the figures of the documentation from the solver."""

from __future__ import annotations

import time
from pathlib import Path

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.outputs import Output, output_folder, output_options, to_standard, write_json

__all__ = ["figures"]


@click.command(epilog="Example: mecbopt figures --out docs/figures --format svg")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder; created if need be.")
@click.option(
    "--format", "suffix", type=click.Choice(["png", "pdf", "svg"]), default="png", show_default=True
)
@click.option("--only", multiple=True, metavar="NAME", help="Draw this figure alone; may be repeated.")
@output_options("the names of the files")
def figures(
    out: Path, suffix: str, only: tuple[str, ...], json_output: Output | None, quiet: bool
) -> ExitCode:
    """Draw I against R for binary sources without and with labels, and the package's own figures."""
    output_folder(out)
    from mecbopt.plots import save
    from mecbopt.plots.gallery import FIGURES

    unknown = [name for name in only if name not in FIGURES]
    if unknown:
        raise click.UsageError(f"--only is '{unknown[0]}': the figures are {', '.join(FIGURES)}.")
    written: list[str] = []
    for name in only or FIGURES:
        start = time.perf_counter()
        path = out / f"{name}.{suffix}"
        try:
            save(FIGURES[name](), path)
        except KeyboardInterrupt:
            click.echo(
                f"Interrupted while drawing {name}: the figures named before it are written.", err=True
            )
            write_json(json_output, {"figures": written})
            return ExitCode.STOPPED
        written.append(str(path))
        if not quiet:
            click.echo(f"{path}  ({time.perf_counter() - start:.1f} s)", err=to_standard(json_output))
    write_json(json_output, {"figures": written})
    return ExitCode.DONE
