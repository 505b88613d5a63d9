"""What the suite reports: a claim that failed, on which input, and how to see it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Finding"]


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

    def document(self) -> dict[str, str]:
        """As plain data."""
        return asdict(self)
