"""Peers for the exact plain minimum entropy coupling: two published exponential-time methods, written afresh.

Source of the methods: S. Compton, D. Katz, B. Qi, K. Greenewald, M. Kocaoglu: Minimum-entropy coupling
approximation guarantees beyond the majorization barrier, AISTATS 2023.  Their code states no licence, so none
of it is here.  `backtracking` takes atoms off in descending order and cuts by the majorize-profile bound, the
best of their bounds; `subsets` is their dynamic program over sets of letters with a distinguished one.
`mec_reference.c` is compiled with the system's compiler into a temporary folder on first use.
"""

from __future__ import annotations

import ctypes
import functools
import math
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["METHODS", "Answer", "NoCompilerError", "compiler", "least_entropy"]

_SOURCE = Path(__file__).with_suffix(".c")
#: Masses are integers in this unit, 2^-60: what is used up is exactly zero.
_BITS = 60
#: The C program's fixed arrays.
_MOST = 32
METHODS = ("backtracking", "subsets")
_DONE, _OUT_OF_TIME = 0, 1


class NoCompilerError(RuntimeError):
    """There is no C compiler, or it does not take the source."""


@dataclass(frozen=True)
class Answer:
    """What a method found.

    Attributes
    ----------
    entropy : float
        Bits: of the best coupling found, the least where `finished`; infinite where there is none.
    finished : bool
        Whether the search ended by itself.
    steps : int
        Nodes of the backtracking, joins of the dynamic program.
    cpu_seconds : float
        Processor time.
    """

    entropy: float
    finished: bool
    steps: int
    cpu_seconds: float


def compiler() -> str | None:
    """The command of the C compiler: the one that built Python, or `cc`; None where neither is there."""
    for command in (sysconfig.get_config_var("CC"), "cc", "gcc", "clang"):
        if command and shutil.which(shlex.split(command)[0]):
            return str(command)
    return None


@functools.cache
def _library() -> ctypes.CDLL:
    command = compiler()
    if command is None:
        raise NoCompilerError(
            "the reference methods are written in C and no compiler (cc, gcc, clang) is on the path: "
            "install one, or leave them out with --reference-limit 0."
        )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "mec_reference.so"
        flags = ["-std=gnu11", "-O3", "-shared", "-fPIC", str(_SOURCE), "-o", str(target), "-lm"]
        done = subprocess.run([*shlex.split(command), *flags], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoCompilerError(f"{command} does not compile {_SOURCE.name}:\n{done.stderr}")
        return ctypes.CDLL(str(target))  # stays loaded when its file is gone


def _integers(p: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positive masses in units of 2^-60; the largest takes the rounding, so that they sum to 2^60."""
    masses = [round(math.ldexp(float(value), _BITS)) for value in p]
    masses[int(np.argmax(p))] += (1 << _BITS) - sum(masses)
    return np.array([mass for mass in masses if mass > 0], dtype=np.int64)


def least_entropy(
    method: str, p: NDArray[np.float64], q: NDArray[np.float64], seconds: float = math.inf
) -> Answer:
    """Run a method.

    Parameters
    ----------
    method : str
        One of `METHODS`.
    p, q : ndarrays, shapes (n,), (m,)
        Pmfs; at most 32 letters of positive mass each.
    seconds : float
        Limit of processor time.

    Raises
    ------
    NoCompilerError
    MemoryError
        The dynamic program holds (n + m) 2^(n + m) numbers.
    """
    rows, columns = _integers(p), _integers(q)
    if max(len(rows), len(columns)) > _MOST:
        raise ValueError(
            f"p and q have {len(rows)} and {len(columns)} letters of positive mass: at most {_MOST}"
        )
    function = getattr(_library(), f"reference_{method}")
    pointer = ctypes.POINTER(ctypes.c_int64)
    entropy, steps = ctypes.c_double(), ctypes.c_longlong()
    start = time.process_time()
    outcome = function(
        ctypes.c_int(len(rows)),
        rows.ctypes.data_as(pointer),
        ctypes.c_int(len(columns)),
        columns.ctypes.data_as(pointer),
        ctypes.c_double(math.ldexp(1.0, -_BITS)),
        ctypes.c_double(min(seconds, 1e9)),
        ctypes.byref(entropy),
        ctypes.byref(steps),
    )
    if outcome not in (_DONE, _OUT_OF_TIME):
        raise MemoryError(f"{method}: no memory for {len(rows)} + {len(columns)} letters")
    found = entropy.value if entropy.value < 1e300 else math.inf
    return Answer(found, outcome == _DONE, steps.value, time.process_time() - start)
