"""What every test may rely on."""

from __future__ import annotations

import os
import signal
import sys

from tests import profiles

# Hundreds of tests start a process of their own: one that may not keep what it compiled reads every module of
# the package as source, a third of a second each.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A suite that is started in the background inherits an ignored Ctrl-C, and so would every process that a test
# starts: tests of interruption need Python's own handler.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Hypothesis draws the same examples every time, unless the nightly profile is asked for.
profiles.load()
