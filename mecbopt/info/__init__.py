"""Information measures in bits: entropy, mutual information, majorisation."""

from mecbopt.info.entropy import binary_entropy, conditional_entropy, entropy, mutual_information, phi
from mecbopt.info.majorisation import majorizes, meet

__all__ = [
    "binary_entropy",
    "conditional_entropy",
    "entropy",
    "majorizes",
    "meet",
    "mutual_information",
    "phi",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
