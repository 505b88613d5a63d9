"""An encoder and a decoder by their joint laws with T, and what they achieve; all in bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mecbopt.info import entropy

__all__ = ["Scheme"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scheme:
    """P(t, x) and P(t, y), with equal laws of T.

    Attributes
    ----------
    encoder : ndarray, shape (k, n)
        P(t, x).
    decoder : ndarray, shape (k, m)
        P(t, y).
    """

    encoder: FloatArray
    decoder: FloatArray

    @cached_property
    def p_t(self) -> FloatArray:
        """The law of T, shape (k,)."""
        law: FloatArray = self.encoder.sum(axis=1)
        return law

    @cached_property
    def coupling(self) -> FloatArray:
        """P(x, y) = sum_t P(t, x) P(t, y) / p_T(t), shape (n, m)."""
        return couplings(self.encoder, self.decoder, self.p_t)

    @cached_property
    def cost(self) -> float:
        """H(X,Y)."""
        return float(entropy(self.coupling))

    @cached_property
    def rate(self) -> float:
        """H(T)."""
        return float(entropy(self.p_t))

    def transposed(self) -> Scheme:
        """The same with X and Y exchanged."""
        return Scheme(self.decoder, self.encoder)


def couplings(encoder: FloatArray, decoder: FloatArray, p_t: FloatArray) -> FloatArray:
    """P(x, y) of P(t, x), P(t, y) and p_T, shapes (..., k, n), (..., k, m), (..., k)."""
    law = p_t[..., None]
    channel = np.divide(decoder, law, out=np.zeros_like(decoder), where=law > 0.0)
    joint: FloatArray = np.swapaxes(encoder, -1, -2) @ channel
    return joint
