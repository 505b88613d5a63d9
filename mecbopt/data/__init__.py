"""Problems that come with the package."""

from __future__ import annotations

from importlib import resources

from mecbopt.problem import Problem, load_problem

__all__ = ["demo_problem"]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)


def demo_problem() -> Problem:
    """The example of `mecbopt demo`: a weather station, its beacon and an alarm.

    >>> demo_problem().shape
    (4, 3)
    """
    with resources.as_file(resources.files("mecbopt.data") / "demo.toml") as path:
        return load_problem(path)
