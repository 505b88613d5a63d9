"""Results as Markdown (a page of cards for the documentation) and as LaTeX (for papers).

Statements are rendered from their formulas; only labels, ideas, conventions and names are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .lemma import Step
from .runner import LemmaResult, Verdict
from .words import name_tex, statement, tex, text

__all__ = ["latex", "markdown", "summary"]


def summary(results: Sequence[LemmaResult]) -> str:
    """One line: lemmas, steps proved, cited, failed."""
    proved, cited, failed = (sum(result.count(verdict) for result in results) for verdict in Verdict)
    whole = sum(result.proved for result in results)
    return (
        f"{whole} of {len(results)} lemmas proved: {proved} steps proved, {cited} apply a textbook fact, "
        f"0 admitted, {failed} failed"
    )


def markdown(results: Sequence[LemmaResult]) -> str:
    """A card a lemma: statement and idea in the open, the steps folded.  No times: equal proofs, equal
    text.
    """
    parts = [
        "# Proofs\n",
        f"Written by `mecbopt prove --format markdown`. {summary(results)}.\n",
        "A card a lemma: what is assumed, what follows, the idea; the steps and their evidence folded.\n",
        '<div class="lemmas" markdown>\n',
        *[f"- [{result.label}](#{result.name})" for result in results],
        "\n</div>\n",
    ]
    parts.extend(_card(result) for result in results)
    return "\n".join(parts)


def _card(result: LemmaResult) -> str:
    lemma = result.lemma
    lines = [
        '<section class="lemma" markdown>\n',
        f"## {result.label} {{ #{result.name} }}\n",
        f"`mecbopt prove {result.name}`: {_verdict(result)}.\n{{ .verdict }}\n",
    ]
    if lemma is None:
        return "\n".join([*lines, "</section>\n"])
    hypotheses, conclusions = statement(lemma)
    if lemma.meaning:
        known = "; ".join(f"${_symbol(symbol)}$ {words}" for symbol, words in lemma.meaning.items())
        lines.append(f"{known}.\n{{ .symbols }}\n")
    lines += [
        "**If**\n",
        *[f"- {one}" for one in hypotheses],
        "\n**then**\n",
        *[f"- {one}" for one in conclusions],
        "",
    ]
    lines.append(f"**Idea.** {lemma.idea}\n")
    if lemma.conventions:
        lines.append(f"**Conventions.** {'; '.join(lemma.conventions)}.\n")
    lines += [f'??? note "{_counted(len(result.steps), "step")}, and what proves them"\n']
    rows = [
        f"    | {number} | {_cell(name)} | {_cell(claim)} | {method} | {_cell(account)} |"
        for number, name, claim, method, account in _rows(result)
    ]
    lines += ["    | | Step | Claim | By | Evidence |", "    |---|---|---|---|---|", *rows, "\n</section>\n"]
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _symbol(symbol: object) -> str:
    """A symbol, or the name of a family."""
    name = getattr(symbol, "__name__", None)
    return name_tex(name) if name else tex(symbol)


def _rows(result: LemmaResult) -> Iterator[tuple[str, str, str, str, str]]:
    for number, one in enumerate(result.steps, 1):
        claim = text(one.step.claim) if one.step else ""
        yield str(number), one.name, claim, one.method, one.account
        if one.step:
            yield from _inner(str(number), one.step.rule.steps)


def _inner(number: str, steps: tuple[Step, ...]) -> Iterator[tuple[str, str, str, str, str]]:
    for place, one in enumerate(steps, 1):
        mine = f"{number}.{place}"
        yield mine, one.name, text(one.claim), one.rule.method, one.rule.remark
        yield from _inner(mine, one.rule.steps)


def _verdict(result: LemmaResult) -> str:
    counts = f"{result.count(Verdict.PROVED)} steps proved, {result.count(Verdict.CITED)} by textbook facts"
    return f"{'proved' if result.proved else 'NOT PROVED'}, {counts}"


def _cell(words: str) -> str:
    """Text inside a table: a bar would end the cell; inside formulas the command mid reads the same."""
    parts = words.split("$")
    for index, part in enumerate(parts):
        parts[index] = part.replace("|", r"\mid " if index % 2 else r"\|")
    return "$".join(parts)


def latex(results: Sequence[LemmaResult]) -> str:
    """A LaTeX fragment: one theorem environment and one enumeration a lemma (amsthm, amsmath)."""
    parts = [f"% {summary(results)}"]
    for result in results:
        parts.append(f"\n\\begin{{theorem}}[{_text(result.label)}]\\label{{{result.name}}}")
        if result.lemma:
            hypotheses, conclusions = statement(result.lemma)
            parts.append(
                "If " + _text("; ".join(hypotheses)) + ", then " + _text("; ".join(conclusions)) + "."
            )
        parts.append("\\end{theorem}\n\\begin{proof}")
        if result.lemma:
            parts.append(_text(result.lemma.idea))
        parts.append("\\begin{enumerate}")
        for _, name, claim, method, account in _rows(result):
            parts.append(
                f"  \\item {_text(name)}: {_text(claim)} \\emph{{[{_text(method)}: {_text(account)}]}}"
            )
        parts.append("\\end{enumerate}\n\\end{proof}")
    return "\n".join(parts) + "\n"


_SPECIAL = {character: "\\" + character for character in "&%#_{}"} | {
    "^": r"\^{}",
    "~": r"\~{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def _text(words: str) -> str:
    """Markdown with formulas between dollars as LaTeX: only what is outside formulas is escaped."""
    parts = words.split("$")
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"[&%#_{}^~\\<>|]", lambda found: _SPECIAL[found.group()], parts[index])
    return re.sub(r"`([^`]*)`", r"\\texttt{\1}", "$".join(parts))
