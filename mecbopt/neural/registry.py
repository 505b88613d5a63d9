"""Named parts: data sets, degradations, terms, networks.  A new one is a file that registers itself.

A registry is an open table in place of a closed tuple: users add to it from their own modules, and an unknown
name is refused with the names that are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from mecbopt.neural.errors import ConfigError, NeuralError

__all__ = ["Registry"]

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """Parts of one kind by name, in the order of registration.

    >>> shapes = Registry[int]("shape")
    >>> shapes.register("square", 4)
    4
    >>> shapes["square"], list(shapes), "circle" in shapes
    (4, ['square'], False)
    """

    def __init__(self, kind: str, error: type[NeuralError] = ConfigError) -> None:
        self.kind, self.error = kind, error
        self._parts: dict[str, Part] = {}

    def register(self, name: str, part: Part) -> Part:
        """Add a part; a name that is taken by another part is refused."""
        if self._parts.get(name, part) is not part:
            raise ConfigError(f"there is a {self.kind} {name!r} already: choose another name.")
        self._parts[name] = part
        return part

    def __getitem__(self, name: str) -> Part:
        if name not in self._parts:
            raise self.error(f"{self.kind} is {name!r}: choose one of {', '.join(self._parts)}.")
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)
