"""The tests of the compiled core need the compiled core."""

from __future__ import annotations

import pytest

from mecbopt._core import tree as compiled


@pytest.fixture(autouse=True)
def _compiled_core() -> None:
    if not compiled.available():
        pytest.skip("the compiled core was not built (no C compiler)")
