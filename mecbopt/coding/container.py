"""The container of a compressed stream: what it holds, for which model, and its checksum.

    magic "mbis" | version u8 | mode u8 | model identity, 8 bytes | varints: seed, first index, images
    | payload length varint, payload          (mode 0: one stream for all images)
    | for each image: length varint, payload  (mode 1: every image can be decoded on its own)
    | CRC-32 of everything before, big-endian

Varints are LEB128 in their shortest form, below 2**64.  The checksum finds accidents; it is no protection
against forgery, so nothing that a header claims is believed before it is compared with what follows.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from mecbopt.coding.errors import StreamError

__all__ = ["IDENTITY_BYTES", "Container"]

_MAGIC = b"mbis"
_VERSION = 1
IDENTITY_BYTES = 8
#: Header fields are 64-bit numbers; the counters of the dither take them as they are.
_FIELD_LIMIT = 2**64


@dataclass(frozen=True)
class Container:
    """A parsed stream.

    Attributes
    ----------
    identity : bytes
        The first 8 bytes of the model file's SHA-256 digest.
    seed, first_index, images : int
        Which dither: image j of the stream has the counter first_index + j under this seed.
    payloads : tuple of bytes
        One, or one for each image.
    per_image : bool
    """

    identity: bytes
    seed: int
    first_index: int
    images: int
    payloads: tuple[bytes, ...]
    per_image: bool

    def to_bytes(self) -> bytes:
        """The container as bytes."""
        head = _MAGIC + bytes([_VERSION, int(self.per_image)]) + self.identity
        head += _varint(self.seed) + _varint(self.first_index) + _varint(self.images)
        body = head + b"".join(_varint(len(payload)) + payload for payload in self.payloads)
        return body + zlib.crc32(body).to_bytes(4, "big")

    @classmethod
    def from_bytes(cls, blob: bytes) -> Container:
        """Parse and verify.

        Raises
        ------
        StreamError
            Not such a stream, of another version, truncated, or with a checksum that does not fit.
        """
        if blob[: len(_MAGIC)] != _MAGIC:
            raise StreamError(
                f"the stream starts with {bytes(blob[:4])!r}, not {_MAGIC!r}: it is no image stream."
            )
        if len(blob) < len(_MAGIC) + 2 + IDENTITY_BYTES + 3 + 4:  # three varints and the checksum
            raise StreamError(f"the stream has {len(blob)} bytes: it is truncated.")
        if blob[4] != _VERSION:
            raise StreamError(f"the stream has version {blob[4]}, this program reads {_VERSION}.")
        body, checksum = blob[:-4], int.from_bytes(blob[-4:], "big")
        if zlib.crc32(body) != checksum:
            raise StreamError("the stream's checksum does not fit its content: it is damaged or truncated.")
        if blob[5] not in (0, 1):
            raise StreamError(f"the stream has mode {blob[5]}: known are 0 (one stream) and 1 (per image).")
        at = 6 + IDENTITY_BYTES
        seed, at = _read_varint(body, at)
        first, at = _read_varint(body, at)
        images, at = _read_varint(body, at)
        if blob[5] and images > len(body) - at:  # each image has at least the byte of its length
            raise StreamError(
                f"the stream claims {images} images, but {len(body) - at} bytes are left: it is damaged."
            )
        payloads = []
        for _ in range(images if blob[5] else 1):
            length, at = _read_varint(body, at)
            if at + length > len(body):
                raise StreamError("a payload runs over the end of the stream: it is damaged.")
            payloads.append(body[at : at + length])
            at += length
        if at != len(body):
            raise StreamError(f"the stream has {len(body) - at} bytes too many: it is damaged.")
        return cls(bytes(body[6 : 6 + IDENTITY_BYTES]), seed, first, images, tuple(payloads), bool(blob[5]))


def _varint(value: int) -> bytes:
    if not 0 <= value < _FIELD_LIMIT:
        raise StreamError(
            argument="a header field", value=value, required="lie between 0 and 2**64 - 1 (seed, first index)"
        )
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(body):
            raise StreamError("a header field runs over the end of the stream: it is damaged.")
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            # Two spellings of one number would make two streams of one content.
            if (byte == 0 and shift) or value >= _FIELD_LIMIT:
                raise StreamError("a header field is not in its shortest form: the stream is damaged.")
            return value, at
    raise StreamError("a header field has more than ten bytes: the stream is damaged.")
