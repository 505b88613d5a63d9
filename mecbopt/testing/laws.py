"""Strategies of probability laws: pmfs, channels, mixtures of mappings, stochastic schemes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt.problem import Mixture
from mecbopt.testing._hypothesis import strategies

__all__ = ["Scheme", "channels", "mixtures", "pmfs", "schemes"]

Pmf = tuple[Fraction, ...]


def pmfs(min_size: int = 1, max_size: int = 4, *, allow_zero: bool = True, max_weight: int = 20) -> Any:
    """Pmfs as tuples of Fractions that sum to exactly 1.

    Parameters
    ----------
    min_size, max_size : int
        Number of letters.
    allow_zero : bool
        Whether a mass may be 0.
    max_weight : int
        Largest integer weight: masses are multiples of 1/(size * max_weight) at the finest.
    """
    st = strategies()
    weights = st.lists(
        st.integers(min_value=0 if allow_zero else 1, max_value=max_weight),
        min_size=min_size,
        max_size=max_size,
    )
    return weights.filter(any).map(_normalized)


def _normalized(weights: list[int]) -> Pmf:
    total = sum(weights)
    return tuple(Fraction(weight, total) for weight in weights)


def channels(rows: int, min_size: int = 1, max_size: int = 3, *, allow_zero: bool = True) -> Any:
    """Row-stochastic channels: tuples of `rows` pmfs, as those of `pmfs`, of one size.

    Parameters
    ----------
    rows : int
        Letters of the input.
    min_size, max_size : int
        Letters of the output.
    allow_zero : bool
        Whether an entry may be 0.
    """
    st = strategies()
    return st.integers(min_value=min_size, max_value=max_size).flatmap(
        lambda size: st.lists(pmfs(size, size, allow_zero=allow_zero), min_size=rows, max_size=rows).map(
            tuple
        )
    )


def mixtures(letters_x: int, letters_y: int, max_mappings: int = 4) -> Any:
    """Mixtures of different deterministic mappings, as pairs (mappings, weights) of exact values.

    mappings: tuple of tuples of images; weights: pmf without zeros.

    Parameters
    ----------
    letters_x, letters_y : int
        n and m; images are 0 .. m-1.
    max_mappings : int
        How many mappings there are at most.
    """
    st = strategies()
    mapping = st.tuples(*[st.integers(min_value=0, max_value=letters_y - 1)] * letters_x)
    count = min(max_mappings, letters_y**letters_x)
    supports = st.lists(mapping, min_size=1, max_size=count, unique=True).map(tuple)
    return supports.flatmap(
        lambda support: st.tuples(st.just(support), pmfs(len(support), len(support), allow_zero=False))
    )


@dataclass(frozen=True, eq=False)
class Scheme:
    """A stochastic scheme with common randomness: U, encoder p(t|x,u), decoder p(y|t,u).

    Attributes
    ----------
    p_x, p_u : ndarray, shapes (n,), (u,)
    p_t_given_xu : ndarray, shape (n, u, t)
    p_y_given_tu : ndarray, shape (t, u, m)
    """

    p_x: NDArray[np.float64]
    p_u: NDArray[np.float64]
    p_t_given_xu: NDArray[np.float64]
    p_y_given_tu: NDArray[np.float64]

    @property
    def coupling(self) -> NDArray[np.float64]:
        """P(x, y), shape (n, m)."""
        joint: NDArray[np.float64] = np.einsum(
            "x,u,xut,tuy->xy", self.p_x, self.p_u, self.p_t_given_xu, self.p_y_given_tu
        )
        return joint

    def equals(self, other: Any) -> bool:
        """Whether both hold the same numbers."""
        return isinstance(other, Scheme) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__
        )


def schemes(max_x: int = 3, max_u: int = 3, max_t: int = 3, max_y: int = 3) -> Any:
    """Stochastic schemes with common randomness (U, p(t|x,u), p(y|t,u)), such as `mb.to_deterministic` takes.

    Parameters
    ----------
    max_x, max_u, max_t, max_y : int
        The most letters of X, U, T and Y.
    """
    st = strategies()

    def build(draw: Any) -> Scheme:
        n, u, t, m = (
            draw(st.integers(min_value=1, max_value=largest)) for largest in (max_x, max_u, max_t, max_y)
        )
        encoder = draw(channels(n * u, t, t))
        decoder = draw(channels(t * u, m, m))
        return Scheme(
            _floats(draw(pmfs(n, n))),
            _floats(draw(pmfs(u, u))),
            _floats(encoder).reshape(n, u, t),
            _floats(decoder).reshape(t, u, m),
        )

    return st.composite(build)()


def _floats(values: Any) -> NDArray[np.float64]:
    """Fractions, nested, as floats."""
    return np.asarray(values, dtype=object).astype(np.float64)


def as_mixture(mappings: tuple[tuple[int, ...], ...], weights: Pmf) -> Mixture:
    """The pair that `mixtures` draws as a `Mixture`."""
    return Mixture(np.array(mappings), _floats(weights) / float(sum(weights)))
