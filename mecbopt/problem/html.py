"""Small tables for notebooks and pages: text is escaped, and colours are left to whoever shows them.

Nothing is loaded from elsewhere and no style is set beyond alignment, so the tables serve on dark pages too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["figures", "matrix"]


def figures(rows: Iterable[tuple[str, str]]) -> str:
    """Names on the left, what is said of them on the right; rows that say nothing are left out.

    >>> figures([("rate", "H(Y|U) <= 1"), ("label", "")]).count("<tr>")
    1
    """
    left = ' style="text-align:left"'
    lines = [
        f"<tr><th{left}>{escape(name)}</th><td{left}>{escape(text)}</td></tr>" for name, text in rows if text
    ]
    return f"<table>{''.join(lines)}</table>"


def matrix(corner: str, columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    """A table with a name on every column and row.

    >>> matrix("x", ["p"], [("<a>", ["0.5"])])
    '<table><tr><th>x</th><th>p</th></tr><tr><th>&lt;a&gt;</th><td>0.5</td></tr></table>'
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in (corner, *columns))
    lines = [
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for name, cells in rows
    ]
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"
