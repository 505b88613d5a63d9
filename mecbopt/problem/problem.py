"""The problem: everything that may be asked of a coupling, validated once and frozen.

It states any member of the family and knows no engine: what an engine cannot do is refused when it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt._validate import Channel, ChannelLike, Matrix, MatrixLike, NumberLike, PmfLike
from mecbopt.bounds import mutual_information_bound
from mecbopt.errors import Name, NotSupportedError, ProblemError
from mecbopt.info import entropy
from mecbopt.problem import arguments as argument
from mecbopt.problem import problem_text
from mecbopt.problem.arguments import Constraint, LimitArguments, ProblemArguments
from mecbopt.problem.bins import BinsLike
from mecbopt.problem.documents import problem_document
from mecbopt.problem.letters import Letters
from mecbopt.problem.samples import empirical_arguments

__all__ = ["Constraint", "Problem"]

#: The numbers that are kept in the form they were given in.
_NUMBERS = ("rate", "max_label_entropy", "min_label_entropy", "p_y_tolerance", "smoothing")
_LETTERS = ("x_letters", "y_letters", "s_letters")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Problem:
    """Maximise I(X;Y), or minimise E d(X,Y), over couplings made of deterministic mappings and a shared seed.

    The limits are p_X, p_Y, H(Y|U) <= R and, with a label, H(S|Y,U) <= C (theory, section 1); others may be
    added or take their place.

    Parameters
    ----------
    p_x : PmfLike, shape (n,)
        Floats, integers, Fractions, Decimals or texts such as "1/3"; a numpy array, a pandas Series, a torch
        tensor; a mapping from letters to masses or a distribution of the package dit.  A sum within 1e-9 of 1
        (or within 8 roundings of the entries' type, such as float32) is renormalised.
    p_y : PmfLike, shape (m,), optional
        None: the law of Y is free, on `y_size` letters.
    rate : number
        R in bits, H(Y|U) <= R; infinity means no limit.
    p_s_given_x : ChannelLike, shape (n, s), optional
        The label channel; S - X - (U, Y) is Markov.
    max_label_entropy : number, optional
        C in bits; goes with `p_s_given_x`.
    label_sees_seed : bool
        True: the classifier knows U, H(S|Y,U) <= C.  False: it does not, H(S|Y) <= C.
    distortion : MatrixLike, shape (n, m), optional
        d(x, y): E d(X,Y) is minimised in place of maximising I(X;Y).
    constraints : sequence
        Named ones (`Forbidden`, `Agreement`, `CostCap`, `Moment`, `GroupFairness`), or functions: each takes
        the cvxpy expression of the coupling, shape (n, m), and returns a cvxpy constraint or a list of them.
    p_y_tolerance : number
        P_Y may differ from p_Y by this in total variation, 0 to 1.
    y_size : int, optional
        m, where p_y is None.
    min_label_entropy : number, optional
        c in bits: H(S|Y) >= c, privacy against one who sees Y but not U; goes with `p_s_given_x`.
    normalize : bool
        Accept counts or sums off 1 and divide by the sum.
    x_letters, y_letters, s_letters : sequence of hashable, optional
        Names of the letters; taken from mappings, an index of pandas, or samples where those have any.
    smoothing : number, optional
        The pseudo-count that `from_samples` added to every cell.

    Attributes
    ----------
    p_x, p_y, p_s_given_x, distortion : ndarray of float64, read-only
        `p_y` is None where the law of Y is free.
    rate, max_label_entropy, min_label_entropy, p_y_tolerance, smoothing : float
    constraints, x_letters, y_letters, s_letters : tuple
    adjustments : tuple of str
        What was changed silently otherwise: masses that were negative by a rounding and count as 0.

    Raises
    ------
    ProblemError
        Invalid input; the error has the argument, the value, what is required and the remedy.
    """

    p_x: NDArray[np.float64]
    p_y: NDArray[np.float64] | None
    rate: float
    p_s_given_x: NDArray[np.float64] | None
    max_label_entropy: float | None
    label_sees_seed: bool
    distortion: NDArray[np.float64] | None
    constraints: tuple[Constraint, ...]
    p_y_tolerance: float
    y_size: int | None
    min_label_entropy: float | None
    x_letters: Letters | None
    y_letters: Letters | None
    s_letters: Letters | None
    smoothing: float | None
    adjustments: tuple[str, ...]
    _tables: dict[str, Any]
    _numbers: dict[str, Fraction | float | None]

    def __init__(
        self,
        p_x: PmfLike,
        p_y: PmfLike | None = None,
        rate: NumberLike = math.inf,
        p_s_given_x: ChannelLike | None = None,
        max_label_entropy: NumberLike | None = None,
        label_sees_seed: bool = True,
        distortion: MatrixLike | None = None,
        constraints: Sequence[Constraint] = (),
        p_y_tolerance: NumberLike = 0.0,
        y_size: int | None = None,
        min_label_entropy: NumberLike | None = None,
        normalize: bool = False,
        *,
        x_letters: Iterable[Hashable] | None = None,
        y_letters: Iterable[Hashable] | None = None,
        s_letters: Iterable[Hashable] | None = None,
        smoothing: NumberLike | None = None,
    ) -> None:
        normalize = _validate.boolean("normalize", normalize)
        law_x = _validate.law("p_x", p_x, normalize)
        law_y = None if p_y is None else _validate.law("p_y", p_y, normalize)
        size_y = argument.size_of_y(law_y, y_size)
        channel = argument.label_channel(p_s_given_x, law_x, normalize)
        numbers = {
            "rate": _validate.exact_nonnegative("rate", rate),
            "max_label_entropy": argument.label_limit("max_label_entropy", max_label_entropy, channel),
            "min_label_entropy": argument.label_limit("min_label_entropy", min_label_entropy, channel),
            "p_y_tolerance": argument.output_tolerance(p_y_tolerance, law_y),
            "smoothing": None
            if smoothing is None
            else _validate.exact_nonnegative("smoothing", smoothing, "counts", allow_infinity=False),
        }
        rows = law_x.letters if channel is None else law_x.letters or channel.letters
        named = {
            "x_letters": argument.named_letters("x_letters", x_letters, rows, len(law_x)),
            "y_letters": argument.named_letters(
                "y_letters", y_letters, None if law_y is None else law_y.letters, size_y
            ),
            "s_letters": argument.named_letters(
                "s_letters",
                s_letters,
                None if channel is None else channel.columns,
                None if channel is None else channel.floats.shape[1],
            ),
        }
        matrix = argument.distortion_matrix(
            distortion, (len(law_x), size_y), named["x_letters"], named["y_letters"]
        )
        values = {
            **{name: None if number is None else float(number) for name, number in numbers.items()},
            **named,
            "p_x": law_x.floats,
            "p_y": None if law_y is None else law_y.floats,
            "y_size": None if law_y is not None else size_y,
            "p_s_given_x": None if channel is None else channel.floats,
            "label_sees_seed": _validate.boolean("label_sees_seed", label_sees_seed),
            "distortion": None if matrix is None else matrix.floats,
            "constraints": argument.constraint_functions(constraints, law_x, channel),
            "adjustments": argument.adjustments_of(law_x, law_y, channel),
            "_tables": {"p_x": law_x, "p_y": law_y, "p_s_given_x": channel, "distortion": matrix},
            "_numbers": numbers,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Pickling forgets that arrays are read-only."""
        self.__dict__.update(state)
        for value in state.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __repr__(self) -> str:
        return problem_text.one_line(self)

    def _repr_html_(self) -> str:
        return problem_text.html_tables(self)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m), the sizes of the alphabets of X and Y."""
        return len(self.p_x), self.y_size if self.p_y is None else len(self.p_y)  # type: ignore[return-value]

    @property
    def has_label_constraint(self) -> bool:
        """Whether H(S|Y,U), or H(S|Y) where the classifier does not see the seed, is limited from above."""
        return self.max_label_entropy is not None

    def require_p_y(self) -> NDArray[np.float64]:
        """p_Y, for what needs a law that is given.

        Raises
        ------
        NotSupportedError
            The law of Y is free.
        """
        if self.p_y is None:
            raise NotSupportedError(
                argument="y_size",
                value=self.y_size,
                found="is given: a free law of Y is not supported here",
                remedy=("give ", Name("p_y")),
            )
        return self.p_y

    @property
    def exact_p_x(self) -> tuple[Fraction, ...]:
        """p_X as Fractions that sum to exactly 1."""
        exact: tuple[Fraction, ...] = self._tables["p_x"].exact
        return exact

    @property
    def exact_p_y(self) -> tuple[Fraction, ...]:
        """p_Y as Fractions that sum to exactly 1; NotSupportedError where the law is free."""
        self.require_p_y()
        exact: tuple[Fraction, ...] = self._tables["p_y"].exact
        return exact

    @property
    def exact_p_s_given_x(self) -> tuple[tuple[Fraction, ...], ...] | None:
        """The label channel as Fractions, every row summing to exactly 1."""
        channel: Channel | None = self._tables["p_s_given_x"]
        return None if channel is None else channel.exact

    @property
    def exact_distortion(self) -> tuple[tuple[Fraction, ...], ...] | None:
        """The distortion as Fractions."""
        matrix: Matrix | None = self._tables["distortion"]
        return None if matrix is None else matrix.exact

    def exact_number(self, name: str) -> Fraction | float | None:
        """A limit as a Fraction, infinity, or None where it is not given.

        Parameters
        ----------
        name : {"rate", "max_label_entropy", "min_label_entropy", "p_y_tolerance", "smoothing"}
        """
        number = self._numbers[name]
        return number if number is None or number == math.inf else Fraction(number)

    @cached_property
    def entropy_x(self) -> float:
        """H(X), bits."""
        return float(entropy(self.p_x))

    @cached_property
    def entropy_y(self) -> float:
        """H(Y) of the given law, bits; NotSupportedError where it is free."""
        return float(entropy(self.require_p_y()))

    @cached_property
    def label_entropy(self) -> float | None:
        """H(S), bits; None without a label."""
        return None if self.p_s_given_x is None else float(entropy(self.p_x @ self.p_s_given_x))

    @cached_property
    def value_upper_bound(self) -> float:
        """An upper bound on I(X;Y) that costs nothing, bits (theory, section 2).

        The elementary one (`mecbopt.bounds`).  Where p_Y is not held exactly, H(Y) <= log2 m takes the place
        of both.
        """
        if self.p_y is None or self.p_y_tolerance > 0:
            return max(0.0, min(self.rate, self.entropy_x, math.log2(self.shape[1])))
        return mutual_information_bound(self.p_x, self.p_y, self.rate)

    def replace(self, **changes: Unpack[ProblemArguments]) -> Problem:
        """A copy with some arguments changed; the others keep their exact form.

        Parameters
        ----------
        **changes
            Arguments of `Problem`.  Letters stay with a law whose size does not change, unless the new one
            brings its own.

        Raises
        ------
        ProblemError
            The changed problem is not valid.

        Examples
        --------
        >>> Problem([1, 0], [0.5, 0.5]).replace(rate=0.25).rate
        0.25
        """
        given: dict[str, Any] = {**self._tables, **self._numbers}
        for name in ("label_sees_seed", "constraints", "y_size", *_LETTERS):
            given[name] = getattr(self, name)
        new: dict[str, Any] = dict(changes)
        normalize = _validate.boolean("normalize", new.get("normalize", False))
        for name, letters, size in (("p_x", "x_letters", self.shape[0]), ("p_y", "y_letters", self.shape[1])):
            if new.get(name) is not None:
                new[name] = _validate.law(name, new[name], normalize)
                if new[name].letters is not None or len(new[name]) != size:
                    given[letters] = None
        if new.get("p_y") is not None:
            given["y_size"] = None
        elif new.get("y_size", self.shape[1]) != self.shape[1]:
            given["y_letters"] = None
        if "p_s_given_x" in new:
            given["s_letters"] = None
        return Problem(**{**given, **new})

    @classmethod
    def from_samples(
        cls,
        x: Iterable[Hashable],
        *,
        p_y: PmfLike | None = None,
        y: Iterable[Hashable] | None = None,
        label: Iterable[Hashable] | None = None,
        smoothing: NumberLike = 0.0,
        bins: BinsLike = None,
        **arguments: Unpack[LimitArguments],
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
        smoothing : number
            Pseudo-count added to every cell of the counts of (x, label) and of y; 0 is the empirical law.
        bins : int, or mapping from "x", "y" or "label" to int, cut points or Bins, optional
            Columns of numbers are cut into so many bins of equal counts, or at these points; one number is
            for x and y, where they hold more different numbers.  The letters are the intervals (`Bins`).
        arguments
            `rate`, `max_label_entropy` and the other arguments of `Problem`; `normalize` concerns `p_y`.

        Raises
        ------
        ProblemError
            Empty columns, lengths that differ, values missing or not finite, neither or both of p_y and y.

        Examples
        --------
        >>> problem = Problem.from_samples(["a", "b", "a", "c"], p_y=[0.5, 0.5])
        >>> problem.x_letters, problem.p_x.tolist()
        (('a', 'b', 'c'), [0.5, 0.25, 0.25])
        >>> Problem.from_samples([0.1, 0.7, 0.2, 0.9], p_y=[0.5, 0.5], bins=2).x_letters
        ('(-inf, 0.45)', '[0.45, inf)')
        """
        free = arguments.get("y_size") is not None
        columns = empirical_arguments(
            x, p_y=p_y, y=y, label=label, smoothing=smoothing, bins=bins, free_law=free
        )
        given: dict[str, Any] = dict(arguments)
        twice = next((name for name in columns if name in given), None)
        if twice is not None:
            raise ProblemError(
                argument=twice,
                value=given[twice],
                found="is given beside the samples that determine it",
                remedy="leave it out",
            )
        return cls(**columns, **given)

    def to_cvxpy(self, variable: str = "weights") -> Any:
        """Variable, expressions and constraints for a cvxpy model of one's own.

        Parameters
        ----------
        variable : {"weights", "coupling"}
            One weight for each of the m^n mappings, at most 20,000; or the coupling itself, where neither the
            rate nor the label entropy with the seed is limited.

        Returns
        -------
        CvxpyModel
            I(X;Y) is convex in both: it can be minimised or limited from above; `solve` maximises it.

        Raises
        ------
        NotSupportedError
            cvxpy is not installed; too many mappings; a limit that is not convex (a label without the seed),
            or that the coupling does not determine.
        ProblemError
            `variable` is neither, or a constraint of the problem fails.
        """
        import mecbopt  # the public face, which loads cvxpy when asked

        return mecbopt.CvxpyModel.of(self, variable)

    def to_document(self) -> dict[str, Any]:
        """The problem as plain data for TOML and JSON; Fractions as "a/b", infinity as "inf".

        Raises
        ------
        NotSupportedError
            It has constraints: functions stand in no file.
        """
        return problem_document(self, self._tables, self._numbers)

    def equals(self, other: Any) -> bool:
        """Whether both state the same problem: equal numbers, to the last bit, and equal letters."""
        if not isinstance(other, Problem) or self.shape != other.shape:
            return False
        flags = ("label_sees_seed", "constraints", "y_size", *_LETTERS)
        if any(getattr(self, name) != getattr(other, name) for name in flags):
            return False
        if any(self.exact_number(name) != other.exact_number(name) for name in _NUMBERS):
            return False
        return all(argument.same_table(table, other._tables[name]) for name, table in self._tables.items())
