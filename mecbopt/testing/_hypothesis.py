"""Hypothesis on demand."""

from __future__ import annotations

from typing import Any

from mecbopt.errors import NotSupportedError

__all__ = ["strategies"]


def strategies() -> Any:
    """The module `hypothesis.strategies`.

    Raises
    ------
    NotSupportedError
        Hypothesis is not installed.
    """
    try:
        from hypothesis import strategies as module
    except ImportError as error:
        raise NotSupportedError(
            "mecbopt.testing needs the package 'hypothesis', which is not installed",
            remedy="pip install 'mecbopt[testing]'",
        ) from error
    return module
