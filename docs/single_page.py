"""The checker of certificates as one HTML file: the modules of docs/checker in a page that loads nothing.

    python docs/single_page.py checker.html

The site is built with the same function (docs/hooks.py).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "checker"
_IMPORT = re.compile(r"^import\s*\{[^}]*\}\s*from\s*\"\./([a-z_]+\.mjs)\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|class|function)", re.MULTILINE)
_MARK = "/* modules */\n"


def _ordered(name: str, seen: list[str]) -> list[str]:
    """The modules that one imports, each after those that it needs itself."""
    if name not in seen:
        for needed in _IMPORT.findall((FOLDER / name).read_text(encoding="utf-8")):
            _ordered(needed, seen)
        seen.append(name)
    return seen


def single_page() -> str:
    """The page with every module inside.

    Names at the top of the modules are all different, so that they can share one scope: a test runs it.
    """
    parts = []
    for name in _ordered("page.mjs", []):
        source = (FOLDER / name).read_text(encoding="utf-8")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", source)))
    script = "\n".join(parts)
    if re.search(r"^(import|export)\b|</script", script, re.MULTILINE):
        raise ValueError("a module of docs/checker imports or exports in a form that this does not know")
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    if page.count(_MARK) != 1:
        raise ValueError("docs/checker/page.html has no place for the modules")
    return page.replace(_MARK, script)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(single_page(), encoding="utf-8")
