"""Arrays of the usual layouts and value ranges as image tensors (count, C, H, W), or a reason why not.

Bytes, other integers from 0 to 255, and floats in [0, 1] are images.  A layout is told from the shape that is
expected where one is known, else from the axis that is as short as a number of channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural.data.images import Shape
from mecbopt.neural.errors import DatasetError

__all__ = ["channels_first", "checked_values", "image_tensor"]

#: Colours and transparency; a longer axis is a side of the image.
_MOST_CHANNELS = 4
#: Noisy sources leave [0, 1] by a few deviations; anything beyond this is in other units.
_NOISY_RANGE = (-1.0, 2.0)


def image_tensor(array: NDArray[Any], shape: Shape, source: str, noisy: bool = False) -> Tensor:
    """Images of a known shape (C, H, W) from an array of any usual layout.

    Parameters
    ----------
    array : ndarray
        (count, C, H, W), (count, H, W, C), (count, H, W) or (count, C H W); one image without its first axis.
    shape : (C, H, W)
        What is expected.
    source : str
        Where the array stands, for messages.
    noisy : bool
        Let floats leave [0, 1] by the noise of a degradation.

    Raises
    ------
    DatasetError
        No layout gives that shape, or the values are no image's.
    """
    channels, height, width = shape
    # Channels last is tried first: what PNG readers, Keras and MATLAB give; the two agree where C = 1.
    layouts: list[tuple[tuple[int, ...], bool]] = [((height, width, channels), True), (shape, False)]
    if channels == 1:
        layouts.append(((height, width), False))
    layouts.append(((channels * height * width,), False))
    values = checked_values(array, source, noisy)
    for sides, last in layouts:
        for batch in (values, values[None]):
            if batch.shape[1:] == sides and batch.ndim == len(sides) + 1:
                images = batch.transpose(0, 3, 1, 2) if last else batch.reshape(len(batch), *shape)
                return torch.from_numpy(np.ascontiguousarray(images))
    raise DatasetError(
        f"{source} has shape {array.shape}: it must be images of {channels} x {height} x {width} (channels, "
        f"height, width), as (count, {channels}, {height}, {width}), (count, {height}, {width}, {channels})"
        + (f" or (count, {height}, {width})" if channels == 1 else "")
        + "; clean images are degraded first by --degrade."
    )


def channels_first(array: NDArray[Any], source: str) -> NDArray[Any]:
    """Images of a data set as (count, C, H, W), from (count, H, W), (count, H, W, C) or (count, C, H, W)."""
    if array.ndim == 3:
        images = array[:, None]
    elif array.ndim == 4 and array.shape[3] <= _MOST_CHANNELS:
        images = array.transpose(0, 3, 1, 2)
    elif array.ndim == 4 and array.shape[1] <= _MOST_CHANNELS:
        images = array
    else:
        raise DatasetError(
            f"{source} has shape {array.shape}: give (count, H, W), (count, H, W, C) or (count, C, H, W), "
            f"with at most {_MOST_CHANNELS} channels."
        )
    if len(images) and min(images.shape[2:]) < 4:
        raise DatasetError(f"{source} has shape {array.shape}: the sides must be at least 4 pixels long.")
    return images


def checked_values(array: NDArray[Any], source: str, noisy: bool = False) -> NDArray[Any]:
    """The array as uint8 or float32 in [0, 1]; refused where its values are no image's."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "uif":
        raise DatasetError(f"{source} is of type {array.dtype}: it must be of bytes, or of floats in [0, 1].")
    if not array.size:
        return array.astype(np.uint8 if array.dtype.kind != "f" else np.float32)
    low, high = array.min(), array.max()
    if array.dtype.kind in "ui":
        if low < 0 or high > 255:
            raise DatasetError(
                f"{source} holds integers from {low} to {high}: they must lie between 0 and 255."
            )
        return array.astype(np.uint8)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DatasetError(f"{source} holds values that are not finite: they must be numbers.")
    least, most = _NOISY_RANGE if noisy else (0.0, 1.0)
    if low < least or high > most:
        advice = "divide them by 255" if low >= 0.0 and 1.0 < high <= 255.0 else "scale them"
        raise DatasetError(
            f"{source} holds floats from {low:.6g} to {high:.6g}: they must lie between 0 and 1; {advice}."
        )
    return array.astype(np.float32)
