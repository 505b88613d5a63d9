"""Running proofs: hypotheses, steps, conclusions and the second witness of every lemma asked for."""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum

from .lemma import Lemma, ProofError, Step
from .tools.kernel import Context
from .tools.language import conjuncts
from .tools.rules import established
from .witness import attest

__all__ = ["NAMES", "LemmaResult", "StepResult", "Verdict", "load", "proved_statement", "run", "run_all"]

#: Every proof, in the order in which they build on each other; the name is that of the file.
NAMES = (
    "binary_coupling",
    "concavity",
    "lemma_1",
    "entropy_positive",
    "entropy_between",
    "lemma_2",
    "sign_theorem",
    "crossover",
    "theorem_2",
    "theorem_3",
    "theorem_3_kkt",
    "theorem_3_value",
    "hamming",
    "erratum_theorem_2",
    "erratum_theorem_3",
    "tangent",
    "phi_order",
    "log_sum",
    "grouping",
    "general_bounds",
    "functional_representation",
    "theorem_1",
    "support",
    "largest_loss",
    "largest_loss_opposite",
    "low_rate",
    "low_rate_mixture",
    "exchange",
    "column_jensen",
    "supporting_row",
    "chord",
    "sharpened_jensen",
    # what the exact solver and its certificates rest on
    "rounded_jensen",
    "posterior_rows",
    "record",
    "finite_seed",
    "vertex_maximum",
    "vertex_counts",
    "low_rate_support",
    "constants",
    "low_rate_value",
    "pricing",
    "pricing_attained",
    "sweep",
    "exchangeable",
    "exchangeable_order",
    "weak_duality",
    "float_sum",
    "rounding_margin",
    "tree_cover",
    "reduced_cost",
    "farkas",
    "propagation",
    "monotone_limits",
    "information_convex",
    "edge",
    "vertex_optimum",
    "mapping_counts",
    "mapping_counts_free",
    "coupling_counts",
    "spreading",
    "chain",
    "chain_value",
    "merging",
    "forest_letters",
    "encoder_edge",
    "coupling_forest",
    "edge_mass",
    "edge_exchange",
    "edge_order",
    "residual",
    "profile_bound",
    "majorized",
    "light_letters",
    "majorize_profile",
    "pattern_bound",
    "bin_filling",
    "price_at_ends",
    "equal_letters",
    "stopping_bound",
    "joins",
    "light_branches",
    "completeness",
)


class Verdict(Enum):
    """What became of a step."""

    PROVED = "proved"
    CITED = "cited"
    FAILED = "FAILED"


@dataclass(frozen=True)
class StepResult:
    """One step: its verdict, the account of its evidence or of its failure, and the time it took."""

    name: str
    method: str
    verdict: Verdict
    account: str
    seconds: float
    step: Step | None = None


@dataclass(frozen=True)
class LemmaResult:
    """One lemma with the results of its steps; `lemma` is None where the file could not be loaded."""

    name: str
    lemma: Lemma | None
    steps: tuple[StepResult, ...]

    @property
    def label(self) -> str:
        """The lemma's label."""
        return self.lemma.label if self.lemma else self.name

    @property
    def proved(self) -> bool:
        """No step failed, and the lemma is there."""
        return self.lemma is not None and all(step.verdict is not Verdict.FAILED for step in self.steps)

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


def _timed(name: str, method: str, check: Callable[[], str], step: Step | None = None) -> StepResult:
    """Run one check.  Any exception means that the claim is not proved, so it becomes a failure."""
    start = time.perf_counter()
    verdict = Verdict.CITED if step is not None and step.rule.cites is not None else Verdict.PROVED
    try:
        account = check()
        if not isinstance(account, str) or not account:
            raise ProofError("the check gave no account of its evidence")
    except Exception as error:
        account, verdict = f"{type(error).__name__}: {error}", Verdict.FAILED
    return StepResult(name, method, verdict, account, time.perf_counter() - start, step)


def _prove(lemma: Lemma) -> Iterator[StepResult]:
    """Hypotheses, steps, conclusions; what comes after a failure is not run."""
    context = Context()

    def hypotheses() -> str:
        if not lemma.conclusions:
            raise ProofError("there is no conclusion")
        if not lemma.steps:
            raise ProofError("there is no step")
        for name, formula in (*lemma.hypotheses.items(), *lemma.conclusions.items()):
            parts = conjuncts(formula)
            if len(set(parts)) < len(parts):
                raise ProofError(f"'{name}' says the same twice, perhaps in place of something else")
        for name, formula in lemma.hypotheses.items():
            context.require_defined(formula)
            context.add(name, formula)
        return f"{len(lemma.hypotheses)} hypotheses are defined"

    result = _timed("hypotheses", "definition", hypotheses)
    yield result
    for step in lemma.steps:
        if result.verdict is Verdict.FAILED:
            return

        def check(step: Step = step) -> str:
            account = step.rule.check(context, step.claim)
            context.add(step.name, step.claim)
            return account

        result = _timed(step.name, step.rule.method, check, step)
        yield result
    if result.verdict is Verdict.FAILED:
        return

    def conclusions() -> str:
        for formula in lemma.conclusions.values():
            established(context, formula)
        idle = [one for one in (*lemma.hypotheses, *(s.name for s in lemma.steps)) if one not in context.used]
        if idle:
            raise ProofError(f"the proof does not use {idle}")
        return f"{len(lemma.conclusions)} conclusions are what the steps derive"

    yield _timed("conclusions", "logic", conclusions)


@functools.cache
def _proved_steps(name: str) -> tuple[StepResult, ...]:
    """The steps of a lemma, run once a process, whoever asks first."""
    return tuple(_prove(load(name)))


def run(name: str, scale: float = 1.0) -> LemmaResult:
    """Prove one lemma and attest its statement by numbers (`scale` times its number of instances).

    A file that cannot be imported, or lacks a dependency, is a failed proof.
    """
    try:
        lemma = load(name)
    except KeyError:
        raise
    except Exception as error:
        failed = StepResult("the proof loads", "-", Verdict.FAILED, f"{type(error).__name__}: {error}", 0.0)
        return LemmaResult(name, None, (failed,))
    steps = [_timed("the name is that of the file", "-", lambda: _named(lemma, name))]
    if steps[0].verdict is not Verdict.FAILED:
        steps = list(_proved_steps(name))
        if scale > 0:
            steps.append(_timed("second witness", "ball arithmetic", lambda: attest(lemma, scale)))
    return LemmaResult(name, lemma, tuple(steps))


def _named(lemma: Lemma, name: str) -> str:
    if lemma.name != name:
        raise ProofError(f"the lemma calls itself '{lemma.name}'")
    return lemma.name


#: Lemmas being proved because others use them: a lemma that leads back to itself would prove nothing.
_in_progress: list[str] = []


@functools.cache
def _proof(name: str) -> Lemma:
    """Prove a lemma that another one uses, once a process; its own run tries its numbers."""
    if any(step.verdict is Verdict.FAILED for step in _proved_steps(name)):
        raise ProofError(f"the lemma '{name}' that is used is not proved")
    return load(name)


def proved_statement(name: str) -> Lemma:
    """The statement of a lemma, which is proved first."""
    if name not in NAMES:
        raise ProofError(f"there is no lemma '{name}'")
    if name in _in_progress:
        raise ProofError(f"circular: {' -> '.join([*_in_progress, name])}")
    _in_progress.append(name)
    try:
        return _proof(name)
    finally:
        _in_progress.pop()


def _portable(name: str) -> LemmaResult:
    """A result that can travel between processes: without the objects, which hold functions."""
    result = run(name)
    return LemmaResult(name, None, tuple(replace(step, step=None) for step in result.steps))


def _attached(result: LemmaResult) -> LemmaResult:
    """The same result with the lemma and its steps as loaded here."""
    try:
        lemma = load(result.name)
    except Exception:
        return result  # it did not load there either, and its only step says so
    steps = {step.name: step for step in lemma.steps}
    return LemmaResult(
        result.name, lemma, tuple(replace(one, step=steps.get(one.name)) for one in result.steps)
    )


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
        yield from map(_attached, pool.map(_portable, names))
        complete = True
    finally:
        if not complete:
            for worker in set(multiprocessing.active_children()) - others:
                worker.terminate()
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_caller() -> None:
    """A terminal sends Ctrl-C to every process of the group; the workers would answer with tracebacks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
