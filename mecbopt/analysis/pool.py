"""Work on many items in a pool of processes or any executor; what is done is kept, however it ends.

Results do not depend on the number of workers.  Three things may end the work early: Ctrl-C, a worker that
dies (memory, a signal), and a pool that cannot start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import Any, Generic, TypeVar

from mecbopt import _validate
from mecbopt.errors import SolverError

__all__ = ["map_in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that workers get after Ctrl-C: to answer the signal that a terminal sends to them as well, and then
#: one that is sent from here.
_ANSWER_SECONDS = 0.3, 0.4
#: Pools in which an item may have been under way when they broke; after that it is given up.
_MAX_TRIES = 2


def map_in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 1,
    *,
    executor: Executor | None = None,
    unfinished: Callable[[Item], Result] | None = None,
    interrupted: Callable[[Result], bool] = lambda result: False,
    on_result: Callable[[int, Result], None] = lambda index, result: None,
) -> list[Result]:
    """Apply a function to each item, results in the items' order.

    Parameters
    ----------
    function : callable
        Picklable where processes work.
    items : sequence
    workers : int
        Processes; with an executor, items handed out at a time (1: all at once).
    executor : concurrent.futures.Executor, optional
        Where to work in place of processes of our own; it is left running.
    unfinished : callable, optional
        What an item gets that is not done after Ctrl-C or the death of its worker, quickly; without it both
        are raised.
    interrupted : callable
        Whether a result shows that Ctrl-C came while it was worked on: then nothing more is begun.
    on_result : callable
        Told index and result of each item as it is done.

    Raises
    ------
    SolverError
        The processes cannot start, or one died and `unfinished` is not given.
    """
    workers = _validate.positive_integer("workers", workers)
    _validate.executor_or_none(executor)
    work = _Work(function, items, interrupted, on_result)
    processes = min(workers, len(items))
    try:
        if executor is not None:
            try:
                work.in_executor(executor, workers if workers > 1 else len(items))
            except (KeyboardInterrupt, BrokenExecutor):
                work.collect(_ANSWER_SECONDS[0])
                raise
        elif processes <= 1:
            work.in_turn()
        else:
            _in_processes(work, processes)
    except KeyboardInterrupt:
        if unfinished is None:
            raise
    except BrokenExecutor as error:
        work.given_up = len(items) - len(work.results)
        if unfinished is None:
            raise _dead_worker(work.given_up) from error
    if work.given_up:
        if unfinished is None:
            raise _dead_worker(work.given_up)
        warnings.warn(str(_dead_worker(work.given_up)), RuntimeWarning, stacklevel=3)
    for index, item in enumerate(items):
        if index not in work.results and unfinished is not None:
            work.results[index] = unfinished(item)
    return [work.results[index] for index in range(len(items))]


class _Work(Generic[Item, Result]):
    """The items, and what became of them so far."""

    def __init__(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        interrupted: Callable[[Result], bool],
        on_result: Callable[[int, Result], None],
    ) -> None:
        self.function, self.items = function, items
        self.results: dict[int, Result] = {}
        self.given_up = 0
        self.waiting = deque(range(len(items)))
        self.running: dict[Future[Result], int] = {}
        self._interrupted, self._on_result = interrupted, on_result

    def in_turn(self) -> None:
        """In this process."""
        for index, item in enumerate(self.items):
            self._take(index, self.function(item))

    def in_executor(
        self, executor: Executor, at_a_time: int, wrapped: Callable[..., Result] | None = None
    ) -> None:
        """Hand out items until none waits; Ctrl-C and a broken executor leave `running` behind."""
        while self.waiting or self.running:
            # No more than that: what a pool has queued could not be taken back.
            while self.waiting and len(self.running) < at_a_time:
                index = self.waiting[0]
                item = self.items[index]
                future = (
                    executor.submit(self.function, item)
                    if wrapped is None
                    else executor.submit(wrapped, self.function, item)
                )
                self.running[future] = index
                self.waiting.popleft()
            for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                self._take(self.running.pop(future), result)

    def collect(self, seconds: float) -> None:
        """Take what is done within that time; what failed or died is left to the caller."""
        for future in self.running:
            future.cancel()
        for future in wait(self.running, timeout=seconds).done:
            index = self.running.pop(future)
            if future.cancelled():
                continue
            # A worker that was interrupted outside the search has nothing to give.
            with contextlib.suppress(KeyboardInterrupt, BrokenExecutor):
                self.results[index] = future.result()
                self._on_result(index, self.results[index])

    def _take(self, index: int, result: Result) -> None:
        self.results[index] = result
        self._on_result(index, result)
        if self._interrupted(result):
            raise KeyboardInterrupt


def _in_processes(work: _Work[Item, Result], processes: int) -> None:
    """Pools of our own, a new one after each that broke."""
    tries: Counter[int] = Counter()
    started = False
    while work.waiting:
        before = set(multiprocessing.active_children())
        # "spawn" on every platform: forking a process whose libraries hold threads can deadlock.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_answer_signals_at_work)
        try:
            if not started:
                _start(pool)
                started = True
            work.in_executor(pool, processes, _at_work)
        except KeyboardInterrupt:
            work.collect(_ANSWER_SECONDS[0])
            for child in set(multiprocessing.active_children()) - before:
                _interrupt(child.pid)
            work.collect(_ANSWER_SECONDS[1])
            raise
        except BrokenExecutor:
            # The pool does not say who died: all that were under way are tried again, but not forever.
            work.collect(0.0)
            lost = sorted({*range(len(work.items))} - work.results.keys() - set(work.waiting))
            work.running.clear()
            for index in lost:
                tries[index] += 1
            again = [index for index in lost if tries[index] < _MAX_TRIES]
            work.given_up += len(lost) - len(again)
            work.waiting.extendleft(reversed(again))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if work.running:  # only after an interruption: these did not answer
                for child in set(multiprocessing.active_children()) - before:
                    child.terminate()


def _start(pool: ProcessPoolExecutor) -> None:
    """See that the processes start at all: they run the calling script's imports first."""
    try:
        pool.submit(_ready).result()
    except (BrokenExecutor, RuntimeError) as error:
        raise SolverError(
            "the worker processes cannot start",
            remedy="a script that asks for workers must do so under `if __name__ == '__main__':`, for each "
            "worker runs the script's top level first; it must be a file, and its imports must succeed; "
            "or use workers=1",
        ) from error


def _ready() -> bool:
    return True


def _dead_worker(count: int) -> SolverError:
    return SolverError(
        f"a worker process died, out of memory or killed, and {count} item{'s' if count > 1 else ''} "
        f"{'are' if count > 1 else 'is'} not done",
        remedy="use fewer workers, or smaller problems",
    )


def _interrupt(pid: int | None) -> None:
    if pid is not None and sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


# ---------------------------------------------------------------- in the worker
_busy = False


def _answer_signals_at_work() -> None:
    """Ctrl-C reaches the workers too: it ends the work, but an idle worker must not die of it.

    A worker whose parent is killed would wait for work for ever: it holds the other end of its queue itself.
    """
    signal.signal(signal.SIGINT, _on_interrupt)
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()


def _leave_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _on_interrupt(_number: int, _frame: Any) -> None:
    if _busy:
        raise KeyboardInterrupt


def _at_work(function: Callable[[Item], Result], item: Item) -> Result:
    global _busy
    _busy = True
    try:
        return function(item)
    finally:
        _busy = False
