"""Information between source and reconstruction: InfoNCE (a bound) and the reconstructor's gain (none).

InfoNCE (van den Oord, Li, Vinyals 2018; Poole et al., On variational bounds of mutual information, ICML
2019): for a batch of K independent pairs and any score s,

    I(X;Y) >= E [ log s(x_i, y_i) - log (1/K) sum_j s(x_j, y_i) ],     at most log2 K bits.

The score is trained on training pairs and evaluated on test pairs, so overfitting lowers the bound only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from mecbopt.neural import streams
from mecbopt.units import BITS_PER_NAT

__all__ = ["InfoNCE", "infonce", "reconstructor_gain"]


@dataclass(frozen=True)
class InfoNCE:
    """A lower bound on I(X;Y): estimate and standard error (bits), and the ceiling log2 K."""

    bits: float
    standard_error: float
    ceiling: float


class _Score(nn.Module):
    """log s(x, y) = <a(x), b(y)>, with two fully connected embeddings."""

    def __init__(self, source_size: int, output_size: int, hidden: int, embedding: int) -> None:
        super().__init__()
        self.sides = nn.ModuleList(
            nn.Sequential(
                nn.Flatten(), nn.Linear(size, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
                nn.Linear(hidden, embedding),
            )
            for size in (source_size, output_size)
        )  # fmt: skip
        self.bias = nn.Linear(embedding, 1)

    def forward(self, source: Tensor, output: Tensor) -> Tensor:
        """Scores of all pairs, shape (outputs, sources)."""
        left, right = self.sides[0](source), self.sides[1](output)
        result: Tensor = right @ left.t() / math.sqrt(left.shape[1]) + self.bias(left).t()
        return result


def infonce(
    train: tuple[Tensor, Tensor],
    test: tuple[Tensor, Tensor],
    *,
    seed: int,
    steps: int,
    batch_size: int = 512,
    hidden: int = 256,
    embedding: int = 64,
    device: str | torch.device = "cpu",
) -> InfoNCE:
    """Fit a score on training pairs (x, y) and evaluate the bound on all test pairs as one batch.

    The standard error is that of the mean of the K terms; it ignores their weak dependence through the common
    denominators.  Cost: O(K^2) scores, in blocks.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(streams.integer_seed(seed, "infonce weights"))
        score = _Score(train[0][0].numel(), train[1][0].numel(), hidden, embedding).to(device)
    optimiser = torch.optim.AdamW(score.parameters(), lr=1e-3, weight_decay=1e-3, fused=True)
    size = min(batch_size, len(train[0]))
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        chosen = torch.randint(0, len(train[0]), (size,), generator=streams.generator(seed, "infonce", step))
        scores = score(train[0][chosen].to(device), train[1][chosen].to(device))
        loss = -(scores.diagonal() - torch.logsumexp(scores, dim=1)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        terms = _terms(score, test[0].to(device), test[1].to(device)).cpu()
    spread = float(terms.std()) / math.sqrt(len(terms)) if len(terms) > 1 else math.inf
    return InfoNCE(
        float(terms.mean()) * BITS_PER_NAT, spread * BITS_PER_NAT, math.log(len(terms)) * BITS_PER_NAT
    )


def _terms(score: _Score, sources: Tensor, outputs: Tensor, block: int = 500) -> Tensor:
    parts = []
    for start in range(0, len(outputs), block):
        scores = score(sources, outputs[start : start + block]).double()
        index = torch.arange(start, start + len(scores), device=scores.device)
        own = scores.gather(1, index.unsqueeze(1)).squeeze(1)
        parts.append(own - torch.logsumexp(scores, dim=1) + math.log(len(sources)))
    return torch.cat(parts)


@torch.no_grad()
def reconstructor_gain(
    reconstructor: nn.Module, train_sources: Tensor, sources: Tensor, outputs: Tensor
) -> float:
    """E log2 q(x|y) - E log2 q0(x), in bits, with q0 of the same family as q: what Y adds to it.

    The reconstructor q is a Gaussian about a function of y with one scale a channel; q0 is the Gaussian about
    the training mean of each pixel with one scale a channel, fitted by maximum likelihood and floored as q's,
    at one grey level.  A diagnostic, no bound: H(X) is unknown, and the gain exceeds I(X;Y) where q0 is far
    from the law of X.
    """
    mean = train_sources.mean(dim=0)
    variance = (train_sources - mean).square().mean(dim=(0, 2, 3), keepdim=True)[0]
    deviation = variance.sqrt().clamp_min(1.0 / 255.0)  # (C, 1, 1)
    terms = -0.5 * ((sources - mean) / deviation).square() - deviation.log() - 0.5 * math.log(2.0 * math.pi)
    fixed = terms.flatten(1).sum(dim=1).double().mean()
    device = next(reconstructor.parameters()).device
    likelihood: Any = reconstructor.log_likelihood
    total = 0.0
    for start in range(0, len(sources), 500):
        part = slice(start, start + 500)
        total += float(likelihood(sources[part].to(device), outputs[part].to(device)).double().sum())
    return (total / len(sources) - float(fixed)) * BITS_PER_NAT
