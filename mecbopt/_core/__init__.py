"""The compiled core: C units behind one optional cffi module, a folder each with its Python face.

`tree` is the branch and bound, `pivots` the local search over vertices, `mec` the search for plain minimum
entropy couplings; `common` is what they share.

`library()` returns the pair (ffi, lib), or None where the extension was not built; every caller has a pure
Python or HiGHS path for that case.  An extension built from other sources than those beside it counts as not
built, with a warning: a structure of another layout must never be filled.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from typing import Any

from mecbopt._core.asking import answer_questions
from mecbopt._core.build_native import source_digest

__all__ = ["library"]


@cache
def library() -> tuple[Any, Any] | None:
    """The compiled module as (ffi, lib); None when it is absent (no C compiler at installation)."""
    try:
        native = import_module("mecbopt._core._native")
    except ImportError:
        return None
    built_from = getattr(native.lib, "core_source_digest", None)
    if built_from is None or native.ffi.string(built_from).decode() != source_digest():
        warnings.warn(
            "The compiled core is older than the package: run `make native` or reinstall; "
            "until then the slower paths serve.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    answer_questions(native.ffi)
    return native.ffi, native.lib
