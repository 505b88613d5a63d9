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

__all__ = [
    "MOST_SYMBOLS",
    "decoded",
    "decoded_payload",
    "encoded",
    "library",
    "payload_of",
    "require_possible",
    "terminated",
    "words_of",
]

_CHUNK = 8192  # symbols a call
_CHUNK_ENTRIES = 2**21  # and entries of their rows of probabilities, which bounds the memory (16 MiB)
#: Symbols a stream may hold: what decoding them takes stays well below 1 GiB.
MOST_SYMBOLS = 2**24
#: Bits that a payload may lack against its ideal length: two words that the coder leaves out, and rounding.
_SPARE_BITS = 96
#: Sets up to this size are cut to the shortest stream, which takes a few decodings: beyond, the three bytes
#: that it saves on average are less than a fortieth of a bit an image.
_SHORT_SET = 1024
#: Bits of the last images that are decoded to try an end: more than the two words that may be missing, and
#: the two that a decoder reads ahead.
_LAST_BITS = 256
#: Where symbols cost next to nothing these are many: beyond so many entries of rows whole words are kept.
_TRIED_ENTRIES = 2**22
_LONGEST_GAMMA = 40  # bits of an escaped magnitude; a longer prefix of zeros can only be damage


def library() -> Any:
    """`constriction`, imported on first use: everything else on this floor works without it."""
    try:
        import constriction
    except ModuleNotFoundError as error:
        raise CoderMissingError(
            "the range coder needs the package constriction, which is not installed: pip install constriction"
        ) from error
    return constriction.stream


def _family() -> Any:
    return library().model.Categorical(perfect=True)


def _coin() -> Any:
    return library().model.Uniform(2)


def encoded(
    tables: CodingTables, symbols: NDArray[np.int64], levels: NDArray[np.int64]
) -> NDArray[np.uint32]:
    """Words of the stream for symbols and dither levels, both of shape (count, d)."""
    encoder = library().queue.RangeEncoder()
    _encode(encoder, tables, symbols, levels)
    _encode_bits(encoder, _escape_bits(tables, symbols))
    words: NDArray[np.uint32] = encoder.get_compressed()
    return words


def _encode(
    encoder: Any, tables: CodingTables, symbols: NDArray[np.int64], levels: NDArray[np.int64]
) -> None:
    """Add the table symbols of images to a stream."""
    family = _family()
    images = _images_a_call(tables)
    for start in range(0, len(symbols), images):
        part = slice(start, start + images)
        encoder.encode(tables.columns(symbols[part]).reshape(-1), family, tables.rows(levels[part]))


def _encode_bits(encoder: Any, bits: NDArray[np.int32]) -> None:
    if len(bits):
        encoder.encode(bits, _coin())


def decoded(tables: CodingTables, words: NDArray[np.uint32], levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Symbols of shape (count, d) from the words of a stream.

    Raises
    ------
    StreamError
        The words are no code under these tables.
    """
    decoder = library().queue.RangeDecoder(words)
    family = _family()
    images = _images_a_call(tables)
    columns = np.empty(levels.shape, np.int64)
    try:
        for start in range(0, len(levels), images):
            part = levels[start : start + images]
            columns[start : start + images] = decoder.decode(family, tables.rows(part)).reshape(part.shape)
        symbols = columns + tables.low
        escapes = np.argwhere(columns == tables.width)
        # Each escaped value takes at least two bits: more of them than the words hold is damage.
        if 2 * len(escapes) > 32 * len(words) + _SPARE_BITS:
            raise StreamError(
                f"the payload escapes {len(escapes)} values in {4 * len(words)} bytes: it is damaged."
            )
        for image, dimension in escapes:
            symbols[image, dimension] = _escaped(decoder, tables, dimension)
    except AssertionError as error:  # how the library reports words that no encoder writes
        raise StreamError(
            "the payload is no code under this model's tables: the stream is damaged."
        ) from error
    return symbols


def _images_a_call(tables: CodingTables) -> int:
    symbols = min(_CHUNK, _CHUNK_ENTRIES // (tables.width + 1))
    return max(1, symbols // tables.dimensions)


def require_possible(tables: CodingTables, images: int, payload_bytes: int) -> None:
    """Refuse a number of images that this many bytes cannot code, before any work for them.

    Raises
    ------
    StreamError
        More than `MOST_SYMBOLS` symbols, or more images than the least bits of an image allow.
    """
    if images * tables.dimensions > MOST_SYMBOLS:
        raise StreamError(
            argument="images",
            value=images,
            required=f"be at most {MOST_SYMBOLS // tables.dimensions} in one stream of this model",
            remedy="code them in parts",
        )
    if images * tables.least_bits() > 8 * payload_bytes + _SPARE_BITS:
        raise StreamError(
            f"the stream claims {images} images in {payload_bytes} bytes; this model needs at least "
            f"{tables.least_bits():.3g} bits an image: the stream is damaged."
        )


def payload_of(tables: CodingTables, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> bytes:
    """The payload of a set: the shortest byte string for up to 1,024 images, whole words beyond."""
    if len(symbols) <= _SHORT_SET:
        return terminated(tables, symbols, levels)
    return encoded(tables, symbols, levels).astype(">u4").tobytes()


def decoded_payload(tables: CodingTables, payload: bytes, levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Symbols of a payload, shape (count, d); only what `payload_of` writes is a payload.

    The coder's words may be continued at will without a change of the symbols, so the symbols are coded again
    and compared: bytes appended or bits turned after the last symbol are found.
    """
    symbols = decoded(tables, words_of(payload), levels)
    if payload_of(tables, symbols, levels) != payload:
        raise StreamError("the payload is not what an encoder writes for its symbols: it is damaged.")
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
    ideal length.  Only the last images, whose bits these words are, are decoded to find out; where they are
    too many for that, the whole words are returned.
    """
    after = np.cumsum(tables.bits(symbols, levels)[::-1])[::-1]
    split = max(int(np.count_nonzero(after >= _LAST_BITS)) - 1, 0)
    bits = _escape_bits(tables, symbols)
    encoder = library().queue.RangeEncoder()
    _encode(encoder, tables, symbols[:split], levels[:split])
    position = encoder.pos()
    _encode(encoder, tables, symbols[split:], levels[split:])
    _encode_bits(encoder, bits)
    full: bytes = encoder.get_compressed().astype(">u4").tobytes()

    if (len(symbols) - split) * tables.dimensions * (tables.width + 1) > _TRIED_ENTRIES:
        return full
    columns, rows = tables.columns(symbols[split:]).reshape(-1), tables.rows(levels[split:])
    for length in range(max(0, len(full) - 8), len(full)):
        prefix = full[:length]
        candidates = [prefix]
        number = int.from_bytes(prefix, "big") + 1
        if length and number < 256**length:
            candidates.append(number.to_bytes(length, "big"))
        for candidate in candidates:
            if _decodes_to(words_of(candidate), position, rows, columns, bits):
                return candidate
    return full


def _decodes_to(
    words: NDArray[np.uint32],
    position: tuple[int, Any],
    rows: NDArray[np.float64],
    columns: NDArray[np.int32],
    bits: NDArray[np.int32],
) -> bool:
    """Whether a stream goes on from a place in it with these table columns and escape bits."""
    if position[0] > len(words):
        return False
    decoder = library().queue.RangeDecoder(words)
    decoder.seek(*position)
    try:
        if not np.array_equal(decoder.decode(_family(), rows), columns):
            return False
        return len(bits) == 0 or np.array_equal(decoder.decode(_coin(), len(bits)), bits)
    except AssertionError:  # how the library reports words that no encoder writes
        return False


def words_of(payload: bytes) -> NDArray[np.uint32]:
    """Bytes as 32-bit words, most significant byte first, filled up with zero bytes."""
    padded = payload + b"\0" * (-len(payload) % 4)
    return np.frombuffer(padded, dtype=">u4").astype(np.uint32)
