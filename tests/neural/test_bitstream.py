"""Range coding, container and codec: exact symbols, real bytes, damage refused with a reason."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.coding.container import Container  # noqa: E402
from mecbopt.coding.range_coding import decoded, encoded, terminated, words_of  # noqa: E402
from mecbopt.coding.tables import PRECISION_BITS, CodingTables  # noqa: E402
from mecbopt.errors import CodecError  # noqa: E402
from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.errors import DatasetError, StreamError  # noqa: E402


def _tables(seed=0, dimensions=3, levels=4, width=9):
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(width + 1, 0.3), size=(dimensions, levels))
    counts = np.floor(share * (2**PRECISION_BITS - width - 1)).astype(np.int64) + 1
    counts[..., 0] += 2**PRECISION_BITS - counts.sum(axis=2)
    return CodingTables(np.array([-4, 0, 7])[:dimensions], counts.astype(np.uint32))


def _draw(tables, count, seed=1):
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, tables.levels, size=(count, tables.dimensions))
    rows = tables.rows(levels).cumsum(axis=1)
    columns = (rng.random((len(rows), 1)) > rows).sum(axis=1).reshape(levels.shape)
    return tables.low + np.minimum(columns, tables.width - 1), levels


@pytest.mark.parametrize("count", [0, 1, 7, 5000])
def test_symbols_survive_and_cost_what_the_tables_say(count):
    tables = _tables()
    symbols, levels = _draw(tables, count)
    words = encoded(tables, symbols, levels)
    assert np.array_equal(decoded(tables, words, levels), symbols)
    # The library flushes at most two words.
    assert 0 <= 32 * len(words) - tables.bits(symbols, levels).sum() + 1 <= 66


def test_the_coder_uses_the_integer_counts_exactly():
    """A symbol with count 3 of 2**24 costs 24 - log2 3 bits: rounding by a count would show (0.4 bits)."""
    counts = np.array([[[2**24 - 4, 3, 1]]], dtype=np.uint32)
    tables = CodingTables(np.array([0]), counts)
    symbols = np.full((20000, 1), 1)
    words = encoded(tables, symbols, np.zeros_like(symbols))
    assert 32 * len(words) / 20000 == pytest.approx(24 - np.log2(3), abs=0.01)


@pytest.mark.parametrize("value", [-(2**35), -1000, -5, 5, 16, 10**6, 2**38])
def test_values_outside_the_tables_escape(value):
    tables = _tables()
    symbols, levels = _draw(tables, 30)
    symbols[4, 1] = value
    symbols[29, 2] = -value
    words = encoded(tables, symbols, levels)
    assert np.array_equal(decoded(tables, words, levels), symbols)
    # Both estimates count the escaped value; the stream is a whole number of words.
    assert abs(32 * len(words) - tables.bits(symbols, levels).sum()) <= 66


def test_an_insane_value_is_refused():
    tables = _tables()
    symbols, levels = _draw(tables, 2)
    symbols[0, 0] = 2**50
    with pytest.raises(StreamError, match="too far out"):
        encoded(tables, symbols, levels)


@pytest.mark.parametrize("seed", range(5))
def test_short_termination_decodes_and_saves(seed):
    tables = _tables(seed)
    symbols, levels = _draw(tables, 40, seed)
    spare = []
    for row in range(40):
        one, level = symbols[row : row + 1], levels[row : row + 1]
        payload = terminated(tables, one, level)
        assert np.array_equal(decoded(tables, words_of(payload), level), one)
        spare.append(8 * len(payload) - tables.bits(one, level)[0])
    assert np.mean(spare) < 8.0
    assert max(spare) < 17.0


def test_a_container_is_stable_and_parses_back():
    container = Container(bytes(range(8)), 300, 5, 2, (b"abc", b""), True)
    blob = container.to_bytes()
    assert blob[:-4].hex() == "6d626973010100010203040506" + "07" + "ac02" + "05" + "02" + "03616263" + "00"
    assert Container.from_bytes(blob) == container


def test_every_damaged_byte_and_every_truncation_is_refused():
    blob = Container(bytes(8), 0, 0, 3, (b"payload of some length",), False).to_bytes()
    for position in range(len(blob)):
        damaged = bytearray(blob)
        damaged[position] ^= 0x40
        with pytest.raises(StreamError):
            Container.from_bytes(bytes(damaged))
    for length in range(len(blob)):
        with pytest.raises(StreamError):
            Container.from_bytes(blob[:length])
    with pytest.raises(StreamError):
        Container.from_bytes(blob + b"\0")


@pytest.mark.parametrize("per_image", [False, True])
def test_images_decode_to_the_encoders_symbols(saved_model, sources, per_image):
    codec = ImageCodec(saved_model[1], seed=9)
    coded = codec.compress(sources, first_index=17, per_image=per_image)
    symbols, _, container = ImageCodec(saved_model[1]).decode_symbols(coded.blob)
    assert np.array_equal(symbols, coded.symbols)
    assert (container.seed, container.first_index, container.images) == (9, 17, 200)
    outputs = codec.decompress(coded.blob)
    assert outputs.shape == (200, 1, 8, 8)
    assert torch.equal(outputs, codec.decompress(coded.blob))


def test_coded_bits_are_within_one_per_cent_of_estimated(saved_model):
    sources = torch.rand(2000, 1, 4, 4, generator=torch.Generator().manual_seed(8))
    coded = ImageCodec(saved_model[1]).compress(sources)
    assert coded.payload_bits == pytest.approx(coded.estimated_bits, rel=0.01)
    # Header and checksum: at most 32 bytes, whatever the number of images.
    assert coded.container_bits - coded.payload_bits <= 8 * 32
    assert coded.table_bits == pytest.approx(coded.estimated_bits, rel=1e-3)


def test_streams_of_short_sets_are_cut(saved_model):
    """At most two bytes above the tables' ideal length, and they decode."""
    sources = torch.rand(1024, 1, 4, 4, generator=torch.Generator().manual_seed(8))
    codec = ImageCodec(saved_model[1])
    for count in (3, 100, 359, 1024):
        coded = codec.compress(sources[:count])
        assert coded.payload_bits <= coded.table_bits + 16
        assert np.array_equal(codec.decode_symbols(coded.blob)[0], coded.symbols)


def test_two_thousand_images_decode_exactly_in_a_fresh_process(saved_model, tmp_path):
    """The fresh process sees the model file and the stream alone."""
    path, model = saved_model
    sources = torch.rand(2000, 1, 4, 4, generator=torch.Generator().manual_seed(8))
    coded = ImageCodec(model, seed=4).compress(sources)
    stream, target = tmp_path / "a.mbis", tmp_path / "z.npz"
    stream.write_bytes(coded.blob)
    command = [sys.executable, "-m", "mecbopt", "neural", "decompress", str(path), str(stream)]
    done = subprocess.run(
        [*command, "--symbols", "--out", str(target)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with np.load(target) as archive:
        assert np.array_equal(archive["z"], coded.symbols)
        assert archive["y"].shape == (2000, 8, 8, 1)


def test_a_stream_of_another_model_is_refused(saved_model, tiny_model, sources, tmp_path):
    from dataclasses import replace

    other = replace(tiny_model, record={"dataset": {"dataset": "other"}}).save(tmp_path / "other.safetensors")
    blob = ImageCodec(saved_model[1]).compress(sources[:3]).blob
    with pytest.raises(CodecError, match="was made by model"):
        ImageCodec(other).decode_symbols(blob)


def test_a_payload_of_garbage_under_a_right_checksum_gives_symbols_or_a_reason(saved_model):
    """A forged payload may decode to something, but never crashes."""
    codec = ImageCodec(saved_model[1])
    rng = np.random.default_rng(0)
    for _ in range(20):
        blob = Container(saved_model[1].identity, 0, 0, 4, (rng.bytes(8),), False).to_bytes()
        try:
            symbols, _, _ = codec.decode_symbols(blob)
        except StreamError:
            continue
        assert symbols.shape == (4, 5)


def test_images_of_the_wrong_shape_are_refused(saved_model):
    with pytest.raises(DatasetError, match="degrade"):
        ImageCodec(saved_model[1]).compress(torch.zeros(3, 1, 8, 8))


def test_no_images_make_an_empty_stream(saved_model):
    codec = ImageCodec(saved_model[1])
    for per_image in (False, True):
        assert len(codec.decompress(codec.compress(torch.zeros(0, 1, 4, 4), per_image=per_image).blob)) == 0


def test_the_seed_changes_the_code_and_its_absence_the_dither(saved_model, sources):
    first, second = (ImageCodec(saved_model[1], seed=seed).symbols(sources)[0] for seed in (1, 2))
    assert not np.array_equal(first, second)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_stream_made_on_a_gpu_decodes_alike_on_both(saved_model, sources):
    from mecbopt.neural.coding.model_file import load_model

    codec = ImageCodec(load_model(saved_model[0], "cuda"), seed=3)
    coded = codec.compress(sources)
    for other in (codec, ImageCodec(saved_model[1])):
        assert np.array_equal(other.decode_symbols(coded.blob)[0], coded.symbols)
