"""What a trainer trains on: the pieces that differ between images and discrete letters.

The trainer, the losses, the quantiser, the density and the tables are the same for both (see `discrete`).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from mecbopt.neural import streams
from mecbopt.neural.config import Config
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import degradation
from mecbopt.neural.data.images import Shape, as_float
from mecbopt.neural.model.classifiers import Ensemble, augmented
from mecbopt.neural.model.coupling import CouplingModel, image_model
from mecbopt.neural.model.networks import Critic
from mecbopt.neural.objectives.losses import Batch

__all__ = ["ImageTask", "Task"]


class Task(Protocol):
    """A source, a target law and a label, with the networks that fit them."""

    config: Config

    def model(self) -> CouplingModel:
        """A fresh coupling model, initialised from the global generator."""
        ...

    def critic(self) -> nn.Module:
        """A fresh critic."""
        ...

    def label_model(self) -> nn.Module:
        """The classifier c(s|y); frozen or to be trained jointly."""
        ...

    def batch(self, number: int) -> Batch:
        """The batch of that number, on CPU: a function of (seed, number)."""
        ...

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """Squared distance of a reconstruction from its source, shape (batch,)."""
        ...

    def view(self, reconstruction: Tensor, step: int) -> Tensor:
        """What the classifiers in the loop are shown."""
        ...

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """(sources to fit the density to, sources to set the rate on), on CPU."""
        ...


class ImageTask:
    """Images of a data set, degraded by the configured degradation.

    Parameters
    ----------
    config : Config
    dataset : ImageDataset
    classifiers : Ensemble
        Trained beforehand on clean images.
    """

    #: Most training images used to fit the density a last time.
    _DENSITY_SOURCES = 8192

    def __init__(self, config: Config, dataset: ImageDataset, classifiers: Ensemble) -> None:
        self.config, self.dataset, self.classifiers = config, dataset, classifiers
        self.degradation = degradation(config.data.degradation)
        self.clean_shape: Shape = dataset.shape
        self.degraded_shape = self.degradation.output_shape(dataset.shape)

    def model(self) -> CouplingModel:
        """A fresh coupling model."""
        return image_model(self.config, self.clean_shape, self.degraded_shape)

    def critic(self) -> nn.Module:
        """A fresh critic."""
        return Critic(self.clean_shape, self.config.model.critic_width)

    def label_model(self) -> nn.Module:
        """The frozen ensemble."""
        return self.classifiers

    def batch(self, number: int) -> Batch:
        """Images drawn with replacement; the clean ones independently of the sources."""
        size, seed = self.config.optimisation.batch_size, self.config.runtime.seed
        generator = streams.generator(seed, "batch", number)
        count = len(self.dataset.train_images)
        chosen = torch.randint(0, count, (2, size), generator=generator)
        images = as_float(self.dataset.train_images[chosen[0]])
        source = self.degradation(images, generator)
        return Batch(
            source, self.dataset.train_labels[chosen[0]], as_float(self.dataset.train_images[chosen[1]])
        )

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """|D(y) - x|^2 summed over pixels, D the noiseless degradation."""
        return (self.degradation.mean(reconstruction) - source).square().flatten(1).sum(dim=1)

    def view(self, reconstruction: Tensor, step: int) -> Tensor:
        """The augmentation that the classifiers were trained with."""
        settings = self.config.optimisation
        generator = streams.generator(self.config.runtime.seed, "view", step)
        return augmented(reconstruction, settings.augmentation_shift, settings.augmentation_noise, generator)

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """Degraded training images (at most 8192) and all degraded held-out images."""
        generator = streams.generator(self.config.runtime.seed, "calibration")
        train = as_float(self.dataset.train_images[: self._DENSITY_SOURCES])
        held_out = as_float(self.dataset.validation_images)
        return self.degradation(train, generator), self.degradation(held_out, generator)
