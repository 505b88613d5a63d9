"""What a trainer trains on: the pieces that differ between images and discrete letters.

The trainer, the losses, the quantiser, the density and the tables are the same for both (see `discrete`).
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from mecbopt.neural import streams
from mecbopt.neural.config import Config
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import degradation
from mecbopt.neural.data.images import Shape, as_float
from mecbopt.neural.errors import ConfigError
from mecbopt.neural.model.classifiers import Ensemble
from mecbopt.neural.model.coupling import CouplingModel, image_model
from mecbopt.neural.model.critics import critic_of
from mecbopt.neural.model.encoders import ClusterEncoder
from mecbopt.neural.model.heads import CodeHeads
from mecbopt.neural.training.pool import ImagePool, Pool

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

    def heads(self) -> nn.Module | None:
        """Fresh heads on the code, where a stage asks for them."""
        ...

    def pool(
        self,
        config: Config,
        model: CouplingModel,
        device: torch.device,
        trunk_frozen: bool,
        encoder_frozen: bool,
    ) -> Pool:
        """What the batches of a stage are cut from."""
        ...

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """Squared distance of a reconstruction from its source, shape (batch,)."""
        ...

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """(sources to fit the density to, sources to set the rate on), on CPU."""
        ...

    def clean_samples(self) -> tuple[Tensor, Tensor]:
        """Samples of p_Y beside the calibration sources, on CPU; ConfigError where it has no samples."""
        ...


class ImageTask:
    """Images of a data set, degraded by the configured degradation.

    Parameters
    ----------
    config : Config
    dataset : ImageDataset
    classifiers : Ensemble
        Trained beforehand on clean images; or fresh, where the loop trains them jointly.
    """

    #: Most training images used to fit the density, and to standardise pixels.
    _DENSITY_SOURCES = 8192

    def __init__(self, config: Config, dataset: ImageDataset, classifiers: Ensemble) -> None:
        self.config, self.dataset, self.classifiers = config, dataset, classifiers
        self.degradation = degradation(config.data.degradation)
        self.clean_shape: Shape = dataset.shape
        self.degraded_shape = self.degradation.output_shape(dataset.shape)
        if config.model.encoder == "clusters" and config.model.clusters != dataset.classes:
            raise ConfigError(
                f"model.clusters is {config.model.clusters}, but the data set has {dataset.classes} classes: "
                f"set model.clusters={dataset.classes}."
            )

    def model(self) -> CouplingModel:
        """A fresh coupling model, its pixels standardised by the training sources."""
        model = image_model(self.config, self.clean_shape, self.degraded_shape, self.degradation.mean)
        if isinstance(model.encoder, ClusterEncoder):
            model.encoder.standardise(self.calibration_sources()[0])
        return model

    def critic(self) -> nn.Module:
        """A fresh critic."""
        return critic_of(self.clean_shape, self.config.model)

    def label_model(self) -> nn.Module:
        """The ensemble."""
        return self.classifiers

    def heads(self) -> nn.Module | None:
        """Heads for label and source, where a stage gives them weight."""
        stages = [self.config, *(self.config.at_stage(stage) for stage in self.config.stages)]
        if not any(
            config.objective.code_label_weight or config.objective.code_source_weight for config in stages
        ):
            return None
        return CodeHeads(self.config.model.latents, math.prod(self.degraded_shape), self.dataset.classes)

    def pool(
        self,
        config: Config,
        model: CouplingModel,
        device: torch.device,
        trunk_frozen: bool,
        encoder_frozen: bool,
    ) -> Pool:
        """The training images on the device, with what frozen parts make of them."""
        return ImagePool(config, self.dataset, self.degradation, device, model, trunk_frozen, encoder_frozen)

    def fidelity(self, source: Tensor, reconstruction: Tensor) -> Tensor:
        """|D(y) - x|^2 summed over pixels, D the noiseless degradation."""
        return (self.degradation.mean(reconstruction) - source).square().flatten(1).sum(dim=1)

    def calibration_sources(self) -> tuple[Tensor, Tensor]:
        """Degraded training images (at most 8192) and all degraded held-out images."""
        generator = streams.generator(self.config.runtime.seed, "calibration")
        train = as_float(self.dataset.train_images[: self._DENSITY_SOURCES])
        held_out = as_float(self.dataset.validation_images)
        return self.degradation(train, generator), self.degradation(held_out, generator)

    def clean_samples(self) -> tuple[Tensor, Tensor]:
        """Training images (at most 8192) and all held-out images."""
        return self.dataset.train_images[: self._DENSITY_SOURCES], self.dataset.validation_images
