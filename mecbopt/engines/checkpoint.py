"""A search kept in a file: written every few seconds, taken up by a later call with the same problem.

The file is replaced as a whole, so a process that is killed leaves the state of the last writing.  It holds a
digest of what is solved, the gap, and the frontier (`mecbopt._core.tree.Frontier`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol

from mecbopt._core.tree import Frontier
from mecbopt.errors import Name, ProblemError
from mecbopt.formulation import Formulation

__all__ = ["Checkpoint", "Keeper", "Restorable", "formulation_digest"]

#: Magic and version, digest, gap; the frontier follows.
_HEAD = struct.Struct("<4sH32sd")
_MAGIC, _VERSION = b"MBCK", 2
#: Seconds between two writings, which is what a kill can cost, and at least so many times what one takes.
_INTERVAL_SECONDS, _SHARE = 3.0, 10.0
_MOST_BYTES = 1 << 36


class Restorable(Protocol):
    """A search whose state can be written and taken up."""

    def frontier(self) -> Frontier | None:
        """Everything that is left; None where there is nothing worth keeping yet."""
        ...

    def restore(self, frontier: Frontier) -> None:
        """Go on from there; before the first step."""
        ...


def formulation_digest(formulation: Formulation, settings: object) -> bytes:
    """32 bytes that differ for formulations whose boxes and bounds are not the same thing."""
    digest = hashlib.sha256(repr((formulation.shape, settings)).encode())
    for part in _numbers(formulation):
        digest.update(part)
    return digest.digest()


def _numbers(formulation: Formulation) -> Iterable[bytes]:
    yield formulation.p_x.tobytes()
    yield formulation.p_y.tobytes()
    yield struct.pack("<d", formulation.rate)
    if formulation.free_law:
        yield b"free law"
    label = formulation.label_limit
    if label is not None:
        yield label.table[0].tobytes()
        yield struct.pack("<d?", label.bound, formulation.unseen_label)
    for limit in formulation.other_limits:
        yield limit.table.tobytes()
        yield struct.pack("<d", limit.bound)


class Checkpoint:
    """The file of one call.

    Parameters
    ----------
    path : path
    digest : bytes
        Of the formulation and the settings.
    gap : float
        Bits within which boxes are closed.

    Raises
    ------
    ProblemError
        The file is damaged, of another version or problem, was written with a larger gap, or cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], digest: bytes, gap: float) -> None:
        self._path, self._digest, self._gap = Path(path), digest, gap
        self._next = time.monotonic() + _INTERVAL_SECONDS
        self.frontier = self._read()

    def _read(self) -> Frontier | None:
        data = self._bytes()
        if data is None:
            return None
        if len(data) < _HEAD.size or data[:4] != _MAGIC:
            raise self._refusal("holds no checkpoint", "name another file, or remove it")
        _, version, digest, gap = _HEAD.unpack_from(data)
        if version != _VERSION:
            found = f"has version {version}, this program reads {_VERSION}"
            raise self._refusal(found, "remove it to begin anew")
        if digest != self._digest:
            raise self._refusal(
                "belongs to another problem, or to other settings of the engine",
                "name another file, or remove it to begin anew",
            )
        if gap > self._gap:
            raise ProblemError(
                argument="gap",
                value=self._gap,
                found=f"is {self._gap:g}, but the checkpoint closed boxes within {gap:g} bits",
                remedy=("ask for that or more, or remove the file that ", Name("checkpoint"), " names"),
            )
        try:
            return Frontier.from_bytes(data[_HEAD.size :])
        except ProblemError as error:
            raise self._refusal(f"is damaged: {error}", "remove it to begin anew") from error

    def _bytes(self) -> bytes | None:
        """What the file holds; None where there is none and one can be written."""
        if self._path.exists() and not self._path.is_file():
            raise self._refusal("is no regular file", "name another")
        try:
            if not self._path.exists():
                self._write(b"", probe=True)
                return None
            if self._path.stat().st_size > _MOST_BYTES:
                raise self._refusal("is larger than any checkpoint", "name another")
            return self._path.read_bytes()
        except OSError as error:
            found = f"cannot be used: {error.strerror or error}"
            raise self._refusal(found, "name a file in a folder that can be written") from error

    def _refusal(self, found: str, remedy: str) -> ProblemError:
        return ProblemError(
            argument="checkpoint", value=str(self._path), found=f"{self._path} {found}", remedy=remedy
        )

    def keep(self, search: Restorable, *, now: bool = False) -> None:
        """Write the state, if the last writing is some seconds ago or it is asked for.

        Warns
        -----
        RuntimeWarning
            It could not be written, on a full disk say: the last one stays.
        """
        began = time.monotonic()
        if not now and began < self._next:
            return
        frontier = search.frontier()
        if frontier is None:
            return
        try:
            self._write(_HEAD.pack(_MAGIC, _VERSION, self._digest, self._gap) + frontier.to_bytes())
        except OSError as error:
            warnings.warn(
                f"{self._path} was not written ({error.strerror or error}): the search goes on, "
                "and what the file held before is still there",
                RuntimeWarning,
                stacklevel=2,
            )
        taken = time.monotonic() - began
        self._next = time.monotonic() + max(_INTERVAL_SECONDS, _SHARE * taken)

    def _write(self, data: bytes, *, probe: bool = False) -> None:
        """Replace the file in one step; a probe only sees whether that could be done."""
        with NamedTemporaryFile(dir=self._path.parent, prefix=f".{self._path.name}.", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                file.close()
                if not probe:
                    Path(file.name).replace(self._path)
            finally:
                with contextlib.suppress(OSError):
                    Path(file.name).unlink()


class Keeper:
    """Writes the state of one search into one file."""

    def __init__(self, file: Checkpoint, search: Restorable) -> None:
        self._file, self._search = file, search

    def __call__(self, *, now: bool = False) -> None:
        """After every step, and once more at the end."""
        self._file.keep(self._search, now=now)
