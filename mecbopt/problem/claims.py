"""What a result claims, held against what follows from its problem, alike for every kind of result."""

from __future__ import annotations

from collections.abc import Mapping

from mecbopt.errors import SolutionError
from mecbopt.problem.status import Status

__all__ = ["refuse_residuals", "refuse_wide_gap"]


def refuse_residuals(residuals: Mapping[str, float], tolerance: float) -> None:
    """Raise SolutionError for the first residual beyond the tolerance; NaN is beyond every one."""
    for name, residual in residuals.items():
        if not residual <= tolerance:
            raise SolutionError(
                argument=name,
                value=residual,
                found=f"is violated by {residual:.3g}, more than the tolerance {tolerance:g}",
            )


def refuse_wide_gap(status: Status, gap: float, allowed: float, tolerance: float) -> None:
    """Raise SolutionError for a result that is called optimal with a gap above what was asked for."""
    if status is Status.OPTIMAL and not gap <= allowed + tolerance:
        raise SolutionError(
            argument="status",
            value=status,
            found=f"is optimal, but the gap is {gap:.3g}, above {allowed:g}",
        )
