"""A mixture and a source law as integers: what encoder and decoder compute with, and its identity.

Rules, each exact and therefore the same on every machine:

* Weights become integers that sum to 2**64 (`mecbopt.coding.masses`); a 64-bit word of the common randomness
  picks the mapping into whose part of 0 .. 2**64 - 1 it falls.
* p_X(x) becomes floor(p_X(x) 2**62); sums of these are the laws q_k of the mappings' outputs.
* q_k becomes counts that sum to 2**24 (`mecbopt.coding.tables`), one for each letter that f_k maps to, at
  least 1: a letter of mass 0 can be sent, at a price.  A mapping to one letter sends nothing.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mecbopt import _validate
from mecbopt._validate import PmfLike
from mecbopt.coding.counter import mapping_words
from mecbopt.coding.groups import model_of
from mecbopt.coding.masses import integer_masses
from mecbopt.coding.symbol_stream import IDENTITY_BYTES, MOST_LETTERS
from mecbopt.coding.tables import PRECISION_BITS, counts_of_masses
from mecbopt.errors import NotSupportedError, ProblemError
from mecbopt.problem import Mixture, Problem

__all__ = ["Scheme"]

#: Weights sum to 2^64, the numbers of a word of the generator; masses of letters to at most 2^62, so that
#: their sums fit a signed word.
_WEIGHT_BITS = 64
_MASS_BITS = 62
#: Mappings are numbered by 16 bits, which are sorted ten times as fast as wider numbers.
_MOST_MAPPINGS = 2**16


class Scheme:
    """A mixture in integers, for letters that follow a law.

    Parameters
    ----------
    mixture : Mixture
    source : pmf, shape (n,), or Problem
        The law of X that the tables are made for; of a problem also its identity is kept.

    Attributes
    ----------
    letters : int
        n.
    mappings : ndarray of int32, shape (k, n)
    thresholds : ndarray of uint64
        Where the parts of the mappings begin, without the first; parts that begin at 2**64 are left out.
    images : tuple of ndarray of int32
        The letters of Y that each mapping takes, ascending.
    counts : tuple of ndarray of uint32
        Their counts out of 2**24.

    Raises
    ------
    ProblemError
        No mixture, no pmf, or one of another number of letters.
    NotSupportedError
        More than 65,536 letters of Y, or mappings.
    """

    def __init__(self, mixture: Mixture, source: PmfLike | Problem) -> None:
        if not isinstance(mixture, Mixture):
            raise ProblemError(
                argument="mixture", value=mixture, required="be a Mixture", remedy="give solution.mixture"
            )
        law = source.p_x if isinstance(source, Problem) else _validate.law("p_x", source).floats
        self.letters = mixture.mappings.shape[1]
        if len(law) != self.letters:
            raise ProblemError(
                argument="p_x",
                value=law,
                found=f"has {len(law)} letters",
                required=f"have {self.letters}, as the mappings of the mixture have",
            )
        _require_size("mixture", "letters of Y", int(mixture.mappings.max()) + 1, MOST_LETTERS)
        _require_size("mixture", "mappings", len(mixture), _MOST_MAPPINGS)
        self.mixture = mixture
        self.mappings = mixture.mappings.astype(np.int32)
        masses = integer_masses(mixture.weights.tolist(), _WEIGHT_BITS)
        ends = np.cumsum(np.array(masses, dtype=object))[:-1]
        self.thresholds = np.array([end for end in ends if end < 1 << _WEIGHT_BITS], dtype=np.uint64)
        # Scaling by a power of two is exact, and so is the whole part.
        shares = np.floor(np.ldexp(law, _MASS_BITS)).astype(np.int64)
        images, columns, counts = [], np.empty_like(self.mappings), []
        for mapping, column in zip(self.mappings, columns, strict=True):
            image, column[:] = np.unique(mapping, return_inverse=True)
            sums = np.zeros(len(image), dtype=np.int64)
            np.add.at(sums, column, shares)
            images.append(image)
            counts.append(counts_of_masses(sums.tolist(), _MASS_BITS))
        self.images, self.counts = tuple(images), tuple(counts)
        self._columns = columns
        self._models: dict[int, Any] = {}
        self.problem_identity = _identity_of(source) if isinstance(source, Problem) else None

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.mappings)

    def __getstate__(self) -> dict[str, Any]:
        """Without the models of the coder, which no other process takes: it builds its own on first use."""
        return {**self.__dict__, "_models": {}}

    @cached_property
    def mixture_identity(self) -> bytes:
        """Of mappings and integer weights."""
        shape = np.array(self.mappings.shape, dtype=">u8")
        return _digest(b"mixture", shape, self.thresholds.astype(">u8"), self.mappings.astype(">u2"))

    @cached_property
    def source_identity(self) -> bytes:
        """Of the coding tables, which is all that a stream knows of p_X."""
        return _digest(b"source", *(counts.astype(">u4") for counts in self.counts))

    def seed_check(self, seed: int) -> bytes:
        """A check value from which the seed is not read off, other for every mixture."""
        return _digest(b"seed", self.mixture_identity, seed.to_bytes(8, "big"))

    def picked(self, seed: int, first: int, count: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """The mapping of each symbol first .. first + count - 1, shape (count,)."""
        words = mapping_words(seed, first, count)
        places = np.searchsorted(self.thresholds, words, side="right")
        return places.astype(np.uint8) if len(self) <= 1 << 8 else places.astype(np.uint16)

    def model(self, mapping: int) -> Any:
        """The coder's model of a mapping's outputs; built once, when it is first used."""
        if mapping not in self._models:
            self._models[mapping] = model_of(self.counts[mapping])
        return self._models[mapping]

    def columns(self, mapping: int, x: NDArray[Any]) -> NDArray[np.int32]:
        """Where the images of letters stand in `images[mapping]`."""
        columns: NDArray[np.int32] = self._columns[mapping][x]
        return columns

    @cached_property
    def bits(self) -> NDArray[np.float64]:
        """Bits that a letter of X costs under each mapping by its table, shape (k, n)."""
        rows = [
            PRECISION_BITS - np.log2(counts[column])
            for counts, column in zip(self.counts, self._columns, strict=True)
        ]
        return np.array(rows)


def _require_size(argument: str, what: str, found: int, most: int) -> None:
    if found > most:
        raise NotSupportedError(
            argument=argument,
            value=found,
            found=f"has {found} {what}",
            required=f"have at most {most} to be operated",
        )


def _identity_of(problem: Problem) -> bytes:
    """Of the whole statement; of its laws and letters where constraints keep it from being written."""
    stated = problem if not problem.constraints else problem.replace(constraints=())
    text = json.dumps(stated.to_document(), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return _digest(b"problem", text.encode())


def _digest(*parts: bytes | NDArray[Any]) -> bytes:
    """The first bytes of SHA-256 over the parts, each after its length."""
    digest = hashlib.sha256(b"mecbopt stream 1")
    for part in parts:
        body = part if isinstance(part, bytes) else part.tobytes()
        digest.update(len(body).to_bytes(8, "big") + body)
    return digest.digest()[:IDENTITY_BYTES]
