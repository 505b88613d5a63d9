"""Integers to bytes and back: tables, range coding, container, counter-based dither (floor 3, no torch).

What a codec of letters and a codec of images share.  A model, whatever it is, is frozen into `CodingTables`;
from there on everything is integer, so a stream decodes to exactly the encoder's symbols on any machine.
"""

from mecbopt.coding.container import Container
from mecbopt.coding.dither import dither_levels, dither_values, noise_levels, noise_values
from mecbopt.coding.errors import StreamError, TableError
from mecbopt.coding.tables import PRECISION_BITS, CodingTables, integer_counts

__all__ = [
    "PRECISION_BITS",
    "CodingTables",
    "Container",
    "StreamError",
    "TableError",
    "dither_levels",
    "dither_values",
    "integer_counts",
    "noise_levels",
    "noise_values",
]
