"""What a stream shows of its coupling: laws, information and label entropy, their bias corrected.

The plug-in entropy of K occupied cells is too low by about (K - 1)/(2 N ln 2) bits (Miller 1955), so the
plug-in information is too high and the plug-in H(S|Y,U) too low; both are corrected.  Standard errors are
those under the law of the solution: a figure that is off by many of them says that the letters do not follow
p_X, or that they are not independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from mecbopt.codec.coder import Encoder
from mecbopt.errors import ProblemError
from mecbopt.info import entropy
from mecbopt.problem import Mixture, Problem, source_letters
from mecbopt.units import NATS_PER_BIT

__all__ = ["Estimate", "LawTest", "Measurement", "StreamReport"]

#: Cells that expect fewer letters are put together: the law of the statistic is wanted as chi-square's.
_LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Estimate:
    """A figure of the stream beside what the solution says, in bits.

    Attributes
    ----------
    measured : float
        With its bias corrected; nan without letters.
    standard_error : float
        Of the measured figure under the law of the solution.
    promised : float
        Of the solution.
    """

    measured: float
    standard_error: float
    promised: float


@dataclass(frozen=True, eq=False, repr=False)
class LawTest:
    """A histogram beside a law, and Pearson's chi-square test of it.

    Attributes
    ----------
    counts : ndarray of int64, shape (m,)
    law : ndarray, shape (m,)
    statistic : float
        sum (count - expected)^2 / expected; infinite where a letter of mass 0 was found.
    degrees : int
        Of freedom; letters that expect fewer than 5 counts together make one cell.
    p_value : float
        How often a stream of this law has a statistic at least as large; 1 without degrees of freedom.
    """

    counts: NDArray[np.int64]
    law: NDArray[np.float64]
    statistic: float
    degrees: int
    p_value: float

    def __repr__(self) -> str:
        return (
            f"LawTest({len(self.law)} letters, {int(self.counts.sum())} counted, "
            f"chi-square {self.statistic:.6g} with {self.degrees} degrees, p {self.p_value:.3g})"
        )

    @classmethod
    def of(cls, counts: NDArray[np.int64], law: NDArray[np.float64]) -> LawTest:
        """Compare counts with a law."""
        expected = law * counts.sum()
        rare = expected < _LEAST_EXPECTED
        cells = [*zip(counts[~rare].tolist(), expected[~rare].tolist(), strict=True)]
        if rare.any():
            cells.append((int(counts[rare].sum()), float(expected[rare].sum())))
        possible = [(count, mean) for count, mean in cells if mean > 0]
        if counts[law == 0].any():
            statistic = math.inf
        else:
            statistic = math.fsum((count - mean) ** 2 / mean for count, mean in possible)
        degrees = max(0, len(possible) - 1)
        p_value = 0.0 if math.isinf(statistic) else float(chdtrc(degrees, statistic)) if degrees else 1.0
        return cls(counts, law, statistic, degrees, p_value)


@dataclass(frozen=True, eq=False, repr=False)
class StreamReport:
    """What a stream showed.

    Attributes
    ----------
    problem : Problem
    symbols : int
    coded_bits : int
        Of the whole stream, header and checksums included.
    code_length : Estimate
        -log2 q_u(y) a symbol by the coding tables, against H(Y|U).
    mutual_information : Estimate
        I(X;Y).
    label_entropy : Estimate or None
        H(S|Y,U): with labels from these, without from the label channel and the letters.
    labels_seen : bool
        Whether labels were given.
    output_law, source_law : LawTest
        Of Y against the law of the coupling, which is p_Y where that is held; of X against p_X.
    """

    problem: Problem
    symbols: int
    coded_bits: int
    code_length: Estimate
    mutual_information: Estimate
    label_entropy: Estimate | None
    labels_seen: bool
    output_law: LawTest
    source_law: LawTest

    @property
    def coded_rate(self) -> float:
        """Bits a symbol of the whole stream; nan without symbols."""
        return self.coded_bits / self.symbols if self.symbols else math.nan

    def __repr__(self) -> str:
        figures = {"I(X;Y)": self.mutual_information, "H(S|Y,U)": self.label_entropy}
        told = [
            f"{name} = {figure.measured:.6f} of {figure.promised:.6f} bits"
            for name, figure in figures.items()
            if figure is not None
        ]
        return (
            f"StreamReport({self.symbols} symbols, coded rate {self.coded_rate:.6f}, {', '.join(told)}, "
            f"p of the law of Y {self.output_law.p_value:.3g})"
        )


class Measurement:
    """Counts letters as they are encoded; memory is a table of mappings and letters, whatever the stream.

    Parameters
    ----------
    problem : Problem
    mixture : Mixture
    encoder : Encoder
        Whose seed and tables the stream has.
    first : int
        Index of the first letter.
    """

    def __init__(self, problem: Problem, mixture: Mixture, encoder: Encoder, first: int = 0) -> None:
        self._problem, self._mixture, self._encoder = problem, mixture, encoder
        self._next = first
        n, m = problem.shape
        self._counts = np.zeros((len(mixture), n), dtype=np.int64)
        labels = 0 if problem.p_s_given_x is None else problem.p_s_given_x.shape[1]
        self._labelled = np.zeros((len(mixture), m, labels), dtype=np.int64)

    def add(self, x: ArrayLike, label: ArrayLike | None = None) -> None:
        """Count the next letters, and their labels 0 .. s-1 where they are known.

        Raises
        ------
        ProblemError
            Not letters, or not one label for each.
        """
        letters = source_letters(x, self._problem.shape[0])
        y, k = self._encoder.outputs(letters, first=self._next)
        self._next += len(letters)
        size = self._counts.shape[1]
        self._counts += np.bincount(k * size + letters, minlength=self._counts.size).reshape(
            self._counts.shape
        )
        if label is not None:
            self._add_labels(y, k, np.asarray(label))

    def _add_labels(self, y: NDArray[np.int64], k: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        _, m, size = self._labelled.shape
        if labels.shape != y.shape or labels.dtype.kind not in "iu":
            raise ProblemError(argument="label", value=labels, required=f"hold {len(y)} integers")
        if labels.size and not (labels.min() >= 0 and labels.max() < size):
            raise ProblemError(argument="label", value=labels, required=f"hold integers from 0 to {size - 1}")
        cells = (k * m + y) * size + labels
        self._labelled += np.bincount(cells, minlength=self._labelled.size).reshape(self._labelled.shape)

    def report(self, coded_bits: int) -> StreamReport:
        """The figures of the letters so far, beside those of the solution."""
        problem, mixture, counts = self._problem, self._mixture, self._counts
        joint = self._joint()
        coupling = mixture.coupling(problem.p_x, problem.shape[1])
        labels_seen = bool(self._labelled.any())
        return StreamReport(
            problem=problem,
            symbols=int(counts.sum()),
            coded_bits=coded_bits,
            code_length=self._code_length(),
            mutual_information=_information(joint, coupling),
            label_entropy=(
                None if problem.p_s_given_x is None else self._label_entropy(problem.p_s_given_x, labels_seen)
            ),
            labels_seen=labels_seen,
            output_law=LawTest.of(joint.sum(axis=0), coupling.sum(axis=0)),
            source_law=LawTest.of(joint.sum(axis=1), problem.p_x),
        )

    def _joint(self) -> NDArray[np.int64]:
        """Counts of (x, y), shape (n, m)."""
        n, m = self._problem.shape
        joint = np.zeros((n, m), dtype=np.int64)
        for mapping, counts in zip(self._mixture.mappings, self._counts, strict=True):
            joint[np.arange(n), mapping] += counts
        return joint

    def _code_length(self) -> Estimate:
        bits = self._encoder.scheme.bits
        law = self._mixture.weights[:, None] * self._problem.p_x
        mean = float((law * bits).sum())
        error = _error(float((law * bits**2).sum() - mean**2), self._counts)
        return Estimate(_mean(bits, self._counts), error, self._mixture.rate(self._problem.p_x))

    def _label_entropy(self, channel: NDArray[np.float64], labels_seen: bool) -> Estimate:
        """H(S|Y,U) = H(S,Y,U) - H(Y,U), each with its own bias."""
        problem, mixture = self._problem, self._mixture
        law = mixture.weights[:, None] * problem.p_x
        conditional = _conditional(mixture, law, channel, problem.shape[1])
        bits = -np.log2(conditional, where=conditional > 0, out=np.zeros_like(conditional))
        promised = float(mixture.label_entropy_with_seed(problem.p_x, channel))
        if labels_seen:
            second = float((law[:, :, None] * channel * bits**2).sum())
            return Estimate(
                _from_labels(self._labelled), _error(second - promised**2, self._labelled), promised
            )
        second = float((law * (channel * bits).sum(axis=2) ** 2).sum())
        measured = _from_channel(mixture, self._counts, channel, problem.shape[1])
        return Estimate(measured, _error(second - promised**2, self._counts), promised)


def _information(joint: NDArray[np.int64], coupling: NDArray[np.float64]) -> Estimate:
    total = int(joint.sum())
    independent = np.outer(coupling.sum(axis=1), coupling.sum(axis=0))
    possible = coupling > 0
    density = np.log2(coupling[possible] / independent[possible])
    promised = float(coupling[possible] @ density)
    if total == 0:
        return Estimate(math.nan, math.nan, promised)
    shares = joint / total
    plug_in = float(entropy(shares.sum(axis=0)) + entropy(shares.sum(axis=1)) - entropy(shares))
    rows, columns = (int(np.count_nonzero(joint.sum(axis=axis))) for axis in (1, 0))
    bias = (int(np.count_nonzero(joint)) - rows - columns + 1) / (2 * total * NATS_PER_BIT)
    # The first term vanishes where X and Y are independent; then 2 N ln 2 I is a chi-square of that freedom.
    first_order = max(0.0, float(coupling[possible] @ density**2) - promised**2) / total
    second_order = max(0, rows - 1) * max(0, columns - 1) / (2 * (total * NATS_PER_BIT) ** 2)
    return Estimate(float(plug_in - bias), math.sqrt(first_order + second_order), promised)


def _conditional(
    mixture: Mixture, law: NDArray[np.float64], channel: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """p(s | y = f_u(x), u), shape (k, n, s), for a law of (u, x)."""
    tables = []
    for mapping, weights in zip(mixture.mappings, law, strict=True):
        table = np.zeros((size, channel.shape[1]))
        np.add.at(table, mapping, weights[:, None] * channel)
        total = table.sum(axis=1, keepdims=True)
        tables.append(np.divide(table, total, where=total > 0, out=np.zeros_like(table))[mapping])
    return np.array(tables)


def _from_labels(counts: NDArray[np.int64]) -> float:
    """H(S|Y,U) of counts of (u, y, s) by Miller's correction."""
    total = int(counts.sum())
    cells = counts.reshape(-1, counts.shape[2])
    pairs = cells.sum(axis=1)
    freedom = int(np.count_nonzero(cells)) - int(np.count_nonzero(pairs))
    return float(entropy(cells / total) - entropy(pairs / total)) + freedom / (2 * total * NATS_PER_BIT)


def _from_channel(
    mixture: Mixture, counts: NDArray[np.int64], channel: NDArray[np.float64], size: int
) -> float:
    """H(S|Y,U) of counts of (u, x) and the channel, its bias by the second derivative of the entropies.

    A cell of mass p = sum_x share(x) a(x) has variance (v - p^2)/N with v = sum_x share(x) a(x)^2, and loses
    (v/p - p)/(2 N ln 2) bits of its entropy: with a in {0, 1} that is Miller's correction.
    """
    total = int(counts.sum())
    if total == 0:
        return math.nan
    measured = 0.0
    for mapping, part in zip(mixture.mappings, counts / total, strict=True):
        mass, pair = np.zeros((size, channel.shape[1])), np.zeros(size)
        square = np.zeros_like(mass)
        np.add.at(mass, mapping, part[:, None] * channel)
        np.add.at(square, mapping, part[:, None] * channel**2)
        np.add.at(pair, mapping, part)
        spread = float(np.divide(square, mass, where=mass > 0, out=np.zeros_like(mass)).sum())
        measured += float(entropy(mass) - entropy(pair))
        measured += (spread - int(np.count_nonzero(pair))) / (2 * total * NATS_PER_BIT)
    return measured


def _mean(values: NDArray[np.float64], counts: NDArray[np.int64]) -> float:
    total = int(counts.sum())
    return float((values * counts).sum()) / total if total else math.nan


def _error(variance: float, counts: NDArray[np.int64]) -> float:
    """Standard error of a mean; nan without letters."""
    total = int(counts.sum())
    return math.sqrt(max(0.0, variance) / total) if total else math.nan
