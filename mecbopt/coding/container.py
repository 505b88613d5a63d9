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
from mecbopt.coding.varints import read_varint, varint

__all__ = ["IDENTITY_BYTES", "Container"]

_MAGIC = b"mbis"
_VERSION = 1
IDENTITY_BYTES = 8


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
        head += varint(self.seed) + varint(self.first_index) + varint(self.images)
        body = head + b"".join(varint(len(payload)) + payload for payload in self.payloads)
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
        seed, at = read_varint(body, at)
        first, at = read_varint(body, at)
        images, at = read_varint(body, at)
        if blob[5] and images > len(body) - at:  # each image has at least the byte of its length
            raise StreamError(
                f"the stream claims {images} images, but {len(body) - at} bytes are left: it is damaged."
            )
        payloads = []
        for _ in range(images if blob[5] else 1):
            length, at = read_varint(body, at)
            if at + length > len(body):
                raise StreamError("a payload runs over the end of the stream: it is damaged.")
            payloads.append(body[at : at + length])
            at += length
        if at != len(body):
            raise StreamError(f"the stream has {len(body) - at} bytes too many: it is damaged.")
        return cls(bytes(body[6 : 6 + IDENTITY_BYTES]), seed, first, images, tuple(payloads), bool(blob[5]))
