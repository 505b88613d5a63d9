"""Each kind of step refuses a false claim, and a failed proof never exits 0."""

from __future__ import annotations

import sys
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb

from mecbopt import _proofs as proofs
from mecbopt._proofs import Lemma, Method, ProofError, Step, Verdict, cited, runner
from mecbopt._proofs.tools.ball import ball_step, conditional_entropy, cover_step, entropy, interval, phi
from mecbopt._proofs.tools.sums import Rule, S, sum_identity
from mecbopt._proofs.tools.symbolic import certified_sign, identity, ln, root_count, sign_step, vanishes
from mecbopt.cli import prove as command
from mecbopt.cli.main import entry_point

x = sp.Symbol("x", real=True)
u, v = sp.symbols("u v", positive=True)


def lemma(*steps, admitted=()):
    return Lemma("label", "statement", (), steps, admitted)


@pytest.mark.parametrize(
    "step",
    [
        identity("log of a product", lambda: (ln(x * 6), ln(x) + ln(2))),
        identity("a wrong factor", lambda: (sp.diff(x * ln(x), x), 2 * ln(x) + 1)),
        identity("nothing", list),
        sign_step("the wrong sign", lambda: [(1 - x, {x: 1 / (1 + u)}, -1)]),
        sign_step("no sign", lambda: [(1 - x, {x: u}, 1)]),
        sign_step("zero", lambda: [(x - x, {x: u}, 1)]),
        sign_step("a loose symbol", lambda: [(x, {}, 1)]),
        sign_step("nothing", list),
        root_count("two roots", lambda: (x**2 - 1, x, 0, 2, 2)),
        sum_identity(
            "wrong sum", lambda: [(S("w_k q_ky", "k"), S("r_y r_y"))], (Rule("w_k q_ky", "k", "r_y"),)
        ),
        sum_identity(
            "other index", lambda: [(S("w_k q_ky H_k", "k"), S("r_y H_k"))], (Rule("w_k q_ky", "k", "r_y"),)
        ),
        sum_identity("a free index", lambda: [(S("w_k q_ky"), S("r_y"))], (Rule("w_k q_ky", "k", "r_y"),)),
        sum_identity("empty", lambda: [(S("w") - S("w"), S("w") - S("w"))], ()),
        sum_identity("nothing", list, ()),
        sum_identity("no carrier", lambda: [(S("w_k", "ky"), S("w_k", "k"))], ()),
        ball_step("too tight", lambda: (bool(entropy(arb(0.25)) > arb(0.9)), "")),
        ball_step("no probability", lambda: (bool(entropy(arb(7.25)) < 1), "")),
        cover_step("false in a corner", lambda: [((Fraction(0), Fraction(1)),)], lambda box: box[0] < 1, 500),
        Step("no account", Method.CASES, lambda: ""),
        Step("a broken check", Method.CASES, lambda: 1 / 0),
    ],
    ids=lambda step: step.claim,
)
def test_a_false_claim_fails(step, monkeypatch):
    monkeypatch.setattr(runner, "load", lambda name: lemma(step))
    result = proofs.run("lemma_1")
    assert [one.verdict for one in result.steps] == [Verdict.FAILED]
    assert not result.proved


def test_true_claims_of_each_kind_pass(monkeypatch):
    steps = (
        identity("logs", lambda: (ln(12 * x / (1 - x)), 2 * ln(2) + ln(3) + ln(x) - ln(1 - x))),
        sign_step("sign", lambda: [((1 - 2 * x) ** 3 / x, {x: 1 / (2 + u)}, 1)]),
        root_count("roots", lambda: (x**2 - 1, x, 0, 2, 1)),
        sum_identity(
            "sum", lambda: [(S("w_k q_ky L_y", "ky"), S("r_y L_y", "y"))], (Rule("w_k q_ky", "k", "r_y"),)
        ),
        ball_step("ball", lambda: (bool(entropy(arb(0.25)) > arb(0.81)), "fine")),
        cover_step(
            "cover", lambda: [((Fraction(0), Fraction(1)),)], lambda box: entropy(box[0]) < 1.001, 5000
        ),
    )
    monkeypatch.setattr(runner, "load", lambda name: lemma(*steps))
    result = proofs.run("lemma_1")
    assert result.proved, result.steps


def test_a_lemma_with_an_admitted_step_is_not_proved(monkeypatch):
    good = identity("true", lambda: (x, x))
    monkeypatch.setattr(runner, "load", lambda name: lemma(good, admitted=("a gap",)))
    assert not proofs.run("lemma_1").proved


def test_citations_alone_prove_nothing():
    with pytest.raises(ValueError, match="proves nothing"):
        lemma(cited("a fact", "A book"))
    with pytest.raises(ValueError, match="no check"):
        Step("skipped", Method.IDENTITY)
    with pytest.raises(ValueError, match="needs its source"):
        Step("unsourced", Method.CITED)


def test_circular_lemmas_are_refused(monkeypatch):
    runner._proved.cache_clear()
    monkeypatch.setattr(runner, "load", lambda name: lemma(runner.uses("itself", "lemma_1")))
    assert not proofs.run("lemma_1").proved
    runner._proved.cache_clear()
    step = runner.uses("unknown", "no_such_lemma")
    with pytest.raises(ProofError, match="there is no lemma"):
        step.check()


def test_logs_of_other_functions_are_refused():
    with pytest.raises(ProofError, match="functions other"):
        vanishes(sp.sin(x))
    with pytest.raises(ProofError, match="both signs"):
        certified_sign(u - v, {})


def test_enclosures_hold_the_value():
    for low, high in ((0, 0.25), (0.2, 0.3), (0.25, 1), (0, 1)):
        box = interval(Fraction(low), Fraction(high))
        for share in (0, 0.3, 1):
            point = low + share * (high - low)
            value = 0.0 if point in (0, 1) else float(phi(arb(point)))
            assert phi(box).contains(arb(value)) or abs(float(phi(box).mid()) - value) <= float(
                phi(box).rad()
            )
    assert conditional_entropy(arb(0.3), arb(0.3), arb(0)).overlaps(entropy(arb(0.3)))


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as leaving:
        entry_point(["prove", *arguments])
    captured = capsys.readouterr()
    return leaving.value.code, captured.out, captured.err


def test_a_failed_proof_exits_with_1(capsys, monkeypatch):
    used = command.load_proofs()
    module = sys.modules[f"{used.__name__}.runner"]
    lemma_module = sys.modules[f"{used.__name__}.lemma"]
    broken = lemma_module.Step("false", lemma_module.Method.CASES, lambda: 1 / 0)
    monkeypatch.setattr(module, "load", lambda name: lemma_module.Lemma("l", "s", (), (broken,)))
    code, out, _ = run(capsys, "lemma_1")
    assert code == 1
    assert "ZeroDivisionError" in out
    assert "0 of 1 lemmas proved" in out


def test_a_missing_dependency_exits_with_1(capsys, monkeypatch):
    used = command.load_proofs()
    monkeypatch.delitem(sys.modules, f"{used.__name__}.erratum_theorem_2", raising=False)
    monkeypatch.delitem(sys.modules, f"{used.__name__}.tools.ball", raising=False)
    monkeypatch.setitem(sys.modules, "flint", None)
    code, out, _ = run(capsys, "erratum_theorem_2")
    assert code == 1
    assert "FAILED" in out


def test_proofs_that_are_not_installed_exit_with_1(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mecbopt._proofs", None)
    code, _, err = run(capsys, "lemma_1")
    assert code == 1
    assert "the proofs cannot be loaded" in err


def test_unknown_names_are_a_usage_error(capsys):
    code, _, err = run(capsys, "lemma_9")
    assert code == 2
    assert "lemma_9" in err


def test_the_command_proves_and_exports(capsys, tmp_path):
    code, out, _ = run(capsys, "lemma_1", "support", "--steps")
    assert code == 0
    assert "2 of 2 lemmas proved" in out
    for form in ("markdown", "latex", "table"):
        path = tmp_path / form
        assert run(capsys, "lemma_1", "column_jensen", "--format", form, "--out", str(path))[0] == 0
        assert "Jensen" in path.read_text() or "column_jensen" in path.read_text()
    code, out, _ = run(capsys, "--list")
    assert tuple(out.split()) == proofs.NAMES


def test_processes_give_the_same_verdicts(capsys):
    code, out, _ = run(capsys, "lemma_1", "exchange", "support", "--jobs", "2", "--format", "markdown")
    assert code == 0
    assert out.strip() == run(capsys, "lemma_1", "exchange", "support", "--format", "markdown")[1].strip()
