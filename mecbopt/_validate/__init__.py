"""Validation at the public edge: every argument is checked once, here, with an error that helps.

Exact input (integers, Fractions, Decimals, texts such as "1/3") is kept exactly; floats are taken at their
binary value.  `numbers` reads single numbers, `containers` whatever holds several, `laws` pmfs and channels.
"""

from mecbopt._validate.accepted import ChannelLike, MatrixLike, NumberLike, PmfLike
from mecbopt._validate.arrays import callback, executor_or_none, numeric_array, refuse_masked, without_tensors
from mecbopt._validate.laws import Channel, Law, channel, law, pmf, row_stochastic
from mecbopt._validate.matrices import Matrix, finite_matrix
from mecbopt._validate.numbers import (
    boolean,
    exact_nonnegative,
    exact_number,
    nonnegative_number,
    positive_integer,
    positive_number,
)

__all__ = [
    "Channel",
    "ChannelLike",
    "Law",
    "Matrix",
    "MatrixLike",
    "NumberLike",
    "PmfLike",
    "boolean",
    "callback",
    "channel",
    "exact_nonnegative",
    "exact_number",
    "executor_or_none",
    "finite_matrix",
    "law",
    "nonnegative_number",
    "numeric_array",
    "pmf",
    "positive_integer",
    "positive_number",
    "refuse_masked",
    "row_stochastic",
    "without_tensors",
]
