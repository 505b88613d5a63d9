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

from mecbopt import _validate
from mecbopt._core.tree import available
from mecbopt.certificates.arithmetic import FINE
from mecbopt.certificates.check import CertifiedInterval, check_document, proof_target
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.mixture import coupling_of, information_bound, mean_distortion
from mecbopt.certificates.searching import TracedBounder, bounder, is_traced
from mecbopt.certificates.statement import ExactStatement
from mecbopt.certificates.witness import Witness, exact_witness
from mecbopt.certificates.writer import TreeWriter
from mecbopt.certificates.writing import Claim, certificate_document
from mecbopt.control import Clock
from mecbopt.errors import CertificateError, NotSupportedError, ProblemError
from mecbopt.problem import Mixture, Problem, Solution, Status
from mecbopt.problem.whole_files import written_whole
from mecbopt.solving import solve
from mecbopt.tolerances import GAP

__all__ = ["WIDTH", "Certificate", "certify", "certify_exactly"]

#: Default width of the certified interval, bits.
WIDTH = 2e-6
#: Narrowest interval that may be asked for: rounding and the witness's hair need room in it.
_NARROWEST_WIDTH = 1e-8
#: Shares of the width at which the search closes boxes, and that the claim spans above the search's value:
#: what lies between is room for rounding and for what the exact boxes differ from the search's.
_CLOSED_AT, _CLAIMED_AT = 0.85, 0.95
#: Bits of the claim's ends.
_CLAIM_BITS = 60
#: Share of the width to which a problem is solved whose search is not the one that is traced.
_SOLVED_TO = 0.4


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
            with written_whole(target) as file:
                file.write(gzip.compress(data, mtime=0) if target.suffix == ".gz" else data)
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
    """Prove an interval for the optimum, or infeasibility, so that anyone can check it.

    The compiled branch and bound runs with a trace; its steps are done again in exact arithmetic, and what
    does not hold there is repaired, so that a certificate is returned only where it checks.  Problems whose
    search keeps no trace (a distortion, a law of Y that is not held, a least label entropy) get a tree of
    their own.

    Parameters
    ----------
    problem : Problem or Solution
        A solution gives the search its mixture to start from; the interval of one whose gap exceeds 1e-6 bits
        is as wide as that.
    gap : float
        Width of the certified interval, at least 1e-8: bits, or the distortion's units.  It may be exceeded
        by what the witness had to be moved inside an active limit, 1e-6 at most.
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
        The problem has a constraint that is convex and not linear, or more than 12 letters a side, or states
        what no engine solves, or the compiled core is not built.

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
    stated = ExactStatement(problem.problem if isinstance(problem, Solution) else problem)
    if not available():
        raise NotSupportedError("Certificates are written by the compiled core, which is not built.")
    solution = problem
    traced = is_traced(stated.kept)
    if isinstance(solution, Problem):
        # Where the search is traced, a coupling to start from, or infeasibility; else the optimum.
        effort: dict[str, Any] = {"node_limit": 0} if traced else {}
        share = gap if traced else _SOLVED_TO * gap
        solution = solve(solution, method="exact", gap=share, seed=seed, time_limit=time_limit, **effort)
    elif solution.mixture is not None and solution.gap > GAP:
        gap = max(gap, solution.gap / _CLOSED_AT)
    if solution.mixture is None and solution.status is not Status.INFEASIBLE:
        raise CertificateError(
            "the solution holds no coupling and proves no infeasibility: solve for longer."
        )
    if solution.mixture is not None and not traced and solution.gap > gap * _CLOSED_AT:
        raise CertificateError("the solution's gap is larger than the one asked for: give more time.")
    return certify_exactly(stated, solution.mixture, gap, seed=seed, clock=clock)


def certify_exactly(
    stated: ExactStatement, mixture: Mixture | None, gap: float, *, seed: int = 0, clock: Clock | None = None
) -> Certificate:
    """The certificate of an exact statement, whatever engine knows such problems.

    Parameters
    ----------
    stated : ExactStatement
    mixture : Mixture or None
        Within the gap of the optimum, or a start where the compiled search keeps a trace; None where there is
        no coupling.
    gap : float
        Width of the interval.
    seed : int
    clock : Clock, optional

    Raises
    ------
    CertificateError
        It is not reached.
    """
    clock = clock or Clock()

    def stop() -> bool:
        return clock.expired

    if mixture is None:
        writer = TreeWriter(stated.kept, None, bounder(stated.kept, None, 0, stop), stop)
        writer.write()
        return _checked(stated, None, {}, writer)
    mappings, weights = stated.restricted(mixture)
    found = bounder(stated.kept, (mappings, weights), seed, stop)
    entropy = None
    if isinstance(found, TracedBounder):
        found.run(gap * _CLOSED_AT, clock)
        entropy = found.search.incumbent_entropy
        if math.isinf(entropy):
            # The start met the limits with the solver's slack alone.
            raise CertificateError(
                "no coupling was found that meets the limits to 1e-12: raise the rate, max_label_entropy or "
                "the bounds of the constraints by 1e-9."
            )
        mappings, weights = found.search.incumbent_mixture
    witness = exact_witness(stated.kept, mappings.tolist(), weights.tolist())
    claim = _claim(stated.kept, witness, entropy, gap)
    writer = TreeWriter(stated.kept, proof_target(stated.kept, *claim), found, stop)
    writer.write()
    return _checked(stated, claim, witness, writer)


def _checked(stated: ExactStatement, claim: Claim, witness: Witness, writer: TreeWriter) -> Certificate:
    """The certificate as plain data, as a checker accepts it."""
    document = certificate_document(
        stated.all,
        claim,
        [stated.lifted(mapping) for mapping in witness],
        list(witness.values()),
        writer.anchor,
        writer.records,
        writer.nodes,
    )
    return Certificate(check_document(document), document)


def _claim(
    problem: ExactProblem, witness: Witness, entropy: float | None, gap: float
) -> tuple[Fraction, Fraction]:
    """From what the witness is certainly worth to a share of the gap beyond that and the search's value."""
    coupling = coupling_of(problem, list(witness.values()), list(witness))
    room, grid = Fraction(_CLAIMED_AT * gap), 1 << _CLAIM_BITS
    if problem.distortion is not None:
        mean = mean_distortion(problem, coupling)
        return Fraction(math.floor((mean - room) * grid), grid), Fraction(math.ceil(mean * grid), grid)
    worth = information_bound(problem, coupling)
    lower = Fraction(max(worth, 0) >> (FINE - _CLAIM_BITS), grid)
    value = Fraction(worth, 1 << FINE)
    if entropy is not None:
        entropies = problem.entropy_x[1] + problem.entropy_y[1]
        value = max(value, Fraction(entropies, 1 << FINE) - Fraction(entropy))
    return lower, Fraction(math.ceil((value + room) * grid), grid)
