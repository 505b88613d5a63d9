"""`mecbopt check`: verify certificates; the exit code says whether all prove their claims."""

from __future__ import annotations

import click

from mecbopt.certificates import check_certificate

__all__ = ["check"]

_EPILOG = """\b
Example:
  mecbopt check certificate.json.gz

\b
Exit codes: 0 every file proves its claim; 1 one does not (the first is named, with place and
reason); 2 wrong usage.
"""


@click.command(epilog=_EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="CERTIFICATE...")
def check(files: tuple[str, ...]) -> None:
    """Verify certificates with exact arithmetic and print the certified intervals.

    The format is specified in the reference.  No solver is asked.
    """
    for file in files:
        interval = check_certificate(file)
        click.echo(f"{file}: {interval}" if len(files) > 1 else str(interval))
