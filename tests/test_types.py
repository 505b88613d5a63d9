"""The types hold for users: the Python of the pages and of the examples passes a strict type checker."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mecbopt as mb

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
]
#: Pages show the way of a problem that has a solution: they do not ask whether there is a mixture.
HEAD = "# mypy: no-strict-optional\n"

#: What is accepted, in the forms that users have; the last lines are wrong, each with the error it must give.
ACCEPTED = """
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import mecbopt as mb

laws = (
    mb.Problem([Fraction(1, 3), Fraction(2, 3)], ["1/3", "2/3"], rate=Fraction(1, 2)),
    mb.Problem(np.array([0.5, 0.5], dtype=np.float32), (1, 1), normalize=True),
    mb.Problem(Counter("abc"), {"u": 0.5, "v": Decimal("0.5")}, normalize=True),
    mb.Problem([0.5, 0.5], y_size=3, distortion=np.eye(2, 3), constraints=[lambda joint: joint[0, 0] == 0]),
    mb.Problem([1, 0], [0, 1], p_s_given_x=[[0.5, 0.5], {"a": 0.5, "b": 0.5}], max_label_entropy="0.5"),
)
problem = laws[0]
assert_type(problem.p_x, NDArray[np.float64])
assert_type(problem.p_y, NDArray[np.float64] | None)
assert_type(problem.rate, float)
solution = mb.solve(problem, time_limit=1.0)
assert_type(solution, mb.Solution)
assert_type(solution.to_json(), str)
assert_type(mb.Solution.from_json("s.json"), mb.Solution)
assert_type(solution.status, mb.Status)
"""
WRONG = """
mb.Problem(0.5, [1.0])  # arg-type
mb.Problem([0.5, 0.5], [1.0], rate=[1])  # arg-type
mb.Problem([None], [1.0])  # list-item
mb.Problem([0.5, 0.5], [1.0], speed=1)  # call-arg
mb.solve([0.5, 0.5])  # arg-type
mb.load_problem(None)  # arg-type
problem.rate = 1.0  # misc
mb.absent  # attr-defined
solution.absent  # attr-defined
"""


def check(folder: Path, files: dict[str, str]) -> list[str]:
    """The lines of a strict mypy run over the files, errors alone."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--cache-dir"]
    command += [ROOT / ".mypy_cache", *files]
    # The checkout's own package, wherever an installation points.
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line]


def test_the_python_of_pages_and_examples_is_typed(tmp_path: Path) -> None:
    pattern = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
    files = {
        f"{page.stem.lower()}_page.py": HEAD + "\n".join(blocks)
        for page in PAGES
        if (blocks := pattern.findall(page.read_text(encoding="utf-8")))
    }
    assert "readme_page.py" in files
    assert check(tmp_path, files) == []


def test_what_is_accepted_is_typed_so_and_what_is_not_is_found(tmp_path: Path) -> None:
    lines = len(ACCEPTED.splitlines())
    expected = [
        (lines + number, line.split("# ")[1])
        for number, line in enumerate(WRONG.splitlines())
        if "# " in line
    ]
    found = check(tmp_path, {"wrong.py": ACCEPTED + WRONG.lstrip("\n")})
    numbers = [(int(line.split(":")[1]), re.search(r"\[([\w-]+)\]$", line)[1]) for line in found]
    assert numbers == expected


def test_every_lazy_name_has_its_type() -> None:
    """The imports for type checkers and the table of the lazy names list the same."""
    tree = ast.parse((ROOT / "mecbopt" / "__init__.py").read_text(encoding="utf-8"))
    block = next(
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    typed = {alias.asname for statement in block.body for alias in statement.names}
    assert typed == set(mb._LAZY)
