"""Hypothesis on demand."""

from __future__ import annotations

from typing import Any

from mecbopt.errors import NotSupportedError

__all__ = ["hypothesis", "strategies"]


def hypothesis() -> Any:
    """The package `hypothesis`.

    Raises
    ------
    NotSupportedError
        It is not installed.
    """
    try:
        import hypothesis as module
    except ImportError as error:
        raise NotSupportedError(
            "mecbopt.testing needs the package 'hypothesis', which is not installed",
            remedy="pip install 'mecbopt[testing]'",
        ) from error
    return module


def strategies() -> Any:
    """The module `hypothesis.strategies`."""
    return hypothesis().strategies
