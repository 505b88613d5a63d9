"""A group of cases: what is run, and how a case says what it is doing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.stress.findings import Finding, abbreviated

__all__ = ["Group", "announce", "attempt", "be_watched", "trying"]


@dataclass(frozen=True)
class Group:
    """Cases of one kind.

    Attributes
    ----------
    name : str
    run : callable
        Random generator -> findings of one case.
    patience_seconds : float
        A case that takes longer is a finding by itself.
    memory_bytes : int or None
        Memory (private data) that the process of the cases may use.
    """

    name: str
    run: Callable[[np.random.Generator], list[Finding]]
    patience_seconds: float = 120.0
    memory_bytes: int | None = None


#: Whether another process reads what this one announces; else there is nobody to tell.
_watched = False


def be_watched() -> None:
    """From now on a process reads standard output."""
    global _watched
    _watched = True


def announce(**message: Any) -> None:
    """One line to the process that watches."""
    if not _watched:
        return
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def trying(code: str) -> None:
    """Say what is about to run: the reproducer, should this process hang or die."""
    announce(trying=abbreviated(code))


def attempt(
    claim: str, code: str, function: Callable[[], Any], allowed: tuple[type[BaseException], ...]
) -> Any:
    """The result of a call, or the finding that it raised what it may not; None after an allowed error."""
    trying(code)
    try:
        return function()
    except allowed:
        return None
    except Exception as error:  # whatever comes is what the suite is here to see
        return Finding(claim, f"{type(error).__name__}: {error}", code)
