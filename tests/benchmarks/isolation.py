"""Run a peer in a process of its own: quiet, measured, and ended when it does not stop by itself.

A general solver may print without end, leave files behind, overrun its own limit or crash; none of that may
reach the benchmark.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["run_isolated", "timed"]

#: A peer counts processor time; on a busy machine the wall clock runs this much faster at most.
_WALL_CLOCK_FACTOR = 6.0

#: Seconds to start the interpreter and import the peer.
_START_SECONDS = 60.0


def timed(function: Callable[[], Any]) -> tuple[Any, float, float]:
    """The result, the wall-clock seconds and the processor seconds of a call."""
    start, start_cpu = time.perf_counter(), time.process_time()
    result = function()
    return result, time.perf_counter() - start, time.process_time() - start_cpu


def _child(
    connection: Connection, function: Callable[..., dict[str, Any]], arguments: dict[str, Any]
) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            answer = function(**arguments)
        except Exception as error:  # the peer's own errors are a result of the benchmark, whatever their type
            answer = {"status": "error", "message": f"{type(error).__name__}: {error}"}
        os.chdir(os.path.sep)
    # Kilobytes on Linux; the import of the peer is part of it.
    answer["peak_memory_bytes"] = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.send(answer)
    connection.close()


def run_isolated(
    function: Callable[..., dict[str, Any]], arguments: dict[str, Any], time_limit: float
) -> dict[str, Any]:
    """Call `function(**arguments)` in a fresh process.

    Parameters
    ----------
    function : callable
        Importable by name; returns a dictionary of plain values.
    arguments : dict
    time_limit : float
        Seconds the function promises to stop after; it is ended well after that.

    Returns
    -------
    dict
        What the function returned, or "status": "error" (it raised), "crashed" or "killed".
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, function, arguments))
    start = time.perf_counter()
    process.start()
    sender.close()
    answer: dict[str, Any] = {"status": "killed"}
    if receiver.poll(_WALL_CLOCK_FACTOR * time_limit + _START_SECONDS):
        try:
            answer = receiver.recv()
        except EOFError:
            answer = {"status": "crashed"}
    if answer["status"] == "killed":
        process.kill()
    process.join()
    receiver.close()
    answer.setdefault("wall_seconds", time.perf_counter() - start)
    return answer
