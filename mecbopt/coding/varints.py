"""Whole numbers below 2**64 as LEB128 in their shortest form: one number has one spelling."""

from __future__ import annotations

from mecbopt.coding.errors import StreamError

__all__ = ["MOST_BYTES", "read_varint", "varint"]

#: Header fields are 64-bit numbers; the counters of the common randomness take them as they are.
_LIMIT = 2**64
#: Bytes of the longest number.
MOST_BYTES = 10


def varint(value: int) -> bytes:
    """The bytes of a number, seven bits each, the lowest first.

    >>> varint(300).hex()
    'ac02'
    """
    if not 0 <= value < _LIMIT:
        raise StreamError(
            argument="a header field", value=value, required="lie between 0 and 2**64 - 1 (seed, first index)"
        )
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def read_varint(body: bytes, at: int) -> tuple[int, int]:
    """The number that starts at a place, and the place behind it.

    Raises
    ------
    StreamError
        It runs over the end, is longer than it need be, or is no 64-bit number.
    """
    value = 0
    for shift in range(0, 7 * MOST_BYTES, 7):
        if at >= len(body):
            raise StreamError("a header field runs over the end of the stream: it is damaged.")
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            # Two spellings of one number would make two streams of one content.
            if (byte == 0 and shift) or value >= _LIMIT:
                raise StreamError("a header field is not in its shortest form: the stream is damaged.")
            return value, at
    raise StreamError("a header field has more than ten bytes: the stream is damaged.")
