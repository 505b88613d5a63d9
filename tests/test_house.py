"""The house rules that a program can check: floors, sizes, light imports, documented commands, doctests."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import mecbopt
from mecbopt._core import library
from tests.typist import Done, Typist

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mecbopt"

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


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """The contracts of pyproject.toml, held against the package in a folder."""
    if importlib.util.find_spec("importlinter") is None:
        pytest.skip("import-linter is not installed")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_no_import_goes_up() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("info/entropy.py", "def f():\n    from mecbopt.problem import Problem\n"),
        ("problem/files.py", "from mecbopt import plots\n"),
        ("neural/config.py", "from mecbopt.mec import greedy\n"),
        ("plots/style.py", "import torch\n"),
        ("attic/__init__.py", "# a part without a floor\n"),
    ],
)
def test_the_contracts_see_an_import_that_goes_up(tmp_path: Path, place: str, text: str) -> None:
    shutil.copytree(
        PACKAGE, tmp_path / "mecbopt", ignore=shutil.ignore_patterns("__pycache__", "_build", "*.so")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    guilty = tmp_path / "mecbopt" / place
    guilty.parent.mkdir(exist_ok=True)
    with guilty.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert guilty.relative_to(tmp_path).parts[1] in done.stdout


def test_ci_and_pre_commit_run_the_same_checks() -> None:
    """Each line of `make test` before the suite is a hook, and no other check is."""
    target = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ntest: ")[2].partition("\n\n")[0]
    lines = [line.strip().replace("$(BIN)/", "") for line in target.splitlines()[1:]]
    hooks = re.findall(
        r"entry: \.venv/bin/(.+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    )
    assert lines[-1].startswith("python -m pytest")
    # Hooks are handed the files that make names.
    assert [re.sub(r" (\.|mecbopt/_core/\S+)$", "", line) for line in lines[:-1]] == [
        hook.replace(" --force-exclude", "") for hook in hooks
    ]


def test_the_version_stands_in_one_place() -> None:
    """Packaging reads it from the package; what repeats it agrees."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in pyproject["project"]["dynamic"]
    assert pyproject["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "mecbopt.__version__"}
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {mecbopt.__version__}\n" in citation


def test_the_proofs_have_one_identity() -> None:
    """The same name in a checkout and in a wheel, in worker processes too, and no search path is edited."""
    for path in tracked(".py"):
        if path.is_relative_to(PACKAGE):
            assert "sys.path" not in path.read_text(encoding="utf-8"), path
    code = (
        "import sys; before = list(sys.path)\n"
        "from mecbopt.cli.prove import load_proofs\n"
        "proofs = load_proofs()\n"
        "assert proofs.__name__ == 'mecbopt._proofs' and sys.path == before\n"
        "from mecbopt._proofs import Verdict\n"
        "assert proofs.Verdict is Verdict and 'proofs' not in sys.modules\n"
        "import multiprocessing, concurrent.futures as futures\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    with futures.ProcessPoolExecutor(1, mp_context=context) as pool:\n"
        "        found = pool.submit(proofs.runner._portable, 'lemma_1').result()\n"
        "        assert proofs.runner._attached(found).proved\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def paths_in(page: Path) -> list[str]:
    """Files and folders of the project that a page names: with their path, or sources by the end of it."""
    named = re.findall(
        r"`((?:(?:mecbopt|proofs|tests|docs|examples)/[\w./-]*)|[\w./-]+\.(?:py|c|h|mjs))`",
        page.read_text(encoding="utf-8"),
    )
    return sorted(set(named))


def written_pages() -> list[str]:
    """README, CONTRIBUTING and the manual, without the page that is rendered from the proofs."""
    pages = (path.relative_to(ROOT).as_posix() for path in tracked(".md"))
    return sorted(name for name in pages if name != "docs/theory/proofs.md")


@pytest.mark.parametrize("page", written_pages())
def test_the_pages_name_what_is_there(page: str) -> None:
    """`moves.c` or `pivots/starts.c` will do: some file's path ends so."""
    ends = {
        "/".join(parts[start:])
        for path in tracked(".py", ".c", ".h", ".mjs")
        for parts in [path.relative_to(ROOT).parts]
        for start in range(len(parts))
    }
    absent = [name for name in paths_in(ROOT / page) if name not in ends and not (ROOT / name).exists()]
    assert absent == []


def test_the_page_of_the_exact_solver_lists_its_files() -> None:
    page = (ROOT / "docs" / "developer" / "exact-solver.md").read_text(encoding="utf-8")
    table = page[page.index("| file | holds |") :].partition("\n\n")[0]
    listed = re.findall(r"`(\w+\.c)`", table)
    assert sorted(listed) == sorted(path.name for path in (PACKAGE / "_core" / "tree").glob("*.c"))


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py", ".c", ".h")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_no_file_holds_the_marks_of_a_merge() -> None:
    """A half-finished merge stood in a page of the reference once: nothing that reads prose notices."""
    marks = tuple(mark * 7 + " " for mark in "<>|")
    for path in tracked(".py", ".md", ".c", ".h", ".mjs", ".html", ".toml", ".yml", ".yaml", ".json", ".cff"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(marks)], path


def test_the_first_import_and_the_first_solve_are_light() -> None:
    code = (
        "import sys, mecbopt\n"
        f"loaded = sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "assert not loaded, loaded\n"
        "mecbopt.solve(mecbopt.Problem([0.5, 0.3, 0.2], [0.6, 0.4], rate=0.5))\n"
        "loaded = sorted({'torch', 'matplotlib', 'sympy', 'cvxpy', 'scipy'} & set(sys.modules))\n"
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
    """Every module but the compiled one; the image model and the explorer where their packages are there."""
    found: list[object] = [mecbopt]
    absent = importlib.util.find_spec("torch") is None
    for info in pkgutil.walk_packages(mecbopt.__path__, "mecbopt.", onerror=lambda name: None):
        parts = info.name.split(".")
        if parts[1] in ("__main__", "_proofs") or parts[-1] == "_native":
            continue
        if absent and (parts[1] == "neural" or parts[-1].startswith("neural")):
            continue
        if parts[-1] == "explore_app" and importlib.util.find_spec("marimo") is None:
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
    assert tried >= 40


def code_blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a Markdown file in one language, those in tabs as well, which are indented."""
    found = re.finditer(
        rf"^( *)```{language}\n(.*?)^\1```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [re.sub(rf"^{block[1]}", "", block[2], flags=re.MULTILINE) for block in found]


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


@pytest.fixture(scope="module")
def typist() -> Iterator[Typist]:
    """Runs commands without a shell."""
    with Typist() as typist:
        yield typist


def typed(command: str, folder: Path, typist: Typist | None) -> Done:
    """The command in that folder, through a shell unless a typist is given and it needs none."""
    name, *arguments = shlex.split(command)
    if typist is not None and name == "mecbopt" and not {"-", "|", "<", ">", "2>"} & set(arguments):
        return typist.run(arguments, folder)
    done = subprocess.run(
        ["bash", "-c", re.sub(r"^mecbopt", f"{sys.executable} -m mecbopt", command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_of_the_pages_run(page: Path, tmp_path: Path, typist: Typist) -> None:
    """With the examples beside them, as after a clone; a comment announces an exit code other than 0."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    called, printed = commands(page), ""
    if page.name == "README.md":
        assert len(called) >= 2
    for line in called:
        command, _, comment = line.partition("  # ")
        announced = re.search(r"exit code (\d)", comment)
        # A shell and a program of its own for each command of the first page, as for a reader.
        done = typed(command, tmp_path, None if page.name == "README.md" else typist)
        assert done.returncode == (int(announced[1]) if announced else 0), f"{line}\n{done.stderr}"
        printed += done.stdout
    if page.stem == "tutorial":
        for shown in code_blocks(page, "text"):
            assert_printed(shown, printed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_of_the_pages_runs(page: Path, tmp_path: Path) -> None:
    """The blocks of one page, one after the other in one session, as a reader would type them."""
    blocks = code_blocks(page, "python")
    if not blocks:
        return
    (tmp_path / "examples").symlink_to(ROOT / "examples")
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
    assert_printed(shown, done.stdout)


def assert_printed(shown: str, printed: str) -> None:
    """Each line of a page is one that the commands print: the same words, and figures outside of tables.

    How many nodes and records a proof takes is the search's affair.
    """
    shown, printed = (re.sub(r"\d+ (records|nodes)", r"some \1", text) for text in (shown, printed))
    number = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e-\d+)?")
    lines: dict[str, list[list[float]]] = {}
    for line in printed.splitlines():
        figures = [float(text) for text in number.findall(line)]
        lines.setdefault(number.sub("#", line.rstrip()), []).append(figures)
    for line in filter(None, shown.splitlines()):
        skeleton = number.sub("#", line.rstrip())
        assert skeleton in lines, line
        if not line.startswith(" "):
            figures = [float(text) for text in number.findall(line)]
            # The value lies within the gap of 1e-6 whichever engine found it, and is rounded to six decimals.
            assert any(figures == pytest.approx(found, abs=2.1e-6) for found in lines[skeleton]), line


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
