"""Each name on the page "From the paper to the code" exists: functions, lemmas, tests and pictures."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import re
from functools import cache
from pathlib import Path

import pytest

from mecbopt.cli.prove import load_proofs

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "theory" / "paper_to_code.md"
TEXT = PAGE.read_text(encoding="utf-8")
#: Kind -> every entry "- **Kind:** ..." of the page, with its continuation lines.
ENTRIES = {
    kind: re.findall(rf"^- \*\*{kind}:\*\* (.*(?:\n  .*)*)", TEXT, re.MULTILINE)
    for kind in ("Code", "Proof", "Test", "Picture")
}


def named(kind: str) -> list[str]:
    """What the entries of a kind quote as code, without arguments."""
    return sorted({name for entry in ENTRIES[kind] for name in re.findall(r"`([^`]+)`", entry)})


def test_every_part_of_the_paper_that_reached_us_has_a_heading() -> None:
    headings = " ".join(re.findall(r"^### (.*)$", TEXT, re.MULTILINE))
    for part in (
        *("Minimum entropy coupling", "Equation (1)", "equation (2)", "equation (3)", "equation (5)"),
        *("Definition 1", "Definition 2", "Lemma 1", "Lemma 2", "Theorem 1", "Theorem 2", "Theorem 3"),
        *("The loss", *(f"Figure {number}" for number in (1, 3, 4, 5, 6, 7))),
    ):
        assert part in headings, part
    sections = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
    for section in sections:
        assert "- **Code:**" in section, section.splitlines()[0]
        assert "- **Test:**" in section, section.splitlines()[0]


@pytest.mark.parametrize(
    "name", [name for name in named("Code") if name.startswith(("mecbopt.", "examples/"))]
)
def test_what_computes_it_is_there(name: str) -> None:
    if name.startswith("examples/"):
        assert (ROOT / name).is_file()
        return
    if ".neural." in name and importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    assert pkgutil.resolve_name(name) is not NotImplemented


def test_every_lemma_is_there() -> None:
    lemmas = load_proofs().NAMES
    assert len(named("Proof")) >= 25
    assert [name for name in named("Proof") if name not in lemmas] == []


@cache
def functions(path: Path) -> set[str]:
    """The names of the functions of a file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_every_test_is_there() -> None:
    assert len(named("Test")) >= 15
    for name in named("Test"):
        path, _, function = name.partition("::")
        assert (ROOT / path).is_file(), name
        assert not function or function in functions(ROOT / path), name


def test_every_picture_is_there_and_drawn_by_a_command() -> None:
    from mecbopt.plots.gallery import FIGURES

    shown = re.findall(r"\]\(\.\./(figures/[\w/.-]+)\)", TEXT)
    paths = {ROOT / name for name in named("Picture")} | {ROOT / "docs" / name for name in shown}
    assert len(paths) >= 15
    for path in paths:
        assert path.is_file(), path
        drawn = path.stem in FIGURES or path.parent.name == "gallery" or path.name.startswith("fig7_")
        assert drawn, path
