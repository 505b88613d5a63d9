"""Memory is that of a chunk, whatever the length; `python -m tests.benchmarks streams` goes to 1e8."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import resource, sys
import numpy as np
import mecbopt as mb
from mecbopt.codec import Decoder, Encoder

class Pipe:
    def __init__(self, pieces):
        self.pieces, self.rest = pieces, b""
    def read(self, size):
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return b""
            self.rest = piece
        part, self.rest = self.rest[:size], self.rest[size:]
        return part

mixture, p_x = mb.Mixture([[0, 1, 2, 0], [2, 2, 1, 1]], [0.6, 0.4]), [0.4, 0.3, 0.2, 0.1]
rng = np.random.default_rng(0)
blocks = (rng.choice(4, 50_000, p=p_x).astype(np.uint8) for _ in range(int(sys.argv[1]) // 50_000))
pieces = Encoder(mixture, p_x, seed=1, chunk_symbols=2**16).encode_blocks(blocks)
count = sum(len(part) for part in Decoder(mixture, p_x, seed=1).decode_blocks(Pipe(iter(pieces))))
assert count == int(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_thirty_times_the_symbols_take_no_more_memory() -> None:
    """Encoder and decoder one behind the other, 2e5 and 6e6 symbols: 6e6 as one array would be 48 MB."""
    resident = []
    for symbols in (200_000, 6_000_000):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(symbols)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        resident.append(int(done.stdout) / 1024)
    assert resident[1] - resident[0] < 12
