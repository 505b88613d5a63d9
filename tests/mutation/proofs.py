"""Seed edits into proofs and let `mecbopt prove` notice: `python -m tests.mutation --proofs`.

Every edit runs in a process of its own, forked from one that has all proofs loaded and proved: only the
edited lemma and those that build on it are loaded and proved again, by the same runner as the command's.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import io
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.mutation.equivalent_proofs import EQUIVALENT
from tests.mutation.proof_sites import Edit, changed_source, edits

ROOT = Path(__file__).resolve().parents[2]
#: the name under which the derivations are loaded
PACKAGE = "mecbopt._proofs"
TIME_LIMIT_SECONDS = 900
#: share of the instances of the second witness; an edit that needs more of them to be noticed is run again
SCALE = 0.15
#: shared text: an edit there touches every lemma that builds on it
SHARED = ("mappings", "textbook", "textbook_sets", "two_bits", "directions")


def files(names: tuple[str, ...]) -> list[Path]:
    """The files of statements and proofs."""
    return [Path("proofs") / f"{name}.py" for name in (*names, *SHARED)]


def dependents(names: tuple[str, ...]) -> dict[str, set[str]]:
    """Module -> the lemmas whose text imports it or that use its statement, directly or not."""
    direct: dict[str, set[str]] = {name: set() for name in (*names, *SHARED)}
    for name in (*names, *SHARED):
        tree = ast.parse((ROOT / "proofs" / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module in direct:
                direct[node.module].add(name)
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "uses"
            if named and isinstance(node.args[0], ast.Constant) and node.args[0].value in direct:
                direct[node.args[0].value].add(name)
    closed = {}
    for name in direct:
        reached, queue = {name}, [name]
        while queue:
            for other in direct[queue.pop()] - reached:
                reached.add(other)
                queue.append(other)
        closed[name] = reached
    return closed


def _prove_edited(edit: Edit, source: str, again: set[str], scale: float, answer: Connection) -> None:
    """In a forked process: load the edited text and what builds on it anew, prove, send the failure or ''."""
    runner = importlib.import_module(f"{PACKAGE}.runner")

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            answer.send(_failure(runner, edit, source, again, scale))
        except BaseException as error:
            answer.send(f"{type(error).__name__}: {error}")


def _failure(runner: Any, edit: Edit, source: str, again: set[str], scale: float) -> str:
    module = edit.path.stem
    order = [name for name in (*SHARED, *runner.NAMES) if name in again]
    for name in again:
        sys.modules.pop(f"{PACKAGE}.{name}", None)
    proved = (
        runner._proved_steps
    )  # of what the edit does not touch: from before the fork, where it was proved
    anew: dict[str, Any] = {}

    def steps(name: str) -> Any:
        if name not in again:
            return proved(name)
        if name not in anew:
            anew[name] = tuple(runner._prove(runner.load(name)))
        return anew[name]

    runner._proved_steps = steps
    runner._proof.cache_clear()
    spec = importlib.util.spec_from_loader(f"{PACKAGE}.{module}", loader=None, origin=str(edit.path))
    if spec is None:
        raise ImportError(module)
    changed = importlib.util.module_from_spec(spec)
    changed.__package__ = PACKAGE
    # an edit may use a name that the file does not import: that it is unknown would say nothing
    for where in ("tools.language", *(("textbook",) if module != "textbook" else ())):
        known = importlib.import_module(f"{PACKAGE}.{where}")
        changed.__dict__.update({name: getattr(known, name) for name in known.__all__})
    sys.modules[f"{PACKAGE}.{module}"] = changed
    exec(compile(source, str(edit.path), "exec"), changed.__dict__)
    setattr(importlib.import_module(PACKAGE), module, changed)
    # the numbers first: most false statements fall at once, and no proof needs to run
    witness = importlib.import_module(f"{PACKAGE}.witness")
    statement = importlib.import_module(f"{PACKAGE}.lemma").Statement
    facts = [one for one in vars(changed).values() if isinstance(one, statement) and one.source]
    tried = [*facts, *(runner.load(name) for name in order if name in runner.NAMES)]
    for one in sorted(tried, key=lambda found: found.name != module):
        try:
            witness.try_instances(one, 60)
        except Exception as error:
            return f"{one.name}, second witness: {error}"
    for name in sorted((name for name in order if name in runner.NAMES), key=lambda one: one != module):
        result = runner.run(name, scale)
        for one in result.steps:
            if one.verdict is runner.Verdict.FAILED:
                return f"{name}, {one.name}: {one.account}"
    return ""


def examine(edit: Edit, again: set[str], scale: float = SCALE) -> dict[str, Any]:
    """One edit in a process of its own."""
    start = time.perf_counter()
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(
        target=_prove_edited, args=(edit, changed_source(ROOT, edit), again, scale, theirs), daemon=True
    )
    process.start()
    theirs.close()
    failure: str | None = None
    timed_out = False
    if mine.poll(TIME_LIMIT_SECONDS):
        with contextlib.suppress(EOFError):
            failure = mine.recv()
    else:
        timed_out = True
    process.kill()
    process.join()
    if timed_out or failure is None:  # nothing was noticed, or the process was stopped: look at the edit
        return {
            "edit": edit.name,
            "kind": edit.kind,
            "verdict": "SURVIVED",
            "by": "no answer",
            "seconds": round(time.perf_counter() - start, 1),
        }
    verdict = "caught" if failure else "equivalent" if edit.name in EQUIVALENT else "SURVIVED"
    return {
        "edit": edit.name,
        "kind": edit.kind,
        "verdict": verdict,
        "by": failure[:160] or EQUIVALENT.get(edit.name, ""),
        "seconds": round(time.perf_counter() - start, 1),
    }


def draw(seed: int, count: int, names: tuple[str, ...]) -> list[Edit]:
    """`count` different edits, as even over files as there are places."""
    pools = []
    for path in files(names):
        pool = edits(ROOT, path)
        random.Random(f"{seed}/{path}").shuffle(pool)
        pools.append(pool)
    chosen: list[Edit] = []
    while len(chosen) < count and any(pools):
        for pool in pools:
            if pool and len(chosen) < count:
                chosen.append(pool.pop())
    return chosen


def _outcomes(chosen: list[Edit], closed: dict[str, set[str]], jobs: int) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(examine, edit, closed[edit.path.stem]) for edit in chosen]
        for done in as_completed(waiting):
            yield done.result()


def run(seed: int, count: int, jobs: int, only: str | None, path: Path | None, skip: int = 0) -> int:
    """Draw, examine, report; 1 if an edit survives without an argument."""
    sys.path.insert(0, str(ROOT))
    runner = importlib.import_module(f"{PACKAGE}.runner")
    for name in runner.NAMES:
        result = runner.run(name, SCALE)
        if not result.proved:
            failed = [one for one in result.steps if one.verdict is runner.Verdict.FAILED]
            print(f"{name} is not proved without any edit: {failed[0].name}: {failed[0].account}")
            return 1
    chosen = [one for one in draw(seed, count, runner.NAMES)[skip:] if only is None or one.path.stem == only]
    closed = dependents(runner.NAMES)
    outcome = []
    for result in _outcomes(chosen, closed, jobs):
        outcome.append(result)
        print(f"{result['verdict']:10} {result['seconds']:6} s  {result['edit']}", flush=True)
    survived = [one for one in outcome if one["verdict"] == "SURVIVED"]
    caught = sum(one["verdict"] == "caught" for one in outcome)
    print(
        f"{len(outcome)} edits: {caught} caught, {len(outcome) - caught - len(survived)} "
        f"equivalent, {len(survived)} survived"
    )
    if path is not None:
        path.write_text(json.dumps({"seed": seed, "edits": outcome}, indent=1) + "\n", encoding="utf-8")
    return 1 if survived else 0
