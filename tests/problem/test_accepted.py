"""Whatever holds numbers is read exactly; what only looks like numbers meets our own errors."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._validate import pmf, row_stochastic

HALF = [0.5, 0.5]
THIRDS = (Fraction(1, 3), Fraction(2, 3))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("size", [3, 7, 1000])
def test_numpy_of_any_float_type(kind, size):
    """A law normalised in its own type is a law: its sum is off by that type's rounding."""
    weights = np.random.default_rng(size).random(size).astype(kind)
    law = (weights / weights.sum(dtype=kind)).astype(kind)
    problem = mb.Problem(law, HALF)
    assert sum(problem.exact_p_x) == 1
    assert problem.p_x == pytest.approx(law.astype(float), rel=1e-2 if kind is np.float16 else 1e-6)


def test_the_tolerance_follows_the_type():
    """The same sum is a rounding of single precision, and a mistake in double."""
    law = np.array([0.1, 0.9000003], dtype=np.float32)
    assert abs(float(law.sum(dtype=float)) - 1) > 2e-7
    assert mb.Problem(law, HALF).p_x.sum() == pytest.approx(1, abs=1e-15)
    with pytest.raises(mb.ProblemError, match="sums to"):
        mb.Problem(law.astype(float), HALF)
    with pytest.raises(mb.ProblemError, match="sums to"):
        mb.Problem(np.array([0.1, 0.901], dtype=np.float32), HALF)


def test_a_mass_that_is_negative_by_a_rounding_counts_as_zero_and_is_said():
    problem = mb.Problem([0.5, 0.5, -1e-17], HALF)
    assert problem.p_x.tolist() == [0.5, 0.5, 0.0]
    assert problem.adjustments == ("p_x[2] was negative by a rounding and counts as 0.",)
    assert problem.to_document()["p_x"] == [0.5, 0.5, 0.0]
    counts = mb.Problem([3e6, 1e6, -1e-10], HALF, normalize=True)
    assert counts.p_x.tolist() == [0.75, 0.25, 0.0]
    for exact in (Fraction(-1, 10**17), Decimal("-1e-17"), "-1e-17"):
        with pytest.raises(mb.ProblemError, match=r"p_x\[2\].*negative"):
            mb.Problem([0.5, 0.5, exact], HALF)
    with pytest.raises(mb.ProblemError, match=r"p_x\[2\].*negative"):
        mb.Problem([0.5, 0.5 + 1e-12, -1e-12], HALF)
    assert mb.Problem(HALF, HALF).adjustments == ()


def test_texts_and_decimals_are_exact():
    assert mb.Problem(["1/3", "2/3"], HALF).exact_p_x == THIRDS
    assert mb.Problem([Decimal("0.1"), Decimal("0.9")], HALF).exact_p_x == (Fraction(1, 10), Fraction(9, 10))
    problem = mb.Problem([" 1 / 4 ", "0.75"], HALF, rate="1/3", max_label_entropy=None)
    assert problem.exact_p_x == (Fraction(1, 4), Fraction(3, 4))
    assert problem.exact_number("rate") == Fraction(1, 3)
    assert mb.Problem(HALF, HALF, rate="inf").rate == math.inf
    assert mb.Problem(np.array(["1/3", "2/3"]), HALF).exact_p_x == THIRDS


def test_scalars_of_numpy_are_numbers():
    problem = mb.Problem([np.array(0.5), np.float32(0.5)], HALF, rate=np.array(0.25), y_size=None)
    assert problem.p_x.tolist() == HALF
    assert problem.rate == 0.25


def test_keys_of_a_mapping_become_letters():
    problem = mb.Problem({"a": 0.25, "b": "3/4"}, Counter("xxyz"), normalize=True)
    assert problem.x_letters == ("a", "b")
    assert problem.y_letters == ("x", "y", "z")
    assert problem.exact_p_y == (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))


def test_a_channel_by_letters_is_put_in_the_order_of_x():
    channel = {"b": {"hit": 0.75, "miss": 0.25}, "a": {"miss": 0.5, "hit": 0.5}}
    problem = mb.Problem({"a": 0.5, "b": 0.5}, HALF, p_s_given_x=channel)
    assert problem.s_letters == ("hit", "miss")
    assert problem.p_s_given_x.tolist() == [[0.5, 0.5], [0.75, 0.25]]
    with pytest.raises(mb.ProblemError, match="lacks the letter 'c'"):
        mb.Problem({"a": 0.5, "c": 0.5}, HALF, p_s_given_x=channel)
    with pytest.raises(mb.ProblemError, match="first row"):
        mb.Problem(HALF, HALF, p_s_given_x=[{"hit": 1.0}, {"miss": 1.0}])


def test_pandas():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(["b", "a", "b", "b"]).value_counts(normalize=True)
    problem = mb.Problem(series, pandas.Series([0.5, 0.5]))
    assert problem.x_letters == ("b", "a")
    assert problem.y_letters is None
    assert problem.p_x.tolist() == [0.75, 0.25]
    frame = pandas.DataFrame({"s": [0.0, 1.0], "t": [1.0, 0.0]}, index=["a", "b"])
    labelled = mb.Problem(
        series, HALF, p_s_given_x=frame, distortion=frame[["t", "s"]].set_axis([0, 1], axis=1)
    )
    assert labelled.s_letters == ("s", "t")
    assert labelled.p_s_given_x.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert labelled.distortion.tolist() == [[0.0, 1.0], [1.0, 0.0]]
    single = pandas.Series(np.array([0.1, 0.9000003], dtype=np.float32), dtype="Float32")
    assert mb.Problem(single, HALF).p_x.sum() == pytest.approx(1)
    for absent in (pandas.NA, pandas.NaT, None):
        with pytest.raises(mb.ProblemError, match=r"p_x\[1\]"):
            mb.Problem(pandas.Series([0.5, absent], dtype=object), HALF)
    with pytest.raises(mb.ProblemError, match="shape"):
        mb.Problem(frame, HALF)


def test_torch_without_importing_it():
    torch = pytest.importorskip("torch")
    law = torch.softmax(torch.arange(5.0), dim=0)
    assert mb.Problem(law, HALF).p_x == pytest.approx(law.double().numpy(), rel=1e-6)
    half = torch.tensor([0.3, 0.7], dtype=torch.bfloat16, requires_grad=True)
    assert mb.Problem(half, HALF).p_x.sum() == pytest.approx(1)
    channel = torch.softmax(torch.randn(2, 3, generator=torch.Generator().manual_seed(1)), dim=1)
    assert mb.Problem(HALF, list(torch.tensor([0.5, 0.5])), p_s_given_x=channel.half()).p_s_given_x.shape == (
        2,
        3,
    )
    with pytest.raises(mb.ProblemError, match=r"p_x.*no array"):
        mb.Problem(torch.tensor([0.5, 0.5]).to_sparse(), HALF)
    with pytest.raises(mb.ProblemError, match=r"p_x\[0\]"):
        mb.Problem(torch.tensor([True, False]), HALF)


def test_distributions_of_dit():
    dit = pytest.importorskip("dit")
    problem = mb.Problem(dit.Distribution(["a", "b"], [0.25, 0.75]), HALF)
    assert problem.x_letters == ("a", "b")
    logarithmic = dit.Distribution([("a",), ("b",)], [0.25, 0.75])
    logarithmic.set_base(2)
    assert mb.Problem(logarithmic, HALF).p_x == pytest.approx([0.25, 0.75])
    with pytest.raises(mb.ProblemError, match="2 variables"):
        mb.Problem(dit.Distribution(["00", "11"], [0.5, 0.5]), HALF)


def test_values_of_a_mapping_and_other_sequences():
    for law in (Counter("ab").values(), range(1, 3), (1, 1), np.array([1, 1], dtype=np.uint8)):
        assert len(mb.Problem(law, HALF, normalize=True).p_x) == 2


BIG = 10**5000
NOT_A_LAW = [
    {0.5},
    iter([1.0]),
    (mass for mass in HALF),
    np.array(1.0),
    np.array([], dtype=float),
    np.array([1 + 0j]),
    np.ma.masked_array([0.5, 0.5], mask=[False, True]),
    [0.5, [0.5]],
    [np.array([0.5, 0.5])],
    [Decimal("NaN"), 1],
    [Decimal("sNaN"), 1],
    [Decimal("Infinity"), 1],
    [Decimal("1e999999999"), 1],
    [Decimal("1e-999999999"), 1],
    ["1e999999999", 1],
    ["1e99999999999999999999", 1],
    ["9" * 5000, 1],
    ["1/" + "9" * 5000, 1],
    ["1_0/20", "1/2"],
    ["٣/٣"],
    ["1/0"],
    [BIG, 1],
    [Fraction(1, BIG), 1],
    [None, 1],
    [b"1"],
    [True, False],
    [1j],
    [np.datetime64("NaT"), 1],
    None,
    b"\x01",
    1.0,
    object(),
    [-1e308, 1e308],
]


@pytest.mark.parametrize("place", range(len(NOT_A_LAW)))
@pytest.mark.parametrize("normalize", [False, True])
def test_what_is_no_law_meets_our_errors_alone(place, normalize):
    law = NOT_A_LAW[place]
    with pytest.raises(mb.ProblemError, match="p_x") as caught:
        mb.Problem(law, HALF, normalize=normalize)
    assert len(str(caught.value)) < 500
    with pytest.raises(mb.ProblemError):
        mb.Problem(HALF, HALF, p_s_given_x=[law, HALF], normalize=normalize)


def test_an_exact_count_beside_a_float_may_exceed_the_floats():
    problem = mb.Problem([0.0, 10**400, -1e-17], HALF, normalize=True)
    assert problem.p_x.tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(mb.ProblemError, match="sums to more than"):
        mb.Problem([0.0, 10**400], HALF)


@pytest.mark.parametrize("place", range(3))
def test_large_counts_are_counts(place):
    """Float sums would overflow; they are no pmf, and are divided on request."""
    law = [[10**400, 10**400], [1e308, 1e308], [5e-324, 5e-324]][place]
    with pytest.raises(mb.ProblemError, match="sums to"):
        mb.Problem(law, HALF)
    assert mb.Problem(law, HALF, normalize=True).p_x.tolist() == HALF


NOT_A_NUMBER = [10**400, BIG, -BIG, Fraction(BIG), Decimal("NaN"), Decimal("sNaN"), Decimal("1e400")]
NOT_A_NUMBER += [
    "1e400",
    "-1",
    "nan",
    "",
    np.array([0.5]),
    np.nan,
    np.datetime64("NaT"),
    True,
    1j,
    [],
    {},
]


@pytest.mark.parametrize("place", range(len(NOT_A_NUMBER)))
@pytest.mark.parametrize(
    "name", ["rate", "max_label_entropy", "min_label_entropy", "p_y_tolerance", "smoothing"]
)
def test_what_is_no_number_meets_our_errors_alone(place, name):
    with pytest.raises(mb.ProblemError) as caught:
        mb.Problem(HALF, HALF, **{"p_s_given_x": np.eye(2), name: NOT_A_NUMBER[place]})
    assert caught.value.argument == name
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "number", [Decimal("NaN"), "-1", "nan", np.array([0.5]), np.nan, True, 1j, [], -(10**400)]
)
@pytest.mark.parametrize("name", ["time_limit", "gap"])
def test_options_of_solve_meet_our_errors_alone(name, number):
    with pytest.raises(mb.ProblemError) as caught:
        mb.solve(mb.Problem(HALF, HALF), **{name: number})
    assert caught.value.argument == name


def test_one_large_number_costs_no_time_or_memory():
    """Fractions with coprime denominators multiply; beyond a megabit the sum is refused."""
    primes = [Fraction(1, 3**2000 + 2 * k) for k in range(400)]
    with pytest.raises(mb.ProblemError, match="common"):
        mb.Problem(primes, HALF, normalize=True)


def test_the_problem_keeps_its_own_copy():
    """Arrays that change after the problem was made do not change what it writes."""
    p_x, counts = np.array([0.5, 0.5]), [0.25, 0.75]
    problem = mb.Problem(p_x, counts)
    p_x[0], counts[0] = 0.75, 0.5
    assert problem.p_x.tolist() == problem.to_document()["p_x"] == [0.5, 0.5]
    assert problem.to_document()["p_y"] == [0.25, 0.75]


def test_normalize_is_offered_where_there_is_such_an_argument_alone():
    with pytest.raises(mb.ProblemError) as caught:
        mb.to_deterministic([0.5, 0.4], [1.0], [[[1.0]], [[1.0]]], [[[1.0]]])
    assert "p_x sums to 0.9" in str(caught.value)
    assert "normalize" not in str(caught.value)
    with pytest.raises(mb.ProblemError, match="pass normalize=True"):
        mb.Problem([0.5, 0.4], HALF)


def test_arrays_for_callers_are_their_own():
    given = np.array([0.5, 0.5])
    floats, _ = pmf("p", given)
    floats[0] = 0.25
    assert given.tolist() == [0.5, 0.5]
    rows, _ = row_stochastic("channel", [given, given], 2)
    rows[0] = 0.0
    assert given.tolist() == [0.5, 0.5]


MASKED = np.ma.masked_array([0.5, 0.5], mask=[False, True])


@pytest.mark.parametrize(
    "read",
    [
        lambda: mb.CostCap(np.ma.masked_array(np.eye(2), mask=np.eye(2)), at_most=1),
        lambda: mb.Moment(MASKED, [0, 1], at_least=0.1),
        lambda: mb.Problem([0.5, 0.5], [0.5, 0.5], np.ma.masked),
        lambda: mb.rate_curve(mb.Problem([0.5, 0.5], [0.5, 0.5]), MASKED),
        lambda: mb.to_deterministic(
            [0.5, 0.5], [1], np.ma.masked_array([[[1, 0]]] * 2, mask=True), np.eye(2)
        ),
        lambda: mb.Mixture([[0, 1]], [1]).sample(np.ma.masked_array([0, 1], mask=[0, 1]), 1),
        lambda: mb.codec.Encoder(mb.Mixture([[0, 1]], [1]), [0.5, 0.5], seed=1).encode(
            np.ma.masked_array([0, 1], mask=[0, 1])
        ),
    ],
)
def test_what_is_masked_is_read_nowhere(read):
    """The numbers below a mask were taken for given."""
    with pytest.raises(mb.ProblemError, match="masked"):
        read()


def test_a_tensor_is_read_wherever_an_array_is():
    """One that has a gradient, or holds nothing, ended in an error of torch."""
    torch = pytest.importorskip("torch")
    costs = torch.eye(2, requires_grad=True)
    assert mb.CostCap(costs, at_most=1).costs == ((1.0, 0.0), (0.0, 1.0))
    encoder, decoder = torch.eye(2).reshape(2, 1, 2).requires_grad_(), torch.eye(2).reshape(2, 1, 2)
    assert mb.to_deterministic([0.5, 0.5], [1], encoder, decoder).mappings.tolist() == [[0, 1]]
    nothing, sparse = torch.zeros(2, device="meta"), torch.eye(2).to_sparse()
    for read in (
        lambda: mb.Problem(nothing, [0.5, 0.5]),
        lambda: mb.Problem([0.5, 0.5], [0.5, 0.5], nothing[0]),
        lambda: mb.bernoulli.value(nothing, 0.5, 0.5, 0.5, 1),
        lambda: mb.bernoulli.value(sparse, 0.5, 0.5, 0.5, 1),
        lambda: mb.Mixture(sparse, [0.5, 0.5]),
        lambda: mb.CostCap(sparse, at_most=1),
        lambda: mb.to_deterministic([0.5, 0.5], [1], torch.zeros(2, 1, 2, device="meta"), decoder),
    ):
        with pytest.raises(mb.MecboptError):
            read()
