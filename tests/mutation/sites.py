"""Where a file can be wrong in one place: operators by site, as changes of its syntax tree.

Sign, comparison, index, constant, minimum for maximum: one change a mutant.  Left alone are texts, type
annotations, `__all__`, and named tolerances (constants of a module), whose size is no matter of right or
wrong.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_BINARY = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
_COMPARE = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    path: Path
    position: int  # of the node in the order of the walk
    operator: str
    before: str
    after: str
    function: str
    occurrence: int  # among equal changes in the function, from 1

    @property
    def name(self) -> str:
        """Stable as long as the code around it is: no line numbers."""
        return f"{self.path.as_posix()}::{self.function}: {self.before} -> {self.after} #{self.occurrence}"

    def source(self, root: Path) -> str:
        """The file with the change."""
        tree = ast.parse((root / self.path).read_text(encoding="utf-8"))
        node = _nodes(tree)[self.position][0]
        changed = change(node)
        if changed is None:
            raise ValueError(f"{self.name}: there is nothing to change")
        for field, value in ast.iter_fields(changed):
            setattr(node, field, value)
        return ast.unparse(ast.fix_missing_locations(tree))


def _nodes(tree: ast.Module) -> list[tuple[ast.AST, str]]:
    """Every node that may change, with the function it is in; annotations and texts left out."""
    found: list[tuple[ast.AST, str]] = []

    def visit(node: ast.AST, function: str) -> None:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            function = node.name
        found.append((node, function))
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, (ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom)):
                    continue
                if isinstance(child, ast.AST):
                    visit(child, function)

    for statement in tree.body:
        if not _is_setting(statement):
            visit(statement, "module")
    return found


def _is_setting(statement: ast.stmt) -> bool:
    """A named constant of the module (a tolerance, a size) or its list of names."""
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and (statement.targets[0].id == "__all__" or isinstance(statement.value, ast.Constant))
    )


def change(node: ast.AST) -> ast.AST | None:
    """The changed node, or None where no operator applies."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.BinOp) and type(new.op) in _BINARY:
        new.op = _BINARY[type(new.op)]()
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.USub):
        new.op = ast.UAdd()
    elif isinstance(new, ast.Compare) and len(new.ops) == 1 and type(new.ops[0]) in _COMPARE:
        new.ops = [_COMPARE[type(new.ops[0])]()]
    elif isinstance(new, ast.Constant) and type(new.value) is int:
        new.value += 1
    elif isinstance(new, ast.Constant) and type(new.value) is float:
        new.value = new.value + 1.0 if new.value in (0.0, 1.0) else new.value * 1.25
    elif isinstance(new, ast.Constant) and type(new.value) is bool:
        new.value = not new.value
    elif isinstance(new, ast.Name) and new.id in _NAMES:
        new.id = _NAMES[new.id]
    elif isinstance(new, ast.Attribute) and new.attr in _NAMES:
        new.attr = _NAMES[new.attr]
    else:
        return None
    return new


def mutants(root: Path, path: Path) -> list[Mutant]:
    """All mutants of a file, in the order of its syntax tree."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))
    found, seen = [], Counter[tuple[str, str, str]]()
    for position, (node, function) in enumerate(_nodes(tree)):
        changed = change(node)
        if changed is not None:
            what = (function, ast.unparse(node), ast.unparse(changed))
            seen[what] += 1
            found.append(Mutant(path, position, type(node).__name__, what[1], what[2], function, seen[what]))
    return found
