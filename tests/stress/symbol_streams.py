"""Damaged and forged streams of symbols: refused with a reason, or decoded exactly.

    python -m tests.stress.symbol_streams --count 10000 --seed 0

A case is a function of (seed, number).  Damage is what happens to bytes: the stream must be refused by a
`CodecError`, or decode to exactly what was encoded.  A forgery has wrong claims under right checksums: it may
decode to anything, but only to letters of Y, within `SECONDS` and the memory of a chunk.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mecbopt as mb
from mecbopt.codec import Decoder, Encoder
from mecbopt.coding.symbol_stream import MOST_CHUNK, Chunk, Header, StreamReader, StreamWriter
from mecbopt.errors import CodecError
from tests.stress.findings import Finding
from tests.stress.group import Group, trying

__all__ = ["GROUPS", "Victim", "check_damaged", "check_forged", "damaged", "forged", "run", "victims"]

Random = np.random.Generator
#: Processor seconds for one stream; a forgery may ask for a chunk of the largest size.
SECONDS = 20.0
MEMORY_BYTES = 2 << 30
_NUMBERS = (
    0,
    1,
    2,
    31,
    32,
    33,
    127,
    128,
    255,
    2**14,
    2**21,
    2**22,
    2**22 + 1,
    2**31,
    2**32,
    2**63,
    2**64 - 1,
)


@dataclass(frozen=True)
class Victim:
    """A stream, who decodes it, and to what."""

    blob: bytes
    decoder: Decoder
    letters: NDArray[np.int64]


@cache
def victims() -> tuple[Victim, ...]:
    """Streams of different lengths, chunks and laws, one of them without a bit of payload."""
    mixtures = (
        (mb.Mixture([[0, 1, 2, 0], [2, 2, 1, 1], [0, 0, 0, 0]], [0.5, 0.3, 0.2]), [0.4, 0.3, 0.2, 0.1]),
        (mb.Mixture([[0, 1]], [1.0]), [0.999, 0.001]),
        (mb.Mixture([[0, 0], [1, 1]], [0.5, 0.5]), [0.5, 0.5]),
    )
    made = []
    for number, (count, chunk) in enumerate(
        [(0, 32), (1, 32), (64, 32), (500, 32), (3000, 1000), (200, 400)]
    ):
        for mixture, p_x in mixtures:
            x = np.random.default_rng(number).choice(len(p_x), count, p=p_x)
            encoder = Encoder(mixture, p_x, seed=number, chunk_symbols=chunk)
            blob, (y, _) = encoder.encode(x), encoder.outputs(x)
            made.append(Victim(blob, Decoder(mixture, p_x, seed=number), y))
    return tuple(made)


def damaged(random: Random, victim: Victim) -> bytes:
    """A stream to which one or more accidents happened."""
    blob = bytearray(victim.blob)
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        _accident(random, blob)
    return bytes(blob)


def _accident(random: Random, blob: bytearray) -> None:
    """Change bytes in place."""
    size = len(blob)
    start, end = sorted(random.integers(0, size + 1, 2).tolist())
    place = min(start, size - 1)
    match random.integers(9) if size else 4:
        case 0:
            blob[place] ^= 1 << random.integers(8)
        case 1:
            blob[place] = random.integers(256)
        case 2:
            del blob[start:]
        case 3:
            del blob[start:end]
        case 4:
            blob[start:start] = random.bytes(random.integers(1, 20))
        case 5:
            blob[start:end] = bytes(end - start)
        case 6:
            blob += blob[start:end] or b"\0"
        case 7:
            other = victims()[random.integers(len(victims()))].blob
            blob[start:end] = other[start:end]
        case _:
            middle = (start + end) // 2
            blob[start:end] = blob[middle:end] + blob[start:middle]


def check_damaged(victim: Victim, blob: bytes) -> str | Finding:
    """The reason why it was refused, or "exact"."""
    try:
        found = victim.decoder.decode(blob)
    except CodecError as error:
        return str(error)
    except Exception as error:  # any other exception is what is looked for
        return Finding(
            "a damaged stream is refused by our error", f"{type(error).__name__}: {error}", blob.hex()
        )
    if not np.array_equal(found, victim.letters):
        return Finding("a damaged stream is refused or exact", f"decoded {len(found)} letters", blob.hex())
    return "exact"


def forged(random: Random, victim: Victim) -> bytes:
    """Other claims under right checksums; letters that cannot be decoded are left out of them."""
    reader = StreamReader(io.BytesIO(victim.blob))
    header, chunks = reader.header, []
    for chunk in reader.chunks():
        reader.decoded(victim.decoder._letters(chunk, header.first + sum(c.symbols for c in chunks)))
        chunks.append(chunk)
    for _ in range(random.integers(1, 4)):
        header, chunks = _other_claims(random, header, chunks)
    writer, at = StreamWriter(header), header.first
    parts = [writer.start()]
    for chunk in chunks:
        letters = np.empty(0, np.int64)
        if chunk.symbols <= MOST_CHUNK:
            with contextlib.suppress(CodecError):
                letters = victim.decoder._letters(chunk, at)
        parts.append(writer.chunk(chunk, letters))
        at += chunk.symbols
    return b"".join([*parts, writer.end()])


def _other_claims(random: Random, header: Header, chunks: list[Chunk]) -> tuple[Header, list[Chunk]]:
    number, place = _NUMBERS[random.integers(len(_NUMBERS))], int(random.integers(len(chunks)))
    chunks = list(chunks)
    match random.integers(8):
        case 0:
            return replace(header, chunk_symbols=number), chunks
        case 1:
            return replace(header, first=number), chunks
        case 2:
            field = ("mixture", "source", "problem", "seed_check")[random.integers(4)]
            return replace(header, **{field: random.bytes(8)}), chunks
        case 3:
            chunks[place] = replace(chunks[place], symbols=min(number, 2**60))
        case 4:
            chunks[place] = replace(chunks[place], payload=random.bytes(random.integers(0, 200)))
        case 5:
            chunks[place] = replace(
                chunks[place], payload=chunks[place].payload + bytes([0, 1][: place % 2 + 1])
            )
        case 6:
            chunks[place] = replace(chunks[place], last=not chunks[place].last)
        case _:
            chunks.insert(place, chunks[random.integers(len(chunks))])
    return header, chunks


def check_forged(victim: Victim, blob: bytes) -> str | Finding:
    """The reason why it was refused, or "letters"."""
    started = time.process_time()
    try:
        found = victim.decoder.decode(blob)
    except CodecError as error:
        outcome = str(error)
    except Exception as error:  # any other exception is what is looked for
        return Finding(
            "a forged stream is refused by our error", f"{type(error).__name__}: {error}", blob.hex()
        )
    else:
        outcome = "letters"
        if found.size and not (found.min() >= 0 and found.max() <= victim.decoder.scheme.mappings.max()):
            return Finding("what is decoded is letters of Y", f"{found.min()} to {found.max()}", blob.hex())
    if time.process_time() - started > SECONDS:
        return Finding("a forged stream takes no longer than a chunk", outcome, blob.hex())
    return outcome


_CHECKS: tuple[tuple[str, Callable[..., bytes], Callable[..., Any]], ...] = (
    ("damaged", damaged, check_damaged),
    ("forged", forged, check_forged),
)


def run(count: int, seed: int, kind: int = 0) -> tuple[Counter[str], list[Finding]]:
    """Outcomes of `count` cases, damaged (0) or forged (1), and the findings among them."""
    outcomes: Counter[str] = Counter()
    findings = []
    name, change, check = _CHECKS[kind]
    for number in range(count):
        random = np.random.default_rng([seed, kind, number])
        victim = victims()[random.integers(len(victims()))]
        outcome = check(victim, change(random, victim))
        if isinstance(outcome, Finding):
            findings.append(outcome)
        else:
            outcomes[f"{name}: {re.sub(r'[0-9a-f]{16}|b.*?, not|[0-9]+', '#', outcome)}"] += 1
    return outcomes, findings


def streams(random: Random) -> list[Finding]:
    """Some of each kind."""
    seed = int(random.integers(2**31))
    trying(f"python -m tests.stress.symbol_streams --count 200 --seed {seed}")
    return [finding for kind, count in enumerate((200, 20)) for finding in run(count, seed, kind)[1]]


GROUPS = (Group("symbol-streams", streams, memory_bytes=MEMORY_BYTES),)


def main() -> int:
    """Command line: 1 when there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--count", type=int, default=10_000, help="damaged streams; a tenth as many are forged"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = []
    counts = (options.count, options.count // 10)
    for kind, count in enumerate(counts):
        outcomes, findings = run(count, options.seed, kind)
        for outcome, number in outcomes.most_common():
            print(f"{number:6d}  {outcome}")
        found += findings
    for finding in found:
        print(finding)
    print(f"{sum(counts)} cases, {len(found)} findings")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
