"""The compiled module: present, and refused when it was built from other sources."""

from __future__ import annotations

import shutil

import pytest

from mecbopt import _core
from mecbopt._core import build_native


def test_every_source_is_compiled_and_every_header_watched():
    """The builder names each unit's files; a new folder that it does not know would be left out."""
    on_disk = {path for suffix in ("c", "h") for path in build_native.FOLDER.rglob(f"*.{suffix}")}
    on_disk = {path for path in on_disk if "_build" not in path.relative_to(build_native.FOLDER).parts}
    assert on_disk == {*build_native.sources(".c"), *build_native.sources(".h")}
    assert build_native.public_headers() == ["common/common.h", "tree/tree.h", "pivots/pivots.h", "mec/mec.h"]


def test_the_digest_covers_sources_and_headers(tmp_path, monkeypatch):
    """A changed body is as stale as a changed declaration: bounds may have changed their meaning."""
    folder = tmp_path / "_core"
    shutil.copytree(build_native.FOLDER, folder, ignore=shutil.ignore_patterns("_build", "*.so", "*.pyc"))
    monkeypatch.setattr(build_native, "FOLDER", folder)
    before = build_native.source_digest()
    for name in ("tree/search.c", "tree/simplex.h", "common/phi.h", "mec/mec.h"):
        path = folder / name
        text = path.read_text()
        path.write_text(text + "\n")
        assert build_native.source_digest() != before, name
        path.write_text(text)
    assert build_native.source_digest() == before


def test_a_module_built_from_other_sources_is_refused_with_the_remedy(monkeypatch):
    if _core.library() is None:
        return  # no compiler here: nothing to be stale
    monkeypatch.setattr(_core, "source_digest", lambda: "of other sources")
    with pytest.warns(RuntimeWarning, match="make native"):
        assert _core.library.__wrapped__() is None
