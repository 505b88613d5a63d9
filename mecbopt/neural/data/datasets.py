"""Image data sets: `digits` (bundled with scikit-learn), MNIST and SVHN from a local root, and .npz folders.

Nothing is downloaded unless asked for.  Each data set carries a record of where its splits come from; crops
of one photograph never stand on both sides of a split where the photographs are known.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.config import DataConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.errors import DatasetError
from mecbopt.neural.registry import Registry
from mecbopt.units import BITS_PER_NAT

__all__ = [
    "DATASETS",
    "ROOT_VARIABLE",
    "DataSource",
    "ImageDataset",
    "Parts",
    "load_dataset",
    "split_by_group",
]

#: Environment variable that names the folder of the data sets.
ROOT_VARIABLE = "MECBOPT_DATA"

#: Items held for testing where a file has one list of crops with their photographs.
_GROUPED_TEST_ITEMS = 2000


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Clean images with labels.

    Attributes
    ----------
    train_images, validation_images, test_images : Tensor of uint8, shape (count, C, H, W)
    train_labels, validation_labels, test_labels : Tensor of int64, shape (count,)
    classes : int
    record : dict
        Name, protocol, split sizes; stored with every model.
    """

    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    classes: int
    record: dict[str, Any]

    @property
    def shape(self) -> Shape:
        """(C, H, W)."""
        channels, height, width = self.train_images.shape[1:]
        return int(channels), int(height), int(width)

    def label_entropy_bits(self) -> float:
        """H(S) of the test labels, in bits."""
        share = torch.bincount(self.test_labels, minlength=self.classes).double() / len(self.test_labels)
        return float(torch.special.entr(share).sum()) * BITS_PER_NAT


def load_dataset(
    settings: DataConfig, root: str | Path | None = None, download: bool = False
) -> ImageDataset:
    """The data set that the settings name, with its validation split taken out of the training split.

    Parameters
    ----------
    root : path, optional
        Folder of the data sets (torchvision's layout, or .npz files); by default the environment variable
        MECBOPT_DATA.  `digits` needs none.
    download : bool
        Let torchvision fetch what is missing.

    Raises
    ------
    DatasetError
        Unknown name, no root, files that are absent or not of the promised shape.
    """
    source = DATASETS[settings.dataset]
    folder = _folder(settings.dataset, root, download) if source.needs_root else Path()
    return _finished(settings, source.load(settings, folder, download))


def split_by_group(groups: NDArray[Any], test_items: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices (train, test): the last `test_items` items test, items of any of their photographs excluded
    from training.

    >>> train, test = split_by_group(np.array([1, 1, 2, 3, 3, 4]), 2)
    >>> train.tolist(), test.tolist()
    ([0, 1, 2], [4, 5])
    """
    if not 0 < test_items < len(groups):
        raise DatasetError(f"test_items is {test_items}: it must lie between 1 and {len(groups) - 1}.")
    test = np.arange(len(groups) - test_items, len(groups))
    first = np.arange(len(groups) - test_items)
    return first[~np.isin(groups[first], groups[test])], test


@dataclass(frozen=True)
class Parts:
    """What a loader returns: uint8 images (count, H, W) or (count, H, W, C), labels from 0, the protocol."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    protocol: str
    #: Photograph of each training item; None where unknown.
    train_groups: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class DataSource:
    """A data set: how it is loaded, whether from a folder, and the degradation that goes with it."""

    load: Callable[[DataConfig, Path, bool], Parts]
    needs_root: bool
    degradation: str


def _folder(name: str, root: str | Path | None, download: bool) -> Path:
    chosen = root if root is not None else os.environ.get(ROOT_VARIABLE)
    if not chosen:
        raise DatasetError(
            f"data set {name} needs a folder: give --data-root or set the environment "
            f"variable {ROOT_VARIABLE}."
        )
    folder = Path(chosen)
    if not folder.is_dir() and not download:
        raise DatasetError(f"data root {folder} is no folder: give one that holds the files of {name}.")
    return folder


def _digits(settings: DataConfig, _folder: Path, _download: bool) -> Parts:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    # Grey levels 0..16 of the original become 0..255 without loss of order.
    images = np.round(bunch.images * (255.0 / 16.0)).astype(np.uint8)
    split_seed = settings.split_seed
    order = streams.permutation(len(images), split_seed, "digits split").numpy()
    images, labels = images[order], bunch.target[order]
    test = len(images) // 5
    return Parts(
        images[test:], labels[test:], images[:test], labels[:test],
        f"scikit-learn digits, one fifth drawn for testing with split seed {split_seed}",
    )  # fmt: skip


def _mnist(_: DataConfig, folder: Path, download: bool) -> Parts:
    from torchvision.datasets import MNIST

    try:
        train, test = (MNIST(str(folder), train=part, download=download) for part in (True, False))
        return Parts(
            train.data.numpy(), train.targets.numpy(), test.data.numpy(), test.targets.numpy(),
            "MNIST, official training and test split",
        )  # fmt: skip
    except (RuntimeError, OSError):
        pass  # torchvision wants the files unpacked; the packed originals serve as well
    raw = folder / "MNIST" / "raw"
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    paths = [raw / f"{name}-ubyte.gz" for name in names]
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        raise DatasetError(
            f"{folder} holds no MNIST ({', '.join(absent)} absent in MNIST/raw): give the folder "
            "above MNIST/, or pass --download."
        )
    arrays = [_idx(path) for path in paths]
    return Parts(
        arrays[0], arrays[1].astype(np.int64), arrays[2], arrays[3].astype(np.int64),
        "MNIST, official training and test split",
    )  # fmt: skip


def _idx(path: Path) -> NDArray[np.uint8]:
    """An IDX file of unsigned bytes, gzip-packed."""
    import gzip

    try:
        with gzip.open(path, "rb") as file:
            data = file.read()
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path} cannot be unpacked: {error}.") from error
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise DatasetError(f"{path} is no IDX file of bytes: give MNIST's original files.")
    dimensions = data[3]
    shape = np.frombuffer(data, dtype=">i4", count=dimensions, offset=4)
    body = np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * dimensions)
    if body.size != int(np.prod(shape)):
        raise DatasetError(f"{path} promises {tuple(shape)} but holds {body.size} bytes: it is damaged.")
    return body.reshape(shape).copy()


def _svhn(settings: DataConfig, folder: Path, download: bool) -> Parts:
    """The official cropped files through torchvision; else .npz files with photographs in `svhn/`."""
    official = any((folder / name).is_file() for name in ("train_32x32.mat", "test_32x32.mat"))
    if official or download:
        from torchvision.datasets import SVHN

        try:
            train, test = (SVHN(str(folder), split=part, download=download) for part in ("train", "test"))
        except (RuntimeError, OSError) as error:
            raise DatasetError(f"{folder}: the official SVHN files are incomplete: {error}") from error
        return Parts(
            train.data.transpose(0, 2, 3, 1), train.labels, test.data.transpose(0, 2, 3, 1), test.labels,
            "SVHN, official cropped training and test split",
        )  # fmt: skip
    return _npz(settings, folder / "svhn" if (folder / "svhn").is_dir() else folder, download)


def _npz(_: DataConfig, folder: Path, _download: bool) -> Parts:
    """Files *train*.npz and *test*.npz with x (uint8), y and, where known, group (the photograph)."""
    found = {part: sorted(folder.glob(f"*{part}*.npz")) for part in ("train", "test")}
    if not found["test"]:
        raise DatasetError(f"{folder} holds no *test*.npz: give a folder with *train*.npz and *test*.npz.")
    train = _concatenated(found["train"]) if found["train"] else None
    test = _concatenated(found["test"])
    if train is None and test["group"] is None:
        raise DatasetError(f"{folder} holds no *train*.npz, and its test items name no photographs: add one.")
    if test["group"] is None or len(test["x"]) <= _GROUPED_TEST_ITEMS:
        if train is None:
            raise DatasetError(f"{folder} holds no *train*.npz: add one.")
        return Parts(
            train["x"], train["y"], test["x"], test["y"], "training and test files as given", train["group"]
        )
    kept, held = split_by_group(test["group"], _GROUPED_TEST_ITEMS)
    # Photograph numbers of the two files are different photographs: keep them apart.
    images, labels, groups = [test["x"][kept]], [test["y"][kept]], [test["group"][kept]]
    if train is not None:
        offset = int(test["group"].max()) + 1
        numbers = train["group"] if train["group"] is not None else np.arange(len(train["x"]))
        images, labels = [train["x"], *images], [train["y"], *labels]
        groups = [numbers + offset, *groups]
    return Parts(
        np.concatenate(images), np.concatenate(labels), test["x"][held], test["y"][held],
        f"by photograph: test = the last {_GROUPED_TEST_ITEMS} items of the test file; training = the "
        "training file and the test file's items of other photographs; not the official protocol",
        np.concatenate(groups),
    )  # fmt: skip


def _concatenated(paths: list[Path]) -> dict[str, Any]:
    loaded = []
    for path in paths:
        try:
            with np.load(path, allow_pickle=False) as archive:
                loaded.append({key: archive[key] for key in archive.files})
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path} is no readable .npz file without pickles: {error}.") from error
        missing = {"x", "y"} - set(loaded[-1])
        if missing:
            raise DatasetError(f"{path} lacks {', '.join(sorted(missing))}: it must hold x (uint8) and y.")
        if loaded[-1]["x"].dtype != np.uint8 or loaded[-1]["x"].ndim not in (3, 4):
            raise DatasetError(
                f"{path}: x has type {loaded[-1]['x'].dtype} and shape {loaded[-1]['x'].shape}; "
                "it must be uint8 of shape (count, H, W) or (count, H, W, C)."
            )
    result: dict[str, Any] = {key: np.concatenate([item[key] for item in loaded]) for key in ("x", "y")}
    result["y"] = result["y"].astype(np.int64)
    has_groups = all("group" in item for item in loaded)
    result["group"] = (
        np.concatenate([item["group"] for item in loaded]).astype(np.int64) if has_groups else None
    )
    return result


def _finished(settings: DataConfig, parts: Parts) -> ImageDataset:
    """Cut to the limits, take the validation items out, and turn everything into tensors."""
    order = streams.permutation(len(parts.train_images), settings.split_seed, "validation split").numpy()
    if parts.train_groups is not None:
        # Whole photographs: order the items by a random rank of their photograph.
        names, index = np.unique(parts.train_groups, return_inverse=True)
        rank = streams.permutation(len(names), settings.split_seed, "validation split").numpy()
        order = np.argsort(rank[index], kind="stable")
    count = settings.validation_count
    if count >= len(order):
        raise DatasetError(
            f"data.validation_count is {count}, but the training split has {len(order)} items: choose fewer."
        )
    held, kept = order[:count], order[count:]
    if parts.train_groups is not None:
        kept = kept[~np.isin(parts.train_groups[kept], parts.train_groups[held])]
    kept = kept[: settings.train_limit or None]
    limit = settings.test_limit or None
    classes = int(max(parts.train_labels.max(), parts.test_labels.max())) + 1
    dataset = ImageDataset(
        *_tensors(parts.train_images[kept], parts.train_labels[kept]),
        *_tensors(parts.train_images[held], parts.train_labels[held]),
        *_tensors(parts.test_images[:limit], parts.test_labels[:limit]),
        classes,
        {},
    )
    record = {
        "dataset": settings.dataset,
        "protocol": parts.protocol,
        "split_seed": settings.split_seed,
        "train": len(dataset.train_images),
        "validation": len(dataset.validation_images),
        "test": len(dataset.test_images),
        "shape": list(dataset.shape),
        "classes": classes,
    }
    return replace(dataset, record=record)


def _tensors(images: NDArray[np.uint8], labels: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """(count, C, H, W) uint8 and int64 tensors from (count, H, W) or (count, H, W, C) arrays."""
    array = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(array)), torch.from_numpy(
        np.asarray(labels, dtype=np.int64).copy()
    )


#: Data sets by name; `DATASETS.register(name, DataSource(...))` adds one.
DATASETS: Registry[DataSource] = Registry("data.dataset", DatasetError)
DATASETS.register("digits", DataSource(_digits, False, "area_x2"))
DATASETS.register("mnist", DataSource(_mnist, True, "bicubic_x4"))
DATASETS.register("svhn", DataSource(_svhn, True, "gaussian_20"))
DATASETS.register("npz", DataSource(_npz, True, "gaussian_20"))
