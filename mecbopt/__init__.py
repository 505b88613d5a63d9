"""Constrained minimum entropy coupling: global optima with proofs, verified closed forms, image experiments.

Quantities are in bits.  `import mecbopt as mb` is light: sub-packages load on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mecbopt.errors import (
    CertificateError,
    CodecError,
    InfeasibleError,
    MecboptError,
    NotSupportedError,
    ProblemError,
    SolutionError,
    SolverError,
)

if TYPE_CHECKING:
    # What the table below loads on first use, for type checkers; a test compares the two.
    from mecbopt import bernoulli as bernoulli
    from mecbopt import bottleneck as bottleneck
    from mecbopt import codec as codec
    from mecbopt import engines as engines
    from mecbopt import mec as mec
    from mecbopt import plots as plots
    from mecbopt import testing as testing
    from mecbopt.analysis import limit_prices as limit_prices
    from mecbopt.analysis import rate_curve as rate_curve
    from mecbopt.analysis import solve_many as solve_many
    from mecbopt.certificates import CertifiedInterval as CertifiedInterval
    from mecbopt.certificates import check_certificate as check_certificate
    from mecbopt.certificates.certify import Certificate as Certificate
    from mecbopt.certificates.certify import certify as certify
    from mecbopt.engines import ENGINES as ENGINES
    from mecbopt.formulation import to_deterministic as to_deterministic
    from mecbopt.formulation.model import CvxpyModel as CvxpyModel
    from mecbopt.problem import Agreement as Agreement
    from mecbopt.problem import Bins as Bins
    from mecbopt.problem import CostCap as CostCap
    from mecbopt.problem import Forbidden as Forbidden
    from mecbopt.problem import GroupFairness as GroupFairness
    from mecbopt.problem import Mixture as Mixture
    from mecbopt.problem import Moment as Moment
    from mecbopt.problem import Problem as Problem
    from mecbopt.problem import Solution as Solution
    from mecbopt.problem import Status as Status
    from mecbopt.problem import StopReason as StopReason
    from mecbopt.problem import load_problem as load_problem
    from mecbopt.solving import solve as solve

__version__ = "0.1.0"

# public name -> module that holds it (None: the name is the sub-package itself)
_LAZY: dict[str, str | None] = {
    "Agreement": "mecbopt.problem",
    "Bins": "mecbopt.problem",
    "CostCap": "mecbopt.problem",
    "Forbidden": "mecbopt.problem",
    "GroupFairness": "mecbopt.problem",
    "Mixture": "mecbopt.problem",
    "Moment": "mecbopt.problem",
    "Problem": "mecbopt.problem",
    "Solution": "mecbopt.problem",
    "Status": "mecbopt.problem",
    "StopReason": "mecbopt.problem",
    "load_problem": "mecbopt.problem",
    "solve": "mecbopt.solving",
    "solve_many": "mecbopt.analysis",
    "limit_prices": "mecbopt.analysis",
    "rate_curve": "mecbopt.analysis",
    "to_deterministic": "mecbopt.formulation",
    "CvxpyModel": "mecbopt.formulation.model",
    "Certificate": "mecbopt.certificates.certify",
    "certify": "mecbopt.certificates.certify",
    "CertifiedInterval": "mecbopt.certificates",
    "check_certificate": "mecbopt.certificates",
    "ENGINES": "mecbopt.engines",
    "bernoulli": None,
    "bottleneck": None,
    "codec": None,
    "engines": None,
    "mec": None,
    "plots": None,
    "testing": None,
}

__all__ = [
    "CertificateError",
    "CodecError",
    "InfeasibleError",
    "MecboptError",
    "NotSupportedError",
    "ProblemError",
    "SolutionError",
    "SolverError",
    "__version__",
    *_LAZY,
]


if not TYPE_CHECKING:  # a type checker would take every name for one that exists

    def __getattr__(name: str) -> Any:
        if name not in _LAZY:
            raise AttributeError(f"module 'mecbopt' has no attribute {name!r}")
        home = _LAZY[name]
        value = (
            importlib.import_module(f"mecbopt.{name}")
            if home is None
            else getattr(importlib.import_module(home), name)
        )
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
