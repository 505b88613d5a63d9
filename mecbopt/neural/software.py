"""The versions that results depend on."""

from __future__ import annotations

import platform

import numpy as np
import torch

import mecbopt

__all__ = ["software_record"]


def software_record() -> dict[str, str]:
    """Versions that results depend on, without anything about this machine's owner or paths."""
    return {
        "mecbopt": mecbopt.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "machine": platform.machine(),
    }
