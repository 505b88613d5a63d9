"""The engines in the order in which they are tried.

`ENGINES` maps names to engines with their default settings; `register` adds one from outside.
"""

from __future__ import annotations

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
from mecbopt.errors import Name, NotSupportedError, ProblemError
from mecbopt.formulation import Formulation

__all__ = ["ENGINES", "named_engine", "pick", "register"]

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
        No engine takes it; the message has each one's reason.
    """
    engines = tuple(ENGINES.values())
    for engine in engines:
        if engine.method != method or support(engine, formulation).reason:
            continue
        if engine.suits(formulation, request):
            return engine
    reasons = [
        (engine.name, support(engine, formulation).reason) for engine in engines if engine.method == method
    ]
    raise NotSupportedError(
        argument="method",
        value=method,
        found=f"is {method!r}, but no engine takes the problem: "
        + "; ".join(f"{name} {reason}" for name, reason in reasons if reason),
        remedy=(
            "use ",
            Name("method='local'"),
            " (a coupling with a valid upper bound), or merge letters of X",
        ),
    )
