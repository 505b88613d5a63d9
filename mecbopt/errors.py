"""Errors of the package: one base class, one class a cause.

Every message names the argument, the value found, what is required and the remedy.
"""

from __future__ import annotations

__all__ = [
    "CertificateError",
    "CodecError",
    "InfeasibleError",
    "MecboptError",
    "NotSupportedError",
    "ProblemError",
    "SolutionError",
    "SolverError",
]


class MecboptError(Exception):
    """Base class of every error that this package raises on purpose."""


class ProblemError(MecboptError, ValueError):
    """An argument, a file or a column of samples does not describe a valid problem."""


class InfeasibleError(MecboptError):
    """No coupling satisfies the constraints, and the caller asked for one."""


class NotSupportedError(MecboptError):
    """A valid request that this version does not serve; it is refused, never ignored."""


class SolutionError(MecboptError):
    """A solution does not satisfy what it claims: a residual, a rate, a bound or a file is off."""


class SolverError(MecboptError):
    """A linear programming solver gave no usable answer; bounds found before stay valid."""


class CertificateError(MecboptError):
    """A certificate does not prove its claim, or is damaged."""


class CodecError(MecboptError):
    """A stream cannot be decoded: damage, a wrong seed or a wrong mixture."""
