"""All groups by name."""

from __future__ import annotations

from tests.stress import interrupts, limits, problems
from tests.stress.group import Group

__all__ = ["GROUPS"]

GROUPS: dict[str, Group] = {
    group.name: group for groups in (problems, interrupts, limits) for group in groups.GROUPS
}
