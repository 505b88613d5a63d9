"""The gallery's page from the examples: title and lesson are a file's docstring, the code is the file.

`docs/gallery.md` names the examples in the order of reading, a line `[[name]]` each; `expanded` puts the
pictures of all of them on top and title, lesson, picture and folded source in the place of each line.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

__all__ = ["NAMED", "expanded", "told"]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "gallery"
#: A line that stands for an example.
NAMED = re.compile(r"^\[\[(\w+)\]\]$", re.MULTILINE)
#: The line that stands for the pictures of all.
_OVERVIEW = "[[all]]"


def told(name: str) -> tuple[str, str, str]:
    """Title, lesson and source of an example."""
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    title, _, lesson = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")
    return title.rstrip("."), " ".join(lesson.split()), source


def expanded(page: str) -> str:
    """The page with every example in its place."""
    names = [name for name in NAMED.findall(page) if name != "all"]
    tiles = [f"[![](figures/gallery/{name}.png) {told(name)[0]}](#{name})" for name in names]
    page = page.replace(_OVERVIEW, '<div class="gallery" markdown>\n\n' + "\n\n".join(tiles) + "\n\n</div>")
    return NAMED.sub(lambda match: _card(match[1]), page)


def _card(name: str) -> str:
    title, lesson, source = told(name)
    code = "\n".join(f"    {line}".rstrip() for line in source.splitlines())
    return (
        f"### {title} {{ #{name} }}\n\n{lesson}\n\n![{title}](figures/gallery/{name}.png)\n\n"
        f'??? example "examples/gallery/{name}.py"\n\n    ``` py\n{code}\n    ```\n'
    )
