"""Encoder and decoder: exact, in chunks as in one piece, and refusing what does not belong together."""

from __future__ import annotations

import io
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.codec import Decoder, Encoder
from mecbopt.errors import CodecError, NotSupportedError, ProblemError
from mecbopt.testing import mixtures, pmfs
from mecbopt.testing.laws import as_mixture

P_X = [0.4, 0.3, 0.2, 0.1]
MIXTURE = mb.Mixture([[0, 1, 2, 0], [2, 2, 1, 1], [0, 0, 0, 0]], [0.5, 0.3, 0.2])


def stream(x, seed=5, chunk=64, **options):
    return Encoder(MIXTURE, P_X, seed=seed, chunk_symbols=chunk).encode(x, **options)


def letters(count, seed=0):
    return np.random.default_rng(seed).choice(4, count, p=P_X)


@st.composite
def _schemes(draw):
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    mixture = as_mixture(*draw(mixtures(n, m)))
    x = draw(st.lists(st.integers(0, n - 1), max_size=40))
    return mixture, draw(pmfs(n, n)), x


@given(
    scheme=_schemes(),
    seed=st.integers(0, 2**64 - 1),
    chunk=st.integers(1, 50),
    first=st.integers(0, 2**40),
)
def test_the_decoder_gets_the_outputs_exactly(scheme, seed, chunk, first):
    """y_i = f_{u_i}(x_i) with one u_i for both sides, for any mixture, law, seed and size of chunks."""
    mixture, p_x, x = scheme
    encoder = Encoder(mixture, p_x, seed=seed, chunk_symbols=chunk)
    y, k = encoder.outputs(x, first=first)
    assert np.array_equal(y, mixture.mappings[k, np.array(x, dtype=int)])
    blob = encoder.encode(x, first=first)
    assert np.array_equal(Decoder(mixture, p_x, seed=seed).decode(blob), y)
    assert encoder.encode(x, first=first) == blob


@given(cuts=st.lists(st.integers(0, 300), max_size=8), dtype=st.sampled_from("bBhHiIqQ"))
def test_blocks_of_any_size_and_type_give_the_same_stream(cuts, dtype):
    x = letters(300)
    ends = [0, *sorted(cuts), 300]
    blocks = [x[a:b].astype(dtype if i % 2 else "u8") for i, (a, b) in enumerate(pairwise(ends))]
    pieces = Encoder(MIXTURE, P_X, seed=5, chunk_symbols=64).encode_blocks(blocks)
    assert b"".join(pieces) == stream(x)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 200])
def test_chunks_at_their_edges(count):
    blob = stream(letters(count))
    parts = list(Decoder(MIXTURE, P_X, seed=5).decode_blocks(io.BytesIO(blob)))
    assert [len(part) for part in parts] == [64] * (count // 64) + [count % 64] * (count % 64 > 0)
    joined = np.concatenate(parts) if parts else np.empty(0, int)
    assert np.array_equal(joined, Encoder(MIXTURE, P_X, seed=5).outputs(letters(count))[0])
    assert Decoder(MIXTURE, P_X, seed=5).decode(blob).dtype == np.int64


def test_a_pipe_that_gives_few_bytes_at_a_time_will_do():
    class Dripping(io.RawIOBase):
        def __init__(self, blob):
            self.left = blob

        def read(self, size=-1):
            part, self.left = self.left[: min(size, 3)], self.left[min(size, 3) :]
            return part

    blob = stream(letters(500))
    parts = Decoder(MIXTURE, P_X, seed=5).decode_blocks(Dripping(blob))
    assert np.array_equal(np.concatenate(list(parts)), Decoder(MIXTURE, P_X, seed=5).decode(blob))


def test_one_index_has_one_mapping_wherever_the_stream_begins():
    encoder = Encoder(MIXTURE, P_X, seed=9)
    whole = encoder.outputs(letters(200))[1]
    assert np.array_equal(encoder.outputs(letters(50), first=150)[1], whole[150:])
    assert not np.array_equal(Encoder(MIXTURE, P_X, seed=10).outputs(letters(200))[1], whole)


def test_a_letter_of_mass_zero_is_sent_at_a_price():
    mixture = mb.Mixture([[0, 1]], [1.0])
    coder = {"p_x": [1.0, 0.0], "seed": 0}
    cheap, dear = (Encoder(mixture, **coder).encode([letter] * 100) for letter in (0, 1))
    assert np.array_equal(Decoder(mixture, **coder).decode(dear), np.ones(100))
    assert len(dear) - len(cheap) == pytest.approx(300, abs=8)  # 24 bits each


def test_a_mapping_of_hardly_any_weight_is_hardly_ever_picked():
    """Its part of 2**64 may be empty, at the end as between others."""
    mappings, x = [[0], [1], [2]], np.zeros(10_000, dtype=int)
    for weights, never in (([1.0, 1e-300, 1e-10], 1), ([1.0, 5e-10, 1e-300], 2), ([1e-300, 1.0, 1e-12], 0)):
        mixture = mb.Mixture(mappings, weights)
        y, _ = Encoder(mixture, [1.0], seed=1).outputs(x)
        assert never not in y
        blob = Encoder(mixture, [1.0], seed=1).encode(x)
        assert np.array_equal(Decoder(mixture, [1.0], seed=1).decode(blob), y)


def test_more_mappings_than_a_byte_counts():
    rng = np.random.default_rng(0)
    mixture = mb.Mixture(rng.integers(0, 300, (300, 40)), np.full(300, 1 / 300))
    x, p_x = rng.integers(0, 40, 5000), np.full(40, 1 / 40)
    encoder = Encoder(mixture, p_x, seed=2)
    y, k = encoder.outputs(x)
    assert k.max() > 255
    assert np.array_equal(Decoder(mixture, p_x, seed=2).decode(encoder.encode(x)), y)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"seed": 6}, "another seed"),
        ({"mixture": mb.Mixture(MIXTURE.mappings, [0.5, 0.3 + 1e-15, 0.2])}, "mixture"),
        ({"mixture": mb.Mixture(MIXTURE.mappings[::-1], [0.2, 0.3, 0.5])}, "mixture"),
        ({"mixture": mb.Mixture([[0, 1, 2, 0], [2, 2, 1, 1], [1, 1, 1, 1]], [0.5, 0.3, 0.2])}, "mixture"),
        ({"p_x": [0.4, 0.3, 0.1999, 0.1001]}, "law p_X"),
    ],
)
def test_what_does_not_belong_to_the_stream_is_refused_by_name(other, reason):
    own = {"mixture": MIXTURE, "p_x": P_X, "seed": 5}
    blob = stream(letters(300))
    Decoder(**own).decode(blob)
    with pytest.raises(CodecError, match=reason):
        Decoder(**{**own, **other}).decode(blob)


def test_laws_that_differ_by_a_rounding_decode_each_other():
    """p_x from a file or from another sum may be off in its last bit: the tables are the same."""
    nudged = np.nextafter(P_X, [1, 0, 1, 0])
    assert not np.array_equal(nudged, P_X)
    blob = stream(letters(300))
    Decoder(MIXTURE, nudged, seed=5).decode(blob)


def test_a_stream_of_a_problem_is_tied_to_it():
    problem = mb.Problem(["2/5", "3/10", "1/5", "1/10"], [0.5, 0.3, 0.2], rate=0.6)
    solution = mb.solve(problem)
    blob = Encoder(solution.mixture, problem, seed=1).encode(letters(100))
    read = mb.Solution.from_json(solution.to_json())
    y = Decoder(read.mixture, read.problem, seed=1).decode(blob)
    # Without a problem there is nothing to compare.
    assert np.array_equal(Decoder(solution.mixture, P_X, seed=1).decode(blob), y)
    for change in ({"rate": 0.61}, {"y_letters": ("a", "b", "c")}, {"p_y": [0.5, 0.2, 0.3]}):
        with pytest.raises(CodecError, match="made with problem"):
            Decoder(solution.mixture, problem.replace(**change), seed=1).decode(blob)


def test_a_problem_that_no_file_holds_can_be_operated():
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], constraints=(lambda coupling: coupling[0, 0] <= 0.4,))
    mixture = mb.Mixture([[0, 1], [1, 0]], [0.8, 0.2])
    blob = Encoder(mixture, problem, seed=0).encode([0, 1, 1])
    assert len(Decoder(mixture, problem, seed=0).decode(blob)) == 3


@pytest.mark.parametrize(
    ("x", "named"),
    [
        ([0, 1, 4], r"x\[2\] is 4"),
        ([0, -1], r"x\[1\] is -1"),
        (np.array([0, 2**64 - 1], dtype=np.uint64), r"x\[1\] is 18446744073709551615"),
        ([0.0, 1.0], "float64"),
        ([True, False], "bool"),
        (["a"], "x holds"),
        ([[0, 1], [1, 0]], "shape"),
        (3, "shape"),
        ([[0], [1, 2]], "x is"),
        ([2**70], "x holds"),
    ],
)
def test_what_is_no_row_of_letters_is_refused(x, named):
    with pytest.raises(ProblemError, match=named):
        Encoder(MIXTURE, P_X, seed=0).encode(x)


def test_a_wrong_letter_in_a_later_block_has_the_index_of_the_stream():
    blocks = [[0] * 100, [0, 0, 7]]
    with pytest.raises(ProblemError, match=r"x\[102\] is 7"):
        list(Encoder(MIXTURE, P_X, seed=0, chunk_symbols=16).encode_blocks(blocks))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**64}, "seed is 18446744073709551616"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": None}, "seed is None"),
        ({"p_x": [0.5, 0.5]}, "p_x has 2 letters"),
        ({"p_x": [0.5, 0.3, 0.2, 0.1]}, "p_x sums"),
        ({"mixture": [[0, 1]]}, "mixture is"),
        ({"mixture": None}, "mixture is None"),
        ({"chunk_symbols": 0}, "chunk_symbols is 0"),
        ({"chunk_symbols": 2**23}, "chunk_symbols is 8388608"),
    ],
)
def test_wrong_arguments_are_named(arguments, named):
    own = {"mixture": MIXTURE, "p_x": P_X, "seed": 5}
    with pytest.raises(ProblemError, match=named):
        Encoder(**{**own, **arguments})


@pytest.mark.parametrize("first", [-1, 2**64, 0.5, "0"])
def test_a_wrong_first_index_is_named_before_anything_is_written(first):
    with pytest.raises(ProblemError, match="first is"):
        Encoder(MIXTURE, P_X, seed=5).encode_blocks([], first=first)


def test_an_alphabet_beyond_the_format_is_refused():
    with pytest.raises(NotSupportedError, match="65537 letters of Y"):
        Encoder(mb.Mixture([[0, 65536]], [1.0]), [0.5, 0.5], seed=0)


@pytest.mark.parametrize("blob", ["text", None, 3])
def test_what_is_no_bytes_is_refused(blob):
    with pytest.raises(ProblemError, match="blob is"):
        Decoder(MIXTURE, P_X, seed=0).decode(blob)


def test_coders_go_to_other_processes():
    encoder, decoder = Encoder(MIXTURE, P_X, seed=5), Decoder(MIXTURE, P_X, seed=5)
    blob, y = encoder.encode(letters(50)), encoder.outputs(letters(50))[0]
    decoder.decode(blob)  # models are built
    encoder, decoder = pickle.loads(pickle.dumps((encoder, decoder)))
    assert encoder.encode(letters(50)) == blob
    assert np.array_equal(decoder.decode(blob), y)


def test_bytes_of_any_kind_are_taken():
    blob = stream(letters(10))
    for kind in (bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8)):
        assert len(Decoder(MIXTURE, P_X, seed=5).decode(kind(blob))) == 10
