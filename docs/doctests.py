"""Griffe extension: examples that stand bare in a docstring are shown as code, as those under "Examples" are.

Markdown would read the prompt `>>>` as three nested quotations.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_EXAMPLES = re.compile(r"^Examples\n-+$", re.MULTILINE)


def fenced(text: str) -> str:
    r"""The docstring with a fence around each paragraph that begins with a prompt.

    >>> print(fenced("Twice.\\n\\n>>> 2 * 3\\n6"))
    Twice.
    <BLANKLINE>
    ```pycon
    >>> 2 * 3
    6
    ```
    """
    if _EXAMPLES.search(text):
        return text
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        f"```pycon\n{paragraph.rstrip()}\n```" if paragraph.lstrip().startswith(">>> ") else paragraph
        for paragraph in paragraphs
    )


class Doctests(griffe.Extension):
    """Fences the doctests of every object of a package."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Walk the package once it is read."""
        self._visit(pkg)

    def _visit(self, item: griffe.Object) -> None:
        if item.docstring is not None:
            item.docstring.value = fenced(item.docstring.value)
        for member in item.members.values():
            if not member.is_alias:
                self._visit(member)
