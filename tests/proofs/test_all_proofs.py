"""Every proof holds, cites only textbook facts with hypotheses, and touches neither solver nor package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mecbopt import _proofs as proofs
from mecbopt._proofs import Statement, Step, Verdict, textbook, textbook_sets
from mecbopt._proofs.witness import attest

FOLDER = Path(proofs.__file__).parent
INFRASTRUCTURE = {
    "__init__",
    "lemma",
    "runner",
    "render",
    "words",
    "witness",
    "mappings",
    "two_bits",
    "directions",
    "edge_instances",
    "textbook",
    "textbook_sets",
    "rests",
}
FACTS = {
    name: getattr(module, name)
    for module in (textbook, textbook_sets)
    for name in module.__all__
    if isinstance(getattr(module, name), Statement)
}


@pytest.mark.parametrize("name", proofs.NAMES)
def test_the_lemma_is_proved(name, outcome):
    result = outcome(name)
    failures = [(step.name, step.account) for step in result.steps if step.verdict is Verdict.FAILED]
    assert failures == []
    assert result.proved


def test_every_file_is_listed():
    assert {path.stem for path in FOLDER.glob("*.py")} - INFRASTRUCTURE == set(proofs.NAMES)


def _all_steps(steps: tuple[Step, ...]) -> list[Step]:
    return [one for step in steps for one in (step, *_all_steps(step.rule.steps))]


def test_citations_are_textbook_facts_with_hypotheses_and_sources():
    for name in proofs.NAMES:
        for step in _all_steps(proofs.load(name).steps):
            if step.rule.cites is not None:
                assert step.rule.cites in FACTS.values(), step.name


@pytest.mark.parametrize("name", FACTS)
def test_a_textbook_fact_holds_at_its_instances(name):
    fact = FACTS[name]
    assert fact.hypotheses
    assert fact.source[0].isupper()
    assert attest(fact)


def test_statements_carry_no_prose():
    """Hypotheses and conclusions are formulas; words are labels, ideas, meanings and conventions only."""
    for name in proofs.NAMES:
        lemma = proofs.load(name)
        assert lemma.conclusions
        assert lemma.idea.count(". ") <= 2, name


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
