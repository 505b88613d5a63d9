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
