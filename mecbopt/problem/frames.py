"""pandas on demand: nothing here needs it but the methods `to_frame`."""

from __future__ import annotations

from typing import Any

from mecbopt.errors import NotSupportedError

__all__ = ["pandas"]


def pandas() -> Any:
    """The module pandas.

    Raises
    ------
    NotSupportedError
        It is not installed.
    """
    try:
        import pandas as module
    except ImportError as error:
        raise NotSupportedError(
            "to_frame needs the package 'pandas', which is not installed", remedy="pip install pandas"
        ) from error
    return module
