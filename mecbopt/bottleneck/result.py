"""What the functions of this room return: an encoder, a decoder and a bound; every figure is recomputed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate, tolerances
from mecbopt.bottleneck.scheme import Scheme
from mecbopt.errors import SolutionError
from mecbopt.info import entropy, mutual_information
from mecbopt.problem import Problem, Status, StopReason
from mecbopt.problem.claims import refuse_residuals, refuse_wide_gap
from mecbopt.problem.text import write_text

__all__ = ["DEFAULT_GAP", "BottleneckResult"]

FloatArray = NDArray[np.float64]

#: Bits within which `solve` proves its answer.
DEFAULT_GAP = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class BottleneckResult:
    """An encoder and a decoder without common randomness, X - T - Y, and what is proved about them.

    Attributes
    ----------
    problem : Problem
    encoder : ndarray, shape (n, t)
        p(t|x); letters of T by descending mass.
    decoder : ndarray, shape (t, m)
        p(y|t).
    upper_bound : float
        On I(X;Y) without common randomness, bits, valid whatever the status.
    status : Status
        OPTIMAL within the gap asked for, else FEASIBLE.
    stop_reason : StopReason
    gap_tolerance : float
        Bits that were asked for.
    method : str
        "exact", "local" (alphabets too large for the search) or "greedy".
    nodes : int
        Boxes of the law of T, or starts of the local search.
    seconds : float
        Wall-clock time; the one field that differs between equal runs.
    """

    problem: Problem
    encoder: FloatArray
    decoder: FloatArray
    upper_bound: float
    status: Status
    stop_reason: StopReason
    gap_tolerance: float = DEFAULT_GAP
    method: str = "exact"
    nodes: int = 0
    seconds: float = 0.0

    @classmethod
    def of_scheme(cls, problem: Problem, scheme: Scheme, **figures: Any) -> BottleneckResult:
        """The result with the channels of a scheme for the problem's laws, letters of T by descending mass.

        A letter of X without mass, or with so little that the scheme has lost it, is encoded as if nothing
        were known of it, by p_T.
        """
        order = np.argsort(-scheme.p_t, kind="stable")
        order = order[scheme.p_t[order] > 0.0]
        encoder = _channel(scheme.encoder[order].T, scheme.p_t[order])
        decoder = _channel(scheme.decoder[order], problem.require_p_y())
        for channel in (encoder, decoder):
            channel.setflags(write=False)
        return cls(problem, encoder, decoder, **figures)

    @cached_property
    def p_t(self) -> FloatArray:
        """The law of T, shape (t,)."""
        law: FloatArray = self.problem.p_x @ self.encoder
        return law

    @cached_property
    def coupling(self) -> FloatArray:
        """P(x, y), shape (n, m)."""
        coupling: FloatArray = (self.problem.p_x[:, None] * self.encoder) @ self.decoder
        coupling.setflags(write=False)
        return coupling

    @cached_property
    def mutual_information(self) -> float:
        """I(X;Y) of the coupling, bits."""
        return max(0.0, mutual_information(self.coupling))

    @property
    def gap(self) -> float:
        """`upper_bound - mutual_information`, bits."""
        return self.upper_bound - self.mutual_information

    @cached_property
    def rate(self) -> float:
        """H(T), bits."""
        return float(entropy(self.p_t))

    def check(self, tolerance: float = tolerances.CHECK) -> None:
        """Recompute everything from the problem, the encoder and the decoder.

        Parameters
        ----------
        tolerance : float
            On sums, marginals (probability), rate and bounds (bits).

        Raises
        ------
        SolutionError
            Naming the first claim that fails, with its residual.
        """
        tolerance = _validate.nonnegative_number("tolerance", tolerance)
        (n, m), letters = self.problem.shape, self.encoder.shape[-1]
        if self.encoder.shape != (n, letters) or self.decoder.shape != (letters, m):
            raise SolutionError(
                argument="encoder",
                value=self.encoder,
                found=f"and decoder have the shapes {self.encoder.shape} and {self.decoder.shape}",
                required=f"lead from {n} letters of X through T to {m} letters of Y",
            )
        refuse_residuals(self.residuals(), tolerance)
        refuse_wide_gap(self.status, self.gap, self.gap_tolerance, tolerance)

    def residuals(self) -> dict[str, float]:
        """How far each constraint and the bound are violated (at most 0 where they hold with slack)."""
        channels = {"the encoder": self.encoder, "the decoder": self.decoder}
        found = {
            name: max(float(np.abs(channel.sum(axis=1) - 1.0).max()), -float(channel.min()))
            for name, channel in channels.items()
        }
        return {
            **found,
            "the marginal p_y": float(np.abs(self.coupling.sum(axis=0) - self.problem.require_p_y()).max()),
            "the rate": self.rate - self.problem.rate,
            "the upper bound": self.mutual_information - self.upper_bound,
        }

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | PathLike[str]) -> None: ...
    def to_json(self, path: str | PathLike[str] | None = None) -> str | None:
        """Write the result, or return the text.

        Parameters
        ----------
        path : str or Path, optional
            Without it the text is returned.
        """
        document = {
            "format": "mecbopt-bottleneck-1",
            "units": "bits",
            "problem": self.problem.to_document(),
            "status": self.status.value,
            "stop_reason": self.stop_reason.value,
            "mutual_information": self.mutual_information,
            "upper_bound": self.upper_bound,
            "gap": self.gap,
            "gap_tolerance": self.gap_tolerance,
            "rate": self.rate,
            "encoder": self.encoder.tolist(),
            "decoder": self.decoder.tolist(),
            "coupling": self.coupling.tolist(),
            "method": self.method,
            "nodes": self.nodes,
            "seconds": self.seconds,
        }
        text = json.dumps(document, indent=2, allow_nan=False) + "\n"
        if path is None:
            return text
        write_text(Path(path), text, SolutionError)
        return None

    def __repr__(self) -> str:
        return (
            f"BottleneckResult({self.status.value}, I(X;Y) = {self.mutual_information:.6f}, "
            f"bound {self.upper_bound:.6f}, gap {self.gap:.2g}, rate {self.rate:.6f}, "
            f"{len(self.p_t)} letter{'s' if len(self.p_t) > 1 else ''})"
        )

    def equals(self, other: object) -> bool:
        """Whether both state the same result for the same problem (the time it took aside)."""
        if not isinstance(other, BottleneckResult) or not self.problem.equals(other.problem):
            return False
        names = ("upper_bound", "status", "stop_reason", "gap_tolerance", "method", "nodes")
        return all(getattr(self, name) == getattr(other, name) for name in names) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in ("encoder", "decoder")
        )


def _channel(joint: FloatArray, otherwise: FloatArray) -> FloatArray:
    """The rows as conditional laws; those without mass get the law `otherwise`."""
    totals = joint.sum(axis=1, keepdims=True)
    channel: FloatArray = np.tile(otherwise / otherwise.sum(), (len(joint), 1))
    np.divide(joint, totals, out=channel, where=totals > 0.0)
    return channel
