"""Whatever is wrong with the compiled search, no certificate of anything false comes of it."""

from __future__ import annotations

import json

import pytest

from mecbopt._core import tree as compiled
from tests.certificates.broken import WAYS, build_broken
from tests.core.builds import run_with

#: For no way and for every one: the traces, how often the search claims what is false, and what becomes of
#: `certify`.
SCRIPT = '''
import hashlib
import json
import mecbopt as mb
from mecbopt._core import library
from mecbopt._core.tree import CompiledSearch
from tests.benchmarks.certificates import case, true_value

ffi, lib = library()
cases = [case(number, (3, 3)) for number in (0, 2, 6, 8)]
truth = [true_value(instance)[0] for instance in cases]

def searched(problem, value):
    """Digest of the trace, and whether the claim is false."""
    label = problem.p_s_given_x, problem.max_label_entropy
    start = ([[y] * 3 for y in range(3)], problem.p_y) if value is not None else None
    search = CompiledSearch(problem.p_x, problem.p_y, problem.rate, *label, start=start, trace=True)
    search.run(nodes=300, seconds=1)
    digest = hashlib.sha256(search.take_trace().tobytes()).hexdigest()
    if value is None:
        return digest, search.incumbent_entropy < 100
    entropy = problem.entropy_x + problem.entropy_y - value
    return digest, not search.entropy_lower_bound - 1e-8 <= entropy <= search.incumbent_entropy + 1e-8

def outcome(problem, value, seconds):
    try:
        interval = mb.certify(problem, time_limit=seconds).interval
    except mb.MecboptError as error:
        return type(error).__name__
    if interval.infeasible or value is None:
        return "true" if interval.infeasible and value is None else "false"
    return "true" if interval.lower - 1e-9 <= value <= interval.upper + 1e-9 else "false"

results = []
for way in range(ways + 1):
    lib.core_broken = way
    pairs = [(instance.problem, value) for instance, value in zip(cases, truth)]
    digests, lies = zip(*(searched(*pair) for pair in pairs))
    # Whole, it is done in a third of a second: a busy machine does not fail it.
    results.append([digests, sum(lies), [outcome(*pair, 1 if way else 30) for pair in pairs]])
print(json.dumps(results))
'''


@pytest.mark.skipif(not compiled.available(), reason="the compiled core was not built")
def test_a_broken_search_yields_no_false_certificate(tmp_path):
    """Every way changes the search, some make it lie: a certificate is refused, or true by repair."""
    core = build_broken(tmp_path)
    whole, *broken = json.loads(run_with(core, f"ways = {len(WAYS)}\n{SCRIPT}"))
    assert whole[1:] == [0, ["true"] * 4]
    outcomes = [outcome for *_, outcomes in broken for outcome in outcomes]
    assert "false" not in outcomes, list(zip(WAYS, broken, strict=True))
    assert len(broken) >= 10
    assert [way for way, (digests, *_) in zip(WAYS, broken, strict=True) if digests == whole[0]] == []
    assert sum(lies > 0 for _, lies, _ in broken) >= 5, list(zip(WAYS, broken, strict=True))
    assert sum(outcome != "true" for outcome in outcomes) >= 10
