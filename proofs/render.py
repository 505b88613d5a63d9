"""Results as Markdown and LaTeX, for the documentation and for papers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from .runner import LemmaResult, Verdict

__all__ = ["latex", "markdown", "summary"]


def summary(results: Sequence[LemmaResult]) -> str:
    """One line: lemmas, steps proved, cited, admitted, failed."""
    proved, cited, failed = (sum(result.count(verdict) for result in results) for verdict in Verdict)
    admitted = sum(len(result.admitted) for result in results)
    whole = sum(result.proved for result in results)
    return (
        f"{whole} of {len(results)} lemmas proved: {proved} steps proved, {cited} textbook facts cited, "
        f"{admitted} admitted, {failed} failed"
    )


def markdown(results: Sequence[LemmaResult]) -> str:
    """Every lemma with its statement and a table of its steps.  No times: equal proofs give equal text."""
    parts = ["# Proofs\n", f"Written by `mecbopt prove --format markdown`. {summary(results)}.\n"]
    for result in results:
        parts.append(f"## {result.label}\n\n`mecbopt prove {result.name}`: {_verdict(result)}.\n")
        if result.statement:
            parts.append(f"**Statement.** {result.statement}\n")
        if result.assumptions:
            parts.append(f"**Assumptions.** {'; '.join(result.assumptions)}.\n")
        rows = [
            f"| {number} | {_cell(step.claim)} | {step.method} | {_cell(step.account)} |"
            for number, step in enumerate(result.steps, 1)
        ]
        parts.append("\n".join(["| | Step | Method | Evidence |", "|---|---|---|---|", *rows]) + "\n")
        parts.extend(f"**Admitted.** {claim}\n" for claim in result.admitted)
    return "\n".join(parts)


def _verdict(result: LemmaResult) -> str:
    counts = f"{result.count(Verdict.PROVED)} steps proved, {result.count(Verdict.CITED)} cited"
    return f"{'proved' if result.proved else 'NOT PROVED'}, {counts}, {len(result.admitted)} admitted"


def _cell(text: str) -> str:
    """Text inside a table: a bar would end the cell; inside formulas the command mid reads the same."""
    parts = text.split("$")
    for index, part in enumerate(parts):
        parts[index] = part.replace("|", r"\mid " if index % 2 else r"\|")
    return "$".join(parts)


def latex(results: Sequence[LemmaResult]) -> str:
    """A LaTeX fragment: one theorem environment and one enumeration a lemma (amsthm, amsmath)."""
    parts = [f"% {summary(results)}"]
    for result in results:
        parts.append(f"\n\\begin{{theorem}}[{_text(result.label)}]\\label{{{result.name}}}")
        parts.append(_text(result.statement))
        if result.assumptions:
            parts.append("\n\\emph{Assumptions:} " + _text("; ".join(result.assumptions)) + ".")
        parts.append("\\end{theorem}\n\\begin{proof}\n\\begin{enumerate}")
        parts.extend(_items(result))
        parts.append("\\end{enumerate}\n\\end{proof}")
    return "\n".join(parts) + "\n"


def _items(result: LemmaResult) -> Iterable[str]:
    for step in result.steps:
        yield f"  \\item {_text(step.claim)} \\emph{{[{_text(step.method)}: {_text(step.account)}]}}"
    for claim in result.admitted:
        yield f"  \\item \\textbf{{Admitted:}} {_text(claim)}"


_SPECIAL = {character: "\\" + character for character in "&%#_{}"} | {
    "^": r"\^{}",
    "~": r"\~{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _text(text: str) -> str:
    """Markdown with formulas between dollars as LaTeX: only what is outside formulas is escaped."""
    parts = text.split("$")
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"[&%#_{}^~\\<>|]", lambda found: _SPECIAL[found.group()], parts[index])
    return re.sub(r"`([^`]*)`", r"\\texttt{\1}", "$".join(parts))
