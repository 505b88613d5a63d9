"""Oracle: the dynamic program over all pairs of disjoint sets, no light branches, no bounds."""

from __future__ import annotations

import math

__all__ = ["least_entropy_by_all_joins"]


def least_entropy_by_all_joins(rows: list[int], columns: list[int]) -> float:
    """Bits; masses are integers with equal sums.  Cost 3^(n + m)."""
    masses = rows + [-mass for mass in columns]
    total = sum(rows)
    difference, value = [0], [math.inf]
    for key in range(1, 1 << len(masses)):
        lowest = key & -key
        difference.append(difference[key ^ lowest] + masses[lowest.bit_length() - 1])
        value.append(0.0 if key == lowest else math.inf)
        part = (key - 1) & key
        while part:
            other = key ^ part
            if part & lowest and difference[part] * difference[other] <= 0:
                cell = min(abs(difference[part]), abs(difference[other])) / total
                cost = -cell * math.log2(cell) if cell else 0.0
                value[key] = min(value[key], value[part] + value[other] + cost)
            part = (part - 1) & key
    return value[-1]
