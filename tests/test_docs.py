"""The manual builds with warnings as errors, shows every command, and needs no network to be read."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    for package in ("mkdocs", "material", "mkdocstrings", "latex2mathml"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_of_the_navigation_is_there(site: Path) -> None:
    pages = {path.parent.relative_to(site).as_posix() for path in site.rglob("index.html")}
    for page in (".", "install", "guide/solve", "guide/labels", "reference/commands", "reference/api"):
        assert page in pages
    written = {
        path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")
    }
    # An index page is its folder.
    assert {re.sub(r"(^|/)index$", "", page) or "." for page in written} <= pages


def test_the_help_of_every_command_is_shown(site: Path) -> None:
    text = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    for words in ("mecbopt solve", "mecbopt curve", "mecbopt demo", "--max-label-entropy"):
        assert words in text


def test_formulas_are_drawn_without_scripts_from_elsewhere(site: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert "<math" in pages[site / "index.html"]
    for path, text in pages.items():
        assert 'class="arithmatex"' not in text, path
        for address in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', text):
            raise AssertionError(f"{path} loads {address}")
