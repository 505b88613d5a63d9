"""Images to bytes and back: encoder network, symbols, integer tables, range coder, container.

The encoder decides the symbols once, with whatever floating-point arithmetic its device has; from then on
everything is integer: dither levels from a counter, tables from the model file, the range coder.  So a stream
decodes to exactly the encoder's symbols on any machine.  The decoder network turns symbols into pixels in
floating point, where devices may differ in the last bits of a pixel.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.coding.container import Container
from mecbopt.coding.dither import dither_levels, noise_levels
from mecbopt.coding.range_coding import MOST_SYMBOLS, decoded_payload, payload_of, require_possible
from mecbopt.neural.coding.model_file import FrozenModel
from mecbopt.neural.data.images import as_float
from mecbopt.neural.errors import DatasetError, ModelFileError, StreamError

__all__ = ["Coded", "ImageCodec"]

#: Values that a stream's reconstructions may hold: as floats they take half a GiB.
_MOST_PIXELS = 2**27
#: Symbols beyond this are an encoder gone wrong (the coder's escape reaches 2**40).
_LARGEST_SYMBOL = 2**39
_BATCH = 512


class Coded(NamedTuple):
    """A compressed set with its accounts, all in bits, totals over the set.

    `estimated_bits` by the real-valued density, `table_bits` by the integer tables, `payload_bits` as written
    by the range coder, `container_bits` with header and checksum.
    """

    blob: bytes
    symbols: NDArray[np.int64]
    estimated_bits: float
    table_bits: float
    payload_bits: int
    container_bits: int


class ImageCodec:
    """Compress degraded images and decompress reconstructions with a frozen model.

    Parameters
    ----------
    model : FrozenModel
        Saved at least once, so that it has an identity.
    seed : int
        Of the common randomness; written into the stream.
    """

    def __init__(self, model: FrozenModel, seed: int = 0) -> None:
        self.frozen, self.seed = model, seed

    @torch.no_grad()
    def symbols(self, sources: Tensor, first_index: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(Z, dither levels), both of shape (count, d), for degraded images, uint8 or floats in [0, 1]."""
        expected = self.frozen.degraded_shape
        if sources.dim() != 4 or tuple(sources.shape[1:]) != expected:
            raise DatasetError(
                f"images have shape {tuple(sources.shape)}, but the model takes (count, {expected[0]}, "
                f"{expected[1]}, {expected[2]}): degrade clean images first (--degrade)."
            )
        if sources.is_floating_point() and not bool(torch.isfinite(sources).all()):
            raise DatasetError(
                argument="images", found="hold values that are not finite", required="be numbers"
            )
        self._require_size(len(sources))
        model = self.frozen.model
        levels = self._levels(first_index, len(sources))
        if not len(sources):
            return levels.copy(), levels
        parts = []
        for part, level in zip(sources.split(_BATCH), torch.from_numpy(levels).split(_BATCH), strict=True):
            symbols = model.symbols(as_float(part).to(model.gain.device), level).cpu()
            # NaN and infinity become the least integer, which has no absolute value.
            if not bool(((symbols > -_LARGEST_SYMBOL) & (symbols < _LARGEST_SYMBOL)).all()):
                raise ModelFileError(
                    f"the model's encoder gives symbols beyond +-{_LARGEST_SYMBOL}: it is not sane."
                )
            parts.append(symbols.numpy())
        return np.concatenate(parts), levels

    def compress(self, sources: Tensor, first_index: int = 0, per_image: bool = False) -> Coded:
        """Compress a set: as one stream (least overhead), or so that every image decodes on its own."""
        symbols, levels = self.symbols(sources, first_index)
        tables = self.frozen.tables
        if per_image:
            payloads = tuple(
                payload_of(tables, symbols[i : i + 1], levels[i : i + 1]) for i in range(len(symbols))
            )
        else:
            payloads = (payload_of(tables, symbols, levels),)
        identity = self.frozen.identity
        container = Container(identity, self.seed, first_index, len(symbols), payloads, per_image)
        blob = container.to_bytes()
        return Coded(
            blob,
            symbols,
            float(self.estimated_bits(symbols, levels).sum()),
            float(tables.bits(symbols, levels).sum()),
            8 * sum(len(payload) for payload in payloads),
            8 * len(blob),
        )

    @torch.no_grad()
    def estimated_bits(self, symbols: NDArray[np.int64], levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """-log2 P(Z|U) of each image by the real-valued density, shape (count,)."""
        model = self.frozen.model
        values = torch.from_numpy(symbols).to(model.gain.device)
        bits: NDArray[np.float64] = model.bits(values, torch.from_numpy(levels)).double().cpu().numpy()
        return bits

    def decode_symbols(self, blob: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], Container]:
        """(symbols, dither levels, container) of a stream; integers alone.

        Raises
        ------
        StreamError
            Damaged, truncated, or made by another model.
        """
        container = Container.from_bytes(blob)
        if container.identity != self.frozen.identity:
            raise StreamError(
                f"the stream was made by model {container.identity.hex()}, this is model "
                f"{self.frozen.identity.hex()}: give the model file that compressed it."
            )
        tables = self.frozen.tables
        self._require_size(container.images, StreamError)
        if not container.per_image:
            require_possible(tables, container.images, len(container.payloads[0]))
        levels = self._levels(container.first_index, container.images, container.seed)
        if not container.per_image:
            return decoded_payload(tables, container.payloads[0], levels), levels, container
        parts = [
            decoded_payload(tables, payload, levels[i : i + 1])
            for i, payload in enumerate(container.payloads)
        ]
        return (np.concatenate(parts) if parts else levels.copy()), levels, container

    def decompress(self, blob: bytes) -> Tensor:
        """The reconstructions Y, floats in [0, 1], shape (count, C, H, W), on CPU."""
        symbols, levels, container = self.decode_symbols(blob)
        return self.reconstruct(symbols, levels, container.first_index, container.seed)

    @torch.no_grad()
    def reconstruct(
        self, symbols: NDArray[np.int64], levels: NDArray[np.int64], first_index: int, seed: int
    ) -> Tensor:
        """Y from symbols; the decoder's noise comes from the same counter as the dither."""
        model = self.frozen.model
        noise = noise_levels(seed, first_index, len(symbols), model.settings.noise_dimensions)
        outputs = torch.empty(len(symbols), *self.frozen.clean_shape)
        for i in range(0, len(symbols), _BATCH):
            part = [torch.from_numpy(array[i : i + _BATCH]) for array in (symbols, levels, noise)]
            outputs[i : i + _BATCH] = model.reconstruct(*part).cpu()
        if not bool(torch.isfinite(outputs).all()):
            raise ModelFileError("the model's decoder gives pixels that are not numbers: it is not sane.")
        return outputs

    def _require_size(
        self, images: int, error: type[DatasetError] | type[StreamError] = DatasetError
    ) -> None:
        """Refuse what would take more memory than a stream should."""
        most = _MOST_PIXELS // max(math.prod(self.frozen.clean_shape), math.prod(self.frozen.degraded_shape))
        most = min(most, MOST_SYMBOLS // self.frozen.tables.dimensions)
        if images > most:
            raise error(
                argument="the number of images",
                value=images,
                required=f"be at most {most} in one stream of this model",
                remedy="code them in parts",
            )

    def _levels(self, first_index: int, count: int, seed: int | None = None) -> NDArray[np.int64]:
        chosen = self.seed if seed is None else seed
        model = self.frozen.model
        return dither_levels(chosen, first_index, count, model.settings.latents, model.dither_level_count)
