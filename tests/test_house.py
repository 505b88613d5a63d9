"""The house rules that a program can check: floors, sizes, light imports, documented commands, doctests."""

from __future__ import annotations

import ast
import doctest
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mecbopt
from mecbopt._core import library

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mecbopt"

#: From the ground up; every entry imports its own floor and those below (docs/developer/architecture.md).
FLOORS = {
    "errors": 0,
    "units": 0,
    "tolerances": 0,
    "_validate": 0,
    "_core": 0,
    "info": 1,
    "bounds": 2,
    "problem": 3,
    "data": 3,
    "control": 4,
    "coding": 4,
    "formulation": 5,
    "mec": 6,
    "bernoulli": 6,
    "engines": 7,
    "solving": 8,
    "certificates": 9,
    "analysis": 10,
    "codec": 11,
    "plots": 12,
    "cli": 13,
    # Wings: the image model and the strategies for tests import what they build on, nothing imports them but
    # the command line.
    "neural": 12,
    "testing": 12,
}
#: What a wing may import beyond the floors' rule, or less than it.
MAY_IMPORT = {"neural": {"errors", "units", "tolerances", "_validate", "info", "problem", "coding"}}
MAX_LINES = 500
HEAVY = ("torch", "matplotlib", "sympy", "cvxpy", "hypothesis", "sklearn", "click", "rich", "flint")


def tracked(*suffixes: str) -> list[Path]:
    """The project's files with these suffixes, as git knows them; all files where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [ROOT / line for line in listing.stdout.splitlines()]
    else:
        paths = [path for path in ROOT.rglob("*") if not {".venv", "build", "site"} & set(path.parts)]
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


def imports_of(path: Path) -> Iterator[tuple[str, int]]:
    """Parts of the package that a module imports, with their lines; imports for typing alone do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import, the house writes them in full"
            names = (
                [f"mecbopt.{alias.name}" for alias in node.names]
                if node.module == "mecbopt"
                else [node.module or ""]
            )
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "mecbopt" and len(parts) > 1:
                yield parts[1], node.lineno


def part_of(path: Path) -> str:
    """The part of the package that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def upward_imports(files: list[Path]) -> list[str]:
    """Every import that goes up, or from a wing beyond its reach."""
    wrong = []
    for path in files:
        home = part_of(path)
        if home in ("__init__", "__main__"):
            continue  # the public face shows every floor; it holds no code that a floor builds on
        for target, line in imports_of(path):
            if target not in FLOORS:
                continue  # a name of the top level itself, such as __version__
            allowed = MAY_IMPORT.get(home)
            fine = target == home or (
                FLOORS[target] <= FLOORS[home] if allowed is None else target in allowed
            )
            if not fine:
                wrong.append(f"{path}:{line}: {home} (floor {FLOORS[home]}) imports {target}")
    return wrong


def test_every_part_stands_on_a_floor() -> None:
    parts = {part_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}
    assert parts <= FLOORS.keys(), f"without a floor: {sorted(parts - FLOORS.keys())}"


def test_no_import_goes_up() -> None:
    assert upward_imports(sorted(PACKAGE.rglob("*.py"))) == []


def test_the_floor_check_sees_an_import_that_goes_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    (tmp_path / "info").mkdir()
    guilty = tmp_path / "info" / "entropy.py"
    for text, found in (
        ("def f():\n    from mecbopt.solving import solve\n", 1),
        ("import mecbopt.problem.files\n", 1),
        ("from mecbopt import plots\n", 1),
        ("from mecbopt.units import BITS_PER_NAT\nimport mecbopt.errors\n", 0),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mecbopt.plots import curve\n", 0),
    ):
        guilty.write_text(text)
        assert len(upward_imports([guilty])) == found, text


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py", ".c", ".h")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_the_first_import_is_light() -> None:
    code = (
        "import sys, mecbopt\n"
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "assert not loaded, loaded\n"
        "mecbopt.Problem, mecbopt.solving\n"
        "loaded = sorted({'torch', 'matplotlib', 'sympy', 'cvxpy'} & set(sys.modules))\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_public_names_are_there_and_sorted_out() -> None:
    """Each name of `__all__` exists in every module that is importable without optional packages."""
    for module in modules():
        for name in getattr(module, "__all__", ()):
            if module is mecbopt and name in mecbopt._LAZY:
                continue  # sub-packages of later versions are looked up on use
            assert hasattr(module, name), f"{module.__name__}.{name}"


def modules() -> list[object]:
    """Every module of the package but the compiled one and the wing that needs torch."""
    found: list[object] = [mecbopt]
    for info in pkgutil.walk_packages(mecbopt.__path__, "mecbopt.", onerror=lambda name: None):
        parts = info.name.split(".")
        if parts[1] in ("neural", "__main__", "_proofs") or parts[-1] in ("_native", "neural"):
            continue
        found.append(importlib.import_module(info.name))
    return found


def test_doctests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example in a docstring gives what it says."""
    monkeypatch.chdir(tmp_path)
    tried = failed = 0
    for module in modules():
        result = doctest.testmod(module, verbose=False)  # type: ignore[arg-type]
        tried, failed = tried + result.attempted, failed + result.failed
    assert failed == 0
    assert tried >= 20


def code_blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a Markdown file in one language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def commands(path: Path) -> list[str]:
    """The `mecbopt` calls of a page that run in seconds: all but trainings and the long proofs."""
    lines = [
        line.strip()
        for block in code_blocks(path, "bash")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    return [
        line
        for line in lines
        if line.startswith(("mecbopt ", "printf ")) and line.split()[1] not in ("neural", "prove", "figures")
    ]


PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs").glob("guide/*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_the_pages_run(page: Path, tmp_path: Path) -> None:
    """With the examples beside them, as after a clone; a comment announces an exit code other than 0."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    called = commands(page)
    if page.name == "README.md":
        assert len(called) >= 2
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for line in called:
        command, _, comment = line.partition("  # ")
        announced = re.search(r"exit code (\d)", comment)
        done = subprocess.run(
            ["bash", "-c", re.sub(r"^mecbopt", f"{sys.executable} -m mecbopt", command)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == (int(announced[1]) if announced else 0), f"{line}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_of_the_pages_runs(page: Path, tmp_path: Path) -> None:
    """The blocks of one page, one after the other in one session, as a reader would type them."""
    blocks = code_blocks(page, "python")
    if not blocks:
        return
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_shows_what_the_command_prints() -> None:
    """The block of output under the first commands: the same words, and figures within the gap."""
    page = ROOT / "README.md"
    (shown,) = code_blocks(page, "text")
    command = [sys.executable, "-m", *commands(page)[0].split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    number = re.compile(r"\d+(?:\.\d+)?(?:e-\d+)?")
    printed = {number.sub("#", line.rstrip()): line for line in done.stdout.splitlines()}
    for line in filter(None, shown.splitlines()):
        skeleton = number.sub("#", line.rstrip())
        assert skeleton in printed
        if not line.startswith(" "):
            figures = [[float(text) for text in number.findall(text)] for text in (line, printed[skeleton])]
            # The value lies within the gap of 1e-6 whichever engine found it, and is rounded to six decimals.
            assert figures[0] == pytest.approx(figures[1], abs=2.1e-6)


def test_the_pages_speak_of_the_project_alone() -> None:
    """No notes to oneself and no paths of a machine in what is tracked."""
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|/(?:work|root|home)/\w")
    guilty = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py", ".md", ".toml", ".c", ".h", ".yml", ".yaml", ".cff", ".cfg")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if words.search(line)
    ]
    assert guilty == []


@pytest.mark.skipif(shutil.which(os.environ.get("CC", "cc")) is None, reason="there is no C compiler")
def test_the_compiled_core_is_built_where_a_compiler_is():
    """Without it hundreds of tests would be skipped, and nobody would notice."""
    assert library() is not None, "run `make native`"
