"""Entry point of the command line: finds commands lazily, turns errors into one line and an exit code.

Exit codes: 0 done; 1 a claim failed; 2 wrong usage or input; 3 stopped by a limit or Ctrl-C.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from enum import IntEnum
from typing import Any

import click

from mecbopt.errors import CertificateError, CodecError, InfeasibleError, MecboptError, SolutionError

__all__ = ["ExitCode", "entry_point", "main"]


class ExitCode(IntEnum):
    """What the caller of a command learns without reading its output."""

    DONE = 0
    CLAIM_FAILED = 1
    USAGE = 2
    STOPPED = 3


# command -> (module, one line of help); the module is imported when the command is asked for and holds the
# command under its own name.
COMMANDS = {
    "solve": ("mecbopt.cli.solve", "Find the optimal coupling of a problem, with its bound."),
    "curve": ("mecbopt.cli.curve", "Trace the value over a range of rates."),
    "bernoulli": ("mecbopt.cli.bernoulli", "Binary sources in closed form."),
    "prove": ("mecbopt.cli.prove", "Run the symbolic derivations."),
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
            raise click.UsageError(f"command is '{cmd_name}': it must be one of {', '.join(commands)}.")
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
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: mecbopt solve --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5",
)
@click.version_option(package_name="mecbopt")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; may stand anywhere.")
def main(debug: bool) -> None:
    """Constrained minimum entropy coupling: global optima with their proof, in bits."""


#: What click raises for a group without a command, with the help as its message (from click 8.2 on).
_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())


def entry_point(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors go to standard error in one line."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # --debug belongs to no command, so it is taken out before any of them sees it.
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        code = main.main(arguments, prog_name="mecbopt", standalone_mode=False)
        # A command that could not write its last lines (a full disk) must not report success.
        sys.stdout.flush()
        sys.exit(int(code or ExitCode.DONE))
    except click.exceptions.Exit as request:
        sys.exit(request.exit_code)
    except _NO_ARGUMENTS as error:
        click.echo(error.format_message(), err=True)
        sys.exit(ExitCode.USAGE)
    except click.UsageError as error:
        _leave(f"{error.format_message().rstrip('.')}.{_help_hint(error)}", ExitCode.USAGE, debug)
    except click.ClickException as error:
        _leave(error.format_message(), ExitCode.USAGE, debug)
    except (KeyboardInterrupt, click.Abort):
        _leave("interrupted before anything was found.", ExitCode.STOPPED, debug)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: say nothing more
        sys.exit(ExitCode.STOPPED)
    except MecboptError as error:
        failed = isinstance(error, _CLAIM_ERRORS)
        _leave(str(error), ExitCode.CLAIM_FAILED if failed else ExitCode.USAGE, debug)
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        _leave(f"{named}{error.strerror or error}.", ExitCode.USAGE, debug)


def _help_hint(error: click.UsageError) -> str:
    """Where to read more, when the message itself does not show the way."""
    if error.ctx is None or not isinstance(error, (click.NoSuchOption, click.MissingParameter)):
        return ""
    return f" See '{error.ctx.command_path} --help'."


def _leave(message: str, code: ExitCode, debug: bool) -> None:
    """One line on standard error (after the traceback, if that was asked for), then the exit code."""
    if debug:
        traceback.print_exc()
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    entry_point()
