"""The engines in the order in which they are tried.

`ENGINES` maps names to engines with their default settings; `register` adds one from outside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mecbopt.engines.base import Engine, Request, support
from mecbopt.engines.chains import Chains
from mecbopt.engines.convex import Convex
from mecbopt.engines.enumeration import Enumeration
from mecbopt.engines.free_law import FreeLaw
from mecbopt.engines.highs import Highs
from mecbopt.engines.linear import Linear
from mecbopt.engines.local import Greedy, Local
from mecbopt.engines.low_rate import LowRate
from mecbopt.engines.plain import Plain
from mecbopt.engines.tree import Tree
from mecbopt.engines.trivial import Trivial
from mecbopt.errors import Name, NotSupportedError, ProblemError, Text, shown
from mecbopt.formulation import Formulation, prices_exactly

__all__ = ["ENGINES", "named_engine", "pick", "refused", "register"]

ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Trivial(),
        Convex(),
        Linear(),
        FreeLaw(),
        LowRate(),
        Plain(),
        Chains(),
        Tree(),
        Enumeration(),
        Highs(),
        Local(),
        Greedy(),
    )
}
"""Engines by name, in the order in which they are tried; `register` adds one."""


def register(engine: Engine, *, first: bool = True) -> None:
    """Add an engine, before the others of its method or after them; one of the same name is replaced.

    Parameters
    ----------
    engine : Engine
        An object with `name`, `method`, `supports`, `suits` and `start` (see `mecbopt.engines.Engine`).
    first : bool
        Whether it is tried before the engines that are there.
    """
    others = {name: known for name, known in ENGINES.items() if name != engine.name}
    ENGINES.clear()
    ENGINES.update({engine.name: engine, **others} if first else {**others, engine.name: engine})


def named_engine(engine: Any) -> Engine | None:
    """The engine that a caller means; None for "auto".

    Raises
    ------
    ProblemError
        An unknown name, or an object that is no engine.
    """
    if isinstance(engine, str):
        if engine == "auto":
            return None
        if engine in ENGINES:
            return ENGINES[engine]
    elif not isinstance(engine, type) and all(
        hasattr(engine, member) for member in ("name", "method", "supports", "start")
    ):
        known: Engine = engine
        return known
    raise ProblemError(
        argument="engine",
        value=engine,
        required=f"be auto, one of {', '.join(ENGINES)}, or an engine object such as mecbopt.engines.Tree()",
    )


def pick(method: str, formulation: Formulation, request: Request) -> Engine:
    """The first engine of a method that supports the formulation and suits it.

    Raises
    ------
    NotSupportedError
        No engine takes it; the message has the reasons, and a remedy that holds.
    """
    engines = tuple(ENGINES.values())
    for engine in engines:
        if engine.method != method or support(engine, formulation).reason:
            continue
        if engine.suits(formulation, request):
            return engine
    found = f"no engine takes the problem: {_reasons(method, formulation)}"
    remedy = _remedy(method, formulation)
    blamed = {} if _other_methods(method, formulation) else _blamed(formulation)
    if blamed:
        argument, value = next(iter(blamed.items()))
        found = f"is {shown(value)}, and {found}"
        raise NotSupportedError(argument=argument, value=value, found=found, remedy=remedy)
    found = f"is {method!r}, but {found}"
    raise NotSupportedError(argument="method", value=method, found=found, remedy=remedy)


def refused(engine: Engine, reason: str, formulation: Formulation) -> NotSupportedError:
    """The error for an engine that was named and does not take the problem, with a remedy that holds."""
    others = _other_methods("greedy", formulation)
    words: dict[str, Text] = {"exact": Name("engine='auto'"), "local": Name("method='local'")}
    remedy: Text = ("use ", *_either([words[method] for method in others]))
    return NotSupportedError(
        argument="engine",
        value=engine,
        found=f"is {engine.name!r}, which {reason}",
        remedy=remedy if others else _remedy(engine.method, formulation),
    )


def _remedy(method: str, formulation: Formulation) -> Text:
    """What serves in place of a method that does not: another one, or less to be solved."""
    others = _other_methods(method, formulation)
    if "local" in others:
        local = Name("method='local'")
        return ("use ", local, " (a coupling with a valid upper bound), or merge letters of X")
    if others:
        return ("use ", Name("method='exact'"))
    merge = () if prices_exactly(formulation.shape) else ("merge letters of X",)
    blamed = [Name(name) for name in _blamed(formulation)]
    leave = ("leave ", *_either(blamed), " out") if blamed else ()
    return (*merge, *((", or ",) if merge and leave else ()), *leave) or "state fewer limits"


def _either(parts: list[Any]) -> list[Any]:
    return [word for part in parts for word in (" or ", part)][1:]


def _other_methods(method: str, formulation: Formulation) -> list[str]:
    """The methods but one that have an engine for the problem."""
    return [other for other in ("exact", "local") if other != method and _taken(other, formulation)]


def _blamed(formulation: Formulation) -> dict[str, Any]:
    """The arguments without any one of which an engine would take the problem, and their values."""
    without: dict[str, tuple[Any, Formulation]] = {}
    for limit in formulation.convex:
        name = limit.name.partition("[")[0]
        without[name] = getattr(limit, "least", limit), replace(formulation, convex=())
    if formulation.unseen_label:
        without["label_sees_seed"] = False, replace(formulation, unseen_label=False)
    blamed = {name: value for name, (value, rest) in without.items() if _other_methods("", rest)}
    # A number says more than a switch, and a switch more than an object.
    return dict(
        sorted(blamed.items(), key=lambda item: (not isinstance(item[1], float), item[1] is not False))
    )


def _taken(method: str, formulation: Formulation) -> bool:
    """Whether an engine of a method takes it."""
    return any(engine.method == method and bool(support(engine, formulation)) for engine in ENGINES.values())


def _reasons(method: str, formulation: Formulation) -> str:
    """Why each engine of a method does not take it; those with the same reason together."""
    named: dict[str, list[str]] = {}
    for engine in ENGINES.values():
        if engine.method == method and (reason := support(engine, formulation).reason):
            named.setdefault(reason, []).append(engine.name)
    return "; ".join(
        f"{', '.join(names)} {reason if len(names) == 1 else _of_several(reason)}"
        for reason, names in named.items()
    )


def _of_several(reason: str) -> str:
    """A reason that is said of one engine, of several."""
    for one, several in (("does not ", "do not "), ("takes ", "take "), ("was ", "were ")):
        if reason.startswith(one):
            return several + reason.removeprefix(one)
    return reason
