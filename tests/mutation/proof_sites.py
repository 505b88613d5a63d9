"""Edits of proofs: relations, numbers, signs, names, domains, hypotheses, steps, what is used and cited,
covers.

An edit changes one place of the text of a lemma (statement or proof) or of a textbook fact.  Left alone are
the instances of the second witness (functions named `_draw` and what they call), words (labels, ideas,
meanings, conventions), and hints to the search for certificates (which facts it may use, and the multiples
`times=` and degrees to try): a certificate is checked whatever it was found from, so other hints prove the
same claim or nothing.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Edit", "edits"]

_RELATIONS = {
    "le": ("lt", "ge", "eq"),
    "lt": ("le", "gt"),
    "ge": ("gt", "le", "eq"),
    "gt": ("ge", "lt"),
    "eq": ("le", "ne"),
    "ne": ("eq",),
}
_SWAPS = {"And": ("Or",), "Or": ("And",), "phi": ("entropy",), "entropy": ("phi",), "Exists": ("ForAll",)}
_WORDS = {"label", "idea", "meaning", "conventions", "witness", "source", "name", "remark", "why"}
_HINTS = {"times", "degree"}
#: how the names of functions begin that only make instances
_MAKERS = ("_draw", "draw", "_points", "_touching", "_scaled", "_tri", "_ratios", "_ranked", "_flat")
_SKIPPED = {"Witness", "index", "family", "real", "__all__"}


@dataclass(frozen=True)
class Edit:
    """One changed file."""

    path: Path
    kind: str
    where: str
    before: str
    after: str
    number: int
    source: str

    @property
    def name(self) -> str:
        """Stable as long as the text around it is."""
        return f"{self.path.stem}/{self.where}: {self.kind}: {self.before} -> {self.after} #{self.number}"


def _helpers(tree: ast.Module) -> set[str]:
    """Functions that only make instances: named for it, or called by those."""
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    makers = {name for name in functions if name.startswith(_MAKERS)}
    makers |= {
        "pmf",
        "mixture",
        "instance",
        "fraction",
        "feasible_slopes",
        "represent",
        "_table",
        "fraction_of",
    }
    return makers


def _visit(tree: ast.Module) -> Iterator[tuple[ast.AST, str, str, int | None]]:
    """(parent, field, place, position) of every expression that may change."""
    leave = _helpers(tree)

    def walk(node: ast.AST, place: str) -> Iterator[tuple[ast.AST, str, str, int | None]]:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for position, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST):
                    continue
                if isinstance(child, (ast.Import, ast.ImportFrom, ast.Raise, ast.JoinedStr)):
                    continue
                if isinstance(child, ast.FunctionDef) and child.name in leave:
                    continue
                if isinstance(child, ast.keyword) and child.arg in _WORDS | _HINTS:
                    continue
                if (
                    isinstance(child, ast.Call)
                    and isinstance(child.func, ast.Name)
                    and child.func.id in _SKIPPED
                ):
                    continue
                if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) == "__all__":
                    continue
                here = place
                if isinstance(child, ast.FunctionDef):
                    here = child.name
                elif isinstance(child, ast.Assign):
                    here = ast.unparse(child.targets[0])
                elif (
                    isinstance(child, ast.Call)
                    and isinstance(child.func, ast.Name)
                    and child.func.id == "step"
                ):
                    here = f"{place.split(' > ')[0]} > {ast.unparse(child.args[0])}"
                yield node, field, here, position
                yield from walk(child, here)

    yield from walk(tree, "module")


def _changes(node: ast.AST, parent: ast.AST) -> list[tuple[str, ast.AST]]:
    """What a place can become."""
    found: list[tuple[str, ast.AST]] = []

    def put(kind: str, change: Callable[[ast.AST], None]) -> None:
        new = copy.deepcopy(node)
        change(new)
        found.append((kind, new))

    if isinstance(node, ast.Name):
        for other in _RELATIONS.get(node.id, ()):
            found.append(("relation", ast.Name(other, node.ctx)))
        for other in _SWAPS.get(node.id, ()):
            found.append(("connective or function", ast.Name(other, node.ctx)))
    if isinstance(node, ast.Constant) and type(node.value) is int:
        found.append(("number", ast.Constant(node.value + 1)))
    if isinstance(node, ast.BinOp):
        for one, other in ((ast.Add, ast.Sub), (ast.Sub, ast.Add), (ast.Mult, ast.Div), (ast.Div, ast.Mult)):
            if isinstance(node.op, one):
                put("operator", lambda new, other=other: setattr(new, "op", other()))
        if isinstance(node.op, ast.Sub):
            put("exchanged operands", _exchange)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found.append(("sign", copy.deepcopy(node.operand)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        found += _of_call(node)
    if isinstance(node, (ast.Tuple, ast.Dict)):
        found += _of_list(node, parent)
    return found


def _exchange(node: ast.AST) -> None:
    node.left, node.right = node.right, node.left  # type: ignore[attr-defined]


def _of_call(node: ast.Call) -> list[tuple[str, ast.AST]]:
    found: list[tuple[str, ast.AST]] = []
    name, plain = node.func.id, [ast.unparse(one) for one in node.args]  # type: ignore[attr-defined]
    if name == "uses" and node.args and isinstance(node.args[0], ast.Constant):
        for other in ("tangent", "chord", "grouping", "concavity"):
            if other != node.args[0].value:
                new = copy.deepcopy(node)
                new.args[0] = ast.Constant(other)
                found.append(("lemma used", new))
                break
    if name == "cites":
        for other in ("LOG_BOUND", "LOG_INCREASES"):
            if other not in plain[0] and plain[0].startswith("LOG"):
                new = copy.deepcopy(node)
                new.args[0] = ast.Name(other, ast.Load())
                found.append(("fact cited", new))
    if name in ("by_cases", "decide", "contradiction", "block", "choose") and len(node.args) > 1:
        new = copy.deepcopy(node)
        del new.args[0]
        found.append(("case or step dropped", new))
    if name in ("monotone", "strictly_concave", "intermediate", "implies", "Rel") and len(node.args) > 3:
        new = copy.deepcopy(node)
        new.args[2], new.args[3] = new.args[3], new.args[2]
        found.append(("ends exchanged", new))
    if name in ("implies", "ForAll") and len(node.args) > 2 and name == "implies":
        new = copy.deepcopy(node)
        del new.args[0]
        found.append(("hypothesis dropped", new))
    if name not in (
        "step",
        "uses",
        "cites",
        "by_cases",
        "over",
        "algebra",
        "follows",
        "block",
        "instance",
        "sign",
    ):
        names = [place for place, one in enumerate(node.args) if isinstance(one, ast.Name)]
        if (
            len(names) > 1
            and plain[names[0]] != plain[names[1]]
            and name not in ("ForAll", "Exists", "And", "Or", "eq", "ne", "delta", "total")
        ):
            new = copy.deepcopy(node)
            new.args[names[0]], new.args[names[1]] = new.args[names[1]], new.args[names[0]]
            found.append(("arguments exchanged", new))
    return found


def _of_list(node: ast.Tuple | ast.Dict, parent: ast.AST) -> list[tuple[str, ast.AST]]:
    """Members dropped: hypotheses, conclusions, steps, parts of conjunctions; names of facts are left
    alone.
    """
    found: list[tuple[str, ast.AST]] = []
    if isinstance(node, ast.Tuple):
        if (
            any(isinstance(one, (ast.Constant, ast.Name, ast.Starred)) for one in node.elts)
            or len(node.elts) < 2
        ):
            return found
        if isinstance(parent, ast.Assign):
            return found
        for place in (0, len(node.elts) - 1):
            new = copy.deepcopy(node)
            del new.elts[place]
            found.append(("member dropped", new))
        return found
    if not all(isinstance(key, ast.Constant) for key in node.keys) or len(node.keys) < 2:
        return found
    for place in (0, len(node.keys) - 1):
        new = copy.deepcopy(node)
        del new.keys[place], new.values[place]
        found.append(("entry dropped", new))
    return found


def edits(root: Path, path: Path) -> list[Edit]:
    """All edits of a file, in the order of its text."""
    text = (root / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    found, seen = [], Counter[tuple[str, str, str, str]]()
    for number, (parent, field, place, position) in enumerate(_visit(tree)):
        value = getattr(parent, field)
        node = value if position is None else value[position]
        for choice, (kind, changed) in enumerate(_changes(node, parent)):
            before, after = ast.unparse(node)[:70], ast.unparse(changed)[:70]
            key = (place, kind, before, after)
            seen[key] += 1
            found.append(Edit(path, kind, place, before, after, seen[key], f"{number}/{choice}"))
    return found


def changed_source(root: Path, edit: Edit) -> str:
    """The text of the file with the edit."""
    tree = ast.parse((root / edit.path).read_text(encoding="utf-8"))
    number, choice = map(int, edit.source.split("/"))
    for place, (parent, field, _, position) in enumerate(_visit(tree)):
        if place == number:
            value = getattr(parent, field)
            node = value if position is None else value[position]
            changed = _changes(node, parent)[choice][1]
            if position is None:
                setattr(parent, field, changed)
            else:
                value[position] = changed
            return ast.unparse(ast.fix_missing_locations(tree))
    raise ValueError(f"there is no place {number} in {edit.path}")
