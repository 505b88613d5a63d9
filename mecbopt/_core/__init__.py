"""The compiled core: C units behind one optional cffi module.

`library()` returns the pair (ffi, lib), or None where the extension was not built; every caller has a pure
Python or HiGHS path for that case.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

__all__ = ["library"]


@cache
def library() -> tuple[Any, Any] | None:
    """The compiled module as (ffi, lib); None when it is absent (no C compiler at installation)."""
    try:
        native = import_module("mecbopt._core._native")
    except ImportError:
        return None
    return native.ffi, native.lib
