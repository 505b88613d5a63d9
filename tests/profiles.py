"""Hypothesis profiles: `ci` repeats the same examples every time, `nightly` draws many new ones.

Chosen by the environment variable MECBOPT_HYPOTHESIS_PROFILE; `ci` by default.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=60, database=None, suppress_health_check=_QUIET
)
settings.register_profile("nightly", deadline=None, max_examples=2000, suppress_health_check=_QUIET)


def load():
    """Use the profile that the environment asks for."""
    settings.load_profile(os.environ.get("MECBOPT_HYPOTHESIS_PROFILE", "ci"))
