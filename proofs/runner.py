"""Running proofs: every step of every lemma asked for, with verdicts and times."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import Enum

from .lemma import Lemma, Method, ProofError, Step

__all__ = ["NAMES", "LemmaResult", "StepResult", "Verdict", "load", "run", "run_all", "uses"]

#: Every proof, in the order in which they build on each other; the name is that of the file.
NAMES = (
    "binary_coupling",
    "concavity",
    "lemma_1",
    "theorem_2",
    "sign_theorem",
    "crossover",
    "erratum_theorem_2",
    "largest_loss",
    "lemma_2",
    "theorem_3",
    "erratum_theorem_3",
    "general_bounds",
    "theorem_1",
    "support",
    "low_rate",
    "column_jensen",
    "sharpened_jensen",
    "exchange",
)


class Verdict(Enum):
    """What became of a step."""

    PROVED = "proved"
    CITED = "cited"
    FAILED = "FAILED"


@dataclass(frozen=True)
class StepResult:
    """One step: its verdict, the account of its evidence or of its failure, and the time it took."""

    claim: str
    method: str
    verdict: Verdict
    account: str
    seconds: float


@dataclass(frozen=True)
class LemmaResult:
    """One lemma with the results of its steps."""

    name: str
    label: str
    statement: str
    assumptions: tuple[str, ...]
    admitted: tuple[str, ...]
    steps: tuple[StepResult, ...]

    @property
    def proved(self) -> bool:
        """Every step proved or cited, at least one proved, and nothing admitted."""
        verdicts = [step.verdict for step in self.steps]
        return Verdict.FAILED not in verdicts and Verdict.PROVED in verdicts and not self.admitted

    @property
    def seconds(self) -> float:
        """Time of all steps."""
        return sum(step.seconds for step in self.steps)

    def count(self, verdict: Verdict) -> int:
        """The number of steps with a verdict."""
        return sum(step.verdict is verdict for step in self.steps)


def load(name: str) -> Lemma:
    """The lemma of a file.

    Raises
    ------
    KeyError
        There is no proof of that name.
    """
    if name not in NAMES:
        raise KeyError(name)
    lemma = importlib.import_module(f".{name}", __package__).LEMMA
    if not isinstance(lemma, Lemma):
        raise TypeError(f"proofs/{name}.py: LEMMA is no Lemma")
    return lemma


def _run_step(step: Step) -> StepResult:
    """Run one check.  Any exception means that the claim is not proved, so it becomes a failure."""
    if step.check is None:
        return StepResult(step.claim, Method.CITED.value, Verdict.CITED, step.source, 0.0)
    start = time.perf_counter()
    try:
        account, verdict = step.check(), Verdict.PROVED
        if not isinstance(account, str) or not account:
            raise ProofError("the check gave no account of its evidence")
    except Exception as error:
        account, verdict = f"{type(error).__name__}: {error}", Verdict.FAILED
    return StepResult(step.claim, step.method.value, verdict, account, time.perf_counter() - start)


def run(name: str) -> LemmaResult:
    """Prove one lemma.  A file that cannot be imported, or lacks a dependency, is a failed proof."""
    try:
        lemma = load(name)
    except KeyError:
        raise
    except Exception as error:
        failed = StepResult("the proof loads", "-", Verdict.FAILED, f"{type(error).__name__}: {error}", 0.0)
        return LemmaResult(name, name, "", (), (), (failed,))
    steps = tuple(_run_step(step) for step in lemma.steps)
    return LemmaResult(name, lemma.label, lemma.statement, lemma.assumptions, lemma.admitted, steps)


@functools.cache
def _proved(name: str) -> str:
    """Prove a lemma that another one uses, once a process."""
    result = run(name)
    if not result.proved:
        raise ProofError(f"the lemma '{name}' that is used is not proved")
    return f"{name}: {result.count(Verdict.PROVED)} steps proved"


#: Lemmas being proved because others use them: a lemma that leads back to itself would prove nothing.
_in_progress: list[str] = []


def uses(claim: str, name: str) -> Step:
    """A step that follows from another lemma of this folder; that lemma is proved on the spot."""

    def check() -> str:
        if name not in NAMES:
            raise ProofError(f"there is no lemma '{name}'")
        if name in _in_progress:
            raise ProofError(f"circular: {' -> '.join([*_in_progress, name])}")
        _in_progress.append(name)
        try:
            return _proved(name)
        finally:
            _in_progress.pop()

    return Step(claim, Method.LEMMA, check)


def run_all(names: Sequence[str] = NAMES, jobs: int = 1) -> Iterator[LemmaResult]:
    """Prove lemmas one after another, or in `jobs` processes; results come in the order of `names`.

    Whoever stops listening, by Ctrl-C or otherwise, stops the processes: no proof is waited for.
    """
    if jobs == 1:
        yield from map(run, names)
        return
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, initializer=_leave_interrupts_to_the_caller)
    complete = False
    try:
        yield from pool.map(run, names)
        complete = True
    finally:
        if not complete:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_caller() -> None:
    """A terminal sends Ctrl-C to every process of the group; the workers would answer with tracebacks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
