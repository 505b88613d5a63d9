"""The container of a stream of symbols: header, chunks, trailer; written and read with flat memory.

    magic "mbsy" | version u8 | flags u8 (1: made for a problem)
    | identities of mixture, source law and problem, 8 bytes each | check value of the seed, 8 bytes
    | varints: symbols a chunk, index of the first symbol | CRC-32
    then chunks:  varint 2 * length + last | last: varint symbols | payload of `length` bytes | CRC-32
    then:         symbols u64 | CRC-32

Varints are LEB128 in their shortest form; fixed numbers are big-endian.  Every chunk but the last has the
header's number of symbols, so streams of a length unknown at first are written as they come.  The CRC-32 runs
on from one to the next, over everything before it but the checksums and over the decoded symbols of the
chunks before (as u16 each): chunks that are swapped, left out or repeated are found, and so is a decoder that
decodes to something else.  It finds accidents and is no protection against forgery; what a header claims is
believed within bounds alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mecbopt.coding.errors import StreamError
from mecbopt.coding.tables import PRECISION_BITS
from mecbopt.coding.varints import MOST_BYTES, read_varint, varint

__all__ = ["IDENTITY_BYTES", "MOST_CHUNK", "MOST_LETTERS", "Chunk", "Header", "StreamReader", "StreamWriter"]

_MAGIC = b"mbsy"
_VERSION = 1
_HAS_PROBLEM = 1
IDENTITY_BYTES = 8
#: Symbols of a chunk; what coding them takes stays below 256 MiB.
MOST_CHUNK = 2**22
#: The checksum takes letters as u16.
MOST_LETTERS = 2**16
#: Bytes that a payload may have beside those of its symbols.
_SPARE_BYTES = 8
_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Header:
    """What a stream was made with.

    Attributes
    ----------
    mixture, source, seed_check : bytes
        Identities, 8 bytes each.
    problem : bytes or None
        Identity of the problem, where one was given.
    chunk_symbols : int
        Symbols of every chunk but the last.
    first : int
        Index of the first symbol: its counter in the common randomness.
    """

    mixture: bytes
    source: bytes
    problem: bytes | None
    seed_check: bytes
    chunk_symbols: int
    first: int

    def body(self) -> bytes:
        """The header's bytes before the checksum."""
        flags = 0 if self.problem is None else _HAS_PROBLEM
        body = _MAGIC + bytes([_VERSION, flags]) + self.mixture + self.source
        body += (self.problem or bytes(IDENTITY_BYTES)) + self.seed_check
        body += varint(self.chunk_symbols) + varint(self.first)
        return body


@dataclass(frozen=True)
class Chunk:
    """One chunk: its number of symbols, their code, and whether it ends the stream."""

    symbols: int
    payload: bytes
    last: bool


class StreamWriter:
    """The bytes of a stream, piece after piece.

    Parameters
    ----------
    header : Header
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._crc = 0
        self._symbols = 0

    def start(self) -> bytes:
        """The header."""
        body = self._header.body()
        self._crc = zlib.crc32(body)
        return body + _checksum(self._crc)

    def chunk(self, chunk: Chunk, letters: NDArray[np.int64]) -> bytes:
        """A chunk with its payload; `letters` are what it decodes to."""
        head = varint(2 * len(chunk.payload) + int(chunk.last))
        body = head + (varint(chunk.symbols) if chunk.last else b"") + chunk.payload
        crc = zlib.crc32(body, self._crc)
        self._crc = _over_letters(letters, crc)
        self._symbols += chunk.symbols
        return body + _checksum(crc)

    def end(self) -> bytes:
        """The trailer."""
        body = self._symbols.to_bytes(8, "big")
        return body + _checksum(zlib.crc32(body, self._crc))


class StreamReader:
    """Reads a stream from a file or a pipe, never more of it than is there.

    Parameters
    ----------
    file : binary file
        Open for reading at the first byte; a pipe will do.

    Raises
    ------
    StreamError
        No such stream, another version, damage, truncation.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._crc = 0
        self._symbols = 0
        self.header = self._read_header()

    def chunks(self) -> Iterator[Chunk]:
        """The chunks in order; after each the caller tells its letters to `decoded`."""
        number = 0
        while True:
            number += 1
            chunk = self._read_chunk(f"chunk {number}")
            self._symbols += chunk.symbols
            yield chunk
            if chunk.last:
                return

    def decoded(self, letters: NDArray[np.int64]) -> None:
        """Take the letters of the last chunk into the checksum of what follows it."""
        self._crc = _over_letters(letters, self._crc)

    def finish(self) -> None:
        """Read the trailer: the length, its checksum, and nothing behind."""
        body = self._take(8, "the trailer")
        self._compare(body, "the trailer")
        symbols = int.from_bytes(body, "big")
        if symbols != self._symbols:
            raise StreamError(
                f"the stream says that it has {symbols} symbols, its chunks have {self._symbols}: "
                "it is damaged."
            )
        if self._file.read(1):
            raise StreamError("bytes follow the end of the stream: it is damaged, or more is appended.")

    def _read_header(self) -> Header:
        start = self._read(len(_MAGIC))
        if not start:
            raise StreamError("the stream is empty: nothing was written, or it is truncated.")
        if start != _MAGIC:
            raise StreamError(
                f"the stream starts with {start!r}, not {_MAGIC!r}: it is no stream of symbols."
            )
        body = start + self._take(2, "the header")
        if body[4] != _VERSION:
            raise StreamError(f"the stream has version {body[4]}, this program reads {_VERSION}.")
        identities = [self._take(IDENTITY_BYTES, "the header") for _ in range(4)]
        body += b"".join(identities)
        chunk_symbols, spelled = self._take_varint("the header")
        first, also_spelled = self._take_varint("the header")
        body += spelled + also_spelled
        self._compare(body, "the header")
        if body[5] not in (0, _HAS_PROBLEM):
            raise StreamError(f"the stream has flags {body[5]}: known are 0 and {_HAS_PROBLEM}.")
        if not 1 <= chunk_symbols <= MOST_CHUNK:
            raise StreamError(
                f"the stream has chunks of {chunk_symbols} symbols: they hold from 1 to {MOST_CHUNK}."
            )
        mixture, source, problem, seed_check = identities
        return Header(mixture, source, problem if body[5] else None, seed_check, chunk_symbols, first)

    def _read_chunk(self, name: str) -> Chunk:
        code, spelled = self._take_varint(name)
        length, last = code >> 1, bool(code & 1)
        symbols, also_spelled = self._take_varint(name) if last else (self.header.chunk_symbols, b"")
        if symbols > self.header.chunk_symbols:
            raise StreamError(
                f"{name} claims {symbols} symbols, chunks have {self.header.chunk_symbols}: "
                "the stream is damaged."
            )
        # No symbol costs more than the precision of the tables.
        if 8 * (length - _SPARE_BYTES) > symbols * PRECISION_BITS:
            raise StreamError(
                f"{name} claims {length} bytes for {symbols} symbols, more than they can take: "
                "the stream is damaged."
            )
        payload = self._take(length, name)
        self._compare(spelled + also_spelled + payload, name)
        return Chunk(symbols, payload, last)

    def _read(self, count: int) -> bytes:
        """Up to `count` bytes: fewer only at the end; a pipe gives them in parts."""
        parts, left = [], count
        while left:
            part = self._file.read(left)
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _take(self, count: int, name: str) -> bytes:
        body = self._read(count)
        if len(body) < count:
            raise StreamError(f"the stream ends within {name}: it is truncated.")
        return body

    def _take_varint(self, name: str) -> tuple[int, bytes]:
        spelled = b""
        while len(spelled) < MOST_BYTES and not (spelled and spelled[-1] < 128):
            spelled += self._take(1, name)
        return read_varint(spelled, 0)[0], spelled

    def _compare(self, body: bytes, name: str) -> None:
        """Read a checksum and compare it; the next one runs on from there."""
        crc = zlib.crc32(body, self._crc)
        if self._take(_CHECKSUM_BYTES, name) != _checksum(crc):
            raise StreamError(f"the checksum of {name} does not fit: the stream is damaged there or before.")
        self._crc = crc


def _checksum(crc: int) -> bytes:
    return crc.to_bytes(_CHECKSUM_BYTES, "big")


def _over_letters(letters: NDArray[np.int64], crc: int) -> int:
    return zlib.crc32(letters.astype(">u2").tobytes(), crc)
