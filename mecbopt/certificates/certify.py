"""`certify`: from a problem or its solution to a certificate that the checker has accepted."""

from __future__ import annotations

import gzip
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, overload

import numpy as np

from mecbopt import _validate
from mecbopt._core.tree import MAX_LETTERS, CompiledSearch, Settings, available
from mecbopt._core.tree.trace import ROOT, Outcome, Relaxation, Side, Trace
from mecbopt.certificates.arithmetic import FINE, phi_bounds
from mecbopt.certificates.check import CertifiedInterval, check_document
from mecbopt.certificates.instance import ExactProblem, Limit
from mecbopt.certificates.reading import MAX_LABELS
from mecbopt.certificates.tree import order_pairs
from mecbopt.certificates.witness import Witness, exact_witness
from mecbopt.certificates.writer import TreeWriter
from mecbopt.certificates.writing import Claim, certificate_document
from mecbopt.control import Clock
from mecbopt.errors import CertificateError, NotSupportedError, ProblemError
from mecbopt.formulation.lowering import stated
from mecbopt.problem import Mixture, Problem, Solution, Status
from mecbopt.solving import solve
from mecbopt.tolerances import GAP

__all__ = ["WIDTH", "Certificate", "certify"]

#: Default width of the certified interval, bits.
WIDTH = 2e-6
#: Narrowest interval that may be asked for: rounding and the witness's hair need room in it.
_NARROWEST_WIDTH = 1e-8
#: Shares of the width at which the search closes boxes, and that the claim spans above the search's value:
#: what lies between is room for rounding and for what the exact boxes differ from the search's.
_CLOSED_AT, _CLAIMED_AT = 0.85, 0.95
#: Bits of the claim's ends.
_CLAIM_BITS = 60
#: Seconds of one slice of the search.
_SLICE_SECONDS = 0.1
#: What a problem may state beside the marginals.
_KNOWN = frozenset({"rate", "max_label_entropy"})


@dataclass(frozen=True, eq=False, repr=False)
class Certificate:
    """A certificate that was checked.

    Attributes
    ----------
    interval : CertifiedInterval
        What it proves.
    document : dict
        Its plain data, in the format of docs/reference/certificate_format.md.
    """

    interval: CertifiedInterval
    document: dict[str, Any]

    @overload
    def to_json(self, path: None = None) -> str: ...
    @overload
    def to_json(self, path: str | PathLike[str]) -> None: ...
    def to_json(self, path: str | PathLike[str] | None = None) -> str | None:
        """Write the certificate, or return its text.

        Parameters
        ----------
        path : str or Path, optional
            A name that ends with .gz is written compressed; without a path the text is returned.

        Raises
        ------
        CertificateError
            The file cannot be written.
        """
        text = json.dumps(self.document, separators=(",", ":"))
        if path is None:
            return text
        target, data = Path(path), text.encode()
        try:
            # Without time and name: equal certificates are equal files.
            target.write_bytes(gzip.compress(data, mtime=0) if target.suffix == ".gz" else data)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CertificateError(
                argument="path", value=path, found=f"{path!s} cannot be written: {reason}"
            ) from error
        return None

    def __str__(self) -> str:
        return str(self.interval)

    def __repr__(self) -> str:
        return f"Certificate({self}, width {self.interval.width:.2g})"


def certify(
    problem: Problem | Solution, *, gap: float = WIDTH, time_limit: float | None = None, seed: int = 0
) -> Certificate:
    """Prove an interval for the greatest I(X;Y), or infeasibility, so that anyone can check it.

    The compiled branch and bound runs with a trace; its steps are done again in exact arithmetic, and what
    does not hold there is repaired, so that a certificate is returned only where it checks.

    Parameters
    ----------
    problem : Problem or Solution
        A solution gives the search its mixture to start from; the interval of one whose gap exceeds 1e-6 bits
        is as wide as that.
    gap : float
        Width of the certified interval in bits, at least 1e-8.  It may be exceeded by what the witness had to
        be moved inside an active limit, 1e-6 at most.
    time_limit : float, optional
        Seconds.
    seed : int
        Of the search's random starts.

    Returns
    -------
    Certificate

    Raises
    ------
    CertificateError
        No certificate was reached: time is over, or limits leave no room for rational weights.
    NotSupportedError
        The problem states more than marginals, a rate and a label seen with the seed, or has more than 12
        letters a side, or the compiled core is not built.

    Examples
    --------
    >>> import mecbopt as mb
    >>> certificate = mb.certify(mb.Problem(["7/10", "3/10"], ["7/10", "3/10"], rate="0.378"))
    >>> float(certificate.interval.lower) <= 0.1916316 <= float(certificate.interval.upper)
    True
    """
    if not isinstance(problem, (Problem, Solution)):
        raise ProblemError(
            f"problem is a {type(problem).__name__}: give a mecbopt.Problem or a mecbopt.Solution."
        )
    gap = _validate.positive_number("gap", gap, "bits")
    if gap < _NARROWEST_WIDTH:
        raise ProblemError(argument="gap", value=gap, required=f"be at least {_NARROWEST_WIDTH:g} bits")
    if time_limit is not None:
        time_limit = _validate.positive_number("time_limit", time_limit, "seconds")
    _validate.positive_integer("seed", seed, minimum=0)
    clock = Clock(time_limit)
    stated_problem = problem.problem if isinstance(problem, Solution) else problem
    _require_supported(stated_problem)
    solution = problem
    if isinstance(solution, Problem):
        # A coupling to start from, or infeasibility; the search itself is the traced one.
        solution = solve(solution, method="exact", node_limit=0, gap=gap, seed=seed, time_limit=time_limit)
    elif solution.mixture is not None and solution.gap > GAP:
        gap = max(gap, solution.gap / _CLOSED_AT)
    exact = _ExactStatement(stated_problem)
    if solution.status is Status.INFEASIBLE:
        return exact.infeasible(clock)
    if solution.mixture is None:
        raise CertificateError(
            "the solution holds no coupling and proves no infeasibility: solve for longer."
        )
    return exact.value(solution.mixture, gap, seed, clock)


def _require_supported(problem: Problem) -> None:
    for argument in stated(problem):
        if argument not in _KNOWN:
            raise NotSupportedError(
                argument=argument,
                found="is stated: certificates know marginals, a rate and a label seen with the seed",
                remedy="leave it out",
            )
    if not available():
        raise NotSupportedError("Certificates are written by the compiled core, which is not built.")


class _ExactStatement:
    """A problem in exact rationals, without its letters of mass zero, and the way back to all letters."""

    def __init__(self, problem: Problem) -> None:
        p_x, p_y = problem.exact_p_x, problem.exact_p_y
        self.kept_x = [x for x, mass in enumerate(p_x) if mass > 0]
        self.kept_y = [y for y, mass in enumerate(p_y) if mass > 0]
        if max(len(self.kept_x), len(self.kept_y)) > MAX_LETTERS or max(len(p_x), len(p_y)) > MAX_LETTERS:
            raise NotSupportedError(f"A certificate takes at most {MAX_LETTERS} letters a side.")
        limit = _finite(problem.exact_number("max_label_entropy"))
        channel = None if limit is None else problem.exact_p_s_given_x
        if (
            limit is not None
            and channel is not None
            and len(channel[0]) <= 1 << math.floor(min(max(limit, Fraction(0)), Fraction(64)))
        ):
            # H(S|Y,U) <= log2 |S| <= C: met by every mixture, also where an enclosure cannot tell so.
            limit = channel = None
        if channel is not None and len(channel[0]) > MAX_LABELS:
            raise NotSupportedError(f"A certificate takes at most {MAX_LABELS} values of the label.")
        rate = _finite(problem.exact_number("rate"))
        self.all = ExactProblem(p_x, p_y, rate, channel, limit)
        self.kept = ExactProblem(
            tuple(p_x[x] for x in self.kept_x),
            tuple(p_y[y] for y in self.kept_y),
            rate,
            None if channel is None else tuple(channel[x] for x in self.kept_x),
            limit,
        )

    def value(self, mixture: Mixture, gap: float, seed: int, clock: Clock) -> Certificate:
        """The certificate of an interval."""
        mappings, weights = self._restricted(mixture)
        search, pairs = _search(self.kept, (mappings, weights), seed)
        trace = None
        if search is not None:
            trace = _searched(self.kept, search, len(pairs), gap * _CLOSED_AT, clock)
            if math.isinf(search.incumbent_entropy):
                # The start met the limits with the solver's slack alone.
                raise CertificateError(
                    "no coupling was found that meets the limits to 1e-12: raise the rate or "
                    "max_label_entropy by 1e-9."
                )
            mappings, weights = search.incumbent_mixture
        witness = exact_witness(self.kept, mappings.tolist(), weights.tolist())
        lower, upper = _claim(self.kept, witness, None if search is None else search.incumbent_entropy, gap)
        target = self.kept.entropy_sum[1] - (upper.numerator << FINE) // upper.denominator
        writer = TreeWriter(self.kept, pairs, target, search, lambda: clock.expired)
        writer.write(_determined(self.kept, infeasible=False) if trace is None else trace)
        images = [self._lifted(mapping) for mapping in witness]
        return self._checked((lower, upper), images, list(witness.values()), writer, pairs)

    def infeasible(self, clock: Clock) -> Certificate:
        """The certificate of infeasibility."""
        search, pairs = _search(self.kept, None, 0)
        writer = TreeWriter(self.kept, pairs, None, search, lambda: clock.expired)
        writer.write(_determined(self.kept, infeasible=True) if search is None else writer.new_trace())
        return self._checked(None, [], [], writer, pairs)

    def _restricted(self, mixture: Mixture) -> tuple[Any, Any]:
        """The mixture over the kept letters; images without mass carry none and become the first kept one."""
        place = {y: index for index, y in enumerate(self.kept_y)}
        kept = [[place.get(int(y), 0) for y in mapping[self.kept_x]] for mapping in mixture.mappings]
        return np.array(kept, dtype=np.int64), np.asarray(mixture.weights, dtype=np.float64)

    def _lifted(self, mapping: tuple[int, ...]) -> list[int]:
        lifted = [self.kept_y[0]] * len(self.all.p_x)
        for x, y in zip(self.kept_x, mapping, strict=True):
            lifted[x] = self.kept_y[y]
        return lifted

    def _checked(
        self,
        claim: Claim,
        mappings: list[list[int]],
        weights: list[Fraction],
        writer: TreeWriter,
        pairs: list[tuple[int, int]],
    ) -> Certificate:
        m = self.kept.shape[1]
        order = list(divmod(pairs[0][0], m)) if pairs else None
        document = certificate_document(
            self.all, claim, mappings, weights, order, writer.records, writer.nodes
        )
        return Certificate(check_document(document), document)


def _finite(number: Fraction | float | None) -> Limit:
    return number if isinstance(number, Fraction) else None


def _search(
    problem: ExactProblem, start: tuple[Any, Any] | None, seed: int
) -> tuple[CompiledSearch | None, list[tuple[int, int]]]:
    """A traced search and the pairs of its order; None where one letter leaves nothing to search."""
    if min(problem.shape) < 2:
        return None, []
    label = problem.p_s_given_x

    def made(symmetry: bool) -> CompiledSearch:
        return CompiledSearch(
            [float(p) for p in problem.p_x],
            [float(p) for p in problem.p_y],
            math.inf if problem.rate is None else float(problem.rate),
            None if label is None else [[float(p) for p in row] for row in label],
            None if problem.label_limit is None else float(problem.label_limit),
            settings=Settings(symmetry=symmetry),
            seed=seed,
            start=start,
            trace=True,
        )

    search = made(True)
    if not search.order:
        return search, []
    # Letters whose exact masses differ below the floats are not exchangeable.
    pairs = order_pairs(problem, divmod(search.order[0][0], problem.shape[1]))
    return (search, pairs) if set(pairs) == set(search.order) else (made(False), [])


def _searched(problem: ExactProblem, search: CompiledSearch, pairs: int, gap: float, clock: Clock) -> Trace:
    """Run a search to its end; its trace."""
    n, m = problem.shape
    trace = Trace(n * m, 2 * n * m + m + 2 + pairs)
    while True:
        search.run(seconds=min(_SLICE_SECONDS, clock.remaining), gap=gap, stop=lambda: clock.expired)
        trace.read(search.take_trace())
        if search.finished or search.entropy_lower_bound >= search.incumbent_entropy - gap:
            return trace
        if clock.expired:
            raise CertificateError(
                "the time limit was reached before the search closed the gap: give more time or a larger gap."
            )


def _claim(
    problem: ExactProblem, witness: Witness, entropy: float | None, gap: float
) -> tuple[Fraction, Fraction]:
    """From what the witness is certainly worth to a share of the gap above the search's value."""
    n, m = problem.shape
    coupling = [[Fraction(0)] * m for _ in range(n)]
    for mapping, weight in witness.items():
        for x, y in enumerate(mapping):
            coupling[x][y] += weight * problem.p_x[x]
    joint = sum(phi_bounds(p.numerator, p.denominator)[1] for row in coupling for p in row)
    worth = problem.entropy_sum[0] - joint
    lower = Fraction(max(worth, 0) >> (FINE - _CLAIM_BITS), 1 << _CLAIM_BITS)
    value = Fraction(worth, 1 << FINE)
    if entropy is not None:
        value = max(value, Fraction(problem.entropy_sum[1], 1 << FINE) - Fraction(entropy))
    upper = Fraction(math.ceil((value + Fraction(_CLAIMED_AT * gap)) * (1 << _CLAIM_BITS)), 1 << _CLAIM_BITS)
    return lower, upper


def _determined(problem: ExactProblem, *, infeasible: bool) -> Trace:
    """The trace of a problem with one letter on a side: its only coupling is determined by the marginals."""
    n, m = problem.shape
    multipliers = np.zeros(2 * n * m + m + 2)
    if infeasible:
        multipliers[n * m + m + 1] = -1.0
    relaxation = Relaxation(
        infeasible, math.inf, np.zeros(n * m), np.zeros(n * m), np.zeros(n * m), multipliers
    )
    trace = Trace(n * m, len(multipliers))
    outcome = Outcome.INFEASIBLE if infeasible else Outcome.BOUNDED
    trace.sides[ROOT] = Side([relaxation], outcome)
    return trace
