"""Factorised non-parametric density of the latents, as a learned cumulative distribution.

Each dimension i has its own monotone network c_i : R -> (0, 1) of the form of Balle, Minnen, Singh, Hwang and
Johnston, Variational image compression with a scale hyperprior (ICLR 2018), appendix 6.1.  Here c_i is the
cumulative distribution of f_i(x) itself, so that under universal quantisation

    P(Z = z | U = u) = c(z + u + 1/2) - c(z + u - 1/2)

sums to 1 over the integers z for every dither u (the sum telescopes) and is the law of Z when c is exact.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mecbopt.units import BITS_PER_NAT

__all__ = ["FactorizedDensity"]

#: Smallest probability used in a logarithm (2**-50): keeps gradients finite far out in the tails.
_PROBABILITY_FLOOR = 2.0**-50


class FactorizedDensity(nn.Module):
    """Learned cumulative distributions c_1 .. c_d.

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
        for layer, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            start = math.log(math.expm1(1.0 / growth / fan_out))
            self.matrices.append(nn.Parameter(torch.full((dimensions, fan_out, fan_in), start)))
            offsets = torch.linspace(-0.5, 0.5, fan_out) if fan_out > 1 else torch.zeros(1)
            self.biases.append(nn.Parameter(offsets.repeat(dimensions, 1).unsqueeze(-1).clone()))
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
        """c((v + 1/2)/gain) - c((v - 1/2)/gain): law of Z + U where f has been multiplied by `gain`.

        Shape (batch, dimensions) -> the same.  The difference is taken on the side of the median where both
        terms are small, which keeps it exact in the tails.
        """
        upper = self.logits((values + 0.5) / gain)
        lower = self.logits((values - 0.5) / gain)
        side = -torch.sign(upper + lower).detach()
        side = torch.where(side == 0, torch.ones_like(side), side)
        return torch.abs(torch.sigmoid(side * upper) - torch.sigmoid(side * lower))

    def bits(self, values: Tensor, gain: Tensor | float = 1.0) -> Tensor:
        """-log2 P(Z | U) at values Z + U, summed over dimensions: shape (batch, dimensions) -> (batch,)."""
        probability = self.window_probability(values, gain).clamp_min(_PROBABILITY_FLOOR)
        return -torch.log(probability).sum(dim=1) * BITS_PER_NAT
