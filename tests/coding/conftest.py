"""Hypothesis draws the same examples every time, unless the nightly profile is asked for."""

from tests import profiles

profiles.load()
