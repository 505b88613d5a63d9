"""The package's Hypothesis profile: no deadlines, which a busy machine misses."""

from tests import profiles

profiles.load()
