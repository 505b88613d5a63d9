"""Image data sets: `digits` (bundled with scikit-learn), MNIST and SVHN from a local root, and .npz folders.

Nothing is downloaded unless asked for.  Each data set carries a record of where its splits come from; crops
of one photograph never stand on both sides of a split where the photographs are known.
"""

from __future__ import annotations

import hashlib
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
from mecbopt.neural.data.npz_folders import Parts, parts_by_photograph, parts_of_folder, split_by_group
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

#: Far above any data set of labelled images; a classifier has an output for each.
_MOST_CLASSES = 10_000

#: Environment variable that names the folder of the data sets.
ROOT_VARIABLE = "MECBOPT_DATA"


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """Clean images with labels.

    Attributes
    ----------
    train_images, validation_images, test_images : Tensor of uint8, shape (count, C, H, W)
    train_labels, validation_labels, test_labels : Tensor of int64, shape (count,)
    classes : int
    record : dict
        Name, protocol, split sizes, digest of the content; stored with every model.
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
    images, labels = images[order, None], bunch.target[order]
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
            train.data.numpy()[:, None], train.targets.numpy(),
            test.data.numpy()[:, None], test.targets.numpy(),
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
        arrays[0][:, None], arrays[1].astype(np.int64), arrays[2][:, None], arrays[3].astype(np.int64),
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


def _svhn(_: DataConfig, folder: Path, download: bool) -> Parts:
    """The official cropped files through torchvision; else .npz files with photographs in `svhn/`."""
    official = any((folder / name).is_file() for name in ("train_32x32.mat", "test_32x32.mat"))
    if official or download:
        from torchvision.datasets import SVHN

        try:
            train, test = (SVHN(str(folder), split=part, download=download) for part in ("train", "test"))
        except (RuntimeError, OSError) as error:
            raise DatasetError(f"{folder}: the official SVHN files are incomplete: {error}") from error
        return Parts(
            train.data, train.labels.astype(np.int64), test.data, test.labels.astype(np.int64),
            "SVHN, official cropped training and test split",
        )  # fmt: skip
    return parts_by_photograph(folder / "svhn" if (folder / "svhn").is_dir() else folder)


def _npz(_: DataConfig, folder: Path, _download: bool) -> Parts:
    """Files with the words train and test in their names: x (uint8), y and, where known, group."""
    return parts_of_folder(folder)


def _finished(settings: DataConfig, parts: Parts) -> ImageDataset:
    """Cut to the limits, take the validation items out, and turn everything into tensors."""
    classes = _require_sound(settings, parts)
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
    if not len(kept):
        raise DatasetError(
            f"data.validation_count is {count}: no training item of another photograph is left; choose fewer."
        )
    tensors = (
        *_tensors(parts.train_images[kept], parts.train_labels[kept]),
        *_tensors(parts.train_images[held], parts.train_labels[held]),
        *_tensors(parts.test_images[:limit], parts.test_labels[:limit]),
    )
    dataset = ImageDataset(*tensors, classes, {})
    record = {
        "dataset": settings.dataset,
        "protocol": parts.protocol,
        "split_seed": settings.split_seed,
        "train": len(dataset.train_images),
        "validation": len(dataset.validation_images),
        "test": len(dataset.test_images),
        "shape": list(dataset.shape),
        "classes": classes,
        "content": _content_digest(tensors),
        **parts.counts,
    }
    return replace(dataset, record=record)


def _tensors(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """(count, C, H, W) uint8 and int64 tensors of their own memory."""
    return torch.from_numpy(np.array(images, order="C")), torch.from_numpy(np.array(labels, dtype=np.int64))


def _require_sound(settings: DataConfig, parts: Parts) -> int:
    """The number of classes, after checking that images and labels are those of a data set."""
    name = settings.dataset
    for part, images, labels in (
        ("training", parts.train_images, parts.train_labels),
        ("test", parts.test_images, parts.test_labels),
    ):
        if len(images) != len(labels) or not len(images):
            raise DatasetError(
                f"data set {name}: the {part} split has {len(images)} images and {len(labels)} labels: "
                "it must have as many of both, and at least one."
            )
    shapes = parts.train_images.shape[1:], parts.test_images.shape[1:]
    if shapes[0] != shapes[1]:
        raise DatasetError(f"data set {name}: training images are {shapes[0]}, test images {shapes[1]}.")
    classes = int(max(parts.train_labels.max(), parts.test_labels.max())) + 1
    if classes > _MOST_CLASSES:
        raise DatasetError(
            f"data set {name}: the largest label is {classes - 1}: at most {_MOST_CLASSES} classes."
        )
    empty = np.flatnonzero(np.bincount(parts.train_labels, minlength=classes) == 0).tolist()
    if empty:
        advice = (
            "write 0 for label 10, as SVHN's files count" if empty == [0] and classes == 11 else "number them"
        )
        raise DatasetError(
            f"data set {name}: labels run to {classes - 1}, but no training item has label "
            f"{', '.join(map(str, empty[:8]))}: classes are numbered from 0 without gaps; {advice}."
        )
    return classes


def _content_digest(parts: tuple[Tensor, ...]) -> str:
    """SHA-256 of images and labels as they are used: two data sets of one size are told apart."""
    state = hashlib.sha256()
    for part in parts:
        state.update(str(tuple(part.shape)).encode())
        state.update(part.numpy().data)
    return state.hexdigest()


#: Data sets by name; `DATASETS.register(name, DataSource(...))` adds one.
DATASETS: Registry[DataSource] = Registry("data.dataset", DatasetError)
DATASETS.register("digits", DataSource(_digits, False, "area_x2"))
DATASETS.register("mnist", DataSource(_mnist, True, "bicubic_x4"))
DATASETS.register("svhn", DataSource(_svhn, True, "gaussian_20"))
DATASETS.register("npz", DataSource(_npz, True, "gaussian_20"))
