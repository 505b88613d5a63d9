"""Build hooks: pages by folder, links to the theory, the gallery, formulas in MathML, the checker as a file.

Nothing here needs a network, neither while the pages are built nor while they are read.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import Any

from gallery_cards import expanded
from latex2mathml.converter import convert
from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url
from single_page import single_page

_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)

#: How docstrings refer to the page of the mathematics.
_REFERENCE = re.compile(r"theory,?\s+section\s+(\d)")
_MATHEMATICS = "theory/mathematics/"

_SIGNS = re.compile(r"<m[ion](?: [^>]*)?>([^<]*)</m[ion]>")
#: Characters of a formula in the text that a line has room for: on a phone, and in the column of a page.
_PHONE, _COLUMN = 22, 48

_PRIME = re.compile(r"<msup>(<m[io]>[^<]*</m[io]>)<m[io]>&#x02032;</m[io]></msup>")


def on_config(config: Any) -> Any:
    """Expand stars in the navigation and leave out what is not there."""
    folder = Path(config.docs_dir)
    config.nav = _expanded(config.nav, folder, _named(config.nav))
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the checker of certificates as one page that loads nothing; its modules are copied as they are."""
    files.append(File.generated(config, "checker/index.html", content=single_page()))
    return files


def _named(nav: Any) -> set[str]:
    """Every page that the navigation names itself."""
    if isinstance(nav, str):
        return set() if "*" in nav else {nav}
    entries = nav.values() if isinstance(nav, dict) else nav
    return set().union(*(_named(entry) for entry in entries))


def _expanded(nav: list[Any], folder: Path, named: set[str]) -> list[Any]:
    pages: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            found = sorted(folder.glob(entry)) if "*" in entry else [folder / entry]
            names = [path.relative_to(folder).as_posix() for path in found if path.is_file()]
            pages += [name for name in names if "*" not in entry or name not in named]
            continue
        ((title, target),) = entry.items()
        if isinstance(target, list):
            below = _expanded(target, folder, named)
            pages += [{title: below}] if below else []
        elif (folder / target).is_file():
            pages.append(entry)
    return pages


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the examples into the gallery."""
    return expanded(markdown) if page.file.src_uri == "gallery.md" else markdown


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Link "theory, section N" to its place, and turn each formula into MathML, which browsers draw."""
    if page.url != _MATHEMATICS:
        home = get_relative_url(_MATHEMATICS, page.url)
        content = _REFERENCE.sub(rf'<a href="{home}#section-\1">theory, section \1</a>', content)

    return _FORMULA.sub(lambda match: _mathml(match[3], "inline" if match[2] == "(" else "block"), content)


@cache
def _mathml(formula: str, display: str) -> str:
    """The formula as MathML; seven in ten of the page of the proofs stand there before."""
    text = convert(html.unescape(formula), display=display)
    # The signs are raised already: as a superscript they would stand too high.
    text = _PRIME.sub(r"<mrow>\1<mi>&#x02032;</mi></mrow>", text)
    size = sum(len(html.unescape(sign)) for sign in _SIGNS.findall(text))
    if display == "inline" and size > _PHONE:
        text = text.replace("<math ", f'<math class="{"wider" if size > _COLUMN else "wide"}" ', 1)
    return text.replace("<mo>&#x0002A;</mo></msup>", "<mo>&#x02217;</mo></msup>")
