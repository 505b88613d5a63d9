"""Damage is refused with a reason or harmless; a slice of `python -m tests.stress.symbol_streams`."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.codec import Decoder, Encoder
from mecbopt.coding.symbol_stream import MOST_CHUNK, Chunk, StreamReader, StreamWriter
from mecbopt.errors import CodecError
from tests.codec.test_coder import MIXTURE, P_X, letters, stream
from tests.stress.symbol_streams import run, victims

DECODER = Decoder(MIXTURE, P_X, seed=5)


@pytest.mark.parametrize(("kind", "count"), [(0, 1500), (1, 40)])
def test_a_slice_of_the_damages_finds_nothing(kind, count):
    outcomes, findings = run(count, seed=3, kind=kind)
    assert findings == []
    assert len(outcomes) >= 8


@pytest.mark.slow
def test_ten_thousand_damages_find_nothing():
    assert run(10_000, seed=0)[1] == []


def test_every_truncation_of_a_stream_is_refused():
    blob = stream(letters(150))
    for size in range(len(blob)):
        with pytest.raises(CodecError, match=r"truncated|starts with|is empty"):
            DECODER.decode(blob[:size])


def test_every_single_bit_is_covered():
    blob = stream(letters(100))
    for bit in range(8 * len(blob)):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            DECODER.decode(bytes(changed))


def test_chunks_that_are_swapped_left_out_or_repeated_are_found():
    victim = next(victim for victim in victims() if len(victim.letters) == 500)
    blob = victim.blob
    reader = StreamReader(io.BytesIO(blob))
    chunks = []
    for chunk in reader.chunks():
        chunks.append(chunk)
        reader.decoded(victim.decoder._letters(chunk, 32 * (len(chunks) - 1)))
    sizes = [1 + len(chunk.payload) + 4 + (1 if chunk.last else 0) for chunk in chunks]
    start = len(blob) - 12 - sum(sizes)
    ends = np.cumsum([start, *sizes])
    parts = [blob[a:b] for a, b in pairwise(ends)]
    assert parts[0] != parts[1]
    for order in ([1, 0, *range(2, 16)], [0, *range(2, 16)], [0, 0, *range(1, 16)]):
        forged = blob[:start] + b"".join(parts[k] for k in order) + blob[ends[-1] :]
        with pytest.raises(CodecError, match="checksum of chunk"):
            victim.decoder.decode(forged)


def test_a_decoder_that_decodes_to_something_else_is_found(monkeypatch):
    """As another version of a library might: the letters themselves are under the next checksum."""
    blob = stream(letters(150))
    right = Decoder._letters
    monkeypatch.setattr(Decoder, "_letters", lambda self, chunk, at: right(self, chunk, at)[::-1])
    handed_out = []
    with pytest.raises(CodecError, match="checksum of chunk 2"):
        handed_out.extend(DECODER.decode_blocks(io.BytesIO(blob)))
    assert handed_out == []


def _forged(chunks, **claims):
    """A stream of these chunks of zeros under right checksums."""
    encoder = Encoder(MIXTURE, P_X, seed=5, **claims)
    writer = StreamWriter(encoder._header(0))
    parts = [writer.start()]
    parts += [writer.chunk(chunk, np.zeros(0, np.int64)) for chunk in chunks]
    return b"".join([*parts, writer.end()])


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        (Chunk(65, b"", True), "claims 65 symbols"),
        (Chunk(2**40, b"", True), "claims 1099511627776 symbols"),
        (Chunk(64, bytes(300), True), "claims 300 bytes for 64 symbols"),
        (Chunk(3, b"abcdefgh", True), "not what an encoder writes"),
        (Chunk(3, b"a\0", True), "ends with a zero byte"),
    ],
)
def test_false_claims_are_refused_by_name(chunk, reason):
    with pytest.raises(CodecError, match=reason):
        DECODER.decode(_forged([chunk], chunk_symbols=64))


def test_no_claim_makes_a_decoder_read_what_is_not_there():
    """A chunk of 2**22 symbols may have 12 MB: they are not asked for before they are there."""
    blob = _forged([Chunk(MOST_CHUNK, b"x" * 100, True)], chunk_symbols=MOST_CHUNK)
    claimed = blob.replace(b"\xc9\x01", b"\xff\xff\xff\x0b")
    assert claimed != blob
    with pytest.raises(CodecError, match="truncated"):
        DECODER.decode(claimed)


def test_a_payload_may_be_as_long_as_its_dearest_symbols():
    """The bound on the bytes of a chunk holds for symbols that cost 24 bits each."""
    mixture = mb.Mixture([[0, 1]], [1.0])
    coder = {"mixture": mixture, "p_x": [1.0, 0.0], "seed": 0}
    for count in (1, 2, 3, 1000):
        x = np.ones(count, int)
        assert np.array_equal(Decoder(**coder).decode(Encoder(**coder).encode(x)), x)
