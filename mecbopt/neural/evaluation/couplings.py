"""The coupling of classes that a model has learned: cell of the source against the class read off the output.

A 10 x 10 joint law, counted on images, at a known coded rate: small enough for `mecbopt.solve`, which says
how much information a scheme with nothing else to do could have kept between the same marginals at the same
rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mecbopt.neural.coding.codec import ImageCodec
from mecbopt.neural.coding.model_file import FrozenModel
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.classifiers import Ensemble

__all__ = ["class_coupling"]

#: Images that are classified at once, which bounds the memory.
_PART = 1000


@torch.no_grad()
def class_coupling(
    frozen: FrozenModel, sources: Tensor, reader: Ensemble, seed: int = 1
) -> tuple[NDArray[np.int64], float]:
    """(counts, coded rate in bits an image): counts[k, c] sources of cell k whose outputs read as class c.

    Raises
    ------
    ConfigError
        The model's encoder has no class trunk, so there are no cells.
    """
    encoder: Any = frozen.model.encoder
    if not hasattr(encoder, "logits"):
        raise ConfigError(
            argument="model.encoder",
            value=frozen.config.model.encoder,
            required="have a class trunk",
            remedy="give a model trained with model.encoder=clusters",
        )
    codec = ImageCodec(frozen, seed)
    coded = codec.compress(sources)
    outputs = codec.decompress(coded.blob)
    device = frozen.model.gain.device
    cells = torch.cat([encoder.logits(part.to(device)).argmax(dim=1).cpu() for part in sources.split(_PART)])
    read = torch.cat([reader.log_probabilities(part).argmax(dim=1) for part in outputs.split(_PART)])
    size = max(int(cells.max()), int(read.max()), frozen.config.model.clusters - 1) + 1
    counts = np.zeros((size, size), dtype=np.int64)
    np.add.at(counts, (cells.numpy(), read.numpy()), 1)
    return counts, coded.payload_bits / len(sources)
