"""Operating a coupling: a mixture on a stream of letters, R bits a letter, with output law p_Y (floor 9).

Both sides share a seed; the encoder sends y_i = f_{u_i}(x_i) and the decoder gets exactly these letters
(theory, section 6).  Integers alone decide them, so streams are the same on every machine.
"""

from mecbopt.codec.coder import CHUNK_SYMBOLS, Decoder, Encoder
from mecbopt.codec.measurement import Estimate, LawTest, Measurement, StreamReport
from mecbopt.codec.scheme import Scheme

__all__ = [
    "CHUNK_SYMBOLS",
    "Decoder",
    "Encoder",
    "Estimate",
    "LawTest",
    "Measurement",
    "Scheme",
    "StreamReport",
]


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
