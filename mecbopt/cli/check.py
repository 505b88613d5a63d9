"""`mecbopt check`: verify certificates; the exit code says whether all prove their claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mecbopt.certificates import CertifiedInterval, check_certificate
from mecbopt.cli.outputs import Output, output_options, refuse_equal_paths, to_standard, write_json
from mecbopt.errors import CertificateError

__all__ = ["check"]

_EPILOG = """\b
Example:
  mecbopt check certificate.json.gz

\b
Exit codes: 0 every file proves its claim; 1 one does not (the first is named,
with place and reason); 2 wrong usage.
"""


@click.command(epilog=_EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="CERTIFICATE...")
@output_options("the certified intervals")
def check(files: tuple[str, ...], json_output: Output | None, quiet: bool) -> None:
    """Verify certificates with exact arithmetic and print the certified intervals.

    The format is specified in the reference.  No solver is asked.
    """
    refuse_equal_paths({"--json": json_output}, {f"CERTIFICATE {file}": Path(file) for file in files})
    proved = []
    for file in files:
        try:
            interval = check_certificate(file)
        except CertificateError as error:
            _refuse_a_solution(file)
            error.rename({}, source=file)
            raise
        proved.append({"file": file, **_document(interval)})
        if not quiet:
            text = f"{file}: {interval}" if len(files) > 1 else str(interval)
            click.echo(text, err=to_standard(json_output))
    units = {entry["units"] for entry in proved}
    write_json(json_output, {"certificates": proved, "units": units.pop() if len(units) == 1 else "various"})


def _refuse_a_solution(file: str) -> None:
    """What `mecbopt solve --json` writes is no certificate, and its numbers prove nothing."""
    with Path(file).open("rb") as start:
        if b'"mecbopt-solution-' in start.read(80):
            raise click.UsageError(
                f"CERTIFICATE is '{file}', which is a solution: let mecbopt solve write a certificate beside "
                "it, --certificate proof.json.gz, and check that."
            )


def _document(interval: CertifiedInterval) -> dict[str, Any]:
    """The interval with its ends exactly, and the size of the proof."""
    ends = {"lower": interval.lower, "upper": interval.upper}
    return {
        "infeasible": interval.infeasible,
        **{name: None if end is None else f"{end.numerator}/{end.denominator}" for name, end in ends.items()},
        "quantity": interval.quantity,
        "units": interval.units,
        "width": interval.width,
        "records": interval.records,
        "nodes": interval.nodes,
    }
