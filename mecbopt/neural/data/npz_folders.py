"""Data sets as folders of .npz files, with the photographs that their crops come from where those are known.

Items of one photograph never stand on both sides of a split: crops overlap.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.neural.data.arrays import read_arrays
from mecbopt.neural.data.layouts import channels_first
from mecbopt.neural.errors import DatasetError

__all__ = ["Parts", "parts_by_photograph", "parts_of_folder", "split_by_group"]

#: Items held for testing where a test file serves for training as well.
_HELD_TEST_ITEMS = 2000
#: A part's name stands in a file's name as a word of its own: "latest_train" holds no "test".
_WORDS = {part: re.compile(rf"(?<![a-z]){part}(?:ing)?(?![a-z])") for part in ("train", "test")}


@dataclass(frozen=True)
class Parts:
    """What a loader returns: uint8 images (count, C, H, W), labels from 0, the protocol."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    protocol: str
    #: Photograph of each training item; None where unknown.
    train_groups: NDArray[np.int64] | None = None
    #: What was moved or left out, by name: part of the record.
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Items:
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64] | None


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


def parts_of_folder(folder: Path) -> Parts:
    """Training and test files as given; photograph numbers mean the same photographs in all of them.

    Training items of a photograph that also stands in the test files are left out, and counted in the record.
    """
    train, test = (_joined(folder, part) for part in ("train", "test"))
    kept = np.arange(len(train.images))
    if (train.groups is None) != (test.groups is None):
        raise DatasetError(
            f"{folder}: only one of training and test files names photographs (group): name them in both "
            "or in none."
        )
    if train.groups is not None and test.groups is not None:
        kept = kept[~np.isin(train.groups, test.groups)]
        if not len(kept):
            raise DatasetError(
                f"{folder}: every training item is of a photograph of the test files: split by photograph."
            )
    left_out = len(train.images) - len(kept)
    return Parts(
        train.images[kept],
        train.labels[kept],
        test.images,
        test.labels,
        "training and test files as given"
        + (
            ""
            if train.groups is None
            else ", without training items of photographs that are in the test files"
        ),
        None if train.groups is None else train.groups[kept],
        {} if train.groups is None else {"left_out_of_training": left_out},
    )


def parts_by_photograph(folder: Path) -> Parts:
    """SVHN's crops where the training split is not whole: most of the test split's items serve for training.

    Test are the last 2,000 items of the test split; training are the training split's and the test split's
    items of other photographs.  The two splits number their photographs apart.  A test split of at most 2,000
    items is used as `parts_of_folder` does, comparing numbers all the same: that leaves out too much, not too
    little.
    """
    test = _joined(folder, "test")
    if len(test.images) <= _HELD_TEST_ITEMS:
        return parts_of_folder(folder)
    if test.groups is None:
        raise DatasetError(f"{folder}: the test files name no photographs (group), as these crops need.")
    train = _joined(folder, "train") if _files(folder, "train") else None
    kept, held = split_by_group(test.groups, _HELD_TEST_ITEMS)
    images, labels, groups = [test.images[kept]], [test.labels[kept]], [test.groups[kept]]
    if train is not None:
        offset = int(test.groups.max()) + 1
        numbers = train.groups if train.groups is not None else np.arange(len(train.images))
        images, labels = [train.images, *images], [train.labels, *labels]
        groups = [numbers + offset, *groups]
    return Parts(
        np.concatenate(images), np.concatenate(labels), test.images[held], test.labels[held],
        f"by photograph: test = the last {_HELD_TEST_ITEMS} items of the test file; training = the "
        "training file and the test file's items of other photographs; not the official protocol",
        np.concatenate(groups),
        {"moved_to_training": len(kept), "left_out_of_training": len(test.images) - len(kept) - len(held)},
    )  # fmt: skip


def _files(folder: Path, part: str) -> list[Path]:
    """The .npz files of a part; a file of both is refused."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        parts = [name for name, word in _WORDS.items() if word.search(path.stem.lower())]
        if len(parts) > 1:
            raise DatasetError(f"{path} names both train and test: name it after one of them.")
        if parts == [part]:
            found.append(path)
    return found


def _joined(folder: Path, part: str) -> _Items:
    paths = _files(folder, part)
    if not paths:
        names = ", ".join(path.name for path in sorted(folder.glob("*.npz"))[:8]) or "no .npz files"
        raise DatasetError(
            f"{folder} holds no *{part}*.npz ({names}): give files with the words train and test in their "
            "names."
        )
    items = [_items(path) for path in paths]
    shapes = {item.images.shape[1:] for item in items}
    if len(shapes) > 1:
        raise DatasetError(f"{folder}: the {part} files hold images of different shapes ({sorted(shapes)}).")
    groups = [item.groups for item in items if item.groups is not None]
    if groups and len(groups) < len(items):
        raise DatasetError(
            f"{folder}: some {part} files name photographs (group) and some do not: name all or none."
        )
    return _Items(
        np.concatenate([item.images for item in items]),
        np.concatenate([item.labels for item in items]),
        np.concatenate(groups) if groups else None,
    )


def _items(path: Path) -> _Items:
    arrays = read_arrays(path)
    missing = {"x", "y"} - set(arrays)
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(sorted(missing))}: it must hold x (uint8) and y.")
    if arrays["x"].dtype != np.uint8:
        raise DatasetError(
            f"{path}: x is of type {arrays['x'].dtype}: data sets hold bytes; multiply floats by 255 "
            "and round."
        )
    images = channels_first(arrays["x"], f"{path}: x")
    groups = arrays.get("group")
    return _Items(
        images,
        _whole_numbers(arrays["y"], len(images), f"{path}: y"),
        None if groups is None else _whole_numbers(groups, len(images), f"{path}: group"),
    )


def _whole_numbers(values: NDArray[Any], count: int, source: str) -> NDArray[np.int64]:
    """One number from 0 for each item, or what else the array is and what to do about it."""
    if values.ndim == 2 and values.shape == (count, 1):
        values = values[:, 0]
    if values.shape != (count,):
        one_hot = values.ndim == 2 and values.dtype.kind in "biuf" and len(values) == count
        one_hot = one_hot and values.shape[1] > 1 and bool(np.all(values.sum(axis=1) == 1))
        advice = "they are one-hot: pass y.argmax(axis=1)" if one_hot else "give one number for each image"
        raise DatasetError(f"{source} has shape {values.shape} for {count} images: {advice}.")
    if values.dtype.kind not in "iu" and not (values.dtype.kind == "f" and np.all(values % 1 == 0)):
        raise DatasetError(f"{source} is of type {values.dtype}: it must hold whole numbers from 0.")
    if count and (values.min() < 0 or values.max() >= 2**31):
        raise DatasetError(
            f"{source} runs from {values.min()} to {values.max()}: it must hold whole numbers from 0."
        )
    return values.astype(np.int64)
