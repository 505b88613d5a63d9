"""A solution: a problem, a mixture and what is proved about it.  Every figure is recomputed from those."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import tolerances
from mecbopt.errors import SolutionError
from mecbopt.info import mutual_information
from mecbopt.problem.files import problem_from_document
from mecbopt.problem.mixture import Mixture
from mecbopt.problem.problem import Problem
from mecbopt.problem.status import Status, StopReason

__all__ = ["Solution"]

_FORMAT = "mecbopt-solution-1"


@dataclass(frozen=True, eq=False)
class Solution:
    """What `solve` returns.

    Attributes
    ----------
    problem : Problem
    status : Status
        What is known.
    stop_reason : StopReason
        Why the search stopped.
    mixture : Mixture or None
        The mappings and their weights; None when there is no coupling.
    upper_bound : float
        On I(X;Y), bits, valid whatever the status (minus infinity for an infeasible problem).
    gap_tolerance : float
        The gap, in bits, that was asked for.
    method, engine : str
        How it was found.
    nodes : int
        Nodes of the branch and bound tree that were processed.
    seconds : float
        Wall-clock time; the one field that differs between equal runs.
    smallest_label_entropy, smallest_rate : float or None
        For an infeasible problem: the smallest C attainable at this rate, and the smallest R at which this C
        is attainable (None where none is).  Where the question is open, the smallest C that was found.
    smallest_label_entropy_bound : float or None
        A lower bound on the smallest C attainable at this rate, bits.
    relative_gap : float
        The share of the value within which it counts as optimal, as asked for.
    """

    problem: Problem
    status: Status
    stop_reason: StopReason
    mixture: Mixture | None
    upper_bound: float
    gap_tolerance: float = tolerances.GAP
    method: str = "exact"
    engine: str = ""
    nodes: int = 0
    seconds: float = 0.0
    smallest_label_entropy: float | None = None
    smallest_rate: float | None = None
    smallest_label_entropy_bound: float | None = None
    relative_gap: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def coupling(self) -> NDArray[np.float64] | None:
        """P(x, y), shape (n, m); None without a mixture."""
        if self.mixture is None:
            return None
        mappings, shape = self.mixture.mappings, self.problem.shape
        if mappings.shape[1] != shape[0] or mappings.max() >= shape[1]:
            raise SolutionError(
                f"mixture has mappings of shape {mappings.shape} with largest letter {mappings.max()}: "
                f"the problem has n, m = {shape}."
            )
        coupling = self.mixture.coupling(self.problem.p_x, self.problem.shape[1])
        coupling.setflags(write=False)
        return coupling

    @cached_property
    def mutual_information(self) -> float:
        """I(X;Y) of the coupling, bits; nan when there is none."""
        return math.nan if self.coupling is None else max(0.0, mutual_information(self.coupling))

    @property
    def gap(self) -> float:
        """`upper_bound - mutual_information`, bits; nan when there is no coupling."""
        return self.upper_bound - self.mutual_information

    @property
    def objective(self) -> float:
        """The value that was optimised: I(X;Y), bits."""
        return self.mutual_information

    @property
    def objective_bound(self) -> float:
        """The valid bound on the objective: an upper bound on I(X;Y), bits."""
        return self.upper_bound

    @property
    def log_loss(self) -> float:
        """H(X|Y), the expected logarithmic loss of the posterior, bits; nan without a coupling."""
        return self.problem.entropy_x - self.mutual_information

    @cached_property
    def posterior(self) -> NDArray[np.float64] | None:
        """p(x|y), shape (m, n); a row of nan where P(y) = 0.  None without a coupling."""
        if self.coupling is None:
            return None
        output_law = self.coupling.sum(axis=0)
        posterior = np.full(self.problem.shape[::-1], np.nan)
        np.divide(self.coupling.T, output_law[:, None], out=posterior, where=output_law[:, None] > 0)
        return posterior

    @cached_property
    def rate(self) -> float:
        """H(Y|U) of the mixture, bits; nan without one."""
        return math.nan if self.mixture is None else self.mixture.rate(self.problem.p_x)

    @cached_property
    def label_entropy_with_seed(self) -> float | None:
        """H(S|Y,U), bits; None without a label or a mixture."""
        if self.mixture is None or self.problem.p_s_given_x is None:
            return None
        return self.mixture.label_entropy_with_seed(self.problem.p_x, self.problem.p_s_given_x)

    @cached_property
    def label_entropy_without_seed(self) -> float | None:
        """H(S|Y), bits; None without a label or a mixture."""
        if self.mixture is None or self.problem.p_s_given_x is None:
            return None
        return self.mixture.label_entropy_without_seed(self.problem.p_x, self.problem.p_s_given_x)

    @property
    def expected_distortion(self) -> float | None:
        """E d(X,Y); None, since no distortion is given."""
        return None

    @property
    def has_coupling(self) -> bool:
        """Whether a coupling was found."""
        return self.mixture is not None

    def check(self, tolerance: float = tolerances.CHECK) -> None:
        """Recompute everything from the problem and the mixture.

        Parameters
        ----------
        tolerance : float
            On residuals of marginals (probability), rate, label entropy and bounds (bits).

        Raises
        ------
        SolutionError
            Naming the first claim that fails, with its residual.
        """
        if self.status is Status.INVALID:
            raise SolutionError(f"status is invalid: {self.status.meaning} {self.status.remedy}")
        if (self.mixture is None) != (self.status in (Status.INFEASIBLE, Status.UNKNOWN)):
            present = "no mixture" if self.mixture is None else "a mixture"
            raise SolutionError(f"status is {self.status.value}, but there is {present}.")
        if self.mixture is None or self.coupling is None:
            return
        residuals = self.residuals()
        for name, residual in residuals.items():
            if not residual <= tolerance:
                raise SolutionError(
                    f"{name} is violated by {residual:.3g}, more than the tolerance {tolerance:g}."
                )
        allowed = max(self.gap_tolerance, self.relative_gap * self.mutual_information)
        if self.status is Status.OPTIMAL and not self.gap <= allowed + tolerance:
            raise SolutionError(
                f"status is optimal, but the gap is {self.gap:.3g} bits, above {self.gap_tolerance:g}."
            )

    def residuals(self) -> dict[str, float]:
        """How far each constraint and bound is violated (at most 0 where it holds with slack)."""
        problem, mixture, coupling = self.problem, self.mixture, self.coupling
        if mixture is None or coupling is None:
            return {}
        residuals = {
            "the sum of the weights": abs(float(mixture.weights.sum()) - 1.0),
            "the marginal p_x": float(np.abs(coupling.sum(axis=1) - problem.p_x).max()),
            "the marginal p_y": float(np.abs(coupling.sum(axis=0) - problem.p_y).max()),
            "the rate": self.rate - problem.rate,
            "the upper bound": self.mutual_information - self.upper_bound,
        }
        if problem.max_label_entropy is not None and self.label_entropy_with_seed is not None:
            residuals["max_label_entropy"] = self.label_entropy_with_seed - problem.max_label_entropy
        return residuals

    def to_document(self) -> dict[str, Any]:
        """The solution as plain data; figures that follow from the mixture are written for the reader."""
        mixture = None
        if self.mixture is not None:
            mixture = {
                "mappings": self.mixture.mappings.tolist(),
                "weights": self.mixture.weights.tolist(),
            }
        return {
            "format": _FORMAT,
            "units": "bits",
            "problem": self.problem.to_document(),
            "status": self.status.value,
            "stop_reason": self.stop_reason.value,
            "mutual_information": _plain(self.mutual_information),
            "upper_bound": _plain(self.upper_bound),
            "gap": _plain(self.gap),
            "gap_tolerance": self.gap_tolerance,
            "rate": _plain(self.rate),
            "log_loss": _plain(self.log_loss),
            "label_entropy_with_seed": self.label_entropy_with_seed,
            "label_entropy_without_seed": self.label_entropy_without_seed,
            "smallest_label_entropy": self.smallest_label_entropy,
            "smallest_rate": self.smallest_rate,
            "smallest_label_entropy_bound": self.smallest_label_entropy_bound,
            "relative_gap": self.relative_gap,
            "mixture": mixture,
            "coupling": None if self.coupling is None else self.coupling.tolist(),
            "method": self.method,
            "engine": self.engine,
            "nodes": self.nodes,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }

    def to_json(self, path: str | Path) -> None:
        """Write the solution; infinity is written "inf", Fractions of the problem as "a/b"."""
        text = json.dumps(self.to_document(), indent=1, allow_nan=False)
        try:
            Path(path).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise SolutionError(f"path {path} cannot be written: {error.strerror}.") from error

    @classmethod
    def from_json(cls, path: str | Path) -> Solution:
        """Read a solution; every figure is recomputed from its problem and mixture.

        Raises
        ------
        SolutionError
            The file cannot be read, is not a solution, or a key is missing or malformed.
        ProblemError
            The problem in it is invalid.
        """
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise SolutionError(f"path {path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise SolutionError(f"path {path} is not valid JSON: {error}.") from error
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            raise SolutionError(f"path {path} is no solution: its key 'format' must be '{_FORMAT}'.")
        try:
            mixture = document["mixture"]
            return cls(
                problem=problem_from_document(document["problem"]),
                status=Status(document["status"]),  # type: ignore[call-arg]
                stop_reason=StopReason(document["stop_reason"]),  # type: ignore[call-arg]
                mixture=None if mixture is None else Mixture(mixture["mappings"], mixture["weights"]),
                upper_bound=float(document["upper_bound"]),
                gap_tolerance=float(document["gap_tolerance"]),
                method=str(document["method"]),
                engine=str(document["engine"]),
                nodes=int(document["nodes"]),
                seconds=float(document["seconds"]),
                smallest_label_entropy=document["smallest_label_entropy"],
                smallest_rate=document["smallest_rate"],
                smallest_label_entropy_bound=document.get("smallest_label_entropy_bound"),
                relative_gap=float(document.get("relative_gap", 0.0)),
                notes=tuple(document["notes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SolutionError(f"path {path} is not a valid solution file: {error!s}.") from error

    def equals(self, other: Any) -> bool:
        """Whether both state the same result for the same problem (the time it took aside)."""
        if not isinstance(other, Solution):
            return False
        mine, theirs = self.to_document(), other.to_document()
        mine.pop("seconds"), theirs.pop("seconds")
        return mine == theirs


def _plain(value: float) -> float | str | None:
    """A figure as JSON can hold it."""
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)
