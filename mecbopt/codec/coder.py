"""Encoder and decoder of a mixture (theory, section 6).

Both draw u_i from a shared seed; the encoder sends y_i = f_{u_i}(x_i), coded with the law of f_{u_i}(X), and
the decoder inverts.  Within a chunk the symbols of one mapping are coded together, mapping after mapping, in
the order of the stream: both sides know who picked which mapping, so the order costs nothing.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt import _validate
from mecbopt._validate import PmfLike
from mecbopt.codec.scheme import Scheme
from mecbopt.coding.counter import SEED_LIMIT
from mecbopt.coding.groups import coded_groups, decoded_groups
from mecbopt.coding.symbol_stream import MOST_CHUNK, Chunk, Header, StreamReader, StreamWriter
from mecbopt.errors import CodecError, ProblemError
from mecbopt.problem import Mixture, Problem, source_letters

__all__ = ["CHUNK_SYMBOLS", "Decoder", "Encoder"]

#: Symbols of a chunk, unless it is said otherwise.
CHUNK_SYMBOLS = 2**20


class _Coder:
    """What both sides share."""

    def __init__(self, mixture: Mixture, p_x: PmfLike | Problem, *, seed: int) -> None:
        self.scheme = Scheme(mixture, p_x)
        self._seed = _validate.positive_integer("seed", seed, minimum=0)
        if self._seed >= SEED_LIMIT:
            raise ProblemError(argument="seed", value=seed, required="be an integer from 0 to 2**64 - 1")

    def _groups(self, first: int, count: int) -> tuple[NDArray[np.int64], list[tuple[int, slice]]]:
        """The symbols in the order of their mappings, and the part of each mapping that is used."""
        picked = self.scheme.picked(self._seed, first, count)
        order = np.argsort(picked, kind="stable")
        ends = np.cumsum(np.bincount(picked, minlength=len(self.scheme)))
        parts = [
            (mapping, slice(int(start), int(end)))
            for mapping, (start, end) in enumerate(zip(np.append(0, ends), ends, strict=False))
            if start < end
        ]
        return order, parts


class Encoder(_Coder):
    """Encodes letters of X into a stream of H(Y|U) bits a letter, in the long run.

    Parameters
    ----------
    mixture : Mixture
        Of a solution, or any other.
    p_x : pmf, shape (n,), or Problem
        The law of X that the code is made for.  Letters of another law are encoded too, at more bits.  With a
        problem the stream is tied to it: a decoder that is given another one refuses.
    seed : int
        From 0 to 2**64 - 1; the decoder needs the same.
    chunk_symbols : int
        Letters that are coded at once, at most 2**22: memory grows with it, and a chunk costs about 12 bytes.

    Examples
    --------
    >>> mixture = Mixture([[0, 1], [0, 0]], [0.75, 0.25])
    >>> x = np.arange(1000) % 2
    >>> stream = Encoder(mixture, [0.5, 0.5], seed=1).encode(x)
    >>> y = Decoder(mixture, [0.5, 0.5], seed=1).decode(stream)
    >>> bool((y <= x).all()), len(stream)
    (True, 163)
    """

    def __init__(
        self,
        mixture: Mixture,
        p_x: PmfLike | Problem,
        *,
        seed: int,
        chunk_symbols: int = CHUNK_SYMBOLS,
    ) -> None:
        super().__init__(mixture, p_x, seed=seed)
        self.chunk_symbols = _validate.positive_integer("chunk_symbols", chunk_symbols)
        if self.chunk_symbols > MOST_CHUNK:
            raise ProblemError(
                argument="chunk_symbols", value=chunk_symbols, required=f"be at most {MOST_CHUNK}"
            )

    def encode(self, x: ArrayLike, *, first: int = 0) -> bytes:
        """The stream of some letters.

        Parameters
        ----------
        x : array of integers, shape (N,)
            Letters 0 .. n-1.
        first : int
            Index of the first letter.  Streams whose indices do not overlap use independent parts of the
            common randomness of one seed.

        Raises
        ------
        ProblemError
            No letters of X.
        CoderMissingError
            The package `constriction` is not installed.
        """
        return b"".join(self.encode_blocks([_column(x, self.scheme.letters)], first=first))

    def encode_blocks(self, blocks: Iterable[ArrayLike], *, first: int = 0) -> Iterator[bytes]:
        """Pieces of the stream of letters that come in blocks of any size.

        Memory stays at a chunk and a block.  Joined, the pieces are what `encode` gives for all blocks.

        Parameters
        ----------
        blocks : iterable of arrays of integers, shapes (N_i,)
            Letters 0 .. n-1.
        first : int
            As for `encode`, whose errors come as the pieces are taken.
        """
        at = self._first(first)
        header = self._header(at)
        return self._pieces(header, blocks, at)

    def _pieces(self, header: Header, blocks: Iterable[ArrayLike], at: int) -> Iterator[bytes]:
        writer = StreamWriter(header)
        yield writer.start()
        waiting: NDArray[Any] | None = None
        for x in _chunks(blocks, self.chunk_symbols, self.scheme.letters):
            if waiting is not None:
                yield self._chunk(writer, waiting, at, last=False)
                at += len(waiting)
            waiting = x
        yield self._chunk(writer, np.empty(0, np.int64) if waiting is None else waiting, at, last=True)
        yield writer.end()

    def outputs(self, x: ArrayLike, *, first: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What the decoder will output for these letters, and the mappings that made it, shape (N,) each."""
        letters = _column(x, self.scheme.letters)
        picked = self.scheme.picked(self._seed, self._first(first), letters.size)
        return self.scheme.mappings[picked, letters].astype(np.int64), picked.astype(np.int64)

    def _first(self, first: int) -> int:
        at = _validate.positive_integer("first", first, minimum=0)
        if at >= SEED_LIMIT:
            raise ProblemError(argument="first", value=first, required="be an integer from 0 to 2**64 - 1")
        return at

    def _header(self, first: int) -> Header:
        scheme = self.scheme
        return Header(
            scheme.mixture_identity,
            scheme.source_identity,
            scheme.problem_identity,
            scheme.seed_check(self._seed),
            self.chunk_symbols,
            first,
        )

    def _chunk(self, writer: StreamWriter, x: NDArray[Any], at: int, last: bool) -> bytes:
        scheme = self.scheme
        order, parts = self._groups(at, len(x))
        sorted_x = x[order]
        sorted_y = np.empty(len(x), np.int64)
        for mapping, part in parts:
            sorted_y[part] = scheme.mappings[mapping][sorted_x[part]]
        payload = coded_groups(
            [
                (scheme.model(mapping), scheme.columns(mapping, sorted_x[part]))
                for mapping, part in parts
                if len(scheme.images[mapping]) > 1
            ]
        )
        y = np.empty_like(sorted_y)
        y[order] = sorted_y
        return writer.chunk(Chunk(len(x), payload, last), y)


def _column(x: ArrayLike, letters: int, start: int = 0) -> NDArray[Any]:
    """Letters in a row."""
    column = source_letters(x, letters, start)
    if column.ndim != 1:
        raise ProblemError(
            argument="x",
            value=x,
            found=f"has shape {column.shape}",
            required="have shape (N,)",
            remedy="ravel it",
        )
    return column


def _chunks(blocks: Iterable[ArrayLike], size: int, letters: int) -> Iterator[NDArray[Any]]:
    """The letters of blocks in chunks of `size`, the last one shorter or as long; none for no letters."""
    parts: list[NDArray[Any]] = []
    held = 0
    start = 0
    for block in blocks:
        x = _column(block, letters, start)
        start += len(x)
        while held + len(x) >= size:
            yield np.concatenate([*parts, x[: size - held]])
            x = x[size - held :]
            parts, held = [], 0
        if len(x):
            parts.append(x)
            held += len(x)
    if held:
        yield np.concatenate(parts)


class Decoder(_Coder):
    """Decodes a stream to exactly the letters of Y that its encoder chose.

    Parameters
    ----------
    mixture, p_x, seed
        As the encoder had them.
    """

    def decode(self, blob: bytes) -> NDArray[np.int64]:
        """The letters of Y, shape (N,).

        Parameters
        ----------
        blob : bytes
            A whole stream, as `Encoder.encode` makes it.

        Raises
        ------
        CodecError
            Damage, truncation, another mixture, law, problem or seed; the message says which.
        CoderMissingError
            The package `constriction` is not installed.
        """
        try:
            view = memoryview(blob).cast("B")
        except (TypeError, ValueError) as error:
            raise ProblemError(argument="blob", value=blob, required="be bytes") from error
        parts = list(self.decode_blocks(io.BytesIO(view)))
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def decode_blocks(self, file: BinaryIO) -> Iterator[NDArray[np.int64]]:
        """The letters of Y chunk after chunk, from a file or a pipe.

        A chunk is handed out when the checksum that covers its letters has been read, which stands behind the
        next one: what is handed out is what was encoded.

        Parameters
        ----------
        file : binary file
            Opened for reading; errors are those of `decode`.
        """
        reader = StreamReader(file)
        self._require_same(reader.header)
        at = reader.header.first
        waiting: NDArray[np.int64] | None = None
        for chunk in reader.chunks():
            if waiting is not None:
                yield waiting
            waiting = self._letters(chunk, at)
            reader.decoded(waiting)
            at += chunk.symbols
        reader.finish()
        if waiting is not None and len(waiting):
            yield waiting

    def _require_same(self, header: Header) -> None:
        scheme = self.scheme
        for name, found, own, remedy in (
            ("mixture", header.mixture, scheme.mixture_identity, "give the solution that encoded it"),
            ("law p_X", header.source, scheme.source_identity, "give the p_x that encoded it"),
            ("problem", header.problem, scheme.problem_identity, "give the problem that encoded it"),
        ):
            if found is not None and own is not None and found != own:
                raise CodecError(
                    f"the stream was made with {name} {found.hex()}, this is {name} {own.hex()}",
                    remedy=remedy,
                )
        if header.seed_check != scheme.seed_check(self._seed):
            raise CodecError("the stream was made with another seed", remedy="give the seed that encoded it")

    def _letters(self, chunk: Chunk, at: int) -> NDArray[np.int64]:
        scheme = self.scheme
        order, parts = self._groups(at, chunk.symbols)
        coded = [(mapping, part) for mapping, part in parts if len(scheme.images[mapping]) > 1]
        sorted_y = np.empty(chunk.symbols, np.int64)
        for mapping, part in parts:
            sorted_y[part] = scheme.images[mapping][0]
        columns = decoded_groups(
            chunk.payload, ((scheme.model(mapping), part.stop - part.start) for mapping, part in coded)
        )
        for (mapping, part), found in zip(coded, columns, strict=True):
            sorted_y[part] = scheme.images[mapping][found]
        y = np.empty_like(sorted_y)
        y[order] = sorted_y
        return y
