"""Every proof holds, rests on no admitted step, and touches neither solver nor package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mecbopt import _proofs as proofs
from mecbopt._proofs import Method, Verdict

FOLDER = Path(proofs.__file__).parent
INFRASTRUCTURE = {"__init__", "lemma", "runner", "render", "mappings"}


@pytest.mark.parametrize("name", proofs.NAMES)
def test_the_lemma_is_proved_without_admitted_steps(name, outcome):
    result = outcome(name)
    failures = [step for step in result.steps if step.verdict is Verdict.FAILED]
    assert failures == []
    assert result.admitted == ()
    assert result.proved
    assert result.count(Verdict.PROVED) > result.count(Verdict.CITED)


def test_every_file_is_listed():
    assert {path.stem for path in FOLDER.glob("*.py")} - INFRASTRUCTURE == set(proofs.NAMES)


def test_every_required_method_is_used():
    used = {step.method for name in proofs.NAMES for step in proofs.load(name).steps}
    assert used == set(Method)


def test_every_citation_names_a_book_or_paper():
    for name in proofs.NAMES:
        for step in proofs.load(name).steps:
            if step.method is Method.CITED:
                assert step.source[0].isupper()
                assert "proofs/" not in step.source
                assert "above" not in step.source


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.stem)
def test_imports_are_relative_and_reach_no_solver(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module]
        else:
            continue
        for module in modules:
            assert module.partition(".")[0] not in {"mecbopt", "proofs", "scipy", "highspy", "cvxpy", "numpy"}
