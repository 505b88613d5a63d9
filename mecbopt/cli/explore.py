"""`mecbopt explore`: the explorer in the browser, served on this machine."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.values import IntegerType

__all__ = ["explore"]

_APP = Path(__file__).with_name("explore_app.py")
#: Seconds that the server has to end.
_PATIENCE = 3.0
_EPILOG = """\b
Examples:
  mecbopt explore
  mecbopt explore --port 8000 --no-browser

\b
It needs marimo: pip install 'mecbopt[explore]'.  Ctrl-C ends it.  The page
for binary sources in the manual needs neither.

\b
Exit codes: 0 ended by Ctrl-C; 2 wrong usage, or marimo is not installed.
"""


@click.command(epilog=_EPILOG)
@click.option("--port", type=IntegerType(1, 65535), help="Of this machine.  [default: one that is free]")
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
def explore(port: int | None, no_browser: bool) -> ExitCode:
    """Explore binary sources, small alphabets and problems of your own with sliders, in the browser.

    Only this machine can reach the page.
    """
    if importlib.util.find_spec("marimo") is None:
        raise click.UsageError(
            "command 'explore' needs the package 'marimo': install it, pip install 'mecbopt[explore]'."
        )
    chosen = _free(port)
    click.echo(f"The explorer is at http://127.0.0.1:{chosen} until Ctrl-C.")
    place = ["--host", "127.0.0.1", "--port", str(chosen), *(["--headless"] if no_browser else [])]
    # No token: who can reach the port can run programs here anyway, and the application runs none of theirs.
    command = [sys.executable, "-m", "marimo", "--quiet", "run", str(_APP), "--no-token", *place]
    # Ended by its terminal or a supervisor, it ends the server too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    # In a session of its own, or Ctrl-C would reach it too and end it with a traceback.
    with subprocess.Popen(command, start_new_session=True) as server:
        try:
            return ExitCode.DONE if server.wait() == 0 else ExitCode.USAGE
        except KeyboardInterrupt:
            return ExitCode.DONE
        finally:
            server.terminate()
            try:
                server.wait(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
            signal.signal(signal.SIGTERM, before)


def _free(port: int | None) -> int:
    """The port that is asked for, once it is known to be free, or any that is."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port or 0))
        except OSError as error:
            raise click.UsageError(
                f"--port is {port}, which cannot be used: {error.strerror}; give another, or none."
            ) from error
        found: int = probe.getsockname()[1]
        return found
