"""A mixture of deterministic mappings: the shared seed U picks f_k with probability w_k (Theorem 1)."""

from __future__ import annotations

import math
import numbers
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mecbopt import _validate
from mecbopt.errors import ProblemError, SolutionError
from mecbopt.info import entropy
from mecbopt.problem.frames import pandas
from mecbopt.problem.letters import distinct_letters
from mecbopt.tolerances import NORMALIZATION

__all__ = ["Mixture", "coupling_of", "source_letters"]

#: How far the sum of the weights may be from 1.
_WEIGHT_SUM = 1e-9
#: A mass that is negative by less is a rounding of 0.
_ROUNDING = 1e-15
#: What an index of 32 bits can count: no table of more columns fits a memory.
_MAX_LETTERS = 2**31 - 1
#: What a signed index of 64 bits can count.
_LARGEST_INTEGER = 2**63 - 1
#: Weights that one line shows.
_MAX_SHOWN = 6


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Mixture:
    """Deterministic mappings f_1 .. f_k from the letters of X to those of Y, and their probabilities.

    Letters are integers from 0; n is the number of letters of X, m of Y.  The seed U picks f_j with
    probability `weights[j]`, and Y = f_U(X) (theory, section 2).

    Parameters
    ----------
    mappings : array of integers, shape (k, n)
    weights : array, shape (k,)

    Attributes
    ----------
    mappings : ndarray of int64, shape (k, n), read-only
        `mappings[j, x]` is f_j(x).
    weights : ndarray of float64, shape (k,), read-only
        All positive, summing to 1.

    Raises
    ------
    SolutionError
        Shapes that do not agree, letters that are no integers from 0, weights that are not positive or do not
        sum to 1.
    """

    mappings: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __init__(
        self, mappings: ArrayLike | Sequence[Sequence[int]], weights: ArrayLike | Sequence[Any]
    ) -> None:
        letters, shares = _integers(mappings), _floats(weights)
        if letters.ndim != 2 or shares.shape != (len(letters),) or letters.size == 0:
            raise SolutionError(
                argument="mixture",
                value=letters.shape,
                found=f"has mappings of shape {letters.shape} and weights of shape {shares.shape}",
                required="have shapes (k, n) and (k,) with k, n >= 1",
            )
        if letters.min() < 0:
            raise SolutionError(
                argument="mappings",
                value=int(letters.min()),
                found=f"hold the letter {letters.min()}",
                remedy="letters of Y count from 0",
            )
        # Not a number fails the first comparison, infinity the second.
        if not (shares.min() > 0 and abs(shares.sum() - 1.0) <= _WEIGHT_SUM):
            raise SolutionError(
                argument="weights",
                value=weights,
                found=f"sum to {math.fsum(shares):.12g} with minimum {shares.min():.3g}"
                if np.all(np.isfinite(shares))
                else "are not finite",
                required="be positive and sum to 1",
            )
        letters.setflags(write=False)
        shares.setflags(write=False)
        object.__setattr__(self, "mappings", letters)
        object.__setattr__(self, "weights", shares)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Pickling forgets that arrays are read-only."""
        self.__dict__.update(state)
        self.mappings.setflags(write=False)
        self.weights.setflags(write=False)

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.weights)

    def __repr__(self) -> str:
        count, letters = self.mappings.shape
        shown = ", ".join(f"{weight:.6g}" for weight in self.weights[:_MAX_SHOWN])
        noun = "mapping" if count == 1 else "mappings"
        more = ", ..." if count > _MAX_SHOWN else ""
        return f"Mixture({count} {noun} of {letters} letters, weights {shown}{more})"

    def to_frame(
        self, x_letters: Sequence[Hashable] | None = None, y_letters: Sequence[Hashable] | None = None
    ) -> Any:
        """The mappings as a pandas DataFrame: a row each with its weight as index, a column a letter of X.

        Parameters
        ----------
        x_letters, y_letters : sequence, optional
            Names, such as those of the problem; positions by default.

        Raises
        ------
        NotSupportedError
            pandas is not installed.
        ProblemError
            Names that are not one for each letter.
        """
        module = pandas()
        names: Any = range(self.mappings.shape[1])
        if x_letters is not None:
            names = distinct_letters("x_letters", x_letters, len(names))
        images: Any = self.mappings.copy()
        if y_letters is not None:
            known = tuple(y_letters)
            distinct_letters("y_letters", known, self._size(len(known)))
            images = [[known[y] for y in mapping] for mapping in self.mappings]
        index = module.Index(self.weights.copy(), name="weight")
        return module.DataFrame(
            images, index=index, columns=module.Index(list(names), name="x", tupleize_cols=False)
        )

    @cached_property
    def _images(self) -> tuple[int, NDArray[np.int64]]:
        """How many letters of Y occur, and the mappings to these: memory does not grow with the letters."""
        letters, places = np.unique(self.mappings, return_inverse=True)
        return len(letters), places.reshape(self.mappings.shape)

    def coupling(self, p_x: ArrayLike, letters_y: int | None = None) -> NDArray[np.float64]:
        """P(x, y) = p_X(x) sum_k w_k [f_k(x) = y], the joint law that the mixture makes.

        Parameters
        ----------
        p_x : array, shape (n,)
            The law of X.
        letters_y : int, optional
            m; by default the largest letter that occurs, plus 1.

        Returns
        -------
        ndarray, shape (n, m)
            Cost O(k n + n m).

        Raises
        ------
        ProblemError
            p_x is of another shape or holds no masses, or m is less than the letters that occur need.

        Examples
        --------
        >>> Mixture([[0, 1], [0, 0]], [0.75, 0.25]).coupling([0.5, 0.5]).tolist()
        [[0.5, 0.0], [0.125, 0.375]]
        """
        return self._coupling(p_x, self.mappings, self._size(letters_y))

    def _coupling(self, p_x: ArrayLike, mappings: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        return coupling_of(self._table("p_x", p_x, ()), mappings, self.weights, size)

    def output_laws(self, p_x: ArrayLike, letters_y: int | None = None) -> NDArray[np.float64]:
        """The laws q_k(y) = P(f_k(X) = y) of the outputs, shape (k, m); arguments as for `coupling`."""
        return self._output_laws(p_x, self.mappings, self._size(letters_y))

    def _output_laws(self, p_x: ArrayLike, mappings: NDArray[np.int64], size: int) -> NDArray[np.float64]:
        source = self._table("p_x", p_x, ())
        laws = np.zeros((len(self), size))
        for law, mapping in zip(laws, mappings, strict=True):
            np.add.at(law, mapping, source)
        return laws

    def rate(self, p_x: ArrayLike) -> float:
        """H(Y|U) = sum_k w_k H(q_k), in bits, for a law of X of shape (n,).

        Raises
        ------
        ProblemError
            p_x is of another shape or holds no masses.
        """
        size, images = self._images
        return float(self.weights @ entropy(self._output_laws(p_x, images, size), axis=1))

    def label_entropy_with_seed(self, p_x: ArrayLike, p_s_given_x: ArrayLike) -> float:
        """H(S|Y,U) = sum_k w_k H(S|f_k(X)), in bits, for a classifier that sees Y and the seed.

        Parameters
        ----------
        p_x : array, shape (n,)
        p_s_given_x : array, shape (n, s)
            The label channel, one pmf a row.

        Raises
        ------
        ProblemError
            An array is of another shape or holds no masses.
        """
        joint = self._table("p_x", p_x, ())[:, None] * self._table("p_s_given_x", p_s_given_x, (None,))
        size, images = self._images
        total = 0.0
        for mapping, weight in zip(images, self.weights, strict=True):
            table = np.zeros((size, joint.shape[1]))
            np.add.at(table, mapping, joint)
            total += weight * float(entropy(table) - entropy(table.sum(axis=1)))
        return total

    def label_entropy_without_seed(self, p_x: ArrayLike, p_s_given_x: ArrayLike) -> float:
        """H(S|Y), in bits, for a classifier that sees Y alone; arguments as for `label_entropy_with_seed`."""
        size, images = self._images
        table = self._coupling(p_x, images, size).T @ self._table("p_s_given_x", p_s_given_x, (None,))
        return float(entropy(table) - entropy(table.sum(axis=1)))

    def _table(self, name: str, values: Any, axes: tuple[None, ...]) -> NDArray[np.float64]:
        """An array of numbers whose first axis is the letters of X."""
        letters = self.mappings.shape[1]
        table = _validate.numeric_array(name, values, "be an array of numbers").astype(np.float64, copy=False)
        if table.ndim != 1 + len(axes) or len(table) != letters:
            shape = f"({letters},{' s' if axes else ''})"
            raise ProblemError(
                argument=name, value=values, found=f"has shape {table.shape}", required=f"have shape {shape}"
            )
        least = float(table.min(initial=0.0))
        # Sums of larger numbers may overflow, and their entropies mean nothing.
        if not (least >= -_ROUNDING and table.max(initial=0.0) <= 1.0 + NORMALIZATION):
            raise ProblemError(argument=name, value=values, required="be masses, from 0 to 1")
        return table if least >= 0.0 else np.maximum(table, 0.0)

    def _size(self, letters_y: int | None) -> int:
        """m, which no image may reach."""
        least = int(self.mappings.max()) + 1
        if letters_y is None:
            return least
        if _validate.positive_integer("letters_y", letters_y) < least:
            raise ProblemError(
                argument="letters_y", value=letters_y, required=f"be at least {least}, the letters that occur"
            )
        if letters_y > _MAX_LETTERS:
            raise ProblemError(argument="letters_y", value=letters_y, required=f"be at most {_MAX_LETTERS}")
        return letters_y

    def sample(
        self, x: ArrayLike, rng: np.random.Generator | int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Operate the mixture on letters: draw u_i by the weights and send x_i to f_{u_i}(x_i).

        To send the outcome to someone who shares the seed, see `mecbopt.codec`.

        Parameters
        ----------
        x : array of integers
            Letters 0 .. n-1, of any shape.
        rng : numpy.random.Generator or int
            Where the u_i come from, or its seed.

        Returns
        -------
        y, k : ndarray of int64, of the shape of x
            The letters of Y, and the mappings that made them: y[i] = mappings[k[i], x[i]].  Cost O(N log k).

        Raises
        ------
        ProblemError
            Letters that are no integers from 0 to n-1, or neither a generator nor a seed.

        Examples
        --------
        >>> y, k = Mixture([[0, 1, 1], [0, 0, 0]], [0.75, 0.25]).sample([0, 1, 2, 1], rng=0)
        >>> y.tolist(), k.tolist()
        ([0, 1, 1, 1], [0, 0, 0, 0])
        """
        letters = source_letters(x, self.mappings.shape[1])
        ends = np.cumsum(self.weights)[:-1]  # without the last: whatever is above them belongs to it
        k = np.searchsorted(ends, _generator(rng).random(letters.shape), side="right")
        return self.mappings[k, letters], k

    def equals(self, other: Any) -> bool:
        """Whether both hold the same mappings with the same weights in the same order."""
        return (
            isinstance(other, Mixture)
            and np.array_equal(self.mappings, other.mappings)
            and np.array_equal(self.weights, other.weights)
        )


def coupling_of(
    p_x: NDArray[np.float64], mappings: NDArray[np.int64], weights: NDArray[np.float64], letters_y: int
) -> NDArray[np.float64]:
    """P(x, y) = p_X(x) sum_k w_k [f_k(x) = y], shape (n, m), of arrays that fit.  Cost O(k n + n m).

    Parameters
    ----------
    p_x : ndarray, shape (n,)
    mappings : ndarray, shape (k, n)
    weights : ndarray, shape (k,)
    letters_y : int
        m.
    """
    letters = len(p_x)
    cells = (np.arange(letters) * letters_y + mappings).ravel()
    channel = np.bincount(cells, weights.repeat(letters), letters * letters_y)
    coupling: NDArray[np.float64] = p_x[:, None] * channel.reshape(letters, letters_y)
    return coupling


def source_letters(x: Any, letters: int, start: int = 0) -> NDArray[Any]:
    """Letters of X as an array of integers, of the type that they have where it is one.

    Parameters
    ----------
    x : array of integers
    letters : int
        n.
    start : int
        Index of the first one, for the message.

    Raises
    ------
    ProblemError
        Not integers, or an integer that is not from 0 to n-1.
    """
    required = f"hold integers from 0 to {letters - 1}, the letters of X"
    _validate.refuse_masked("x", x)
    try:
        array = np.asarray(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise ProblemError(argument="x", value=x, required=required) from error
    if array.size == 0 and array.dtype == np.float64:  # what numpy makes of an empty list
        return array.astype(np.int64)
    if array.dtype.kind not in "iu":
        raise ProblemError(
            argument="x", value=x, found=f"holds values of type {array.dtype}", required=required
        )
    if array.size and not (array.min() >= 0 and array.max() < letters):
        place = int(np.argmax((array < 0) | (array >= letters)))
        raise ProblemError(argument=f"x[{start + place}]", value=array.flat[place], required=required)
    # Unsigned 64-bit numbers beside signed ones would become floats.
    return array.astype(np.int64) if array.dtype.itemsize > 4 else array


def _generator(rng: Any) -> np.random.Generator:
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and int(rng) >= 0:
        return np.random.default_rng(int(rng))
    raise ProblemError(
        argument="rng", value=rng, required="be a numpy.random.Generator or an integer of at least 0"
    )


def _integers(values: Any) -> NDArray[np.int64]:
    """An array of its own; nothing is cut to an integer."""
    required = "be a matrix of integers, one row for each mapping"
    array = _validate.numeric_array("mappings", values, required, SolutionError)
    if array.dtype.kind not in "iu" or (
        array.dtype.kind == "u" and array.size and array.max() > _LARGEST_INTEGER
    ):
        raise SolutionError(argument="mappings", value=values, required=required)
    return array.astype(np.int64, copy=False)


def _floats(values: Any) -> NDArray[np.float64]:
    """An array of its own."""
    array = _validate.numeric_array("weights", values, "be a list of numbers", SolutionError)
    return array.astype(np.float64, copy=False)
