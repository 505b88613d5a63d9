"""Build hooks: pages by folder, command help from the program itself, formulas as MathML.

Nothing here needs a network, neither while the pages are built nor while they are read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from latex2mathml.converter import convert

from mecbopt.cli.main import main

_HELP = "<!-- help of every command -->"
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)

_PRIME = re.compile(r"<msup>(<m[io]>[^<]*</m[io]>)<m[io]>&#x02032;</m[io]></msup>")


def on_config(config: Any) -> Any:
    """Expand stars in the navigation and leave out what is not there."""
    folder = Path(config.docs_dir)
    config.nav = _expanded(config.nav, folder, _named(config.nav))
    return config


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


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put what `--help` prints, command by command, in the place of the mark."""
    if _HELP not in markdown:
        return markdown
    context = click.Context(main, info_name="mecbopt", max_content_width=92, terminal_width=92)
    return markdown.replace(_HELP, "\n\n".join(_help(main, context)))


def _help(command: click.Command, context: click.Context) -> Iterator[str]:
    """A heading and the help of a command, then those of the commands below it."""
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is None:
                raise KeyError(f"'{context.command_path} {name}' is listed, but is not there")
            yield from _help(
                below,
                click.Context(below, parent=context, info_name=name, max_content_width=92, terminal_width=92),
            )


def on_page_content(content: str, **_: Any) -> str:
    """Turn each formula into MathML, which browsers draw by themselves."""

    def mathml(match: re.Match[str]) -> str:
        display = "inline" if match[2] == "(" else "block"
        formula = convert(html.unescape(match[3]), display=display)
        # The signs are raised already: as a superscript they would stand too high.
        formula = _PRIME.sub(r"<mrow>\1<mi>&#x02032;</mi></mrow>", formula)
        return formula.replace("<mo>&#x0002A;</mo></msup>", "<mo>&#x02217;</mo></msup>")

    return _FORMULA.sub(mathml, content)
