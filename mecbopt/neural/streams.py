"""Random numbers of training: a fresh generator for each purpose and step, with no state to save.

Each generator is a function of (seed, purpose, step).  Resuming, rerunning and splitting a batch over several
processes therefore see the same numbers, and one draw more in one place moves nothing elsewhere.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch

__all__ = ["generator", "integer_seed", "permutation"]


def integer_seed(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit seed mixed from (seed, purpose, step) by NumPy's SeedSequence."""
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), step]).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


def generator(seed: int, purpose: str, step: int = 0) -> torch.Generator:
    """A CPU generator for one purpose at one step; draw on CPU and move, so devices agree."""
    return torch.Generator().manual_seed(integer_seed(seed, purpose, step))


def permutation(size: int, seed: int, purpose: str, step: int = 0) -> torch.Tensor:
    """A random order of 0 .. size - 1."""
    return torch.randperm(size, generator=generator(seed, purpose, step))
