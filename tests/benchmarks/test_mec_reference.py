"""The reference methods of the plain minimum entropy coupling find what the package proves."""

from __future__ import annotations

import math

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.info import entropy
from tests.benchmarks import mec_reference, plain_mec
from tests.benchmarks.mec_reference import METHODS, NoCompilerError, least_entropy

needs_compiler = pytest.mark.skipif(mec_reference.compiler() is None, reason="no C compiler")


def instances() -> list[tuple[np.ndarray, np.ndarray]]:
    """Random ones, with ties and balanced subsets, with zeros, of uneven sizes."""
    generator = np.random.default_rng(7)
    found = []
    for n, m in ((2, 2), (2, 5), (3, 3), (4, 3), (1, 4), (5, 5), (6, 4), (6, 6)):
        found.append((generator.dirichlet(np.ones(n)), generator.dirichlet(np.ones(m))))
        weights = [generator.integers(1, 5, size=size).astype(float) for size in (n, m)]
        found.append((weights[0] / weights[0].sum(), weights[1] / weights[1].sum()))
        found.append((np.full(n, 1 / n), np.full(m, 1 / m)))
    found.append((np.array([0.5, 0.0, 0.3, 0.2]), np.array([0.0, 0.3, 0.7])))
    return found


@needs_compiler
@pytest.mark.parametrize("method", METHODS)
def test_the_reference_methods_agree_with_the_package(method):
    for p, q in instances():
        answer = least_entropy(method, p, q)
        assert answer.finished
        assert answer.entropy == pytest.approx(mb.mec.exact(p, q).entropy, abs=2e-9), (p, q)


@needs_compiler
def test_an_unfinished_backtracking_says_so():
    p, q = plain_mec.instance(12)
    answer = least_entropy("backtracking", p, q, seconds=0.01)
    assert not answer.finished
    assert mb.mec.lower_bound(p, q) <= answer.entropy <= float(entropy(p) + entropy(q))
    assert 0.01 <= answer.cpu_seconds < 5.0


@needs_compiler
def test_an_unfinished_dynamic_program_says_so():
    answer = least_entropy("subsets", *plain_mec.instance(7), seconds=0.001)
    assert (answer.finished, answer.entropy) == (False, math.inf)


@needs_compiler
def test_too_many_letters_are_refused():
    long = np.full(33, 1 / 33)
    with pytest.raises(ValueError, match="33 and 33 letters of positive mass: at most 32"):
        least_entropy("backtracking", long, long)
    with pytest.raises(MemoryError, match=r"subsets: no memory for 13 \+ 13 letters"):
        least_entropy("subsets", *plain_mec.instance(13))


def test_without_a_compiler_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(mec_reference, "compiler", lambda: None)
    mec_reference._library.cache_clear()
    with pytest.raises(NoCompilerError, match=r"install one, or leave them out with --reference-limit 0"):
        least_entropy("backtracking", np.ones(1), np.ones(1))


@needs_compiler
def test_a_row_of_the_table_holds_both_in_one_run():
    row = plain_mec.measure_exact(5, 60.0, {"backtracking": 60.0, "subsets": 60.0})
    for method in METHODS:
        assert row["references"][method]["finished"]
        assert row["references"][method]["ratio"] > 0.0
        assert row["references"][method]["entropy"] == pytest.approx(row["entropy"], abs=2e-9)
    assert plain_mec.peer_text(row["references"]["backtracking"], 60.0).endswith("x)")
    unfinished = {"finished": False, "cpu_seconds": 60.0, "ratio": 600.0}
    assert plain_mec.peer_text(unfinished, 60.0) == "> 60 s (> 600x)"
