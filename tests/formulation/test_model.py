"""`Problem.to_cvxpy`: the pieces against the package's own figures, and what it refuses."""

from __future__ import annotations

import cvxpy
import numpy as np
import pytest

import mecbopt as mb

LABEL = [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]]
WHOLE = mb.Problem(
    [0.5, 0.3, 0.2],
    [0.6, 0.4],
    rate=0.5,
    p_s_given_x=LABEL,
    max_label_entropy=0.95,
    distortion=[[0, 1], [1, 0], [0.5, 0.5]],
)
BITS = mb.Problem([0.5, 0.5], [0.5, 0.5])


def solved(objective, constraints) -> float:
    return float(cvxpy.Problem(objective, constraints).solve(solver="CLARABEL"))


def test_least_distortion_and_every_expression_at_its_mixture() -> None:
    model = WHOLE.to_cvxpy()
    assert model.mappings.shape == (8, 3)
    value = solved(cvxpy.Minimize(model.expected_distortion), model.constraints)
    assert value == pytest.approx(mb.solve(WHOLE).expected_distortion, abs=1e-6)
    mixture = model.mixture()
    solution = mb.Solution(WHOLE, mb.Status.FEASIBLE, mb.StopReason.LOCAL_SEARCH_DONE, mixture, 1.0)
    expected = {
        "coupling": solution.coupling,
        "rate": solution.rate,
        "label_entropy_with_seed": solution.label_entropy_with_seed,
        "label_entropy_without_seed": solution.label_entropy_without_seed,
        "mutual_information": solution.mutual_information,
        "expected_distortion": solution.expected_distortion,
        "output_entropy": WHOLE.entropy_y,
        "joint_entropy": WHOLE.entropy_x + WHOLE.entropy_y - solution.mutual_information,
        "output_law": WHOLE.p_y,
    }
    for name, figure in expected.items():
        np.testing.assert_allclose(getattr(model, name).value, figure, rtol=0, atol=1e-6, err_msg=name)


def test_curvatures_are_what_the_text_says() -> None:
    model = WHOLE.to_cvxpy()
    assert model.mutual_information.is_convex()
    assert not model.mutual_information.is_concave()
    assert model.joint_entropy.is_concave()
    assert model.label_entropy_without_seed.is_concave()
    for name in ("rate", "label_entropy_with_seed", "expected_distortion", "coupling"):
        assert getattr(model, name).is_affine(), name


def test_the_coupling_as_variable_with_constraints_of_ones_own() -> None:
    """Least information with P(X = Y) >= .8: 1 - h(.2) bits, the rate-distortion function of a fair bit."""
    model = BITS.replace(constraints=[mb.Agreement(at_least=0.8)]).to_cvxpy(variable="coupling")
    assert (model.weights, model.mappings, model.rate) == (None, None, None)
    value = solved(cvxpy.Minimize(model.mutual_information), model.constraints)
    assert value == pytest.approx(0.2780719051, abs=1e-6)
    with pytest.raises(mb.SolutionError, match="variable='weights'"):
        model.mixture()


def test_tolerance_free_law_and_privacy_are_constraints_of_the_model() -> None:
    p_y = np.array([0.6, 0.4])
    near = mb.Problem([0.7, 0.3], p_y, p_y_tolerance=0.1).to_cvxpy()
    solved(cvxpy.Minimize(near.output_law[0]), near.constraints)
    np.testing.assert_allclose(near.output_law.value, [0.5, 0.5], atol=1e-6)
    free = mb.Problem([0.7, 0.3], y_size=2, rate=0.0).to_cvxpy()
    assert solved(cvxpy.Maximize(free.output_entropy), free.constraints) == pytest.approx(1.0, abs=1e-6)
    private = BITS.replace(p_s_given_x=[[1, 0], [0, 1]], min_label_entropy=0.5).to_cvxpy()
    agreement = private.coupling[0, 0] + private.coupling[1, 1]
    value = solved(cvxpy.Maximize(agreement), private.constraints)
    assert value == pytest.approx(1 - 0.1100278644, abs=1e-5)  # h^-1(.5)


@pytest.mark.parametrize(
    ("problem", "variable", "kind", "word"),
    [
        (WHOLE, "mappings", mb.ProblemError, "variable is 'mappings'"),
        (WHOLE, ["weights"], mb.ProblemError, "variable is"),
        (WHOLE, "coupling", mb.NotSupportedError, "rate limits"),
        (WHOLE.replace(rate=float("inf")), "coupling", mb.NotSupportedError, "max_label_entropy limits"),
        (WHOLE.replace(label_sees_seed=False), "weights", mb.NotSupportedError, "label_sees_seed is False"),
        (
            mb.Problem([1] * 15, [1, 1], normalize=True),
            "weights",
            mb.NotSupportedError,
            r"3\.28e\+4 mappings",
        ),
        (BITS.replace(constraints=[lambda coupling: 3]), "weights", mb.ProblemError, "returned a int"),
        (BITS.replace(constraints=[lambda coupling: coupling[9]]), "weights", mb.ProblemError, "raised"),
    ],
)
def test_what_is_refused_is_named(problem, variable, kind, word) -> None:
    with pytest.raises(kind, match=word):
        problem.to_cvxpy(variable=variable)


def test_a_mixture_needs_values() -> None:
    with pytest.raises(mb.SolutionError, match=r"solve a cvxpy\.Problem first"):
        BITS.to_cvxpy().mixture()
