"""The compiled module: present, and refused when it was built from other headers."""

from __future__ import annotations

import pytest

from mecbopt import _core
from mecbopt._core import build_native


def test_the_public_headers_are_all_listed():
    on_disk = {path.name for path in build_native.FOLDER.glob("*.h") if not path.name.endswith("_internal.h")}
    assert on_disk == set(build_native.PUBLIC_HEADERS)


def test_a_module_built_from_other_headers_is_refused_with_the_remedy(monkeypatch):
    if _core.library() is None:
        return  # no compiler here: nothing to be stale
    monkeypatch.setattr(_core, "interface_digest", lambda: "of other headers")
    with pytest.warns(RuntimeWarning, match="make native"):
        assert _core.library.__wrapped__() is None
