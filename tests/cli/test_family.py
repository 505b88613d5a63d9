"""Free laws and privacy on the command line and in files."""

from __future__ import annotations

from fractions import Fraction

import pytest

import mecbopt as mb
from tests.cli.conftest import Run

LABEL = ("--ps-given-x", "0.9,0.1;0.2,0.8")


def test_a_free_law_by_option_and_in_a_file(run: Run) -> None:
    done = run("solve", "--px", "0.4,0.3,0.2,0.1", "--y-size", "2", "--rate", "0.5", "--json", "free.json")
    assert done.code == 0
    solution = mb.Solution.from_json("free.json")
    assert solution.engine == "free_law"
    with open("free.toml", "w", encoding="utf-8") as file:
        file.write("p_x = [0.4, 0.3, 0.2, 0.1]\ny_size = 2\nrate = 0.5\n")
    assert run("solve", "free.toml").code == 0
    read = mb.solve(mb.load_problem("free.toml"))
    assert read.mutual_information == pytest.approx(solution.mutual_information, abs=1e-12)


def test_privacy_by_option_and_in_a_file(run: Run) -> None:
    bits = ("--px", "0.5,0.5", "--py", "0.5,0.5", "--rate", "0.9", *LABEL)
    done = run("solve", *bits, "--min-label-entropy", "0.9", "--json", "private.json")
    assert done.code == 0
    solution = mb.Solution.from_json("private.json")
    assert solution.label_entropy_without_seed >= 0.9 - 1e-9
    with open("private.toml", "w", encoding="utf-8") as file:
        file.write("p_x = [0.5, 0.5]\np_y = [0.5, 0.5]\nrate = 0.9\n[label]\n")
        file.write("p_s_given_x = [[0.9, 0.1], [0.2, 0.8]]\nmin_entropy = 0.9\n")
    read = mb.solve(mb.load_problem("private.toml"))
    assert read.mutual_information == pytest.approx(solution.mutual_information, abs=1e-6)
    assert run("solve", *bits, "--min-label-entropy", "0.9999").code == 1


def test_a_tolerance_by_option_and_in_a_file(run: Run) -> None:
    laws = ("--px", "0.5,0.3,0.2", "--py", "0.6,0.4", "--rate", "0.5")
    assert run("solve", *laws, "--py-tolerance", "1/50", "--json", "near.json").code == 0
    solution = mb.Solution.from_json("near.json")
    assert solution.problem.exact_number("p_y_tolerance") == Fraction(1, 50)
    held = mb.solve(solution.problem.replace(p_y_tolerance=0))
    assert solution.mutual_information > held.mutual_information + 1e-3
    with open("near.toml", "w", encoding="utf-8") as file:
        file.write('p_x = [0.5, 0.3, 0.2]\np_y = [0.6, 0.4]\nrate = 0.5\np_y_tolerance = "1/50"\n')
    assert mb.load_problem("near.toml").equals(solution.problem.replace(p_x=[0.5, 0.3, 0.2]))
    # The option takes the place of the file's.
    assert run("solve", "near.toml", "--py-tolerance", "0", "--json", "held.json").code == 0
    found = mb.Solution.from_json("held.json")
    assert found.mutual_information == pytest.approx(held.mutual_information, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--px", "0.5,0.5", "--py", "0.5,0.5", "--y-size", "2"), ("--y-size", "--py")),
        (("--px", "0.5,0.5", "--y-size", "0"), ("--y-size", "at least 1")),
        (("--px", "0.5,0.5", "--rate", "1"), ("--py", "--y-size")),
        (
            ("--px", "0.5,0.5", "--py", "0.5,0.5", "--min-label-entropy", "0.9"),
            ("--min-label-entropy", "label"),
        ),
        (
            (
                *("--px", "0.5,0.5", "--y-size", "2", "--max-label-entropy", "0.7", *LABEL),
                *("--label-without-seed", "--min-label-entropy", "0.1"),
            ),
            ("--min-label-entropy is 0.1", "label that does not see the seed", "leave --min-label-entropy"),
        ),
    ],
)
def test_what_does_not_fit_is_named(run: Run, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = run("solve", *options)
    assert done.code == 2
    for word in words:
        assert word in done.err
