"""What the public edge accepts, as types for users' own type checkers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["ChannelLike", "MatrixLike", "NumberLike", "PmfLike", "SupportsArray", "SupportsOutcomes"]


class SupportsArray(Protocol):
    """A pandas Series or DataFrame, a torch tensor, or another array."""

    def __array__(self, dtype: Any = ..., /) -> Any:
        """As a numpy array."""
        ...


class SupportsOutcomes(Protocol):
    """A distribution of the package dit."""

    @property
    def outcomes(self) -> Any:
        """Its letters."""
        ...

    @property
    def pmf(self) -> Any:
        """Their probabilities."""
        ...


#: A number; a text is a fraction "1/3", a decimal "0.25" or "inf".
NumberLike: TypeAlias = int | float | Fraction | Decimal | str | np.number[Any]
#: A pmf; the keys of a mapping, the index of a Series and the outcomes of a distribution are its letters.
PmfLike: TypeAlias = (
    Sequence[NumberLike] | NDArray[Any] | Mapping[Any, NumberLike] | SupportsArray | SupportsOutcomes
)
#: One pmf for each letter of X: a matrix, a sequence of pmfs, or a mapping from the letters of X.
ChannelLike: TypeAlias = Sequence[PmfLike] | NDArray[Any] | Mapping[Any, PmfLike] | SupportsArray
#: A matrix of numbers.
MatrixLike: TypeAlias = Sequence[Sequence[NumberLike]] | Sequence[NDArray[Any]] | NDArray[Any] | SupportsArray
