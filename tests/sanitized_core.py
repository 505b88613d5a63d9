"""A pytest plugin that puts the build named by the environment in the place of the checkout's core."""

from __future__ import annotations

import os

from tests.core.builds import CORE_VARIABLE, load

load(os.environ[CORE_VARIABLE])
