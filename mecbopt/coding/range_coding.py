"""Range coding of symbols under integer tables, with an escape; the coder itself is `constriction`'s.

All table symbols come first, then the escaped values in order (sign, then Elias gamma), so that decoding the
bulk is one vectorised call.  `perfect=True` makes the library reproduce probabilities that are multiples of
2**-24 exactly, so the code depends on the integer tables alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.coding.errors import CoderMissingError, StreamError
from mecbopt.coding.tables import CodingTables

__all__ = ["decoded", "encoded", "terminated", "words_of"]

_CHUNK = 8192  # symbols a call: bounds the memory for rows of probabilities
_LONGEST_GAMMA = 40  # bits of an escaped magnitude; a longer prefix of zeros can only be damage


def _library() -> Any:
    """`constriction`, imported on first use: everything else on this floor works without it."""
    try:
        import constriction
    except ModuleNotFoundError as error:
        raise CoderMissingError(
            "the range coder needs constriction, which is not installed: pip install 'mecbopt[neural]'"
        ) from error
    return constriction.stream


def _family() -> Any:
    return _library().model.Categorical(perfect=True)


def _coin() -> Any:
    return _library().model.Uniform(2)


def encoded(
    tables: CodingTables, symbols: NDArray[np.int64], levels: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Words of the stream for symbols and dither levels, both of shape (count, d)."""
    encoder = _library().queue.RangeEncoder()
    family = _family()
    images = max(1, _CHUNK // tables.dimensions)
    for start in range(0, len(symbols), images):
        part = slice(start, start + images)
        encoder.encode(tables.columns(symbols[part]).reshape(-1), family, tables.rows(levels[part]))
    bits = _escape_bits(tables, symbols)
    if len(bits):
        encoder.encode(bits, _coin())
    words: NDArray[np.uint32] = encoder.get_compressed()
    return words


def decoded(tables: CodingTables, words: NDArray[np.uint32], levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Symbols of shape (count, d) from the words of a stream.

    Raises
    ------
    StreamError
        The words are no code under these tables.
    """
    decoder = _library().queue.RangeDecoder(words)
    family = _family()
    images = max(1, _CHUNK // tables.dimensions)
    parts = []
    try:
        for start in range(0, len(levels), images):
            part = levels[start : start + images]
            columns = decoder.decode(family, tables.rows(part))
            parts.append(np.asarray(columns, dtype=np.int64).reshape(part.shape))
        columns = np.concatenate(parts) if parts else np.empty((0, tables.dimensions), np.int64)
        symbols = columns + tables.low
        for image, dimension in np.argwhere(columns == tables.width):
            symbols[image, dimension] = _escaped(decoder, tables, dimension)
    except AssertionError as error:  # how the library reports words that no encoder writes
        raise StreamError(
            "the payload is no code under this model's tables: the stream is damaged."
        ) from error
    return symbols


def _escape_bits(tables: CodingTables, symbols: NDArray[np.int64]) -> NDArray[np.int32]:
    """Sign and Elias gamma code of every symbol outside the tables, in row-major order."""
    bits: list[int] = []
    for image, dimension in np.argwhere(tables.columns(symbols) == tables.width):
        value, low = int(symbols[image, dimension]), int(tables.low[dimension])
        below = value < low
        magnitude = (low - value) if below else (value - low - tables.width + 1)
        digits = magnitude.bit_length()
        if digits > _LONGEST_GAMMA:
            raise StreamError(f"symbol {value} is too far out to be coded: the encoder's output is not sane.")
        bits.append(int(below))
        bits += [0] * (digits - 1)
        bits += [magnitude >> shift & 1 for shift in range(digits - 1, -1, -1)]
    return np.array(bits, dtype=np.int32)


def _escaped(decoder: Any, tables: CodingTables, dimension: int) -> int:
    coin = _coin()
    below = int(decoder.decode(coin))
    zeros = 0
    while int(decoder.decode(coin)) == 0:
        zeros += 1
        if zeros >= _LONGEST_GAMMA:
            raise StreamError("an escaped value has no end: the stream is damaged.")
    magnitude = 1
    for _ in range(zeros):
        magnitude = 2 * magnitude + int(decoder.decode(coin))
    low = int(tables.low[dimension])
    return low - magnitude if below else low + tables.width + magnitude - 1


def terminated(tables: CodingTables, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> bytes:
    """The shortest byte string whose continuation by zero bytes decodes to `symbols`.

    The coder writes whole 32-bit words; a single image of a few bits would pay most of a word.  Every prefix
    that lacks at most two words is tried, as it is and rounded up in its last byte (which moves it into the
    coder's final interval from below), and the first that decodes rightly is kept: about one byte above the
    ideal length.
    """
    full = encoded(tables, symbols, levels).astype(">u4").tobytes()
    for length in range(max(0, len(full) - 8), len(full)):
        prefix = full[:length]
        candidates = [prefix]
        number = int.from_bytes(prefix, "big") + 1
        if length and number < 256**length:
            candidates.append(number.to_bytes(length, "big"))
        for candidate in candidates:
            try:
                found = decoded(tables, words_of(candidate), levels)
            except StreamError:
                continue
            if np.array_equal(found, symbols):
                return candidate
    return full


def words_of(payload: bytes) -> NDArray[np.uint32]:
    """Bytes as 32-bit words, most significant byte first, filled up with zero bytes."""
    padded = payload + b"\0" * (-len(payload) % 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)
