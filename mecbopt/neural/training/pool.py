"""Training data where the steps run: on the device, ready to be gathered by number.

A frozen trunk (or encoder) is run over the whole training set once, at the start of a stage, and its logits
(or latents) are gathered with the images from then on.  Which images, which dither and which noise a step
sees comes from `draws`: drawn on CPU from (seed, stage, chunk) for many steps at once, so that every device
sees the same, a resumed run goes on with the same, and no step waits for the host.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from mecbopt.neural import streams
from mecbopt.neural.config import Config
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import Degradation
from mecbopt.neural.data.images import as_float
from mecbopt.neural.model.coupling import CouplingModel
from mecbopt.neural.objectives.terms import Batch
from mecbopt.neural.training.augmentation import moved

__all__ = ["Draws", "ImagePool", "Pool"]

Draws = dict[str, Tensor]

#: Normal numbers that the views' noise is cut from, at a random place each step: drawing as many anew for
#: every step would cost more than the rest of the step.
_NOISE_BANK = 1 << 22
_PART = 2048


class Pool(Protocol):
    """What batches are cut from during one stage."""

    def draws(self, generator: torch.Generator, steps: int, rounds: int, batch: int) -> Draws:
        """Random numbers of several steps, on CPU: entries of shape (steps, rounds, ...)."""
        ...

    def batch(self, draw: Draws, rows: slice) -> Batch:
        """The batch of one round, cut to this process's rows."""
        ...

    def clean(self, draw: Draws, rows: slice, cells: Tensor | None) -> Tensor:
        """Samples of p_Y independent of the batch: given the cells, of the same classes."""
        ...

    def view(self, draw: Draws, rows: slice, output: Tensor) -> Tensor:
        """What the classifiers in the loop are shown."""
        ...


class ImagePool:
    """Images of a data set with `source_views` sources each, and what frozen parts make of them.

    Parameters
    ----------
    model : CouplingModel
        In the state that the stage starts from.
    trunk_frozen, encoder_frozen : bool
        What need not be computed anew at every step.
    """

    def __init__(
        self,
        config: Config,
        dataset: ImageDataset,
        degradation: Degradation,
        device: torch.device,
        model: CouplingModel,
        trunk_frozen: bool,
        encoder_frozen: bool,
    ) -> None:
        settings = config.optimisation
        self.shift, self.noise = settings.augmentation_shift, settings.augmentation_noise
        self.images = dataset.train_images.to(device)
        self.labels = dataset.train_labels.to(device)
        views = settings.source_views or (4 if degradation.stochastic else 1)
        # Half precision keeps stored noise within a thousandth of its deviation.
        kind = torch.float16 if degradation.stochastic else torch.float32
        sources = []
        for view in range(views):
            generator = streams.generator(config.runtime.seed, "source view", view)
            for part in dataset.train_images.split(_PART):
                clean = as_float(part.to(device))
                if settings.source_augmentation and view > 0:
                    clean = moved(clean, generator)
                sources.append(degradation(clean, generator).to(device, kind))
        self.sources = torch.cat(sources)
        self.logits = self.latents = None
        encoder: Any = model.encoder
        with torch.no_grad():
            parts = self.sources.split(_PART)
            if trunk_frozen and hasattr(encoder, "logits"):
                self.logits = torch.cat([encoder.logits(part.float()) for part in parts])
            if encoder_frozen:
                self.latents = (
                    torch.cat([encoder(part.float()) for part in parts])
                    if self.logits is None
                    else torch.cat(
                        [
                            encoder.assembled(part.float(), logits)
                            for part, logits in zip(parts, self.logits.split(_PART), strict=True)
                        ]
                    )
                )
        self.order = torch.argsort(self.labels, stable=True)
        self.counts = torch.bincount(self.labels, minlength=dataset.classes)
        self.starts = self.counts.cumsum(0) - self.counts
        generator = streams.generator(config.runtime.seed, "noise bank")
        size = _NOISE_BANK if self.noise > 0 else 1
        self.bank = torch.randn(size, generator=generator).to(device)
        self.pixels = self.images[0].numel()
        self.places = (
            torch.arange(settings.batch_size * self.pixels, device=device) if self.noise > 0 else None
        )

    def draws(self, generator: torch.Generator, steps: int, rounds: int, batch: int) -> Draws:
        """Numbers of sources, shares that pick clean images, moves and noise of the views."""
        reach = max(1, len(self.bank) - batch * self.pixels)
        return {
            "index": torch.randint(0, len(self.sources), (steps, rounds, batch), generator=generator),
            "clean": torch.rand(steps, rounds, batch, generator=generator),
            "moves": torch.randint(-self.shift, self.shift + 1, (steps, rounds, 2), generator=generator),
            "offset": torch.randint(0, reach, (steps, rounds, 1), generator=generator),
        }

    def batch(self, draw: Draws, rows: slice) -> Batch:
        """Sources drawn with replacement."""
        index = draw["index"][rows]
        return Batch(
            self.sources.index_select(0, index).float(),
            self.labels.index_select(0, index % len(self.labels)),
            None if self.logits is None else self.logits.index_select(0, index),
            None if self.latents is None else self.latents.index_select(0, index),
        )

    def clean(self, draw: Draws, rows: slice, cells: Tensor | None) -> Tensor:
        """Clean images drawn independently of the sources, uniformly or within the given classes."""
        share = draw["clean"][rows]
        if cells is None:
            index = (share * len(self.images)).long().clamp_max(len(self.images) - 1)
        else:
            counts = self.counts.index_select(0, cells)
            place = torch.minimum((share * counts).long(), counts - 1)
            index = self.order.index_select(0, self.starts.index_select(0, cells) + place)
        return as_float(self.images.index_select(0, index))

    def view(self, draw: Draws, rows: slice, output: Tensor) -> Tensor:
        """The output moved by the same small displacement for the whole batch, with noise added.

        The move is a product with two shift matrices: with the displacement on the device, and no slower than
        the convolution that follows.  Every row takes its own stretch of the noise bank, whichever process it
        is on.
        """
        if self.shift > 0:
            for axis in (0, 1):
                side = output.shape[2 + axis]
                number = torch.arange(side, device=output.device)
                origin = (number + draw["moves"][axis]).clamp(0, side - 1)
                matrix = (origin[:, None] == number[None, :]).to(output.dtype)
                output = matrix @ output if axis == 0 else output @ matrix.t()
        if self.places is not None:
            first = (rows.start or 0) * self.pixels
            places = self.places[first : first + output.numel()] + draw["offset"]
            output = output + self.noise * self.bank.index_select(0, places).view_as(output)
        return output
