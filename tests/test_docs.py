"""The manual builds with warnings as errors, shows every command, and needs no network to be read."""

from __future__ import annotations

import html
import importlib.util
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import mecbopt
import mecbopt.mec
import mecbopt.testing
import mecbopt.testing.claims
from mecbopt import bernoulli
from mecbopt.cli.main import COMMANDS

#: Names of the top level that are packages: their members stand in the reference.
_PACKAGES = [name for name, home in mecbopt._LAZY.items() if home is None]
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages."""
    for package in ("mkdocs", "material", "mkdocstrings", "latex2mathml"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NO_MKDOCS_2_WARNING": "1",
        "MECBOPT_DOCS_SEARCH": "false",
    }
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
    for words in (*(f"mecbopt {name}" for name in COMMANDS), "mecbopt neural train", "--max-label-entropy"):
        assert words in text


def test_the_reference_lists_what_is_public_and_nothing_else(site: Path) -> None:
    text = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'<h\d id="(mecbopt[\w.]+)"', text))
    for module in (bernoulli, mecbopt.mec, mecbopt.testing):
        for name in module.__all__:
            # A function that has the name of its module stands there by the module's.
            home = f"{module.__name__}.{name}"
            assert {home, f"{home}.{name}"} & listed, home
    for name in mecbopt.__all__:
        if name not in (*_PACKAGES, "__version__"):
            assert any(entry.rpartition(".")[2] == name for entry in listed), name
    assert [name for name in listed if name.rpartition(".")[2].startswith("_")] == []


def test_examples_are_shown_as_code(site: Path) -> None:
    """The prompt of a doctest is no quotation."""
    text = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    assert text.count("&gt;&gt;&gt;") >= 10
    assert "<blockquote>" not in text
    for block in re.findall(r"<p>(.*?)</p>", text, re.DOTALL):
        assert "&gt;&gt;&gt;" not in block


def test_every_name_that_the_pages_use_is_public() -> None:
    """`mb.a.b` in prose and tables, which nothing else runs."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    used = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"\bmb((?:\.[A-Za-z_]\w*)+)", page.read_text(encoding="utf-8"))
    }
    assert len(used) >= 50
    for page, name in sorted(used):
        owner: Any = mecbopt
        for part in name.split(".")[1:]:
            # mecbopt.testing.claims is imported by its own name.
            public = [*owner.__all__, "claims"] if inspect.ismodule(owner) else [part]
            found = getattr(owner, part, None)
            assert found is not None, f"{page}: mb{name}"
            assert part in public, f"{page}: mb{name}"
            owner = found


def references() -> set[tuple[Path, str]]:
    """Every "theory, section N" of the sources."""
    pattern = re.compile(r"theory,?\s+section\s+(\d+)")
    return {
        (path, number)
        for folder in ("mecbopt", "proofs", "tests")
        for suffix in ("py", "c", "h")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
        for number in pattern.findall(path.read_text(encoding="utf-8"))
        if path != Path(__file__)
    }


def test_every_section_of_the_theory_that_is_named_exists(site: Path) -> None:
    page = (site / "theory" / "mathematics" / "index.html").read_text(encoding="utf-8")
    sections = set(re.findall(r'<h2 id="section-(\d+)"', page))
    assert sections == set("1234567")
    assert {number for _, number in references()} <= sections
    assert len(references()) >= 10


def test_the_reference_links_to_the_theory(site: Path) -> None:
    text = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    assert '<a href="../../theory/mathematics/#section-3">theory, section 3</a>' in text


def test_formulas_fit_a_phone(site: Path) -> None:
    """Signs in a row of a displayed formula, those above one another counted once; wider ones scroll."""
    page = (site / "theory" / "mathematics" / "index.html").read_text(encoding="utf-8")
    formulas = re.findall(r"<math[^>]*display=\"block\"[^>]*>.*?</math>", page, re.DOTALL)
    assert len(formulas) >= 20
    for formula in formulas:
        tree = ElementTree.fromstring(html.unescape(formula).replace("&", "&amp;"))
        assert width(tree) <= 42, formula


def width(element: ElementTree.Element) -> float:
    """Roughly, in digits."""
    parts = [width(child) for child in element]
    name = element.tag.rpartition("}")[2]
    if name in ("mfrac", "munder", "mover", "munderover"):
        return max(parts)
    if name in ("msub", "msup"):
        return parts[0] + 0.7 * parts[1]
    if name == "msubsup":
        return parts[0] + 0.7 * max(parts[1:])
    return sum(parts) if parts else len((element.text or "").strip())


def test_formulas_are_drawn_without_scripts_from_elsewhere(site: Path) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert "<math" in pages[site / "index.html"]
    for path, text in pages.items():
        assert 'class="arithmatex"' not in text, path
        for address in re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', text):
            raise AssertionError(f"{path} loads {address}")
