"""What the suite reports: a claim that failed, on which input, and how to see it again."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass

__all__ = ["Finding", "abbreviated"]

_RUN = re.compile(r"(.{1,4}?)\1{50,}", re.DOTALL)
_LONGEST = 2500


def abbreviated(text: str) -> str:
    """Text with its long runs of the same few characters shortened, as `<9 x 5000>`."""
    short = _RUN.sub(lambda run: f"<{run[1]} x {len(run[0]) // len(run[1])}>", text[:300_000])
    return short if len(short) <= _LONGEST else f"{short[:_LONGEST]}..."


@dataclass(frozen=True)
class Finding:
    """One failed claim.

    Attributes
    ----------
    claim : str
        What should hold, in a few words that are the same for every instance of the fault.
    detail : str
        The figures of this instance.
    code : str
        Python or a command that shows it.
    """

    claim: str
    detail: str
    code: str

    def __post_init__(self) -> None:
        for name in ("detail", "code"):
            object.__setattr__(self, name, abbreviated(getattr(self, name)))

    def document(self) -> dict[str, str]:
        """As plain data."""
        return asdict(self)
