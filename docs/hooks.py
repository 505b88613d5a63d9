"""Build hooks: pages by folder, command help from the program itself, formulas as MathML.

Nothing here needs a network, neither while the pages are built nor while they are read.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import click
from latex2mathml.converter import convert

from mecbopt.cli.main import main

_HELP = re.compile(r"^<!-- help: ([\w ]+) -->$", re.MULTILINE)
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


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
    """Replace `<!-- help: NAME -->` by what `mecbopt NAME --help` prints."""
    return _HELP.sub(lambda match: f"```text\n{_help(match[1].split())}\n```", markdown)


def _help(names: list[str]) -> str:
    """The help text of a command; a command that is not there fails the build."""
    command: click.Command = main
    context = click.Context(main, info_name="mecbopt", max_content_width=100, terminal_width=100)
    for name in [name for name in names if name != "mecbopt"]:
        if not isinstance(command, click.Group):
            raise KeyError(f"'{name}' is no command")
        below = command.get_command(context, name)
        if below is None:
            raise KeyError(f"'{name}' is no command")
        command = below
        context = click.Context(
            command, parent=context, info_name=name, max_content_width=100, terminal_width=100
        )
    return command.get_help(context)


def on_page_content(content: str, **_: Any) -> str:
    """Turn each formula into MathML, which browsers draw by themselves."""

    def mathml(match: re.Match[str]) -> str:
        display = "inline" if match[2] == "(" else "block"
        return convert(html.unescape(match[3]), display=display)

    return _FORMULA.sub(mathml, content)
