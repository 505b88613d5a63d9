"""The exports hold every statement, with balanced formulas, rendered from the formulas alone."""

from __future__ import annotations

import re

import pytest

from mecbopt import _proofs as proofs
from mecbopt._proofs.tools.language import And, ForAll, Or, eq, gt, implies, le, lt, real
from mecbopt._proofs.words import text

a, b = real("a b")


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_every_lemma_and_step_is_exported(form, results):
    exported = getattr(proofs, form)(results)
    for result in results:
        mark = f"`mecbopt prove {result.name}`" if form == "markdown" else f"\\label{{{result.name}}}"
        assert mark in exported
    steps = sum(len(result.steps) for result in results)
    pattern = r"^    \| \d[\d.]* \|" if form == "markdown" else r"\\item "
    assert len(re.findall(pattern, exported, re.MULTILINE)) >= steps
    for line in exported.splitlines():
        assert line.count("$") % 2 == 0
        for formula in line.split("$")[1::2]:
            assert formula.count("{") == formula.count("}")


def test_tables_keep_their_columns(results):
    for line in proofs.markdown(results).splitlines():
        if re.match(r"    \| \d", line):
            assert len(re.findall(r"(?<!\\)\|", line)) == 6, line


def test_latex_escapes_what_is_not_a_formula(results):
    for line in proofs.latex(results).splitlines():
        outside = re.sub(r"\\label\{\w+\}", "", "".join(line.split("$")[::2]))
        assert not re.search(r"(?<!\\)[_^&#]", outside), line


def test_the_summary_counts(results):
    assert proofs.summary(results).startswith(f"{len(proofs.NAMES)} of {len(proofs.NAMES)} lemmas proved")


def test_formulas_are_read_out():
    assert text(And((lt(0, a), lt(a, 1)))) == "$0 < a < 1$"
    assert text(Or((eq(a, 0), gt(a, b)))) == "$a = 0$ or $b < a$"
    assert text(implies(le(a, b), lt(a, 2))) == r"if $a \le b$: $a < 2$"
    assert text(ForAll((b,), (gt(b, 0),), lt(a, b))) == "for all $b$ with $0 < b$: $a < b$"
