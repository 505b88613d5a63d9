"""All groups by name."""

from __future__ import annotations

from tests.stress import (
    allocations,
    arguments,
    coverage_fuzz,
    fuzz_files,
    interrupts,
    limits,
    problems,
    special,
    symbol_streams,
)
from tests.stress.group import Group

__all__ = ["GROUPS"]

GROUPS: dict[str, Group] = {
    group.name: group
    for module in (
        problems,
        special,
        interrupts,
        limits,
        allocations,
        fuzz_files,
        symbol_streams,
        arguments,
        coverage_fuzz,
    )
    for group in module.GROUPS
}
