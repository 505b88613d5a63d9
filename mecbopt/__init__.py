"""Constrained minimum entropy coupling: global optima with proofs, verified closed forms, image experiments.

Quantities are in bits.  `import mecbopt as mb` is light: sub-packages load on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

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

__version__ = "0.1.0"

# public name -> module that holds it (None: the name is the sub-package itself)
_LAZY: dict[str, str | None] = {
    "Mixture": "mecbopt.problem",
    "Problem": "mecbopt.problem",
    "Solution": "mecbopt.problem",
    "Status": "mecbopt.problem",
    "StopReason": "mecbopt.problem",
    "load_problem": "mecbopt.problem",
    "solve": "mecbopt.solvers",
    "solve_many": "mecbopt.analysis",
    "rate_curve": "mecbopt.analysis",
    "to_deterministic": "mecbopt.mappings",
    "bernoulli": None,
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
    return sorted({*globals(), *__all__})
