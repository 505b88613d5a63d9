"""Arrays from .npy and .npz files, read without trust: no pickles, and no more memory than the bytes there.

NumPy's own reader allocates what a header promises and lets the errors of zip, zlib and Python's parser
through.  Here the header is compared with the number of bytes before anything is made of it.
"""

from __future__ import annotations

import io
import math
import struct
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.neural.errors import DatasetError

__all__ = ["read_arrays"]

#: Bytes of one array; the largest published set of this wing (SVHN, extra split) has 1.6 GB.
_MOST_BYTES = 2**33
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
#: What a damaged header raises in NumPy's and Python's parsers.
_HEADER_ERRORS = (
    ValueError, KeyError, TypeError, SyntaxError, OverflowError, RecursionError, MemoryError, IndexError,
    tokenize.TokenError,
)  # fmt: skip
#: What damage in a zip archive raises: encryption, unknown methods and broken deflate streams among it.
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, NotImplementedError,
    ValueError, KeyError, IndexError, UnicodeError,
)  # fmt: skip


def read_arrays(path: Path, most_bytes: int = _MOST_BYTES) -> dict[str, NDArray[Any]]:
    """Arrays of a file by name; the array of an .npy file is called "x".

    Parameters
    ----------
    path : Path
        An .npz archive or an .npy file, told apart by its first bytes.
    most_bytes : int
        Largest size of one array.

    Raises
    ------
    DatasetError
        Absent, damaged, holding Python objects, or larger than `most_bytes`.
    """
    try:
        with path.open("rb") as file:
            start = file.read(6)
            if start == np.lib.format.MAGIC_PREFIX:
                if path.stat().st_size > most_bytes:
                    raise _too_large(path, path.name, most_bytes)
                return {"x": _array(path, start + file.read())}
    except OSError as error:
        raise DatasetError(
            f"{path}: {error.strerror or error}; give a readable .npz or .npy file."
        ) from error
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                item.filename.removesuffix(".npy"): _array(path, _member(path, archive, item, most_bytes))
                for item in archive.infolist()
                if item.filename.endswith(".npy")
            }
    except _ZIP_ERRORS as error:
        if isinstance(error, DatasetError):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DatasetError(f"{path} is no readable .npz or .npy file: {reason}.") from error


def _too_large(path: Path, name: str, most_bytes: int) -> DatasetError:
    return DatasetError(f"{path}: {name} is larger than {most_bytes} bytes: split it.")


def _member(path: Path, archive: zipfile.ZipFile, item: zipfile.ZipInfo, most_bytes: int) -> bytes:
    """The bytes of a member; an archive may promise less than it unpacks to, so both are bounded."""
    if item.file_size > most_bytes:
        raise _too_large(path, item.filename, most_bytes)
    with archive.open(item) as member:
        return member.read(item.file_size + 1)


def _array(path: Path, data: bytes) -> NDArray[Any]:
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # headers as Python 2 wrote them are read all the same
            shape, fortran, dtype = _HEADERS[version](stream)
        sizes = [int(size) for size in shape]
    except _HEADER_ERRORS as error:
        raise DatasetError(f"{path} holds an array whose header is damaged: {error}.") from error
    if dtype.hasobject or dtype.fields is not None or dtype.subdtype is not None or dtype.itemsize == 0:
        raise DatasetError(f"{path} holds objects or records (type {dtype}): give plain numbers; no pickles.")
    rest = memoryview(data)[stream.tell() :]
    if min(sizes, default=1) < 0 or math.prod(sizes) * dtype.itemsize != len(rest):
        raise DatasetError(
            f"{path} promises an array of shape {tuple(sizes)} and type {dtype} but holds {len(rest)} bytes: "
            "it is damaged."
        )
    flat: NDArray[Any] = np.frombuffer(rest, dtype=dtype)
    try:
        return flat.reshape(sizes, order="F" if fortran else "C").copy()  # of its own memory, writable
    except ValueError as error:  # more axes than NumPy has, or sides beyond 64 bits beside an empty one
        raise DatasetError(f"{path} holds an array of a shape that cannot be: {error}.") from error
