"""What every test may rely on."""

from __future__ import annotations

import signal

from tests import profiles

# A suite that is started in the background inherits an ignored Ctrl-C, and so would every process that a test
# starts: tests of interruption need Python's own handler.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Hypothesis draws the same examples every time, unless the nightly profile is asked for.
profiles.load()
