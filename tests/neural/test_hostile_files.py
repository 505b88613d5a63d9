"""Streams and model files made to harm: right checksums over wrong claims, refused before they cost much."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.coding.container import Container  # noqa: E402
from mecbopt.coding.errors import TableError  # noqa: E402
from mecbopt.coding.range_coding import MOST_SYMBOLS, decoded, decoded_payload, payload_of  # noqa: E402
from mecbopt.coding.tables import PRECISION_BITS, CodingTables  # noqa: E402
from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.coding.model_file import load_classifiers, load_judge, load_model  # noqa: E402
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors  # noqa: E402
from mecbopt.neural.errors import ConfigError, DatasetError, ModelFileError, StreamError  # noqa: E402

KIND = "mecbopt-image-model"


def _resident_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_a_short_stream_that_claims_ten_million_images_is_refused_at_once(saved_model):
    identity = saved_model[1].identity
    blob = Container(identity, 0, 0, 10**7, (b"\0" * 3,), False).to_bytes()
    assert len(blob) <= 30
    before, started = _resident_mib(), time.process_time()
    with pytest.raises(StreamError, match="images"):
        ImageCodec(saved_model[1]).decode_symbols(blob)
    assert time.process_time() - started < 2.0
    assert _resident_mib() - before < 50


def test_the_payload_bounds_the_images_below_the_cap(saved_model):
    """Every image costs at least the tables' least bits: 1,000 of them do not fit into three bytes."""
    codec = ImageCodec(saved_model[1])
    assert saved_model[1].tables.least_bits() > 0.2
    blob = Container(saved_model[1].identity, 0, 0, 1000, (b"\0" * 3,), False).to_bytes()
    with pytest.raises(StreamError, match="at least"):
        codec.decode_symbols(blob)


def test_no_honest_stream_is_below_the_least_bits(saved_model):
    """The cheapest image there is, a thousand times: the stream of it decodes."""
    tables = saved_model[1].tables
    best = tables.counts.max(axis=1).argmax(axis=1)
    levels = np.tile(tables.counts[np.arange(tables.dimensions), :, best].argmax(axis=1), (1000, 1))
    symbols = np.tile(tables.low + best, (1000, 1))
    payload = payload_of(tables, symbols, levels)
    assert 8 * len(payload) + 96 >= 1000 * tables.least_bits()
    assert np.array_equal(decoded_payload(tables, payload, levels), symbols)


@pytest.mark.parametrize("per_image", [False, True])
@pytest.mark.parametrize("tail", [b"\0", b"\0" * 9, b"appended"])
def test_bytes_appended_to_a_payload_are_found(saved_model, sources, per_image, tail):
    codec = ImageCodec(saved_model[1])
    honest = Container.from_bytes(codec.compress(sources, per_image=per_image).blob)
    payloads = (*honest.payloads[:-1], honest.payloads[-1] + tail)
    forged = Container(honest.identity, honest.seed, honest.first_index, honest.images, payloads, per_image)
    with pytest.raises(StreamError, match="not what an encoder writes"):
        codec.decode_symbols(forged.to_bytes())


def test_a_large_set_is_whole_words_and_nothing_behind_them(saved_model):
    codec = ImageCodec(saved_model[1])
    sources = torch.rand(1500, 1, 4, 4, generator=torch.Generator().manual_seed(8))
    honest = Container.from_bytes(codec.compress(sources).blob)
    forged = Container(honest.identity, 0, 0, 1500, (honest.payloads[0] + b"\0" * 4,), False)
    with pytest.raises(StreamError, match="not what an encoder writes"):
        codec.decode_symbols(forged.to_bytes())


def _resealed(body):
    return bytes(body) + zlib.crc32(body).to_bytes(4, "big")


def test_a_number_has_one_spelling_in_the_header(saved_model, sources):
    """LEB128 lets a zero group follow: two streams of one content, or a field beyond 64 bits."""
    blob = ImageCodec(saved_model[1], seed=5).compress(sources[:2]).blob
    body = bytearray(blob[:-4])
    assert body[14] == 5
    for spelling in (b"\x85\x00", b"\x85\x80\x00", b"\xff" * 9 + b"\x7f"):
        forged = _resealed(bytes(body[:14]) + spelling + bytes(body[15:]))
        with pytest.raises(StreamError, match="shortest form"):
            Container.from_bytes(forged)
    with pytest.raises(StreamError, match="64"):
        Container(bytes(8), 2**64, 0, 0, (b"",), False).to_bytes()


def test_images_one_by_one_need_a_byte_each():
    body = Container(bytes(8), 0, 0, 2, (b"", b""), True).to_bytes()[:-4]
    forged = bytearray(body)
    forged[16:17] = b"\xff\xff\xff\x7f"
    with pytest.raises(StreamError, match="bytes are left"):
        Container.from_bytes(_resealed(forged))


def test_more_escapes_than_bits_are_damage():
    """Tables that make the escape nearly free: each escaped value still takes two bits of the payload."""
    total = 1 << PRECISION_BITS
    tables = CodingTables(np.array([0]), np.array([[[1, total - 1]]], dtype=np.uint32))
    levels = np.zeros((200_000, 1), dtype=np.int64)
    started = time.process_time()
    with pytest.raises(StreamError, match="escapes"):
        decoded(tables, np.full(3, 2**31, dtype=np.uint32), levels)
    assert time.process_time() - started < 5.0


def test_an_encoder_refuses_what_no_decoder_takes(saved_model):
    many = MOST_SYMBOLS // saved_model[1].tables.dimensions + 1
    images = torch.zeros(1, 1, 4, 4, dtype=torch.uint8).expand(many, 1, 4, 4)
    with pytest.raises(DatasetError, match="in parts"):
        ImageCodec(saved_model[1]).symbols(images)


def _forged(saved_model, path, change):
    """A model file with a right digest over a changed record and changed tensors."""
    tensors, record, _ = read_tensors(saved_model[0], KIND)
    change(record, tensors)
    write_tensors(path, KIND, tensors, record)
    return path


def _setting(key, value):
    def change(record, _):
        record["config"]["model"][key] = value

    return change


def _entry(key, value):
    def change(record, _):
        record[key] = value

    return change


def _tensor(name, value):
    def change(_, tensors):
        tensors[name] = value(tensors[name]) if callable(value) else value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _entry("clean_shape", [1, 0, 0]),  # an endless loop of halvings
        _entry("clean_shape", [1, 8, 8, 8]),
        _entry("clean_shape", [True, 8, 8]),
        _entry("clean_shape", [1, 2**40, 2**40]),
        _entry("clean_shape", None),
        _entry("degraded_shape", [1, 8, 8]),
        _entry("record", None),
        _entry("record", {"reached": 3}),
        _entry("record", []),
        _entry("config", None),
        _entry("config", {"model": []}),
        _entry("degradation_version", None),
        _setting("hidden", 20_000),  # 3 GB of weights before they were compared
        _setting("width", 2**15),
        _setting("latents", 2**30),
        _setting("noise_dimensions", 10**12),
        _tensor("model.gain", torch.zeros(())),
        _tensor("model.gain", torch.full((), -1.0)),
        _tensor("model.gain", torch.ones(1)),
        _tensor("model.encoder.head.0.bias", lambda value: value * float("nan")),
        _tensor("model.decoder.head.0.bias", lambda value: value / 0.0),
        _tensor("model.encoder.head.0.bias", lambda value: value.double()),
        _tensor("tables.low", lambda value: value.float()),
        _tensor("tables.low", lambda value: value + 2**62),
        _tensor("tables.counts", lambda value: value[:, :, :1]),
        _tensor("foreign", torch.zeros(1)),
    ],
)
def test_a_right_digest_makes_no_model(saved_model, tmp_path, change):
    path = _forged(saved_model, tmp_path / "m.safetensors", change)
    before, started = _resident_mib(), time.process_time()
    with pytest.raises(ModelFileError):
        load_model(path)
    assert time.process_time() - started < 5.0
    assert _resident_mib() - before < 100


def test_weights_that_overflow_are_refused_when_they_are_used(saved_model, tmp_path):
    sources = torch.rand(3, 1, 4, 4)
    blown = _forged(
        saved_model, tmp_path / "e.safetensors", _tensor("model.encoder.head.4.weight", lambda w: w * 1e36)
    )
    with pytest.raises(ModelFileError, match="not sane"):
        ImageCodec(load_model(blown)).compress(sources)

    def both(_, tensors):
        for name, value in tensors.items():
            if name.startswith("model.decoder") and name.endswith("weight"):
                value.mul_(1e30)

    model = load_model(_forged(saved_model, tmp_path / "d.safetensors", both))
    codec = ImageCodec(model)
    with pytest.raises(ModelFileError, match="not numbers"):
        codec.decompress(codec.compress(sources).blob)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"config":' * 100_000,
        '{"config": {"data": {}, "model": {"latents": ' + "9" * 5000 + "}}}",
        '{"config": NaN}',
        '{"config": 1e999}',
        "[]",
        "",
    ],
)
def test_records_that_are_no_records_are_refused(saved_model, tmp_path, text, monkeypatch):
    """The record's text as a forger writes it, with its digest made right."""
    tensors, _, _ = read_tensors(saved_model[0], KIND)
    monkeypatch.setattr("mecbopt.neural.coding.tensor_file.json.dumps", _once(text, json.dumps))
    write_tensors(tmp_path / "m.safetensors", KIND, tensors, {})
    monkeypatch.undo()
    with pytest.raises(ModelFileError, match="record"):
        load_model(tmp_path / "m.safetensors")


def _once(text, dumps):
    state = {"first": True}

    def stand_in(*arguments, **options):
        if state.pop("first", False):
            return text
        return dumps(*arguments, **options)

    return stand_in


@pytest.mark.parametrize("record", [
    {"shape": [1, 0, 0], "classes": 10, "members": 2},
    {"shape": [1, 8, 8], "classes": 10, "members": 10**9},
    {"shape": [1, 8, 8], "classes": 10**9, "members": 1},
    {"shape": [1, 8, 8], "classes": None, "members": 1},
])  # fmt: skip
def test_forged_classifiers_are_refused(tmp_path, record):
    write_tensors(tmp_path / "c.safetensors", "mecbopt-loop-classifiers", {"a": torch.zeros(1)}, record)
    started = time.process_time()
    with pytest.raises(ModelFileError):
        load_classifiers(tmp_path / "c.safetensors")
    assert time.process_time() - started < 5.0


@pytest.mark.parametrize("names", [None, [], "clean", ["clean1"] * 1000, ["clean2"], [{}]])
def test_forged_judges_are_refused(tmp_path, names):
    record = {"shape": [1, 8, 8], "classes": 10, "judges": names}
    write_tensors(tmp_path / "j.safetensors", "mecbopt-judge", {"clean1/x": torch.zeros(1)}, record)
    with pytest.raises(ModelFileError):
        load_judge(tmp_path / "j.safetensors")


def test_tables_of_nothing_and_tables_far_out_are_refused():
    with pytest.raises(TableError):
        CodingTables(np.empty(0, np.int64), np.empty((0, 1, 3), np.uint32))
    row = np.array([[[2**24 - 1, 1]]], dtype=np.uint32)
    with pytest.raises(TableError):
        CodingTables(np.array([2**50]), row)


@pytest.mark.parametrize("name", ["foo", "cuda:99", "", "cpu:x", "meta"])
def test_devices_that_are_none_are_named(saved_model, name):
    with pytest.raises(ConfigError, match="device"):
        load_model(saved_model[0], name)


def test_a_full_disk_leaves_the_old_file_and_one_line(saved_model, tmp_path):
    """A limit on the size of files stands for the disk: safetensors and NumPy meet it in different places."""
    np.savez(tmp_path / "x.npz", x=np.zeros((4000, 4, 4), np.uint8))
    target = tmp_path / "m.safetensors"
    target.write_bytes(b"old")
    script = (
        "import resource, sys\n"
        "from mecbopt.neural.coding.model_file import load_model\n"
        "from mecbopt.neural.errors import ModelFileError\n"
        "from mecbopt.cli.main import entry_point\n"
        "model = load_model(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "try:\n"
        "    model.save(sys.argv[2])\n"
        "except ModelFileError as error:\n"
        "    assert 'cannot be written' in str(error), error\n"
        "else:\n"
        "    sys.exit(9)\n"
        "entry_point(['neural', 'compress', sys.argv[1], sys.argv[3], '--out', sys.argv[4]])\n"
    )
    stream = tmp_path / "a.mbis"
    command = [
        sys.executable,
        "-c",
        script,
        str(saved_model[0]),
        str(target),
        str(tmp_path / "x.npz"),
        str(stream),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.safetensors", "x.npz"]


def test_a_slice_of_the_mutations_finds_nothing():
    """400 of the cases of `python -m tests.stress.neural_files`, in a process with a limit of memory."""
    from tests.stress.neural_files import run

    outcomes, findings = run(400, seed=7)
    assert findings == []
    assert sum(outcomes.values()) == 400
    # The mutations reach both sides: some are refused, some are harmless.
    assert {text.partition(":")[0] for text in outcomes} == {"stream", "model"}
    assert outcomes["stream: StreamError"] > 100
    assert outcomes["model: ModelFileError"] > 60
    assert outcomes["model: used"] > 10
