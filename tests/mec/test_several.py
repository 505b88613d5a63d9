"""Three and more marginals: against all vertices, at every stop, and from the command line."""

from __future__ import annotations

import itertools
import json
import math
import signal
import threading

import numpy as np
import pytest

import mecbopt as mb
from mecbopt import highs
from mecbopt.cli.main import entry_point
from mecbopt.control import Clock, Target
from mecbopt.info import entropy
from mecbopt.mec.greedy import greedy_support
from mecbopt.mec.result import joint_entropy
from mecbopt.mec.several import SeveralMarginals


def laws_of(shape: tuple[int, ...], seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng([seed, *shape])
    return [generator.dirichlet(np.ones(size)) for size in shape]


def least_entropy_of_all_vertices(laws: list[np.ndarray]) -> float:
    """Every set of as many cells as there are independent rows, solved; the program's code is not used."""
    shape = tuple(len(law) for law in laws)
    cells = list(itertools.product(*map(range, shape)))
    # The last letter of every marginal but the first follows from the others.
    rows = [(i, x) for i, size in enumerate(shape) for x in range(size - (i > 0))]
    matrix = np.array([[float(cell[i] == x) for cell in cells] for i, x in rows])
    sides = np.array([laws[i][x] for i, x in rows])
    best = math.inf
    for basis in itertools.combinations(range(len(cells)), len(rows)):
        square = matrix[:, basis]
        if abs(np.linalg.det(square)) > 0.5:  # a matrix of integers
            masses = np.linalg.solve(square, sides)
            if masses.min() >= -1e-12:
                best = min(best, float(entropy(np.maximum(masses, 0.0))))
    return best


def assert_coupling(result: mb.mec.MecResult, laws: list[np.ndarray]) -> None:
    assert isinstance(result.coupling, np.ndarray)
    assert result.coupling.min() >= 0.0
    for axis, law in enumerate(laws):
        others = tuple(other for other in range(len(laws)) if other != axis)
        np.testing.assert_allclose(result.coupling.sum(axis=others), law, rtol=0, atol=1e-12)
    assert result.entropy == pytest.approx(float(entropy(result.coupling)), abs=1e-12)
    assert result.lower_bound <= result.entropy


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 3, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("seed", range(2))
def test_least_entropy_of_all_vertices(shape: tuple[int, ...], seed: int) -> None:
    laws = laws_of(shape, seed)
    if len(shape) == 4 and seed:
        laws = [np.array([0.5, 0.5]), np.array([0.75, 0.25]), *laws[2:]]  # ties
    result = mb.mec.exact(*laws)
    assert_coupling(result, laws)
    assert result.status is mb.Status.OPTIMAL
    assert result.gap <= 1e-9
    assert result.entropy == pytest.approx(least_entropy_of_all_vertices(laws), abs=1.1e-9)
    assert np.count_nonzero(result.coupling) <= sum(shape) - len(shape) + 1


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 2, 3), (3, 2, 2)])
@pytest.mark.parametrize("seed", range(10, 30))
def test_least_entropy_of_all_vertices_many_times(shape: tuple[int, ...], seed: int) -> None:
    laws = laws_of(shape, seed)
    if seed % 2:
        laws = [np.random.default_rng(seed).multinomial(8, law) + 1.0 for law in laws]
        laws = [law / law.sum() for law in laws]
    result = mb.mec.exact(*laws)
    assert_coupling(result, laws)
    assert result.entropy == pytest.approx(least_entropy_of_all_vertices(laws), abs=1.1e-9)


def test_three_by_three_by_three_is_proved_in_any_order() -> None:
    laws = laws_of((3, 3, 3), 0)
    result = mb.mec.exact(*laws)
    assert_coupling(result, laws)
    assert result.status is mb.Status.OPTIMAL
    greedy = mb.mec.greedy(*laws)
    assert greedy.lower_bound - 1e-12 <= result.entropy <= greedy.entropy
    p, q, r = laws
    other = mb.mec.exact(r[::-1], p, q[[1, 2, 0]])
    assert other.entropy == pytest.approx(result.entropy, abs=1.1e-9)


def test_letters_without_mass_and_marginals_of_one_letter_say_nothing() -> None:
    p, q, r = [0.5, 0.3, 0.2], [0.6, 0.4], [0.7, 0.3]
    value = mb.mec.exact(p, q, r).entropy
    result = mb.mec.exact([0.5, 0, 0.3, 0.2], [1], [0.6, 0.4, 0], [0.7, 0.3])
    assert_coupling(result, [np.array(law) for law in ([0.5, 0, 0.3, 0.2], [1], [0.6, 0.4, 0], [0.7, 0.3])])
    assert result.entropy == pytest.approx(value, abs=1.1e-9)
    pair = mb.mec.exact(p, [0, 1], q)
    assert pair.coupling.shape == (3, 2, 2)
    assert pair.entropy == mb.mec.exact(p, q).entropy
    assert mb.mec.exact([1], [1, 0], [0, 1]).entropy == 0.0


def test_letters_below_the_tolerance_of_linear_programs_count() -> None:
    """Unscaled, rows of mass 1e-10 were met by anything: the search went on until its time limit."""
    small = 1.7e-10
    laws = [np.array(law) for law in ([0.77, 0.23 - 4e-5, 4e-5], [small, 1 - small], [0.93, 0.07])]
    result = mb.mec.exact(*laws, time_limit=20)
    assert_coupling(result, laws)
    assert result.status is mb.Status.OPTIMAL
    assert result.entropy == pytest.approx(least_entropy_of_all_vertices(laws), abs=1.1e-9)


def test_bounds_hold_after_every_step() -> None:
    laws = laws_of((3, 3, 2), 1)
    least = mb.mec.exact(*laws).entropy
    start = greedy_support(laws).to_dense().ravel()
    search = SeveralMarginals(laws, start, 0.0, Target(1e-9), Clock())
    last = 0.0
    while not search.finished:
        search.advance()
        assert last <= search.cost_bound <= least + 1e-12
        assert search.incumbent_cost >= least - 1e-9
        last = search.cost_bound
    assert not search.trouble


def test_an_interruption_at_any_program_keeps_bounds_and_coupling(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = laws_of((3, 3, 2), 1)
    least = mb.mec.exact(*laws).entropy
    run = highs.run
    for stop in (0, 1, 5, 20):
        calls = itertools.count()

        def struck(model: object, clock: Clock, calls=calls, stop=stop) -> None:
            run(model, clock)
            if next(calls) == stop:
                raise KeyboardInterrupt

        monkeypatch.setattr(highs, "run", struck)
        result = mb.mec.exact(*laws)
        assert result.stop_reason is mb.StopReason.INTERRUPTED
        assert_coupling(result, laws)
        assert result.lower_bound <= least + 1e-12


def test_ctrl_c_and_the_time_limit_keep_what_was_found() -> None:
    laws = laws_of((6, 6, 6), 2)
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    results = {mb.StopReason.INTERRUPTED: mb.mec.exact(*laws)}
    timer.cancel()
    results[mb.StopReason.TIME_LIMIT] = mb.mec.exact(*laws, time_limit=0.3)
    for reason, result in results.items():
        assert (result.status, result.stop_reason) == (mb.Status.FEASIBLE, reason)
        assert_coupling(result, laws)
        assert result.lower_bound >= mb.mec.lower_bound(*laws) - 1e-12


def test_too_many_cells_are_refused_with_the_remedy() -> None:
    with pytest.raises(mb.NotSupportedError, match=r"20 x 20 x 20 = 8000 cells.*greedy"):
        mb.mec.exact(*laws_of((20, 20, 20), 0))


def run_command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as leaving:
        entry_point(["mec", *arguments])
    captured = capsys.readouterr()
    return leaving.value.code, captured.out, captured.err


def test_the_command_prints_and_writes(capsys, tmp_path) -> None:
    path = tmp_path / "coupling.json"
    code, out, _ = run_command(capsys, "--p", "1/2,1/2", "--q", "0.6,0.4", "--json", str(path))
    assert code == 0
    assert "1.360964" in out
    document = json.loads(path.read_text())
    assert document["cells"] == [[0, 0], [1, 0], [1, 1]]
    assert document["status"] == "optimal"
    code, out, err = run_command(
        capsys, "--p", "2,2", "--q", "3,1", "--r", "1,1", "--normalize", "--method", "greedy", "--json", "-"
    )
    assert code == 0
    assert sum(json.loads(out)["masses"]) == pytest.approx(1.0)
    assert "joint entropy" in err


def test_the_command_says_that_it_was_stopped(capsys) -> None:
    law = ",".join(["0.19", "0.18", "0.17", "0.16", "0.155", "0.145"])
    other = ",".join(["0.5", "0.2", "0.12", "0.1", "0.05", "0.03"])
    code, out, _ = run_command(capsys, "--p", law, "--q", other, "--r", law, "--time-limit", "0.1", "--quiet")
    assert code == 3
    assert "time limit" in out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--p", "0.5,0.5"), "--q"),
        (("--p", "0.5,0.4", "--q", "0.5,0.5"), "--p sums to 0.9"),
        (("--p", "0.5,0.5", "--q", "0.5,0.5", "--r", "1,1"), "add --normalize"),
        (("--p", "0.5,0.5", "--q", "0.5,0.5", "--time-limit", "0"), "--time-limit is 0"),
        (("--p", "0.5,0.5", "--q", "0.5,0.5", "--method", "greedy", "--time-limit", "1"), "leave it out"),
        (("--p", "0.5,0.5", "--q", "a,b"), "--q"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(capsys, arguments, word) -> None:
    code, out, err = run_command(capsys, *arguments)
    assert code == 2
    assert not out
    assert word in err


def test_one_coupling_has_one_entropy_whatever_the_order_of_its_cells() -> None:
    """The exact search began at the greedy coupling and reported 2e-16 bits more for the same cells."""
    for seed in range(20):
        laws = laws_of((2, 2, 3), seed)
        greedy = mb.mec.greedy(*laws)
        assert mb.mec.exact(*laws).entropy <= greedy.entropy
        assert greedy.entropy == mb.mec.greedy(*laws, sparse=True).entropy
        assert greedy.entropy == joint_entropy(greedy.coupling.T.ravel())
