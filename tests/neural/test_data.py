"""Data sets, splits and degradations; torchvision's official readers on small official-format files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural import streams  # noqa: E402
from mecbopt.neural.config import DataConfig  # noqa: E402
from mecbopt.neural.data.datasets import ROOT_VARIABLE, load_dataset, split_by_group  # noqa: E402
from mecbopt.neural.data.degradations import DEGRADATIONS, degradation  # noqa: E402
from mecbopt.neural.errors import ConfigError, DatasetError  # noqa: E402


def test_digits_need_nothing_and_split_alike_every_time():
    first, second = (load_dataset(DataConfig()) for _ in range(2))
    assert first.shape == (1, 8, 8)
    assert first.classes == 10
    assert len(first.train_images) + len(first.validation_images) + len(first.test_images) == 1797
    assert torch.equal(first.test_images, second.test_images)
    other = load_dataset(DataConfig(split_seed=1))
    assert not torch.equal(first.test_images, other.test_images)
    assert first.label_entropy_bits() == pytest.approx(3.32, abs=0.02)


def test_limits_cut_and_too_many_held_out_are_refused():
    cut = load_dataset(DataConfig(train_limit=50, test_limit=20, validation_count=30))
    assert [len(part) for part in (cut.train_images, cut.validation_images, cut.test_images)] == [50, 30, 20]
    assert cut.record["train"] == 50
    with pytest.raises(DatasetError, match="choose fewer"):
        load_dataset(DataConfig(validation_count=5000))


def _write_idx(path, array):
    head = b"\0\0\x08" + bytes([array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))


def _mnist(root):
    rng = np.random.default_rng(0)
    for name, count in (("train", 60), ("t10k", 20)):
        _write_idx(root / f"MNIST/raw/{name}-images-idx3-ubyte.gz", rng.integers(0, 256, (count, 28, 28)))
        _write_idx(root / f"MNIST/raw/{name}-labels-idx1-ubyte.gz", np.arange(count) % 10)


def test_mnist_in_its_original_files(tmp_path, monkeypatch):
    _mnist(tmp_path)
    data = load_dataset(DataConfig(dataset="mnist", validation_count=10), tmp_path)
    assert data.shape == (1, 28, 28)
    assert (len(data.train_images), len(data.test_images)) == (50, 20)
    assert data.test_labels.tolist() == [index % 10 for index in range(20)]
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert torch.equal(
        load_dataset(DataConfig(dataset="mnist", validation_count=10)).test_images, data.test_images
    )


def test_damaged_mnist_files_are_named(tmp_path):
    _mnist(tmp_path)
    path = tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-3]))
    with pytest.raises(DatasetError, match="damaged"):
        load_dataset(DataConfig(dataset="mnist", validation_count=10), tmp_path)
    path.write_bytes(b"no gzip")
    with pytest.raises(DatasetError, match="unpacked"):
        load_dataset(DataConfig(dataset="mnist", validation_count=10), tmp_path)
    path.unlink()
    with pytest.raises(DatasetError, match="t10k-labels"):
        load_dataset(DataConfig(dataset="mnist", validation_count=10), tmp_path)


def test_svhn_in_the_official_files(tmp_path, monkeypatch):
    """Torchvision's reader of the .mat files, on small files of the same layout (checksums aside)."""
    torchvision = pytest.importorskip("torchvision", reason="the official files are read by torchvision")
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("test", 12)):
        images = rng.integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        savemat(tmp_path / f"{part}_32x32.mat", {"X": images, "y": (np.arange(count) % 10 + 1)[:, None]})
    monkeypatch.setattr(torchvision.datasets.svhn, "check_integrity", lambda *_: True)
    data = load_dataset(DataConfig(dataset="svhn", validation_count=5), tmp_path)
    assert data.shape == (3, 32, 32)
    assert (len(data.train_images), len(data.test_images)) == (35, 12)
    assert "official" in data.record["protocol"]
    assert 0 in data.test_labels.tolist()


def test_incomplete_official_svhn_is_named(tmp_path):
    (tmp_path / "train_32x32.mat").write_bytes(b"not a matrix")
    with pytest.raises(DatasetError, match="incomplete"):
        load_dataset(DataConfig(dataset="svhn"), tmp_path)


def _npz(path, count, first_group, with_group=True, seed=0):
    rng = np.random.default_rng(seed)
    arrays = {"x": rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8), "y": np.arange(count) % 10}
    if with_group:
        arrays["group"] = first_group + np.arange(count) // 2
    np.savez(path, **arrays)


def test_photographs_never_stand_on_both_sides(tmp_path):
    folder = tmp_path / "svhn"
    folder.mkdir()
    _npz(folder / "crops_train.npz", 100, 1, seed=1)
    _npz(folder / "crops_test.npz", 2501, 1, seed=2)
    data = load_dataset(DataConfig(dataset="svhn", validation_count=60), tmp_path)
    assert len(data.test_images) == 2000
    assert "by photograph" in data.record["protocol"]
    # 501 items before the last 2,000; item 500 shares its photograph with the first held item and is dropped.
    assert len(data.train_images) + len(data.validation_images) <= 100 + 500
    assert len(data.validation_images) == 60
    # Every crop is of random pixels, so equal crops are the same crop: none on two sides.
    rows = [
        {image.numpy().tobytes() for image in part} for part in (data.train_images, data.validation_images)
    ]
    assert not rows[0] & rows[1]


def test_split_by_group_excludes_shared_groups():
    groups = np.array([5, 5, 7, 7, 7, 9, 7])
    train, test = split_by_group(groups, 2)
    assert test.tolist() == [5, 6]
    assert train.tolist() == [0, 1]
    with pytest.raises(DatasetError, match="test_items"):
        split_by_group(groups, 7)


def test_npz_folders_with_and_without_photographs(tmp_path):
    _npz(tmp_path / "a_train.npz", 30, 0, with_group=False)
    _npz(tmp_path / "a_test.npz", 10, 0, with_group=False)
    data = load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    assert (len(data.train_images), len(data.test_images)) == (24, 10)
    assert data.shape == (3, 8, 8)


@pytest.mark.parametrize("fault", ["missing", "dtype", "keys", "pickle", "garbage"])
def test_faulty_npz_folders_are_named(tmp_path, fault):
    _npz(tmp_path / "a_train.npz", 30, 0)
    path = tmp_path / "a_test.npz"
    if fault == "dtype":
        np.savez(path, x=np.zeros((4, 8, 8)), y=np.zeros(4))
    elif fault == "keys":
        np.savez(path, x=np.zeros((4, 8, 8), np.uint8))
    elif fault == "pickle":
        np.savez(path, x=np.array([None, {}], dtype=object), y=np.zeros(2))
    elif fault == "garbage":
        path.write_bytes(b"PK nothing")
    with pytest.raises(DatasetError):
        load_dataset(DataConfig(dataset="npz", validation_count=5), tmp_path)


def test_no_root_unknown_name_and_absent_folder_are_named(monkeypatch, tmp_path):
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    with pytest.raises(DatasetError, match=ROOT_VARIABLE):
        load_dataset(DataConfig(dataset="mnist"))
    with pytest.raises(DatasetError, match="choose one of"):
        load_dataset(DataConfig(dataset="cifar"))
    with pytest.raises(DatasetError, match="no folder"):
        load_dataset(DataConfig(dataset="mnist"), tmp_path / "absent")


@pytest.mark.parametrize("name", sorted(DEGRADATIONS))
def test_degradations_have_the_shape_they_promise(name):
    item = degradation(name)
    clean = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    degraded = item(clean, streams.generator(0, "test"))
    assert tuple(degraded.shape[1:]) == item.output_shape((1, 28, 28))
    assert torch.equal(degraded, item(clean, streams.generator(0, "test")))
    assert item.mean(clean).shape == degraded.shape
    constant = torch.full((1, 1, 28, 28), 0.25)
    assert torch.allclose(item.mean(constant), torch.full_like(item.mean(constant), 0.25), atol=1e-6)


def test_bicubic_without_antialiasing_ignores_most_pixels():
    """The cubic kernel (a = -3/4) keeps its width: weights (-3, 19, 19, -3)/32 on 4 of 28 columns."""
    clean = torch.zeros(1, 1, 28, 28)
    clean[..., 1:3, 1:3] = 1.0  # the two middle samples in each direction around the first output pixel
    assert float(degradation("bicubic_x4")(clean)[0, 0, 0, 0]) == pytest.approx(1.0)  # (38/32)**2, clamped
    clean[..., 1:3, 1:3] = 0.5
    assert float(degradation("bicubic_x4")(clean)[0, 0, 0, 0]) == pytest.approx(0.5 * (38 / 32) ** 2)


def test_gaussian_noise_has_the_named_spread_and_wants_a_generator():
    item = degradation("gaussian_20")
    noise = item(torch.zeros(50, 3, 32, 32), streams.generator(1, "noise"))
    assert float(noise.std()) == pytest.approx(20 / 255, rel=0.01)
    with pytest.raises(ConfigError, match="generator"):
        item(torch.zeros(1, 1, 8, 8))
    with pytest.raises(ConfigError, match="choose one of"):
        degradation("blur")
    with pytest.raises(DatasetError, match="divides"):
        degradation("area_x4").output_shape((1, 30, 28))


def _write(path, count, seed=0, **changes):
    rng = np.random.default_rng(seed)
    arrays = {"x": rng.integers(0, 256, (count, 8, 8), dtype=np.uint8), "y": np.arange(count) % 4}
    np.savez(path, **{**arrays, **changes})


def _folder(tmp_path, **changes):
    _write(tmp_path / "a_train.npz", 30, 1, **{key: value[:30] for key, value in changes.items()})
    _write(tmp_path / "a_test.npz", 10, 2, **{key: value[:10] for key, value in changes.items()})
    return load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)


@pytest.mark.parametrize("name", ["latest_train", "contest_train", "fastest-training"])
def test_a_training_file_with_test_inside_a_word_is_no_test_file(tmp_path, name):
    """All training images were in the test set."""
    _write(tmp_path / f"{name}.npz", 30, 1)
    _write(tmp_path / "test.npz", 10, 2)
    data = load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    assert (len(data.train_images), len(data.test_images)) == (24, 10)
    (tmp_path / "test.npz").unlink()
    with pytest.raises(DatasetError, match=rf"no \*test\*\.npz \({name}\.npz\)"):
        load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)


def test_a_file_of_both_parts_is_refused(tmp_path):
    _write(tmp_path / "train_and_test.npz", 30)
    with pytest.raises(DatasetError, match="both train and test"):
        load_dataset(DataConfig(dataset="npz"), tmp_path)


def test_photographs_are_compared_between_small_files(tmp_path):
    """Ten of thirty training items are of photographs of the test file: they were on both sides."""
    _write(tmp_path / "a_train.npz", 30, 1, group=np.arange(30))
    _write(tmp_path / "a_test.npz", 10, 2, group=np.arange(20, 30))
    for name in ("npz", "svhn"):
        data = load_dataset(DataConfig(dataset=name, validation_count=5), tmp_path)
        assert len(data.train_images) + len(data.validation_images) == 20
        assert data.record["left_out_of_training"] == 10
    _write(tmp_path / "a_train.npz", 30, 1, group=np.arange(30) % 5 + 20)
    with pytest.raises(DatasetError, match="split by photograph"):
        load_dataset(DataConfig(dataset="npz", validation_count=5), tmp_path)
    _write(tmp_path / "a_train.npz", 30, 1)
    with pytest.raises(DatasetError, match="in both or in none"):
        load_dataset(DataConfig(dataset="npz", validation_count=5), tmp_path)


def test_no_test_item_moves_into_training_unasked(tmp_path):
    """Of a test file of 3,000 items 1,000 were trained on; SVHN's reduced protocol does it, and says so."""
    _write(tmp_path / "a_train.npz", 30, 1, group=np.arange(30) + 5000)
    _write(tmp_path / "a_test.npz", 3000, 2, group=np.arange(3000))
    data = load_dataset(DataConfig(dataset="npz", validation_count=5), tmp_path)
    assert len(data.test_images) == 3000
    assert len(data.train_images) == 25
    reduced = load_dataset(DataConfig(dataset="svhn", validation_count=5), tmp_path)
    assert len(reduced.test_images) == 2000
    assert reduced.record["moved_to_training"] == 1000


def test_the_record_tells_two_data_sets_of_one_size_apart(tmp_path):
    first = _folder(tmp_path)
    again = load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    assert first.record == again.record
    _write(tmp_path / "a_test.npz", 10, 3)
    other = load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    assert {**other.record, "content": ""} == {**first.record, "content": ""}
    assert other.record["content"] != first.record["content"]


@pytest.mark.parametrize("axis", ["first", "last", "none"])
def test_npz_files_hold_their_channels_anywhere(tmp_path, axis):
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)
    x = {"first": images, "last": images.transpose(0, 2, 3, 1), "none": images[:, 0]}[axis]
    data = _folder(tmp_path, x=x)
    assert data.shape == ((1 if axis == "none" else 3), 8, 8)
    assert np.array_equal(data.test_images.numpy(), images[:10] if axis != "none" else images[:10, :1])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(30) % 10 + 1, "write 0 for label 10"),  # SVHN's own numbering: class 0 was empty
        (np.where(np.arange(30) % 4 == 2, 5, np.arange(30) % 4), "no training item has label 2, 4"),
        (np.eye(4, dtype=int)[np.arange(30) % 4], "one-hot"),
        (np.arange(30) % 4 - 1, "whole numbers from 0"),
        (np.array(["cat", "dog", "owl"] * 10), "whole numbers from 0"),
        (np.arange(30) % 4 + 0.5, "whole numbers from 0"),
        (np.full(30, np.nan), "whole numbers from 0"),
        (np.arange(60).reshape(30, 2), "one number for each image"),
        (np.full(30, 2**40), "whole numbers from 0"),
        (np.full(30, 20_000), "at most"),
        (np.array(3), "one number for each image"),
    ],
)
def test_labels_that_are_no_classes_are_named(tmp_path, labels, message):
    single = labels.ndim == 0
    _write(tmp_path / "a_train.npz", 30, 1, y=labels if single else labels[:30])
    _write(tmp_path / "a_test.npz", 10, 2, y=labels if single else labels[:10])
    with pytest.raises(DatasetError, match=message):
        load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)


def test_columns_of_labels_and_whole_floats_are_labels(tmp_path):
    for kind in (np.uint8, np.float32):
        column = (np.arange(30) % 4).astype(kind)[:, None]
        assert _folder(tmp_path, y=column).classes == 4


def test_splits_that_do_not_belong_together_are_refused(tmp_path):
    _write(tmp_path / "a_train.npz", 30, 1)
    _write(tmp_path / "a_test.npz", 10, 2, x=np.zeros((10, 9, 9), np.uint8))
    with pytest.raises(DatasetError, match="test images"):
        load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    _write(tmp_path / "a_test.npz", 10, 2, y=np.arange(9))
    with pytest.raises(DatasetError, match="for 10 images"):
        load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
    _write(tmp_path / "a_test.npz", 0, 2)
    with pytest.raises(DatasetError, match="at least one"):
        load_dataset(DataConfig(dataset="npz", validation_count=6), tmp_path)
