"""Factorised density of the latents, as learned cumulative distributions: monotone networks, or mixtures.

Each dimension i has its own monotone network c_i : R -> (0, 1) of the form of Balle, Minnen, Singh, Hwang and
Johnston, Variational image compression with a scale hyperprior (ICLR 2018), appendix 6.1.  Here c_i is the
cumulative distribution of f_i(x) itself, so that under universal quantisation

    P(Z = z | U = u) = c(z + u + 1/2) - c(z + u - 1/2)

sums to 1 over the integers z for every dither u (the sum telescopes) and is the law of Z when c is exact.

`LogisticMixture` serves latents with atoms, such as those of a discrete source: two atoms .46 apart cost
.46 bits; monotone networks of widths (3, 3, 3) ended at .60 bits after 1,500 steps, because plateaus beside
steep steps are hard for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.neural.config import ModelConfig
from mecbopt.neural.registry import Registry
from mecbopt.units import BITS_PER_NAT

__all__ = ["DENSITIES", "Density", "FactorizedDensity", "LogisticMixture", "UniformDensity"]

#: Smallest probability used in a logarithm (2**-50): keeps gradients finite far out in the tails.
_PROBABILITY_FLOOR = 2.0**-50


class Density(nn.Module):
    """What quantiser, tables and coder need of a density."""

    dimensions: int

    def sharpen(self, share: float | Tensor) -> None:
        """Be told that `share` of the training is over, in [0, 1]; by default this changes nothing."""

    def logits(self, values: Tensor) -> Tensor:
        """Logit of c_i at `values`, shape (batch, dimensions) -> the same shape; increasing in each entry."""
        raise NotImplementedError

    def window_probability(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """c((v + 1/2)/gain) - c((v - 1/2)/gain): law of Z + U where f has been multiplied by `gain`.

        Shape (batch, dimensions) -> the same.
        """
        raise NotImplementedError

    def bits(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """-log2 P(Z | U) at values Z + U, summed over dimensions: shape (batch, dimensions) -> (batch,)."""
        probability = self.window_probability(values, gain).clamp_min(_PROBABILITY_FLOOR)
        return -torch.log(probability).sum(dim=1) * BITS_PER_NAT


class FactorizedDensity(Density):
    """Learned cumulative distributions c_1 .. c_d, non-parametric.

    Parameters
    ----------
    dimensions : int
        d.
    widths : tuple of int
        Widths of the hidden layers of each monotone network.
    scale : float
        Spread of the law at the start: most of the mass lies within +-scale.
    """

    def __init__(self, dimensions: int, widths: tuple[int, ...] = (3, 3, 3), scale: float = 4.0) -> None:
        super().__init__()
        self.dimensions = dimensions
        sizes = (1, *widths, 1)
        growth = scale ** (1.0 / (len(widths) + 1))
        self.matrices = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.gates = nn.ParameterList()
        # Fixed offsets spread the hidden units over the range: no random numbers, so a rerun starts alike.
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            start = math.log(math.expm1(1.0 / growth / fan_out))
            self.matrices.append(nn.Parameter(torch.full((dimensions, fan_out, fan_in), start)))
            offsets = torch.zeros(dimensions, fan_out, 1)
            if fan_out > 1 and not offsets.is_meta:  # there a line imports torch's compiler, for seconds
                offsets[:] = torch.linspace(-0.5, 0.5, fan_out)[:, None]
            self.biases.append(nn.Parameter(offsets))
            if layer < len(widths):
                self.gates.append(nn.Parameter(torch.zeros(dimensions, fan_out, 1)))

    def logits(self, values: Tensor) -> Tensor:
        """Logit of c_i at `values`, shape (batch, dimensions) -> the same shape; increasing in each entry."""
        hidden = values.t().unsqueeze(1)  # (dimensions, 1, batch)
        for layer, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, functional.softplus(matrix), hidden)
            if layer < len(self.gates):
                hidden = hidden + torch.tanh(self.gates[layer]) * torch.tanh(hidden)
        return hidden.squeeze(1).t()

    def window_probability(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """As `Density` says."""
        return _difference(self.logits((values + 0.5) / gain), self.logits((values - 0.5) / gain))


class LogisticMixture(Density):
    """c_i = sum_k w_ik sigmoid((v - m_ik)/s_ik), a mixture of logistic distributions for each dimension."""

    _least_training: Tensor

    #: Least scale of a finished density: far below the dither's grid, so that atoms cost nothing.
    _LEAST_SCALE = 1e-3
    #: Least scale in training, at its start and, falling over its middle half, at its end.  Between sharp
    #: atoms more than 1 apart the rate has no gradient, and letters that drifted apart were seen to stay
    #: there, at the full entropy, whatever the rate's weight; blunt atoms cost bits that the code does not.
    _LEAST_TRAINING_SCALES = (0.1, 0.02)

    def __init__(self, dimensions: int, components: int = 8, scale: float = 4.0) -> None:
        super().__init__()
        self.dimensions = dimensions
        centres = torch.empty(dimensions, components)
        if not centres.is_meta:  # as above
            centres[:] = torch.linspace(-0.75 * scale, 0.75 * scale, components)
        self.centres = nn.Parameter(centres)
        self.log_scales = nn.Parameter(torch.full((dimensions, components), math.log(0.25 * scale)))
        self.weight_logits = nn.Parameter(torch.zeros(dimensions, components))
        # A tensor, so that a recorded step reads its current value.
        self.register_buffer("_least_training", torch.tensor(self._LEAST_TRAINING_SCALES[0]))

    def sharpen(self, share: float | Tensor) -> None:
        """Lower the least scale, geometrically over the middle half of the training."""
        first, last = self._LEAST_TRAINING_SCALES
        progress = (2.0 * torch.as_tensor(share, device=self._least_training.device) - 0.5).clamp(0.0, 1.0)
        self._least_training.copy_(first * (last / first) ** progress)

    def _arguments(self, values: Tensor) -> Tensor:
        least = self._least_training if self.training else self._LEAST_SCALE
        scales = torch.exp(self.log_scales) + least
        return (values.unsqueeze(2) - self.centres) / scales  # (batch, dimensions, components)

    def logits(self, values: Tensor) -> Tensor:
        """As `Density` says."""
        arguments, weights = self._arguments(values), torch.log_softmax(self.weight_logits, dim=1)
        below = torch.logsumexp(weights + nn.functional.logsigmoid(arguments), dim=2)
        above = torch.logsumexp(weights + nn.functional.logsigmoid(-arguments), dim=2)
        return below - above

    def window_probability(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """As `Density` says."""
        upper, lower = self._arguments((values + 0.5) / gain), self._arguments((values - 0.5) / gain)
        return (torch.softmax(self.weight_logits, dim=1) * _difference(upper, lower)).sum(dim=2)


class UniformDensity(Density):
    """c(v) = (v + 1/2)/levels on [-1/2, levels - 1/2]: no entropy model, log2(levels) bits a symbol."""

    def __init__(self, dimensions: int, levels: int) -> None:
        super().__init__()
        self.dimensions, self.levels = dimensions, levels

    def _share(self, values: Tensor) -> Tensor:
        return ((values + 0.5) / self.levels).clamp(0.0, 1.0)

    def logits(self, values: Tensor) -> Tensor:
        """As `Density` says; infinite outside the support."""
        return torch.logit(self._share(values))

    def window_probability(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """As `Density` says."""
        return self._share((values + 0.5) / gain) - self._share((values - 0.5) / gain)


DENSITIES: Registry[Callable[[ModelConfig], Density]] = Registry("model.density")
DENSITIES.register("monotone", lambda settings: FactorizedDensity(settings.latents))
DENSITIES.register(
    "logistic_mixture", lambda settings: LogisticMixture(settings.latents, settings.density_components)
)
DENSITIES.register("uniform", lambda settings: UniformDensity(settings.latents, settings.quantiser_levels))


def _difference(upper: Tensor, lower: Tensor) -> Tensor:
    """sigmoid(upper) - sigmoid(lower), on the side of 0 where both are small: exact in the tails."""
    side = -torch.sign(upper + lower).detach()
    side = torch.where(side == 0, torch.ones_like(side), side)
    return torch.abs(torch.sigmoid(side * upper) - torch.sigmoid(side * lower))
