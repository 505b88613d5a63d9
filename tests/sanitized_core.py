"""A pytest plugin that puts the build named by the environment in the place of the checkout's core."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.core.builds import CORE_VARIABLE, load

load(os.environ[CORE_VARIABLE])

# A sanitizer multiplies every time.
settings.register_profile("sanitized", settings.default, deadline=None)
settings.load_profile("sanitized")
