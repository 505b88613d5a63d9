"""What a long stream costs, what it tells, and what comes out of it (theory, section 6)."""

from __future__ import annotations

import time

import numpy as np
import pytest

import mecbopt as mb
from mecbopt.codec import CHUNK_SYMBOLS, Decoder, Encoder
from mecbopt.info import entropy

PROBLEMS = {
    "four by three": ([0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.2], 0.6),
    "low rate": ([0.4, 0.3, 0.2, 0.1], [0.5, 0.3, 0.2], 0.05),
    "binary": ([0.7, 0.3], [0.7, 0.3], 0.378),
}


def _operated(name, symbols, seed=11):
    p_x, p_y, rate = PROBLEMS[name]
    problem = mb.Problem(p_x, p_y, rate=rate)
    solution = mb.solve(problem)
    x = np.random.default_rng(0).choice(len(p_x), symbols, p=p_x).astype(np.uint8)
    encoder = Encoder(solution.mixture, problem, seed=seed)
    y, k = encoder.outputs(x)
    return solution, x, y, k, encoder


def _lengths(solution, x, y, k, blob):
    """Bits of the stream, and sum -log2 q_u(y) with q_u from the floats of the mixture."""
    laws = solution.mixture.output_laws(solution.problem.p_x, solution.problem.shape[1])
    return 8 * len(blob), float(-np.log2(laws[k, y]).sum()), -(-len(x) // CHUNK_SYMBOLS)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_million_symbols_cost_what_the_laws_say(name):
    """Within 0.1% of sum -log2 q_u(y) and 64 bits a chunk, beside the 57 bytes of header and trailer."""
    solution, x, y, k, encoder = _operated(name, 10**6)
    blob = encoder.encode(x)
    coded, ideal, chunks = _lengths(solution, x, y, k, blob)
    assert ideal - 1e-6 * ideal <= coded <= 1.001 * ideal + 64 * chunks + 8 * 57
    assert coded / len(x) == pytest.approx(solution.rate, abs=0.005)


def _spread(values, law):
    """The value of a statistic's mean, and its standard error."""
    return values.mean(), values.std() / np.sqrt(len(law))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_ten_million_symbols(name):
    """Length, histogram, information, exactness and speed on one core."""
    solution, x, y, k, encoder = _operated(name, 10**7)
    started = time.process_time()
    blob = encoder.encode(x)
    encoding = time.process_time() - started
    coded, ideal, chunks = _lengths(solution, x, y, k, blob)
    assert ideal <= coded <= 1.001 * ideal + 64 * chunks + 8 * 57
    decoder = Decoder(solution.mixture, solution.problem, seed=11)
    started = time.process_time()
    assert np.array_equal(decoder.decode(blob), y)
    decoding = time.process_time() - started
    # 5 million a second on a machine of its own; half of it where the caches are shared.
    assert max(encoding, decoding) < 4.0
    problem = solution.problem
    joint = np.bincount(x.astype(int) * problem.shape[1] + y, minlength=solution.coupling.size) / len(x)
    joint = joint.reshape(problem.shape)
    for found, law in ((joint.sum(axis=0), problem.p_y), (joint, solution.coupling)):
        error = np.sqrt(law * (1 - law) / len(x))
        assert (np.abs(found - law) <= 5 * error + 1e-12).all()
    information = entropy(joint.sum(0)) + entropy(joint.sum(1)) - entropy(joint)
    density = np.log2(
        np.divide(
            solution.coupling,
            np.outer(problem.p_x, problem.p_y),
            where=solution.coupling > 0,
            out=np.ones_like(solution.coupling),
        )
    )
    error = np.sqrt((solution.coupling * density**2).sum() - solution.mutual_information**2) / np.sqrt(len(x))
    assert abs(information - solution.mutual_information) <= 5 * error + joint.size / len(x)
