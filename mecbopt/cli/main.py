"""Entry point of the command line: finds commands lazily, turns errors into one line and an exit code.

Exit codes: 0 done; 1 a claim failed; 2 wrong usage or input; 3 stopped by a limit or Ctrl-C; 141 the reader
of the output went away.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import signal
import sys
import traceback
from difflib import get_close_matches
from enum import IntEnum
from typing import Any

import click
from click.shell_completion import shell_complete

from mecbopt.errors import CertificateError, CodecError, InfeasibleError, MecboptError, SolutionError

__all__ = ["ExitCode", "entry_point", "main"]


class ExitCode(IntEnum):
    """What the caller of a command learns without reading its output."""

    DONE = 0
    CLAIM_FAILED = 1
    USAGE = 2
    STOPPED = 3
    #: 128 + SIGPIPE: what a shell reports of a program whose reader went away (`mecbopt ... | head`).
    READER_GONE = 141


# command -> (module, one line of help); the module is imported when the command is asked for and holds the
# command under its own name.
COMMANDS = {
    "solve": ("mecbopt.cli.solve", "Find the optimal coupling of a problem, with its bound."),
    "curve": ("mecbopt.cli.curve", "Trace the value over a range of rates."),
    "report": ("mecbopt.cli.report", "Everything about a problem on one page."),
    "bernoulli": ("mecbopt.cli.bernoulli", "Binary sources in closed form."),
    "mec": ("mecbopt.cli.mec", "Plain minimum entropy couplings of two and more marginals."),
    "bottleneck": ("mecbopt.cli.bottleneck", "Couplings without common randomness."),
    "explore": ("mecbopt.cli.explore", "Sliders and problems in the browser."),
    "encode": ("mecbopt.cli.encode", "Operate a solved coupling on a stream of symbols."),
    "decode": ("mecbopt.cli.decode", "Decode such a stream."),
    "prove": ("mecbopt.cli.prove", "Run the symbolic derivations."),
    "check": ("mecbopt.cli.check", "Verify a certificate with exact arithmetic."),
    "neural": ("mecbopt.cli.neural", "Train and use the image model."),
    "figures": ("mecbopt.cli.figures", "Draw the figures of the documentation."),
    "demo": ("mecbopt.cli.demo", "The main job on a bundled example."),
}

# Errors that mean: the input was fine, but what was claimed or asked for does not hold.
_CLAIM_ERRORS = (CertificateError, CodecError, InfeasibleError, SolutionError)


class LazyGroup(click.Group):
    """A click group whose commands are imported on first use, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table, without those that this installation does not have."""
        return [name for name, (module, _) in COMMANDS.items() if importlib.util.find_spec(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command; a missing optional package becomes a usage error."""
        commands = self.list_commands(ctx)
        if cmd_name not in commands:
            near = get_close_matches(cmd_name, commands, 1)
            meant = f"did you mean {near[0]}?" if near else f"it must be one of {', '.join(commands)}."
            raise click.UsageError(f"command is '{cmd_name}': {meant}")
        try:
            module = importlib.import_module(COMMANDS[cmd_name][0])
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "mecbopt":
                raise
            raise click.UsageError(
                f"command '{cmd_name}' needs the package '{error.name}': install it, "
                f"for instance with pip install 'mecbopt[{'neural' if cmd_name == 'neural' else 'dev'}]'."
            ) from error
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: mecbopt solve --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5",
)
@click.version_option(package_name="mecbopt")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
def main(debug: bool) -> None:
    """Constrained minimum entropy coupling: global optima with their proof, in bits."""


#: Where a shell's completion script asks, as click's own entry point has it.
_COMPLETION = "_MECBOPT_COMPLETE"
#: What click raises for a group without a command, with the help as its message (from click 8.2 on).
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


def entry_point(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors go to standard error in one line."""
    _open_what_is_closed()
    _accept_every_character()
    code: int = ExitCode.DONE
    try:
        try:
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            # A command that could not write its last lines (a full disk, no reader) must not report success.
            sys.stdout.flush()
    except BrokenPipeError:
        _forget_the_reader()
        code = ExitCode.READER_GONE
    except KeyboardInterrupt:
        # Between two steps of the clean-up: there is nothing left to say.
        code = ExitCode.STOPPED
    except OSError as error:
        if code != ExitCode.USAGE:  # else it is said
            code = _refuse(f"standard output: {error.strerror or error}.", ExitCode.USAGE, False)
        _forget_the_reader()
    if arguments is None:
        # All is written.  While the interpreter winds up, Ctrl-C would take the exit code away.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(int(code))


def _run(arguments: list[str]) -> int:
    """The exit code of a call, its errors written."""
    # --debug belongs to no command, so it is taken out before any of them sees it.
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        completion = os.environ.get(_COMPLETION)
        if completion:
            return shell_complete(main, {}, "mecbopt", _COMPLETION, completion)
        # Not `main.main`, which answers a broken pipe by itself, with the code of a failed claim.
        with main.make_context("mecbopt", arguments) as context:
            return int(main.invoke(context) or ExitCode.DONE)
    except click.exceptions.Exit as request:
        return request.exit_code
    except _NO_ARGUMENTS as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except click.UsageError as error:
        return _refuse(f"{_sentence(error.format_message())}{_help_hint(error)}", ExitCode.USAGE, debug)
    except click.ClickException as error:
        return _refuse(error.format_message(), ExitCode.USAGE, debug)
    except (KeyboardInterrupt, click.Abort):
        return _refuse("interrupted before anything was found.", ExitCode.STOPPED, debug)
    except BrokenPipeError:
        raise
    except MecboptError as error:
        failed = isinstance(error, _CLAIM_ERRORS)
        return _refuse(error.render(), ExitCode.CLAIM_FAILED if failed else ExitCode.USAGE, debug)
    except OSError as error:
        # Files are named where they are written; what has no name is the stream that tables go to.
        return _refuse(
            f"{error.filename or 'standard output'}: {error.strerror or error}.", ExitCode.USAGE, debug
        )


def _open_what_is_closed() -> None:
    """Put something in the place of a standard stream that the caller closed (`>&-`).

    Its number would be that of the next file that is opened.  Nothing is read, errors go nowhere, and what is
    written to standard output fails as on a full disk.
    """
    for name, mode, access in (
        ("stdin", "r", os.O_RDONLY),
        ("stdout", "w", os.O_RDONLY),
        ("stderr", "w", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, access), mode, encoding="utf-8"))


def _accept_every_character() -> None:
    """Let streams of a narrow encoding (a Windows pipe) escape what they lack instead of failing.

    Strict UTF-8 escapes lone surrogates alike: names of files may hold bytes that are no text.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _forget_the_reader() -> None:
    """Point the broken stream elsewhere, or the interpreter's last flush would complain."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a stream of a test has no descriptor
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _sentence(message: str) -> str:
    """The message with a mark at its end."""
    return message if message.endswith("?") else f"{message.rstrip('.')}."


def _help_hint(error: click.UsageError) -> str:
    """Where to read more, when the message itself does not show the way."""
    if error.ctx is None or not isinstance(error, (click.NoSuchOption, click.MissingParameter)):
        return ""
    return f" See '{error.ctx.command_path} --help'."


def _refuse(message: str, code: ExitCode, debug: bool) -> ExitCode:
    """One line on standard error (after the traceback, if that was asked for), and the exit code."""
    if debug:
        traceback.print_exc()
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return code


if __name__ == "__main__":
    entry_point()
