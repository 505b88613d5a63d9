"""`mecbopt prove`: a proof that fails, cannot load or does not exist never exits 0."""

from __future__ import annotations

import sys

import pytest

from mecbopt import _proofs as proofs
from mecbopt._proofs import Verdict, runner, step
from mecbopt._proofs.tools.language import gt
from mecbopt._proofs.tools.rules import algebra
from mecbopt.cli.main import entry_point
from tests.proofs.test_checks_can_fail import a, lemma


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as leaving:
        entry_point(["prove", *arguments])
    captured = capsys.readouterr()
    return leaving.value.code, captured.out, captured.err


def test_a_failed_proof_exits_with_1(capsys, monkeypatch):
    broken = lemma(
        step("false", gt(a, 1), algebra("positive")),
        hypotheses={"positive": gt(a, 0)},
        conclusions={"it": gt(a, 1)},
    )
    runner._proved_steps.cache_clear()
    monkeypatch.setattr(runner, "load", lambda name: broken)
    code, out, _ = run(capsys, "lemma_1")
    runner._proved_steps.cache_clear()
    assert code == 1
    assert "no certificate" in out
    assert "0 of 1 lemmas proved" in out


def test_a_lemma_that_does_not_load_exits_with_1(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mecbopt._proofs.tangent", None)
    code, out, _ = run(capsys, "tangent")
    assert code == 1
    assert "FAILED" in out


def test_a_missing_dependency_exits_with_1(capsys, monkeypatch):
    for name in [one for one in sys.modules if one.startswith("mecbopt._proofs")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flint", None)
    code, _, err = run(capsys, "lemma_1")
    assert code == 1
    assert "the proofs cannot be loaded" in err


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
    code, out, _ = run(capsys, "tangent", "chord", "--steps")
    assert code == 0
    assert "2 of 2 lemmas proved" in out
    for form in ("markdown", "latex", "table"):
        path = tmp_path / form
        assert run(capsys, "tangent", "--format", form, "--out", str(path))[0] == 0
        assert "angent" in path.read_text()
    code, out, _ = run(capsys, "--list")
    assert tuple(out.split()) == proofs.NAMES


def test_processes_give_the_same_verdicts(capsys):
    code, out, _ = run(capsys, "tangent", "chord", "phi_order", "--jobs", "2", "--format", "markdown")
    assert code == 0
    assert out.strip() == run(capsys, "tangent", "chord", "phi_order", "--format", "markdown")[1].strip()
    assert Verdict.PROVED.value == "proved"
