"""The problem: marginals, rate, label; validated once and frozen."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import InitVar, dataclass, field
from fractions import Fraction
from functools import cached_property
from numbers import Rational
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt.errors import NotSupportedError, ProblemError
from mecbopt.info import entropy, meet
from mecbopt.problem.samples import empirical_arguments

__all__ = ["Problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """Maximise I(X;Y) given p_X, p_Y, H(Y|U) <= R and, with a label, H(S|Y,U) <= C (theory, section 1).

    Parameters
    ----------
    p_x, p_y : sequence of float, int or Fraction, shapes (n,), (m,)
        Pmfs.  Sums within 1e-9 of 1 are renormalised.
    rate : float
        R in bits; infinity means no limit.
    p_s_given_x : matrix, shape (n, s), optional
        The label channel; S - X - (U, Y) is Markov.
    max_label_entropy : float, optional
        C in bits; goes with `p_s_given_x`.
    label_sees_seed : bool
        True: the classifier knows U, H(S|Y,U) <= C.  False is not supported yet.
    distortion, constraints
        Not supported yet.
    normalize : bool
        Accept counts or sums off 1 and divide by the sum.

    Raises
    ------
    ProblemError
        Invalid input; the message names the argument, the value and the remedy.
    NotSupportedError
        A valid request that this version does not serve.
    """

    p_x: NDArray[np.float64]
    p_y: NDArray[np.float64]
    rate: float = math.inf
    p_s_given_x: NDArray[np.float64] | None = None
    max_label_entropy: float | None = None
    label_sees_seed: bool = True
    distortion: Any = None
    constraints: Sequence[Any] = ()
    normalize: InitVar[bool] = False
    #: Letters of the columns that a problem was built from (`from_samples`), in the order of the pmfs.
    x_letters: tuple[Hashable, ...] | None = field(default=None, kw_only=True)
    y_letters: tuple[Hashable, ...] | None = field(default=None, kw_only=True)
    s_letters: tuple[Hashable, ...] | None = field(default=None, kw_only=True)
    #: The pseudo-count that `from_samples` added to every cell; None for a problem not made from samples.
    smoothing: float | None = field(default=None, kw_only=True)
    _exact: dict[str, Any] = field(init=False, repr=False)
    _given: dict[str, Any] = field(init=False, repr=False)

    def __post_init__(self, normalize: bool) -> None:
        given = {"p_x": self.p_x, "p_y": self.p_y, "rate": self.rate, "p_s_given_x": self.p_s_given_x}
        given |= {"max_label_entropy": self.max_label_entropy, "normalize": bool(normalize)}
        p_x, exact_p_x = _validate.pmf("p_x", self.p_x, normalize)
        p_y, exact_p_y = _validate.pmf("p_y", self.p_y, normalize)
        rate = _validate.nonnegative_number("rate", self.rate)
        channel, exact_channel, limit = self._validated_label(len(p_x), normalize)
        self._refuse_what_is_not_supported()
        values: dict[str, Any] = {
            "p_x": p_x,
            "p_y": p_y,
            "rate": rate,
            "p_s_given_x": channel,
            "max_label_entropy": limit,
            "constraints": tuple(self.constraints),
            "_exact": {"p_x": exact_p_x, "p_y": exact_p_y, "p_s_given_x": exact_channel},
            "_given": given,
        }
        for name, letters, size in (
            ("x_letters", self.x_letters, len(p_x)),
            ("y_letters", self.y_letters, len(p_y)),
            ("s_letters", self.s_letters, None if channel is None else channel.shape[1]),
        ):
            if letters is not None and len(letters) != size:
                raise ProblemError(
                    f"{name} has {len(letters)} letters, but the pmf has {size}: give one each."
                )
            values[name] = None if letters is None else tuple(letters)
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    def _validated_label(self, letters_x: int, normalize: bool) -> tuple[Any, Any, float | None]:
        """The label channel as floats and Fractions, and its limit C."""
        if not isinstance(self.label_sees_seed, (bool, np.bool_)):
            raise ProblemError(f"label_sees_seed is {self.label_sees_seed!r}: give True or False.")
        if self.p_s_given_x is None:
            if self.max_label_entropy is not None:
                raise ProblemError(
                    f"max_label_entropy is {self.max_label_entropy}, but there is no label: "
                    "give p_s_given_x, shape (n, s), or leave max_label_entropy out."
                )
            return None, None, None
        channel, exact = _validate.row_stochastic("p_s_given_x", self.p_s_given_x, letters_x, normalize)
        if self.max_label_entropy is None:
            return channel, exact, None
        return channel, exact, _validate.nonnegative_number("max_label_entropy", self.max_label_entropy)

    def _refuse_what_is_not_supported(self) -> None:
        if not self.label_sees_seed:
            raise NotSupportedError(
                "label_sees_seed is False: the constraint H(S|Y) <= C is not supported yet; "
                "leave label_sees_seed at True for H(S|Y,U) <= C."
            )
        if self.distortion is not None:
            raise NotSupportedError("distortion is given: a distortion objective is not supported yet.")
        if len(tuple(self.constraints)) > 0:
            raise NotSupportedError("constraints is given: custom constraints are not supported yet.")

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m), the sizes of the alphabets of X and Y."""
        return len(self.p_x), len(self.p_y)

    @property
    def has_label_constraint(self) -> bool:
        """Whether H(S|Y,U) is limited."""
        return self.max_label_entropy is not None

    @property
    def exact_p_x(self) -> tuple[Fraction, ...]:
        """p_X as Fractions that sum to exactly 1."""
        exact: tuple[Fraction, ...] = self._exact["p_x"]
        return exact

    @property
    def exact_p_y(self) -> tuple[Fraction, ...]:
        """p_Y as Fractions that sum to exactly 1."""
        exact: tuple[Fraction, ...] = self._exact["p_y"]
        return exact

    @property
    def exact_p_s_given_x(self) -> tuple[tuple[Fraction, ...], ...] | None:
        """The label channel as Fractions, every row summing to exactly 1."""
        exact: tuple[tuple[Fraction, ...], ...] | None = self._exact["p_s_given_x"]
        return exact

    @cached_property
    def entropy_x(self) -> float:
        """H(X), bits."""
        return float(entropy(self.p_x))

    @cached_property
    def entropy_y(self) -> float:
        """H(Y), bits."""
        return float(entropy(self.p_y))

    @cached_property
    def label_entropy(self) -> float | None:
        """H(S), bits; None without a label."""
        return None if self.p_s_given_x is None else float(entropy(self.p_x @ self.p_s_given_x))

    @cached_property
    def value_upper_bound(self) -> float:
        """An upper bound on I(X;Y) that costs nothing, bits (theory, section 2).

        min(R, H(X), H(Y), H(X) + H(Y) - H(p_X meet p_Y)): the first by I(X;Y) <= I(X;Y|U) = H(Y|U), the last
        by majorisation.
        """
        joint_entropy_lower_bound = float(entropy(meet(self.p_x, self.p_y)))
        return max(
            0.0,
            min(
                self.rate,
                self.entropy_x,
                self.entropy_y,
                self.entropy_x + self.entropy_y - joint_entropy_lower_bound,
            ),
        )

    def replace(self, **changes: Any) -> Problem:
        """A copy with some arguments changed; the others keep their exact form.

        >>> Problem([1, 0], [0.5, 0.5]).replace(rate=0.25).rate
        0.25
        """
        arguments = {**self._given, "label_sees_seed": self.label_sees_seed}
        letters = {name: getattr(self, name) for name in ("x_letters", "y_letters", "s_letters", "smoothing")}
        return Problem(**{**arguments, **letters, **changes})

    @classmethod
    def from_samples(
        cls,
        x: Sequence[Hashable],
        *,
        p_y: Any = None,
        y: Sequence[Hashable] | None = None,
        label: Sequence[Hashable] | None = None,
        smoothing: float = 0.0,
        rate: float = math.inf,
        max_label_entropy: float | None = None,
        normalize: bool = False,
    ) -> Problem:
        """The empirical problem of columns of samples.

        Parameters
        ----------
        x : sequence of hashable, length N
            Samples of X; its letters are sorted where they can be, else in order of first appearance.
        p_y : pmf, or mapping from letter to probability; or
        y : sequence of hashable
            The law of Y, given, or as samples (of any number; they need not pair up with x).
        label : sequence of hashable, length N, optional
            Samples of S beside those of X; they give p_s_given_x.
        smoothing : float
            Pseudo-count added to every cell of the counts of (x, label) and of y; 0 is the empirical law.
        rate, max_label_entropy, normalize
            As for `Problem`; `normalize` concerns `p_y`.

        Raises
        ------
        ProblemError
            Empty columns, lengths that differ, values missing or not finite, neither or both of p_y and y.

        Examples
        --------
        >>> problem = Problem.from_samples(["a", "b", "a", "c"], p_y=[0.5, 0.5])
        >>> problem.x_letters, problem.p_x.tolist()
        (('a', 'b', 'c'), [0.5, 0.25, 0.25])
        """
        return cls(
            rate=rate,
            max_label_entropy=max_label_entropy,
            normalize=normalize,
            **empirical_arguments(x, p_y=p_y, y=y, label=label, smoothing=smoothing),
        )

    def to_document(self) -> dict[str, Any]:
        """The problem as plain data for TOML and JSON; Fractions as "a/b", infinity as "inf"."""
        given: dict[str, Any] = self._given
        document: dict[str, Any] = {
            "p_x": [_plain(entry) for entry in given["p_x"]],
            "p_y": [_plain(entry) for entry in given["p_y"]],
            "rate": _plain(given["rate"]),
        }
        if given["normalize"]:
            document["normalize"] = True
        if self.p_s_given_x is not None:
            label: dict[str, Any] = {
                "p_s_given_x": [[_plain(entry) for entry in row] for row in given["p_s_given_x"]]
            }
            if self.max_label_entropy is not None:
                label["max_entropy"] = _plain(given["max_label_entropy"])
            document["label"] = {**label, "sees_seed": bool(self.label_sees_seed)}
        for name in ("x_letters", "y_letters", "s_letters"):
            letters = getattr(self, name)
            if letters is not None:
                document[name] = [_plain_letter(letter) for letter in letters]
        if self.smoothing is not None:
            document["smoothing"] = self.smoothing
        return document

    def equals(self, other: Any) -> bool:
        """Whether both state the same problem, to the last bit."""
        return isinstance(other, Problem) and self.to_document() == other.to_document()


def _plain(number: Any) -> float | int | str:
    """A number as JSON and TOML can hold it without loss."""
    if isinstance(number, Rational):
        fraction = Fraction(int(number.numerator), int(number.denominator))
        return int(fraction) if fraction.denominator == 1 else f"{fraction.numerator}/{fraction.denominator}"
    value = float(number)
    return value if math.isfinite(value) else "inf"


def _plain_letter(letter: Hashable) -> Any:
    """A letter as JSON can hold it: numbers and strings as they are, anything else by its text."""
    item = letter.item() if isinstance(letter, np.generic) else letter
    return item if isinstance(item, (str, int, float)) else str(item)
