"""Hostile arguments of the Python interface and of the commands; forms of input that must be taken alike."""

from __future__ import annotations

import warnings
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

import mecbopt as mb
from tests.stress.examples import first_finding, within
from tests.stress.findings import Finding, abbreviated
from tests.stress.fuzz_files import MEMORY_BYTES, call_command
from tests.stress.group import Group, trying
from tests.stress.hostile import hostile_arguments, hostile_words, odd_arguments

__all__ = ["GROUPS", "calls", "outcome"]

Random = np.random.Generator
_PMF = [0.5, 0.3, 0.2]
_ROWS = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]


@cache
def calls() -> dict[str, tuple[Any, dict[str, Any]]]:
    """Functions of the public interface with arguments that are fine."""
    problem = mb.Problem(_PMF, [0.6, 0.4], 0.4)
    solution = mb.solve(problem, method="greedy")
    return {
        "Problem": (
            mb.Problem,
            {"p_x": _PMF, "p_y": [0.6, 0.4], "rate": 0.4, "p_s_given_x": _ROWS, "max_label_entropy": 0.9,
             "label_sees_seed": True, "normalize": False},
        ),
        "Problem.from_samples": (
            mb.Problem.from_samples,
            {"x": ["a", "b", "a"], "p_y": [0.5, 0.5], "label": [0, 1, 1], "smoothing": 0.0, "rate": 0.4},
        ),
        "solve": (
            mb.solve,
            {"problem": problem, "method": "auto", "time_limit": 0.2, "node_limit": 5, "gap": 1e-6,
             "seed": 0, "workers": 1, "engine": "auto", "start": solution.mixture,
             "relative_gap": 0.0, "progress": None},
        ),
        "rate_curve": (mb.rate_curve, {"problem": problem, "rates": [0.1, 0.2], "workers": 1}),
        "solve_many": (mb.solve_many, {"problems": [problem], "workers": 1, "progress": None}),
        "load_problem": (mb.load_problem, {"path": "no such file.json"}),
        "mec.exact": (mb.mec.exact, {"p": _PMF, "q": [0.6, 0.4], "time_limit": 0.2}),
        "mec.greedy": (mb.mec.greedy, {"p": _PMF, "q": [0.6, 0.4]}),
        "mec.lower_bound": (mb.mec.lower_bound, {"p": _PMF, "q": [0.6, 0.4]}),
        "bernoulli.solve": (
            mb.bernoulli.solve,
            {"q_x": 0.3, "q_y": 0.3, "rate": 0.3, "crossover": 0.1, "max_label_entropy": 0.8},
        ),
        "bernoulli.value": (
            mb.bernoulli.value,
            {"q_x": 0.3, "q_y": 0.3, "rate": 0.3, "crossover": 0.1, "max_label_entropy": 0.8},
        ),
        "bernoulli.comonotone": (mb.bernoulli.comonotone, {"q_x": 0.3, "q_y": 0.3, "rate": 0.3}),
        "bernoulli.crossover_rate": (mb.bernoulli.crossover_rate, {"q_x": 0.3, "q_y": 0.3}),
        "Mixture.coupling": (solution.mixture.coupling, {"p_x": _PMF, "letters_y": 2}),
        "Mixture.label_entropy_with_seed": (
            solution.mixture.label_entropy_with_seed, {"p_x": _PMF, "p_s_given_x": _ROWS}
        ),
        "Mixture": (mb.Mixture, {"mappings": [[0, 1]], "weights": [1.0]}),
        "check_certificate": (mb.check_certificate, {"path": "no such file.json"}),
        "Solution.from_json": (mb.Solution.from_json, {"path_or_text": "no such file.json"}),
    }  # fmt: skip


def outcome(name: str, arguments: dict[str, Any], changed: list[str]) -> Finding | None:
    """Our error, or an answer, and no warning either."""
    function, fine = calls()[name]
    shown = ", ".join(f"{key}={abbreviated(_described(arguments[key]))[:200]}" for key in changed)
    trying(f"mb.{name}({shown})")
    try:
        with warnings.catch_warnings(), within(10.0):
            warnings.simplefilter("error")
            if name.startswith(("Solution.", "load_", "check_")):
                function(*arguments.values())
            else:
                function(**{**fine, **arguments})
    except mb.MecboptError:
        return None
    except Exception as error:  # whatever comes is what the suite is here to see
        claim = f"mb.{name} gives an answer or our error"
        return Finding(claim, f"{type(error).__name__}: {error}", f"mb.{name}({shown})")
    return None


def _described(value: Any) -> str:
    """The repr; of a huge integer, which has none, its length."""
    try:
        return repr(value)
    except ValueError:
        return f"a {type(value).__name__} without a repr (huge integers)"


def python(random: Random) -> list[Finding]:
    """One or two arguments of calls replaced by odd objects, or by lists of them."""
    if random.random() < 0.1:
        return _shrunk(random)
    odd = odd_arguments()
    found: dict[str, Finding] = {}
    for _ in range(100):
        name = str(random.choice(list(calls())))
        fine = calls()[name][1]
        changed = random.choice(
            list(fine), size=min(len(fine), int(random.geometric(0.7))), replace=False
        ).tolist()
        values = []
        for _ in changed:
            entries = [odd[k] for k in random.integers(len(odd), size=int(random.integers(1, 4)))]
            values.append([entries[0], entries[0], entries, [entries, entries[::-1]]][random.integers(4)])
        if any(callable(value) for key, value in zip(changed, values, strict=True) if key == "progress"):
            continue  # what the caller's own function does with a report is the caller's
        finding = outcome(name, dict(zip(changed, values, strict=True)), changed)
        if finding is not None:
            found.setdefault(f"{finding.claim} {finding.detail[:30]}", finding)
    return list(found.values())


def _shrunk(random: Random) -> list[Finding]:
    """The same by Hypothesis, which shrinks."""
    name = str(random.choice(list(calls())))
    fine = list(calls()[name][1])
    changed = random.choice(fine, size=min(len(fine), int(random.integers(1, 3))), replace=False).tolist()
    return first_finding(
        st.tuples(*(hostile_arguments() for _ in changed)),
        lambda values: outcome(name, dict(zip(changed, values, strict=True)), changed),
        random,
    )


_COMMANDS: tuple[tuple[list[str], tuple[str, ...]], ...] = (
    (["solve", "--px", "0.5,0.5", "--py", "0.6,0.4"],
     ("--px", "--py", "--rate", "--time-limit", "--gap", "--method", "--ps-given-x", "--max-label-entropy",
      "--node-limit", "--seed", "--engine", "--json", "--plot")),
    (["curve", "--px", "0.5,0.5", "--py", "0.6,0.4"], ("--rates", "--rates", "--workers", "--time-limit")),
    (["bernoulli", "--qx", "0.3", "--qy", "0.4"],
     ("--qx", "--qy", "--rate", "--crossover", "--max-label-entropy")),
)  # fmt: skip


def commands(random: Random) -> list[Finding]:
    """Commands with words that nobody means: an exit code of ours, with a word of why."""
    words, options = _COMMANDS[random.integers(len(_COMMANDS))]
    chosen = [options[k] for k in random.integers(len(options), size=int(random.integers(1, 3)))]
    writing = [option for option in chosen if option in ("--json", "--plot")]

    def check(values: tuple[str, ...]) -> Finding | None:
        line = [*words, *(part for pair in zip(chosen, values, strict=True) for part in pair)]
        if writing and "/" not in "".join(values):
            return None  # it might write a file of that name here
        try:
            with within(15.0):
                call_command(line)
        except Exception as error:  # whatever comes is what the suite is here to see
            shown = " ".join(
                word if len(word) < 80 else f"{word[:20]}... ({len(word)} characters)" for word in line
            )
            detail = f"{type(error).__name__}: {error}"
            return Finding("a command ends with an exit code of ours", detail, f"mecbopt {shown}")
        return None

    return first_finding(st.tuples(*(hostile_words() for _ in chosen)), check, random, examples=25)


def forms(random: Random) -> list[Finding]:
    """A pmf means the same in every form of number and container, whatever order of letters."""
    import pandas
    import torch

    counts = random.integers(1, 20, int(random.integers(1, 6)))
    exact = [Fraction(int(count), int(counts.sum())) for count in counts]
    floats = [float(mass) for mass in exact]
    letters = [f"l{k}" for k in range(len(counts))]
    given = {
        "fractions": exact,
        "tuple": tuple(floats),
        "texts": [f"{mass.numerator}/{mass.denominator}" for mass in exact],
        "array": np.array(floats),
        "float32": np.array(floats, dtype=np.float32),
        "longdouble": np.array(floats, dtype=np.longdouble),
        "Series": pandas.Series(floats, index=letters),
        "tensor": torch.tensor(floats, dtype=torch.float64),
        "float tensor": torch.tensor(floats),
        "dict": dict(zip(letters, floats, strict=True)),
        "numpy scalars": [np.float64(value) for value in floats],
    }
    findings = []
    for name, value in given.items():
        code = f"mb.Problem({value!r}, [0.5, 0.5])  # {name}"
        try:
            problem = mb.Problem(value, [0.5, 0.5])
            if np.abs(problem.p_x - floats).max() > 1e-6:
                findings.append(Finding("every form of a pmf is taken alike", f"{problem.p_x}", code))
        except Exception as error:  # whatever comes is what the suite is here to see
            findings.append(
                Finding("every form of a pmf is taken", f"{type(error).__name__}: {error}"[:300], code)
            )
    for value in (Counter({letter: int(count) for letter, count in zip(letters, counts, strict=True)}),):
        try:
            if mb.Problem(value, [0.5, 0.5], normalize=True).shape[0] != len(counts):
                findings.append(
                    Finding("a Counter is taken", "", f"mb.Problem({value!r}, ..., normalize=True)")
                )
        except Exception as error:  # whatever comes is what the suite is here to see
            findings.append(Finding("a Counter is taken", repr(error), f"mb.Problem({value!r}, ...)"))
    size = int(random.choice([1000, 100_000]))
    x, s = random.integers(0, 600, size).tolist(), random.integers(0, 600, size).tolist()
    try:
        with within(10.0):
            mb.Problem.from_samples(x, y=x, label=s)
    except Exception as error:  # whatever comes is what the suite is here to see
        code = f"mb.Problem.from_samples of {size} samples on 600 letters with 600 labels"
        findings.append(Finding("samples are counted in time", f"{type(error).__name__}: {error}", code))
    for value in (Decimal("NaN"), np.array(0.5)):
        try:
            mb.Problem([0.5, 0.5], [0.5, 0.5], value)
        except mb.MecboptError:
            continue
        except Exception as error:  # whatever comes is what the suite is here to see
            findings.append(Finding("odd numbers are refused by our error", str(error), f"rate={value!r}"))
    return findings


GROUPS = (
    Group("python-arguments", python, memory_bytes=MEMORY_BYTES),
    Group("command-words", commands, memory_bytes=MEMORY_BYTES),
    Group("forms", forms, memory_bytes=2 * MEMORY_BYTES),
)
