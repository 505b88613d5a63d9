"""Streams that are pinned byte for byte, and what they are made from: no random numbers but ours.

python -m tests.codec.vectors        # writes them anew, for a new version of the format
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mecbopt as mb
from mecbopt.codec import Encoder

__all__ = ["CASES", "PINNED", "made"]

PINNED = Path(__file__).with_name("vectors.json")

#: Mixture, law of X, seed, first index, symbols a chunk, number of symbols.
CASES: dict[str, dict[str, Any]] = {
    "nothing": {"mappings": [[0, 1], [1, 0]], "weights": [0.5, 0.5], "p_x": [0.5, 0.5], "count": 0},
    "one letter": {"mappings": [[0]], "weights": [1.0], "p_x": [1.0], "count": 10},
    "thirds": {
        "mappings": [[0, 1, 2], [2, 2, 1], [0, 0, 0]],
        "weights": [1 / 3, 1 / 3, 1 / 3],
        "p_x": [0.1, 0.2, 0.7],
        "seed": 7,
        "count": 100,
    },
    "chunks": {
        "mappings": [[0, 1, 2, 0], [2, 2, 1, 1], [0, 0, 0, 0]],
        "weights": [0.5, 0.3, 0.2],
        "p_x": [0.4, 0.3, 0.2, 0.1],
        "seed": 2**64 - 1,
        "first": 12345678901,
        "chunk_symbols": 96,
        "count": 1000,
    },
    "wide": {
        "mappings": [[(7 * x + k) % 700 for x in range(1000)] for k in range(3)],
        "weights": [0.9, 0.1 - 1e-12, 1e-12],
        "p_x": [1 / 1000] * 1000,
        "seed": 1,
        "count": 5000,
    },
    "long": {
        "mappings": [[0, 1, 0, 1], [1, 0, 0, 0], [1, 1, 1, 1]],
        "weights": [0.7, 0.2, 0.1],
        "p_x": [0.25, 0.25, 0.25, 0.25],
        "seed": 99,
        "count": 2**20 + 5,
    },
}


def letters(n: int, count: int) -> NDArray[np.int64]:
    """Letters that look irregular, from whole numbers alone."""
    place = np.arange(count, dtype=np.int64)
    return (place * place // 7 + place // 3) % n


def made(case: dict[str, Any]) -> bytes:
    """The stream of a case."""
    mixture = mb.Mixture(case["mappings"], case["weights"])
    options = {"chunk_symbols": case["chunk_symbols"]} if "chunk_symbols" in case else {}
    encoder = Encoder(mixture, case["p_x"], seed=case.get("seed", 0), **options)
    return encoder.encode(letters(len(case["p_x"]), case["count"]), first=case.get("first", 0))


def main() -> None:
    """Write the streams: short ones whole, long ones by their digest."""
    pinned = {}
    for name, case in CASES.items():
        blob = made(case)
        pinned[name] = {"bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}
        if len(blob) < 400:
            pinned[name]["hex"] = blob.hex()
    PINNED.write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
