"""A solution: a problem, a mixture and what is proved about it.  Every figure is recomputed from those."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate, tolerances
from mecbopt.errors import SolutionError
from mecbopt.info import mutual_information
from mecbopt.problem import solution_files, solution_text
from mecbopt.problem.claims import refuse_residuals, refuse_wide_gap
from mecbopt.problem.constraints import violation
from mecbopt.problem.frames import pandas
from mecbopt.problem.mixture import Mixture
from mecbopt.problem.problem import Problem
from mecbopt.problem.status import Status, StopReason
from mecbopt.problem.text import write_text

__all__ = ["Solution"]


@dataclass(frozen=True, eq=False, repr=False)
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
        On I(X;Y), bits, valid whatever the status (minus infinity for an infeasible problem); nan where a
        distortion is minimised.
    gap_tolerance : float
        The gap, in bits (or in units of the distortion), that was asked for.
    method, engine : str
        How it was found.
    nodes : int
        Nodes of the branch and bound tree that were processed.
    seconds : float
        Wall-clock time; the one field that differs between equal runs.
    smallest_label_entropy, smallest_rate : float or None
        For an infeasible problem: the smallest C attainable at this rate, and the smallest R at which this C
        is attainable (None where none is).  Both are attained; beyond the alphabets of which every mapping is
        priced (13 letters of X, 20 with two of Y) smaller ones may exist, and `seed` may matter.  Where the
        question is open (UNKNOWN), the smallest C found.
    smallest_label_entropy_bound : float or None
        A lower bound on the smallest C attainable at this rate, bits: where the two agree it is proved.
    distortion_lower_bound : float or None
        On E d(X,Y), valid whatever the status; None where no distortion is minimised.
    relative_gap_tolerance : float
        The gap that was asked for as a share of the objective: optimal is what meets either.
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
    distortion_lower_bound: float | None = None
    relative_gap_tolerance: float = 0.0
    smallest_label_entropy_bound: float | None = None

    @cached_property
    def _fitting(self) -> Mixture | None:
        """The mixture, once it is known to be one of the problem's alphabets."""
        if self.mixture is None:
            return None
        mappings, shape = self.mixture.mappings, self.problem.shape
        if mappings.shape[1] != shape[0] or mappings.max() >= shape[1]:
            raise SolutionError(
                argument="mixture",
                value=self.mixture,
                found=f"has mappings of shape {mappings.shape} with largest letter {mappings.max()}",
                required=f"fit the problem, which has n, m = {shape}",
            )
        return self.mixture

    @cached_property
    def coupling(self) -> NDArray[np.float64] | None:
        """P(x, y), shape (n, m); None without a mixture."""
        if self._fitting is None:
            return None
        coupling = self._fitting.coupling(self.problem.p_x, self.problem.shape[1])
        coupling.setflags(write=False)
        return coupling

    @cached_property
    def mutual_information(self) -> float:
        """I(X;Y) of the coupling, bits; nan when there is none."""
        return math.nan if self.coupling is None else max(0.0, mutual_information(self.coupling))

    @property
    def gap(self) -> float:
        """How far the objective may be from its optimum; nan when there is no coupling.

        `upper_bound - mutual_information` in bits, or the distortion less its lower bound.  Below 0 the
        bounds cross: within rounding that is nothing, beyond it the status is INVALID.
        """
        difference = self.objective_bound - self.objective
        return -difference if self.problem.distortion is not None else difference

    @property
    def objective(self) -> float:
        """The value that was optimised: I(X;Y) in bits, or the expected distortion where one is given."""
        if self.problem.distortion is None:
            return self.mutual_information
        return math.nan if self.expected_distortion is None else self.expected_distortion

    @property
    def objective_bound(self) -> float:
        """The valid bound on the objective: from above on I(X;Y), bits, or from below on the distortion."""
        if self.problem.distortion is None:
            return self.upper_bound
        return math.nan if self.distortion_lower_bound is None else self.distortion_lower_bound

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
        return math.nan if self._fitting is None else self._fitting.rate(self.problem.p_x)

    @cached_property
    def label_entropy_with_seed(self) -> float | None:
        """H(S|Y,U), bits; None without a label or a mixture."""
        if self._fitting is None or self.problem.p_s_given_x is None:
            return None
        return self._fitting.label_entropy_with_seed(self.problem.p_x, self.problem.p_s_given_x)

    @cached_property
    def label_entropy_without_seed(self) -> float | None:
        """H(S|Y), bits; None without a label or a mixture."""
        if self._fitting is None or self.problem.p_s_given_x is None:
            return None
        return self._fitting.label_entropy_without_seed(self.problem.p_x, self.problem.p_s_given_x)

    @cached_property
    def expected_distortion(self) -> float | None:
        """E d(X,Y); None without a distortion or a coupling."""
        if self.problem.distortion is None or self.coupling is None:
            return None
        return float((self.coupling * self.problem.distortion).sum())

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
        tolerance = _validate.nonnegative_number("tolerance", tolerance)
        if self.status is Status.INVALID:
            raise SolutionError(
                argument="status", value=self.status, found=f"is invalid: {self.status.__doc__}"
            )
        if (self.mixture is None) != (self.status in (Status.INFEASIBLE, Status.UNKNOWN)):
            present = "no mixture" if self.mixture is None else "a mixture"
            raise SolutionError(
                argument="status",
                value=self.status,
                found=f"is {self.status.value}, but there is {present}",
            )
        if self.mixture is None:
            return
        refuse_residuals(self.residuals(), tolerance)
        allowed = max(self.gap_tolerance, self.relative_gap_tolerance * abs(self.objective))
        refuse_wide_gap(self.status, self.gap, allowed, tolerance)

    def residuals(self) -> dict[str, float]:
        """How far each constraint and bound is violated, by name; at most 0 where it holds with slack.

        Masses for marginals, bits for the rate, label entropies and bounds, units of its own for a distortion
        or a constraint.  Empty without a coupling.
        """
        problem, coupling = self.problem, self.coupling
        if self.mixture is None or coupling is None:
            return {}
        residuals = {
            "the sum of the weights": abs(float(self.mixture.weights.sum()) - 1.0),
            "the marginal p_x": float(np.abs(coupling.sum(axis=1) - problem.p_x).max()),
        }
        if problem.p_y is not None:
            deviation = np.abs(coupling.sum(axis=0) - problem.p_y)
            if problem.p_y_tolerance > 0:
                residuals["p_y_tolerance"] = 0.5 * float(deviation.sum()) - problem.p_y_tolerance
            else:
                residuals["the marginal p_y"] = float(deviation.max())
        residuals["the rate"] = self.rate - problem.rate
        if problem.distortion is None:
            residuals["the upper bound"] = self.mutual_information - self.upper_bound
        else:
            residuals["the lower bound on the distortion"] = self.objective_bound - self.objective
        limited = self.label_entropy_with_seed if problem.label_sees_seed else self.label_entropy_without_seed
        if problem.max_label_entropy is not None and limited is not None:
            residuals["max_label_entropy"] = limited - problem.max_label_entropy
        if problem.min_label_entropy is not None and self.label_entropy_without_seed is not None:
            residuals["min_label_entropy"] = problem.min_label_entropy - self.label_entropy_without_seed
        for position, constraint in enumerate(problem.constraints):
            residuals[f"constraints[{position}]"] = violation(constraint, coupling)
        return residuals

    def to_document(self) -> dict[str, Any]:
        """The solution as plain data; figures that follow from the mixture are written for the reader."""
        return solution_files.solution_document(self)

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | PathLike[str]) -> None: ...
    def to_json(self, path: str | PathLike[str] | None = None) -> str | None:
        """Write the solution, or return the text; infinity is written "inf", Fractions as "a/b".

        Parameters
        ----------
        path : str or Path, optional
            Without it the text is returned.

        Raises
        ------
        NotSupportedError
            The problem has constraints that are functions, which stand in no file.
        SolutionError
            The file cannot be written.
        """
        text = solution_files.to_text(self)
        if path is None:
            return text
        write_text(Path(path), text, SolutionError)
        return None

    @classmethod
    def from_json(cls, path_or_text: str | PathLike[str]) -> Solution:
        """Read a solution; every figure is recomputed from its problem and mixture.

        Parameters
        ----------
        path_or_text : str or Path
            A file, or the text of one (it begins with a brace).

        Raises
        ------
        SolutionError
            The file cannot be read, is not a solution, or a key is missing or malformed.
        ProblemError
            The problem in it is invalid.
        """
        return cls(**solution_files.read_fields(path_or_text))

    def to_frame(self) -> Any:
        """The coupling as a pandas DataFrame: a row for each letter of X, a column for each of Y.

        Raises
        ------
        NotSupportedError
            pandas is not installed.
        SolutionError
            There is no coupling.
        """
        module = pandas()
        if self.coupling is None:
            raise SolutionError(
                argument="status",
                value=self.status,
                found=f"is {self.status.value}: there is no coupling to show",
                remedy=self.status.remedy.rstrip("."),
            )
        n, m = self.problem.shape
        index = module.Index(list(self.problem.x_letters or range(n)), name="x", tupleize_cols=False)
        columns = module.Index(list(self.problem.y_letters or range(m)), name="y", tupleize_cols=False)
        return module.DataFrame(self.coupling.copy(), index=index, columns=columns)

    def plot(self, ax: Any = None) -> Any:
        """Draw the coupling; see `mecbopt.plots.coupling`."""
        import mecbopt  # the public face, which loads matplotlib when asked

        return mecbopt.plots.coupling(self, ax=ax)

    def __repr__(self) -> str:
        return solution_text.one_line(self)

    def _repr_html_(self) -> str:
        return solution_text.html_table(self)

    def equals(self, other: Any) -> bool:
        """Whether both state the same result for the same problem (the time it took aside)."""
        if not isinstance(other, Solution) or not self.problem.equals(other.problem):
            return False
        if self.mixture is None or other.mixture is None:
            if self.mixture is not other.mixture:
                return False
        elif not self.mixture.equals(other.mixture):
            return False
        names = ("status", "stop_reason", "method", "engine", "nodes", *solution_files.FIGURES)
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)


def _same(one: Any, other: Any) -> bool:
    """Equality in which nan, the bound that there is none of, equals itself."""
    return bool(one == other or (one != one and other != other))
