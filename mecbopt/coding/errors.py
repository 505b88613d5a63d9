"""Errors of streams and of the tables that code them."""

from __future__ import annotations

from mecbopt.errors import CodecError, NotSupportedError

__all__ = ["CoderMissingError", "StreamError", "TableError"]


class StreamError(CodecError):
    """A compressed stream is damaged, truncated, or made by another model."""


class TableError(CodecError):
    """Coding tables are not of the shape or the sums that they promise."""


class CoderMissingError(NotSupportedError):
    """The range coder's package is not installed."""
