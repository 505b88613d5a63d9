"""Critics by name: image (and the code's class cell) -> score.

A critic that does not know the cell lets a decoder collapse within classes as long as the mixture looks
right: in the loop it reads a W1 of .8 where one fitted afresh reads 3.4.  A conditional one (projection of
the cell on the features: Miyato and Koyama, cGANs with projection discriminator, ICLR 2018) compares the laws
cell by cell.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from mecbopt.neural.config import ModelConfig
from mecbopt.neural.data.images import Shape
from mecbopt.neural.model.networks import Critic
from mecbopt.neural.registry import Registry

__all__ = ["CRITICS", "ProjectionCritic", "UnshuffledFeatures", "critic_of"]


class UnshuffledFeatures(nn.Module):
    """Features of pixel-unshuffled images: two strided convolutions and one hidden layer, (batch, hidden)."""

    def __init__(self, shape: Shape, width: int, hidden: int) -> None:
        super().__init__()
        factor = 2 if not (shape[1] % 2 or shape[2] % 2) else 1
        sides = [side // factor for side in shape[1:]]
        for _ in range(2):
            sides = [(side + 1) // 2 for side in sides]
        self.body = nn.Sequential(
            nn.PixelUnshuffle(factor), nn.Conv2d(factor**2 * shape[0], width, 3, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(),
            nn.Linear(2 * width * sides[0] * sides[1], hidden), nn.LeakyReLU(0.2),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        """Features, shape (batch, hidden)."""
        features: Tensor = self.body(image)
        return features


class ProjectionCritic(nn.Module):
    """score(y, k) = w . h(y) + e_k . h(y); without a cell the first part alone."""

    def __init__(self, features: nn.Module, hidden: int, cells: int) -> None:
        super().__init__()
        self.features, self.score = features, nn.Linear(hidden, 1)
        self.cells: nn.Embedding | None = None
        if cells:
            self.cells = nn.Embedding(cells, hidden)
            nn.init.normal_(self.cells.weight, std=0.1)

    def forward(self, image: Tensor, cell: Tensor | None = None) -> Tensor:
        """Scores, shape (batch,), high for images that look real (of that cell)."""
        hidden = self.features(image)
        score: Tensor = self.score(hidden).squeeze(1)
        if self.cells is not None and cell is not None:
            score = score + (hidden * self.cells(cell)).sum(dim=1)
        return score


def _convolutional(shape: Shape, settings: ModelConfig) -> nn.Module:
    return Critic(shape, settings.critic_width)


def _unshuffled(shape: Shape, settings: ModelConfig) -> nn.Module:
    hidden = settings.critic_hidden
    features = UnshuffledFeatures(shape, settings.critic_width, hidden)
    return ProjectionCritic(features, hidden, settings.clusters if settings.critic_conditional else 0)


CRITICS: Registry[Callable[[Shape, ModelConfig], nn.Module]] = Registry("model.critic")
CRITICS.register("convolutional", _convolutional)
CRITICS.register("unshuffled", _unshuffled)


def critic_of(shape: Shape, settings: ModelConfig) -> nn.Module:
    """The critic that the settings name."""
    return CRITICS[settings.critic](shape, settings)
