"""Files that take their name when they are complete."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["written_whole"]

#: Of a long name, what the file is called by until it is complete.
_NAME_SHOWN = 40
#: Errors of a write that do not say which file it was.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing that takes its name at the end: after an error what was there before is still there.

    A device, a pipe, a link, and a file in a folder that takes no other one are written to as they are.

    Raises
    ------
    OSError
        The file cannot be written; nothing of it stays.
    """
    temporary = path.with_name(f".{path.name[:_NAME_SHOWN]}.{os.getpid()}.partial")
    try:
        file = _in_its_place(path) or _beside(path, temporary)
        with file:
            yield file
        if temporary.exists():
            os.replace(temporary, path)
    except OSError as error:
        if error.filename == str(temporary) or (error.filename is None and error.errno in _FULL):
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _in_its_place(path: Path) -> IO[bytes] | None:
    """What is no file of its own, opened; a link's name (/dev/stdout is one) would be taken from it."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return path.open("wb")
    return None


def _beside(path: Path, temporary: Path) -> IO[bytes]:
    """The file beside the one that it takes the name of, with the rights of that."""
    try:
        file = temporary.open("w+b")
    except PermissionError:
        if not path.exists():
            raise
        return path.open("wb")
    if path.exists():
        with contextlib.suppress(OSError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
    return file
