"""Model files: round trip, identity, and every kind of damage refused with its reason."""

from __future__ import annotations

import json
import pickle
import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural.coding.codec import ImageCodec  # noqa: E402
from mecbopt.neural.coding.model_file import (  # noqa: E402
    load_classifiers,
    load_judge,
    load_model,
    save_classifiers,
    save_judge,
)
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors  # noqa: E402
from mecbopt.neural.errors import ModelFileError  # noqa: E402
from mecbopt.neural.model.classifiers import Ensemble, Judge  # noqa: E402


def test_a_model_comes_back_with_its_identity_and_its_code(saved_model, sources):
    path, model = saved_model
    again = load_model(path)
    assert again.digest == model.digest
    assert np.array_equal(again.tables.counts, model.tables.counts)
    assert ImageCodec(again).compress(sources).blob == ImageCodec(model).compress(sources).blob


def test_saving_twice_gives_the_same_identity(tiny_model, tmp_path):
    first, second = (tiny_model.save(tmp_path / name).digest for name in ("a.safetensors", "b.safetensors"))
    assert first == second


def test_any_flipped_byte_is_refused(saved_model, tmp_path):
    """Header, record and weights alike; the digest covers what the format itself does not check."""
    data = saved_model[0].read_bytes()
    rng = np.random.default_rng(0)
    positions = [*range(0, 64), *rng.integers(64, len(data), size=60)]
    target = tmp_path / "damaged.safetensors"
    for position in positions:
        damaged = bytearray(data)
        damaged[position] ^= 0x01
        target.write_bytes(bytes(damaged))
        with pytest.raises(ModelFileError, match=r"damaged|not 'mecbopt|format|record"):
            load_model(target)


@pytest.mark.parametrize("length", [0, 7, 100, -1])
def test_truncation_is_refused(saved_model, tmp_path, length):
    target = tmp_path / "short.safetensors"
    target.write_bytes(saved_model[0].read_bytes()[:length])
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(target)


def test_a_pickle_is_refused_unread(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    target = tmp_path / "model.pt"
    target.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFileError, match="damaged or no safetensors"):
        load_model(target)


def test_other_kinds_absent_files_and_versions_are_named(saved_model, tmp_path):
    with pytest.raises(ModelFileError, match="is not a file"):
        load_model(tmp_path / "absent.safetensors")
    write_tensors(tmp_path / "other.safetensors", "something-else", {"a": torch.zeros(1)}, {})
    with pytest.raises(ModelFileError, match="something-else"):
        load_model(tmp_path / "other.safetensors")
    data = saved_model[0].read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"]["format"] = "99"
    text = json.dumps(header).encode()
    (tmp_path / "new.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data[8 + size :])
    with pytest.raises(ModelFileError, match="format '99'"):
        load_model(tmp_path / "new.safetensors")


def test_a_right_digest_over_a_wrong_record_is_refused(saved_model, tmp_path):
    tensors, record, _ = read_tensors(saved_model[0], "mecbopt-image-model")
    changes = {
        "config": {**record["config"], "model": {**record["config"]["model"], "latents": 6}},
        "degradation_version": 99,
        "clean_shape": [1, 8],
    }
    for key, value in changes.items():
        path = tmp_path / f"{key}.safetensors"
        write_tensors(path, "mecbopt-image-model", tensors, {**record, key: value})
        with pytest.raises(ModelFileError):
            load_model(path)
    del record["config"]
    write_tensors(tmp_path / "none.safetensors", "mecbopt-image-model", tensors, record)
    with pytest.raises(ModelFileError, match="record"):
        load_model(tmp_path / "none.safetensors")


def test_an_unsaved_model_has_no_identity(tiny_model):
    with pytest.raises(ModelFileError, match="save it first"):
        ImageCodec(tiny_model).compress(torch.zeros(1, 1, 4, 4))


def test_classifiers_and_judges_come_back(tmp_path):
    image = torch.rand(2, 1, 8, 8)
    ensemble, judges = Ensemble((1, 8, 8), 10, 3), {"clean": Judge((1, 8, 8), 10)}
    record = {"shape": [1, 8, 8], "classes": 10, "members": 3}
    save_classifiers(tmp_path / "c.safetensors", ensemble, record)
    save_judge(tmp_path / "j.safetensors", judges, record)
    assert torch.equal(load_classifiers(tmp_path / "c.safetensors")[0](image), ensemble(image))
    assert torch.equal(load_judge(tmp_path / "j.safetensors")[0]["clean"](image), judges["clean"](image))
    with pytest.raises(ModelFileError, match="mecbopt-judge"):
        load_judge(tmp_path / "c.safetensors")


def test_a_folder_that_cannot_be_written_is_named(tiny_model, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match="cannot be written"):
        tiny_model.save(tmp_path / "file" / "model.safetensors")
