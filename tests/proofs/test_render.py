"""The exports hold every statement, with balanced formulas."""

from __future__ import annotations

import re

import pytest

from mecbopt import _proofs as proofs


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_every_lemma_and_step_is_exported(form, results):
    text = getattr(proofs, form)(results)
    for result in results:
        assert (
            f"`mecbopt prove {result.name}`" if form == "markdown" else f"\\label{{{result.name}}}"
        ) in text
    steps = sum(len(result.steps) for result in results)
    marks = (
        len(re.findall(r"^\| \d+ \|", text, re.MULTILINE)) if form == "markdown" else text.count("\\item ")
    )
    assert marks == steps
    for line in text.splitlines():
        assert line.count("$") % 2 == 0
        for formula in line.split("$")[1::2]:
            assert formula.count("{") == formula.count("}")


def test_tables_keep_their_columns(results):
    for line in proofs.markdown(results).splitlines():
        if line.startswith("| ") and line[2].isdigit():
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


def test_latex_escapes_what_is_not_a_formula(results):
    for line in proofs.latex(results).splitlines():
        outside = "".join(line.split("$")[::2])
        outside = re.sub(r"\\label\{\w+\}", "", outside)
        assert not re.search(r"(?<!\\)[_^&#]", outside), line


def test_the_summary_counts(results):
    text = proofs.summary(results)
    assert text.startswith(f"{len(proofs.NAMES)} of {len(proofs.NAMES)} lemmas proved")
    assert "0 admitted, 0 failed" in text
