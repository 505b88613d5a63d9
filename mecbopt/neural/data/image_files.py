"""Images in files, as people have them: folders of PNG files, single pictures, .npz and .npy arrays.

Pictures are read and written by Pillow, which comes with torchvision.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural.data.arrays import read_arrays
from mecbopt.neural.data.images import Shape
from mecbopt.neural.data.layouts import image_tensor
from mecbopt.neural.errors import DatasetError
from mecbopt.problem import whole_files

__all__ = ["read_images", "same_place", "write_images", "written_whole"]

_PICTURES = (".png", ".bmp", ".tif", ".tiff", ".pgm", ".ppm", ".jpg", ".jpeg")
_MOST_BYTES = 2**30


def read_images(path: Path, shape: Shape, noisy: bool = False) -> Tensor:
    """Images (count, C, H, W) of a folder of pictures (in the order of their names), a picture, or an array.

    Of an .npz archive the array `x` is taken.

    Raises
    ------
    DatasetError
        Nothing there, damaged, or of another shape than `shape`.
    """
    if path.is_dir():
        files = sorted(item for item in path.iterdir() if item.suffix.lower() in _PICTURES)
        if not files:
            raise DatasetError(f"{path} holds no pictures ({', '.join(_PICTURES)}): give a folder that does.")
        return torch.cat([_picture(file, shape) for file in files])
    if path.suffix.lower() in _PICTURES:
        return _picture(path, shape)
    arrays = read_arrays(path, _MOST_BYTES)
    if "x" not in arrays:
        raise DatasetError(f"{path} holds the arrays {', '.join(arrays) or 'none'}: call the images x.")
    return image_tensor(arrays["x"], shape, f"{path}: x", noisy)


def _picture(path: Path, shape: Shape) -> Tensor:
    """One picture; its size is compared before its pixels are unpacked, grey and colour are made to fit."""
    from PIL import Image

    channels, height, width = shape
    try:
        with Image.open(path) as picture:
            if picture.size != (width, height):
                raise DatasetError(
                    f"{path} is {picture.size[1]} x {picture.size[0]} pixels: it must be {height} x {width}; "
                    "clean images are degraded first by --degrade."
                )
            mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels)
            if mode is None:
                raise DatasetError(f"{path}: a picture cannot have {channels} channels; give an array.")
            array = np.array(picture.convert(mode))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DatasetError):
            raise
        raise DatasetError(f"{path} is no readable picture: {error}.") from error
    return image_tensor(array, shape, str(path))


def write_images(out: Path, images: NDArray[np.uint8], **beside: NDArray[Any]) -> None:
    """Write images (count, H, W, C): into an .npz (array y), an .npy, or a folder of numbered PNG files.

    `beside` holds further arrays, which only an .npz takes.
    """
    if out.suffix == ".npz":
        with written_whole(out) as file:
            arrays: dict[str, Any] = {"y": images, **beside}
            np.savez_compressed(file, **arrays)
        return
    if beside:
        raise DatasetError(f"{out} cannot hold {', '.join(beside)} beside the images: give an .npz file.")
    if out.suffix == ".npy":
        with written_whole(out) as file:
            np.save(file, images)
        return
    from PIL import Image

    if images.shape[3] not in (1, 3, 4):
        raise DatasetError(
            f"images of {images.shape[3]} channels are no pictures: write them to an .npz file."
        )
    digits = max(5, len(str(max(0, len(images) - 1))))
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise DatasetError(f"{out} is not empty: name a new folder for the pictures.")
        for index, image in enumerate(images):
            Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image).save(
                out / f"{index:0{digits}}.png"
            )
    except OSError as error:
        raise DatasetError(f"{out} cannot be written: {error.strerror or error}.") from error


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file for writing that takes its name when it is complete: a full disk leaves what was there before.

    Raises
    ------
    DatasetError
        The file cannot be written; nothing of it stays.
    """
    try:
        with whole_files.written_whole(path) as file:
            yield file
    except OSError as error:
        raise DatasetError(f"{path} cannot be written: {error.strerror or error}.") from error


def same_place(first: Path, second: Path) -> bool:
    """Whether two paths name the same file or folder, through links and other spellings."""
    try:
        return first.samefile(second)
    except OSError:
        return first.resolve() == second.resolve()
