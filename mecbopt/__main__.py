"""`python -m mecbopt` is the command line."""

from mecbopt.cli.main import entry_point

entry_point()
