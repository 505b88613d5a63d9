"""Classifiers: the ensemble inside the loop, and the judge, which is of another make and never in a graph.

A decoder trained against one fixed classifier learns images that only this classifier can read.  Hence an
ensemble of different small networks, trained with augmentation, looks at augmented outputs during training;
and what is reported comes from the judge: other layers, another seed, trained on clean data alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural import streams
from mecbopt.neural.data.images import Shape, as_float
from mecbopt.neural.model.networks import halvings
from mecbopt.units import BITS_PER_NAT

__all__ = ["Ensemble", "Judge", "LoopClassifier", "augmented", "classification", "fit_classifier", "shifted"]


class LoopClassifier(nn.Module):
    """A small convolutional classifier; `variant` changes kernel, width and activation.

    Strided convolutions keep it cheap: it is run forwards and backwards at every step of the loop.
    """

    def __init__(self, shape: Shape, classes: int, variant: int) -> None:
        super().__init__()
        kernel = (4, 6)[variant % 2]
        width = (16, 12, 20)[variant % 3]
        activation = (nn.ReLU, nn.SiLU, nn.ELU)[variant % 3]
        layers: list[nn.Module] = []
        channels, count = shape[0], max(1, halvings(shape, smallest=4))
        for index in range(count):
            out = width * 2**index
            layers += [nn.Conv2d(channels, out, kernel, stride=2, padding=kernel // 2 - 1), activation()]
            channels = out
        size = channels * (shape[1] >> count) * (shape[2] >> count)
        self.body = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(size, 64), activation(), nn.Linear(64, classes)
        )

    def forward(self, image: Tensor) -> Tensor:
        """Logits, shape (batch, classes)."""
        result: Tensor = self.body(image - 0.5)
        return result


class Ensemble(nn.Module):
    """The classifiers in the loop, averaged as losses (each must read the image on its own)."""

    def __init__(self, shape: Shape, classes: int, members: int) -> None:
        super().__init__()
        self.members = nn.ModuleList(LoopClassifier(shape, classes, variant) for variant in range(members))

    def forward(self, image: Tensor) -> Tensor:
        """Logits of all members, shape (members, batch, classes)."""
        return torch.stack([member(image) for member in self.members])

    def cross_entropy(self, image: Tensor, label: Tensor) -> Tensor:
        """Mean of the members' cross-entropies, in nats, shape (batch,)."""
        logits = self(image)
        losses = [functional.cross_entropy(member, label, reduction="none") for member in logits]
        return torch.stack(losses).mean(dim=0)

    def log_probabilities(self, image: Tensor) -> Tensor:
        """Log of the mean of the members' probabilities, shape (batch, classes)."""
        logits = self(image)
        return torch.logsumexp(functional.log_softmax(logits, dim=2), dim=0) - math.log(len(self.members))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm_first = nn.GroupNorm(4, channels)
        self.norm_second = nn.GroupNorm(4, channels)

    def forward(self, image: Tensor) -> Tensor:
        hidden = self.first(functional.gelu(self.norm_first(image)))
        result: Tensor = image + self.second(functional.gelu(self.norm_second(hidden)))
        return result


class Judge(nn.Module):
    """The independent judge: a residual network with group normalisation and global pooling.

    Nothing of it is shared with `LoopClassifier`: residual blocks against plain stacks, normalisation
    against none, global pooling against flattening.  `features` also serves the Frechet distance.
    """

    def __init__(self, shape: Shape, classes: int, width: int = 24) -> None:
        super().__init__()
        self.stem = nn.Conv2d(shape[0], width, 3, padding=1)
        blocks: list[nn.Module] = []
        channels = width
        for _ in range(max(1, halvings(shape, smallest=4))):
            blocks += [nn.Conv2d(channels, 2 * channels, 2, stride=2), _Residual(2 * channels)]
            channels *= 2
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.GroupNorm(4, channels)
        self.head = nn.Linear(channels, classes)

    def features(self, image: Tensor) -> Tensor:
        """Pooled features, shape (batch, channels)."""
        return functional.gelu(self.norm(self.blocks(self.stem(image - 0.5)))).mean(dim=(2, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Logits, shape (batch, classes)."""
        result: Tensor = self.head(self.features(image))
        return result


def augmented(image: Tensor, shift: int, noise: float, generator: torch.Generator) -> Tensor:
    """The images moved by up to `shift` pixels with Gaussian noise added; differentiable in the images.

    One displacement serves the whole batch: cheap, and over many steps it covers the same set.
    """
    if shift > 0:
        image = shifted(image, shift, *torch.randint(-shift, shift + 1, (2,), generator=generator).tolist())
    if noise > 0:
        image = image + noise * torch.randn(image.shape, generator=generator).to(image.device)
    return image


def shifted(image: Tensor, reach: int, down: int, right: int) -> Tensor:
    """The images moved by (down, right), both within the reach; pixels of the border are repeated."""
    if reach == 0:
        return image
    padded = functional.pad(image, (reach, reach, reach, reach), mode="replicate")
    top, left = reach + down, reach + right
    return padded[..., top : top + image.shape[2], left : left + image.shape[3]]


def fit_classifier(
    classifier: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    seed: int,
    epochs: float,
    shift: int,
    noise: float,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Train a classifier in place on uint8 or float images, shape (count, C, H, W), with one-cycle Adam.

    Deterministic for a given seed and thread count.  `progress` receives (step, steps).
    """
    device = next(classifier.parameters()).device
    images, labels = images.to(device), labels.to(device)  # once: a copy a step would cost more than the step
    steps = max(1, round(epochs * len(images) / batch_size))
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=learning_rate, weight_decay=1e-2, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=learning_rate, total_steps=steps + 1)
    batches = max(1, len(images) // batch_size)
    order, moves, offsets = torch.empty(0, dtype=torch.int64), [[0, 0]], [0]
    stretch = batch_size * images[0].numel()
    bank = torch.randn(2 * stretch if noise > 0 else 0, generator=streams.generator(seed, "noise bank"))
    bank = noise * bank.to(device)
    classifier.train()
    for step in range(steps):
        epoch, position = divmod(step, batches)
        if position == 0:
            order = streams.permutation(len(images), seed, "classifier order", epoch).to(device)
            generator = streams.generator(seed, "classifier augmentation", epoch)
            moves = torch.randint(-shift, shift + 1, (batches, 2), generator=generator).tolist()
            offsets = torch.randint(0, stretch, (batches,), generator=generator).tolist()
        chosen = order[position * batch_size : (position + 1) * batch_size]
        batch = shifted(as_float(images[chosen]), shift, *moves[position])
        if noise > 0:
            batch = batch + bank[offsets[position] :][: batch.numel()].view_as(batch)
        loss = functional.cross_entropy(classifier(batch), labels[chosen], label_smoothing=0.02)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        if progress is not None:
            progress(step + 1, steps)
    classifier.eval()
    for parameter in classifier.parameters():
        parameter.requires_grad_(False)


@torch.no_grad()
def classification(
    log_probabilities: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, batch_size: int = 500
) -> tuple[float, float]:
    """(accuracy, cross-entropy in bits) of a classifier given by its log probabilities, over a set."""
    correct, total_nats = 0, 0.0
    for start in range(0, len(images), batch_size):
        log_p = log_probabilities(as_float(images[start : start + batch_size])).double().cpu()
        label = labels[start : start + batch_size].cpu()
        correct += int((log_p.argmax(dim=1) == label).sum())
        total_nats -= float(log_p.gather(1, label.unsqueeze(1)).sum())
    return correct / len(images), total_nats / len(images) * BITS_PER_NAT
