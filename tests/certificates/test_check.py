"""The checker accepts what is proved and refuses what is not, with place and reason."""

from __future__ import annotations

import copy
import gzip
import json
import random
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

import mecbopt as mb
from mecbopt.certificates.arithmetic import FINE, GRID, phi_bounds
from mecbopt.certificates.check import main
from mecbopt.certificates.instance import ExactProblem
from mecbopt.certificates.records import Record, record_value
from mecbopt.certificates.witness import exact_witness
from mecbopt.cli.main import entry_point
from tests.certificates.builder import Builder, fractions, phi

SLACK = 2e-3


def proved(seed, size=(2, 2)):
    """A problem, its solution and a certificate whose interval is 2e-3 bits wide."""
    generator = np.random.default_rng(seed)
    p_x, p_y = (fractions(generator.integers(1, 9, count)) for count in size)
    rate = Fraction(int(generator.integers(2, 8)), 10)
    solution = mb.solve(mb.Problem(p_x, p_y, rate=rate))
    builder = Builder(p_x, p_y, rate)
    upper = solution.mutual_information + SLACK
    entropies = float(phi([float(p) for p in (*p_x, *p_y)]).sum())
    builder.bound(*builder.root(), entropies - upper + 1e-6)
    witness = exact_witness(ExactProblem(p_x, p_y, rate), solution.mixture.mappings, solution.mixture.weights)
    claim = {
        "kind": "value",
        "lower": str(Fraction(solution.mutual_information - 1e-9)),
        "upper": str(Fraction(upper)),
    }
    mixture = {
        "mappings": [list(mapping) for mapping in witness],
        "weights": [str(weight) for weight in witness.values()],
    }
    return solution, builder.document(claim, mixture)


@pytest.fixture(scope="module")
def valid():
    return proved(1)


def check(document, path):
    path.write_text(json.dumps(document), encoding="utf-8")
    return mb.check_certificate(path)


@pytest.mark.parametrize(("seed", "size"), [(0, (2, 2)), (1, (2, 2)), (2, (3, 2)), (3, (2, 3))])
def test_the_certified_interval_holds_the_optimum(seed, size, tmp_path):
    """Python and the command agree; compressed files are read alike."""
    solution, document = proved(seed, size)
    interval = check(document, tmp_path / "plain.json")
    assert interval.lower <= Fraction(solution.mutual_information) <= interval.upper
    assert interval.width < SLACK + 1e-8
    packed = tmp_path / "packed.json.gz"
    packed.write_bytes(gzip.compress((tmp_path / "plain.json").read_bytes()))
    assert mb.check_certificate(packed) == interval
    assert main([str(packed)]) == 0


def test_infeasibility_is_certified(tmp_path):
    """H(S|f(X)) >= H(S|X) = h(1/10) > C for every mapping: one record of multipliers proves it."""
    half = (Fraction(1, 2), Fraction(1, 2))
    rows = ((Fraction(9, 10), Fraction(1, 10)), (Fraction(1, 10), Fraction(9, 10)))
    builder = Builder(half, half, Fraction(1, 2), rows, Fraction(2, 5))
    _, record, _ = builder.relax(*builder.root(), farkas=True)
    builder.records, builder.tree = [record], [["close", 0]]
    document = builder.document({"kind": "infeasible"})
    assert check(document, tmp_path / "c.json").infeasible
    document["problem"]["label"]["max_entropy"] = "9/10"
    with pytest.raises(mb.CertificateError, match="lacks"):
        check(document, tmp_path / "c.json")


def test_a_claim_below_the_optimum_is_refused(valid, tmp_path):
    solution, document = valid
    false = copy.deepcopy(document)
    below = Fraction(solution.mutual_information - 1e-3)
    false["claim"] = {"kind": "value", "lower": str(below - 1), "upper": str(below)}
    with pytest.raises(mb.CertificateError, match=r"tree\[\d+\]: record \d+ lacks"):
        check(false, tmp_path / "c.json")


def _paths(value, path=()):
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _paths(entry, (*path, key))
    elif isinstance(value, list):
        yield path
        for index, entry in enumerate(value):
            yield from _paths(entry, (*path, index))
    else:
        yield path


def _mutated(document, generator):
    """The document with one entry changed, dropped or repeated."""
    changed = copy.deepcopy(document)
    path = generator.choice(list(_paths(document)))
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    old = holder[path[-1]]
    if isinstance(old, list) and old:
        index = generator.randrange(len(old))
        if generator.random() < 0.5:
            del old[index]
        else:
            old.insert(index, copy.deepcopy(generator.choice(old)))
    elif isinstance(old, str) and old:
        at = generator.randrange(len(old))
        holder[path[-1]] = old[:at] + generator.choice("0123456789abcdef-/") + old[at + 1 :]
    else:
        holder[path[-1]] = generator.choice([0, 1, -1, 10**8, None, "", "0", [], {}, True])
    return changed


def test_no_mutation_proves_what_is_false(valid, tmp_path):
    """A changed certificate is refused, or its interval still holds the optimum of the problem it states."""
    _, document = valid
    generator, refused = random.Random(7), 0
    for _ in range(400):
        changed = _mutated(document, generator)
        try:
            interval = check(changed, tmp_path / "c.json")
        except mb.CertificateError:
            refused += 1
            continue
        stated = changed["problem"]
        rate = stated["rate"]
        problem = mb.Problem(
            [Fraction(p) for p in stated["p_x"]],
            [Fraction(p) for p in stated["p_y"]],
            rate=float("inf") if rate is None else Fraction(rate),
        )
        optimum = mb.solve(problem, gap=1e-8)
        assert interval.lower <= Fraction(optimum.upper_bound) + Fraction(1, 10**9)
        assert interval.upper >= Fraction(optimum.mutual_information) - Fraction(1, 10**9)
    assert refused > 150


def test_a_record_bounds_every_coupling_in_its_box_whatever_its_numbers():
    """H(X,Y) >= the record's value, for random boxes, touching intervals, shares and multipliers."""
    generator = random.Random(1)
    one = 1 << GRID
    for _ in range(150):
        n, m = generator.choice([(2, 2), (3, 2), (2, 3), (3, 3)])
        p_x = fractions([generator.randint(1, 9) for _ in range(n)])
        p_y = fractions([generator.randint(1, 9) for _ in range(m)])
        builder = Builder(p_x, p_y, Fraction(generator.randint(0, 10), 10))
        costs = [generator.gauss(0, 1) for _ in builder.mappings]
        vertex = linprog(
            costs,
            A_ub=[builder.rates],
            b_ub=[float(builder.rate)],
            A_eq=builder.laws,
            b_eq=[float(p) for p in p_y],
        )
        coupling = builder.columns @ vertex.x
        width = [abs(generator.gauss(0, 0.1)) + 1e-9 for _ in coupling]
        lower = [max(0, int((p - w) * one)) for p, w in zip(coupling, width, strict=True)]
        upper = [min(one, int((p + w) * one)) for p, w in zip(coupling, width, strict=True)]
        touches = [
            sorted(generator.randint(low, high) for _ in range(2))
            if generator.random() < 0.7
            else generator.choice([(0, one), (low, high), (low, low), (high, high)])
            for low, high in zip(lower, upper, strict=True)
        ]
        record = Record(
            False,
            lower,
            upper,
            [start for start, _ in touches],
            [end for _, end in touches],
            [generator.choice([0, one, generator.randint(0, one)]) for _ in lower],
            [int(generator.gauss(0, 0.3) * one) for _ in lower],
            [int(generator.gauss(0, 0.5) * one) for _ in p_y],
            -abs(int(generator.gauss(0, 0.5) * one)),
            0,
            [],
        )
        value = record_value(ExactProblem(p_x, p_y, builder.rate), record, []) / 2**FINE
        assert value <= phi(np.maximum(coupling, 0)).sum() + 1e-9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 9 + "]" * 9, "nests deeper"),
        ('{"format": 1, "format": 2}', "stands twice"),
        ('{"format": 1.5}', "float"),
        ('{"format": NaN}', "float"),
        ("{}", "its keys must be"),
        ('{"format": 1234567890}', "nine digits"),
        ("", "no JSON"),
    ],
)
def test_hostile_text_is_refused(text, reason, tmp_path):
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(mb.CertificateError, match=reason):
        mb.check_certificate(path)


def test_hostile_files_are_refused(tmp_path):
    """A folder, a file that is not there, and a compressed file that expands without end."""
    with pytest.raises(mb.CertificateError, match="no regular file"):
        mb.check_certificate(tmp_path)
    with pytest.raises(mb.CertificateError, match="no regular file"):
        mb.check_certificate(tmp_path / "absent")
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b" " * (1 << 28) + b"  "))
    with pytest.raises(mb.CertificateError, match="expands"):
        mb.check_certificate(bomb)
    bomb.write_bytes(gzip.compress(b"{}")[:-3])
    with pytest.raises(mb.CertificateError, match="cut short"):
        mb.check_certificate(bomb)


def test_the_command_says_what_is_proved(valid, tmp_path, capsys):
    """Exit code 0 with the interval, 1 with place and reason."""
    path = tmp_path / "c.json"
    check(valid[1], path)
    with pytest.raises(SystemExit) as left:
        entry_point(["check", str(path)])
    assert left.value.code == 0
    assert "certified" in capsys.readouterr().out
    broken = copy.deepcopy(valid[1])
    broken["tree"].pop()
    path.write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        entry_point(["check", str(path)])
    assert left.value.code == 1
    assert "missing" in capsys.readouterr().err


def test_values_at_powers_of_two_are_exact_and_others_are_enclosed():
    """phi(2^-k) = k 2^-k as an integer over 2^96; elsewhere the value is enclosed by neighbours."""
    for k in (0, 1, 2, 7, 96):
        assert phi_bounds(3, 3 << k) == ((k << FINE) >> k,) * 2
    assert phi_bounds(0, 7) == (0, 0)
    for numerator, denominator in ((1, 3), (2, 3), (3, 4), (1, (1 << 97) + 1), (10**9 - 1, 10**9)):
        low, high = phi_bounds(numerator, denominator)
        assert 0 < high - low <= 1
        assert low / 2**FINE == pytest.approx(float(phi(numerator / denominator)), abs=1e-15)


def test_the_checker_imports_no_solver():
    """Beside the folder of certificates it needs the error classes and python-flint alone."""
    code = (
        "import sys, mecbopt.certificates.check\n"
        "own = ('mecbopt.errors', 'mecbopt.certificates')\n"
        "found = [name for name in sys.modules if name.split('.')[0] in ('scipy', 'cffi', 'highspy')"
        " or name.startswith('mecbopt.') and not name.startswith(own)]\n"
        "assert not found, found\n"
        "wrong = [name for name in sys.modules if name.startswith('mecbopt.certificates.')"
        " and name.rsplit('.', 1)[1] not in"
        " ('arithmetic', 'instance', 'mixture', 'records', 'tree', 'reading', 'check')]\n"
        "assert not wrong, wrong\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
