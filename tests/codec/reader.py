"""A second reader of the format, written from `docs/reference/files.md` in plain integers, with no library.

Slow; it shares no code with the package, so what it decodes says that the page specifies the format.
"""

from __future__ import annotations

import zlib
from fractions import Fraction
from typing import Any

__all__ = ["philox", "read_stream"]

_WORD, _STATE = 1 << 32, 1 << 64
_ROUNDS, _MULTIPLIERS = 10, (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_TOTAL, _GOLDEN = 1 << 24, 7461864723258187525


def philox(counter: int, key: tuple[int, int]) -> list[int]:
    """The four words of Philox 4x64-10 (Salmon et al. 2011)."""
    words, keys = [counter % _STATE, counter // _STATE, 0, 0], list(key)
    for _ in range(_ROUNDS):
        high_0, low_0 = divmod(_MULTIPLIERS[0] * words[0], _STATE)
        high_1, low_1 = divmod(_MULTIPLIERS[1] * words[2], _STATE)
        words = [high_1 ^ words[1] ^ keys[0], low_1, high_0 ^ words[3] ^ keys[1], low_0]
        keys = [(part + weyl) % _STATE for part, weyl in zip(keys, _WEYL, strict=True)]
    return words


def _thresholds(weights: list[float]) -> list[int]:
    total = sum(map(Fraction, weights))
    shares = [Fraction(weight) * _STATE / total for weight in weights]
    masses = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda k: (masses[k] - shares[k], k))
    for k in by_remainder[: _STATE - sum(masses)]:
        masses[k] += 1
    return [sum(masses[: k + 1]) for k in range(len(masses) - 1)]


def _table(mapping: list[int], p_x: list[float]) -> dict[int, int]:
    """Counts of the letters of a mapping."""
    letters = sorted(set(mapping))
    units = [int(Fraction(mass) * 2**62) for mass in p_x]
    masses = [sum(unit for y, unit in zip(mapping, units, strict=True) if y == letter) for letter in letters]
    counts = [(mass * (_TOTAL - 2 * len(letters)) + _GOLDEN) >> 62 for mass in masses]
    counts[counts.index(max(counts))] += _TOTAL - sum(counts)
    return dict(zip(letters, counts, strict=True))


class _Bytes:
    """A stream with the checksum of what was read."""

    def __init__(self, blob: bytes) -> None:
        self.blob, self.at, self.crc = blob, 0, 0

    def take(self, count: int) -> bytes:
        part = self.blob[self.at : self.at + count]
        self.at, self.crc = self.at + count, zlib.crc32(part, self.crc)
        return part

    def varint(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def check(self) -> None:
        crc = self.crc
        if int.from_bytes(self.take(4), "big") != crc:
            raise ValueError("a checksum does not fit")
        self.crc = crc


def _popped(payload: bytes, tables: list[tuple[dict[int, int], int]]) -> list[list[int]]:
    """The symbols of groups by rANS, (table, number) each; the stack must be empty afterwards."""
    payload += bytes(-len(payload) % 4)
    words = [int.from_bytes(payload[k : k + 4], "little") for k in range(0, len(payload), 4)]
    state = 0
    while words and state < _WORD:
        state = state * _WORD + words.pop()
    groups = []
    for table, count in tables:
        groups.append([])
        for _ in range(count):
            place, start = state % _TOTAL, 0
            letters = iter(table)
            letter = next(letters)
            while place >= start + table[letter]:
                start += table[letter]
                letter = next(letters)
            groups[-1].append(letter)
            state = state // _TOTAL * table[letter] + place - start
            if state < _WORD and words:
                state = state * _WORD + words.pop()
    if state or words:
        raise ValueError("something is left on the stack")
    return groups


def read_stream(blob: bytes, case: dict[str, Any]) -> list[int]:
    """The letters of Y of a stream; `case` has mappings, weights, p_x, seed."""
    stream, mappings = _Bytes(blob), case["mappings"]
    thresholds = _thresholds(case["weights"])
    tables = [_table(mapping, case["p_x"]) for mapping in mappings]
    stream.take(4 + 1 + 1 + 4 * 8)
    size, first = stream.varint(), stream.varint()
    stream.check()
    output: list[int] = []
    last = False
    while not last:
        length, last = divmod(stream.varint(), 2)
        count = stream.varint() if last else size
        payload = stream.take(length)
        stream.check()
        indices = range(first + len(output), first + len(output) + count)
        words = [philox(i // 4 + 1, (case.get("seed", 0), 2))[i % 4] for i in indices]
        picked = [sum(threshold <= word for threshold in thresholds) for word in words]
        coded = [k for k, table in enumerate(tables) if len(table) > 1]
        groups = _popped(payload, [(tables[k], picked.count(k)) for k in coded])
        queues = dict(zip(coded, map(iter, groups), strict=True))
        letters = [next(queues[k]) if k in queues else mappings[k][0] for k in picked]
        stream.crc = zlib.crc32(b"".join(letter.to_bytes(2, "big") for letter in letters), stream.crc)
        output += letters
    if int.from_bytes(stream.take(8), "big") != len(output):
        raise ValueError("the number of symbols does not fit")
    stream.check()
    return output
