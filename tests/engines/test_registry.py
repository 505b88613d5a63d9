"""Engines by name, as objects, from outside; a new objective, limit and engine take a file each."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core import tree as compiled
from mecbopt.engines import ENGINES, Support
from mecbopt.formulation import LIMITS, OBJECTIVES
from tests.engines import toy_engine, toy_limit, toy_objective

PROBLEM = mb.Problem([0.5, 0.3, 0.2], [0.6, 0.4], 0.5)
COSTS = [[0.0, 1.0], [1.0, 0.0], [2.0, 0.5]]
OTHER_COSTS = [[0.0, 1.0], [1.0, 0.0], [0.5, 2.0]]  # least at another mapping than I(X;Y) is greatest


@pytest.fixture
def _registries_restored():
    kept = [dict(registry) for registry in (ENGINES, LIMITS, OBJECTIVES)]
    yield
    for registry, before in zip((ENGINES, LIMITS, OBJECTIVES), kept, strict=True):
        registry.clear()
        registry.update(before)


def test_the_public_name_is_the_registry():
    assert mb.ENGINES is ENGINES
    assert {"compiled", "highs", "enumeration", "plain", "low_rate", "local", "greedy"} <= set(mb.ENGINES)
    assert all(engine.name == name for name, engine in mb.ENGINES.items())


@pytest.mark.parametrize("name", ["highs", "enumeration", "local", "greedy"])
def test_an_engine_that_is_named_is_used(name):
    solution = mb.solve(PROBLEM, engine=name)
    solution.check()
    assert solution.engine == name


@pytest.mark.skipif(not compiled.available(), reason="the compiled core is not built")
def test_settings_of_an_engine_are_reachable():
    few, many = (mb.solve(PROBLEM, engine=mb.engines.Tree(random_starts=k)) for k in (0, 50))
    for solution in (few, many):
        solution.check()
        assert solution.status is mb.Status.OPTIMAL
        assert solution.engine == "compiled"
    with pytest.raises(mb.NotSupportedError, match="takes problems with 1 bases"):
        mb.solve(PROBLEM, engine=mb.engines.Enumeration(max_bases=1))


def test_an_engine_must_fit_the_method():
    with pytest.raises(mb.ProblemError, match="not 'local'"):
        mb.solve(PROBLEM, method="local", engine="highs")
    assert mb.solve(PROBLEM, method="local", engine="local").engine == "local"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"distortion": OTHER_COSTS},
        {"p_y": None, "y_size": 2},
        {"p_y": None, "y_size": 2, "distortion": OTHER_COSTS},
        {"p_y_tolerance": 0.1},
        {"p_y_tolerance": 0.1, "distortion": OTHER_COSTS},
    ],
    ids=["information", "distortion", "free", "free distortion", "tolerance", "tolerance distortion"],
)
@pytest.mark.parametrize("rate", [0.1, 0.5, 2.0])
def test_the_engines_that_take_a_problem_agree_on_it(arguments, rate):
    """What an engine proves holds for what every other finds: none solves a problem that it does not take."""
    solutions = []
    for name in ENGINES:
        try:
            solutions.append(mb.solve(PROBLEM.replace(rate=rate, **arguments), engine=name))
        except mb.NotSupportedError:
            continue
        solutions[-1].check()
    assert len(solutions) > 2
    sense = 1.0 if "distortion" in arguments else -1.0
    best = min(sense * solution.objective for solution in solutions)
    assert max(sense * solution.objective_bound for solution in solutions) <= best + 1e-9


BLIND = {
    "p_s_given_x": [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]],
    "max_label_entropy": 0.9,
    "label_sees_seed": False,
}
PRIVATE = {"p_s_given_x": BLIND["p_s_given_x"], "min_label_entropy": 0.8}


@pytest.mark.parametrize(
    ("arguments", "options", "argument", "remedy"),
    [
        ({**BLIND, **PRIVATE}, {}, "min_label_entropy", "leave min_label_entropy or label_sees_seed out"),
        ({**BLIND, "distortion": COSTS}, {}, "label_sees_seed", "leave label_sees_seed out"),
        (PRIVATE, {"method": "local"}, "method", "use method='exact'"),
        (PRIVATE, {"engine": "compiled"}, "engine", "use engine='auto'"),
        (PRIVATE, {"workers": 2}, "workers", "leave it out"),
        ({}, {"method": "local", "workers": 2}, "workers", "leave it out"),
        ({"distortion": COSTS}, {"engine": "highs"}, "engine", "use engine='auto' or method='local'"),
        (
            {**BLIND, **PRIVATE},
            {"engine": "highs"},
            "engine",
            "leave min_label_entropy or label_sees_seed out",
        ),
    ],
)
def test_a_refusal_names_what_is_at_fault_and_what_would_serve(arguments, options, argument, remedy):
    with pytest.raises(mb.NotSupportedError) as caught:
        mb.solve(PROBLEM.replace(**arguments), **options)
    assert caught.value.argument == argument
    assert str(caught.value).endswith(f": {remedy}.")


def test_what_a_refusal_advises_is_taken():
    for change in ({"label_sees_seed": True}, {"min_label_entropy": None}):
        assert mb.solve(PROBLEM.replace(**{**BLIND, **PRIVATE, **change})).has_coupling


@pytest.mark.parametrize("engine", ["cplex", 3, object()])
def test_what_is_no_engine_is_named(engine):
    with pytest.raises(mb.ProblemError, match="engine is"):
        mb.solve(PROBLEM, engine=engine)


def test_a_refusal_gives_the_reason():
    with pytest.raises(mb.NotSupportedError, match="'low_rate', which takes rates below"):
        mb.solve(PROBLEM, engine="low_rate")
    large = mb.Problem([1 / 30] * 30, [0.25] * 4, 0.5, normalize=True)
    with pytest.raises(mb.NotSupportedError, match=r"compiled .*12 letters.*highs takes 13 letters"):
        mb.solve(large, method="exact")
    assert mb.solve(large, time_limit=0.2).engine == "local"
    assert not Support("never")
    assert Support()


@pytest.mark.usefixtures("_registries_restored")
def test_arguments_that_nothing_lowers_are_named():
    del LIMITS["min_label_entropy"]
    private = PROBLEM.replace(p_s_given_x=[[1, 0], [0, 1], [0.5, 0.5]], min_label_entropy=0.1)
    with pytest.raises(mb.NotSupportedError, match="min_label_entropy is not supported yet"):
        mb.solve(private)


@pytest.mark.usefixtures("_registries_restored")
def test_a_toy_objective_limit_and_engine_are_one_file_each():
    toy_objective.install()
    stated = PROBLEM.replace(distortion=COSTS, constraints=[toy_limit.AtMost(0, 0, 0.35)])
    toy_limit.install()
    with pytest.raises(mb.NotSupportedError, match="no engine takes the problem"):
        mb.solve(stated, method="exact")
    toy_engine.install()
    solution = mb.solve(stated, method="exact")
    assert solution.engine == "toy"
    assert solution.stop_reason is mb.StopReason.EXHAUSTED
    coupling = solution.coupling
    assert coupling[0, 0] <= 0.35 + 1e-9
    assert solution.rate <= 0.5 + 1e-9
    best = _least_cost(stated)
    assert float((coupling * COSTS).sum()) == pytest.approx(best, abs=1e-8)
    assert solution.distortion_lower_bound == pytest.approx(best, abs=1e-8)
    assert solution.status is mb.Status.OPTIMAL
    # The local search takes the new objective and limit as they are.
    found = mb.solve(stated, method="local")
    assert found.engine == "local"
    assert float((found.coupling * COSTS).sum()) == pytest.approx(best, abs=1e-8)
    # So do the engines that take any limit, and the tree, which takes linear ones, without the objective.
    limited = PROBLEM.replace(constraints=[toy_limit.AtMost(x, 0, PROBLEM.p_x[x] * 0.65) for x in range(3)])
    values = [mb.solve(limited, engine=name) for name in ("highs", "enumeration")]
    assert values[0].mutual_information == pytest.approx(values[1].mutual_information, abs=1e-6)
    assert values[0].mutual_information < mb.solve(PROBLEM).mutual_information
    assert mb.solve(limited).engine in ("compiled", "enumeration", "highs")
    impossible = PROBLEM.replace(constraints=[toy_limit.AtMost(0, 0, 0.05)])
    assert mb.solve(impossible).status is mb.Status.INFEASIBLE


def _least_cost(problem):
    """The same by a linear program over all mappings in cvxpy."""
    mappings = np.array(np.meshgrid(*[range(2)] * 3)).reshape(3, -1).T
    weights = cvxpy.Variable(len(mappings), nonneg=True)
    ones = mappings == 1
    mass = ones @ problem.p_x
    rates = np.array([-sum(q * np.log2(q) for q in (a, 1 - a) if 0 < q < 1) for a in mass])
    costs = (problem.p_x * np.where(ones, np.array(COSTS)[:, 1], np.array(COSTS)[:, 0])).sum(axis=1)
    cell = problem.p_x[0] * (mappings[:, 0] == 0)
    limits = [cvxpy.sum(weights) == 1, weights @ mass == problem.p_y[1], weights @ rates <= problem.rate]
    program = cvxpy.Problem(cvxpy.Minimize(weights @ costs), [*limits, weights @ cell <= 0.35])
    return program.solve(solver=cvxpy.CLARABEL)
