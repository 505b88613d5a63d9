"""Entry point of the command line: finds commands lazily, turns errors into exit codes.

Exit codes: 0 done; 1 a claim failed; 2 wrong usage or input; 3 stopped by a limit or Ctrl-C.
"""

from __future__ import annotations

import importlib
import sys
import traceback

import click

from mecbopt.errors import CertificateError, CodecError, InfeasibleError, MecboptError, SolutionError

__all__ = ["entry_point", "main"]

EXIT_CLAIM_FAILED = 1
EXIT_USAGE = 2
EXIT_STOPPED = 3

# command -> (module, attribute, one line of help); the module is imported when the command is asked for.
COMMANDS = {
    "solve": ("mecbopt.cli.solve", "solve", "Find the optimal coupling of a problem, with its bound."),
    "curve": ("mecbopt.cli.curve", "curve", "Trace the value over a range of rates."),
    "bernoulli": ("mecbopt.cli.bernoulli", "bernoulli", "Binary sources in closed form."),
    "prove": ("mecbopt.cli.prove", "prove", "Run the symbolic derivations."),
    "neural": ("mecbopt.cli.neural", "neural", "Train and use the image model."),
    "figures": ("mecbopt.cli.figures", "figures", "Draw the figures of the documentation."),
    "demo": ("mecbopt.cli.demo", "demo", "The main job on a bundled example."),
}

# Errors that mean: the input was fine, but what was claimed or asked for does not hold.
_CLAIM_ERRORS = (CertificateError, CodecError, InfeasibleError, SolutionError)


class LazyGroup(click.Group):
    """A click group whose commands are imported on first use, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table above."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: mecbopt solve --px 0.5,0.3,0.2 --py 0.6,0.4 --rate 0.5",
)
@click.version_option(package_name="mecbopt")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Constrained minimum entropy coupling: global optima with their proof, in bits."""


def entry_point(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code; errors go to standard error in one line."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # --debug may stand anywhere: it belongs to no command.
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        sys.exit(main.main(arguments, prog_name="mecbopt", standalone_mode=False) or 0)
    except click.exceptions.Exit as request:
        sys.exit(request.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_STOPPED)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_STOPPED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away: say nothing more
        sys.exit(EXIT_STOPPED)
    except MecboptError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"Error: {error}", err=True)
        sys.exit(EXIT_CLAIM_FAILED if isinstance(error, _CLAIM_ERRORS) else EXIT_USAGE)


if __name__ == "__main__":
    entry_point()
