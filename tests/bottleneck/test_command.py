"""`mecbopt bottleneck`."""

from __future__ import annotations

import json

import pytest

from mecbopt.cli.main import entry_point

BITS = ("--px", "0.7,0.3", "--py", "0.7,0.3")
EQUAL = ("--px", "1/3,1/3,1/3", "--py", "1/3,1/3,1/3", "--rate", "1.2")


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as leaving:
        entry_point(["bottleneck", *arguments])
    captured = capsys.readouterr()
    return leaving.value.code, captured.out, captured.err


def test_figures_tables_and_json(capsys, tmp_path):
    path = tmp_path / "result.json"
    code, out, _ = run(capsys, *BITS, "--rate", "0.7", "--json", str(path))
    assert code == 0
    for text in ("optimal", "I(X;Y)", "rate H(T)", "two-step greedy", "p(t|x)", "p(y|t)"):
        assert text in out
    assert json.loads(path.read_text())["status"] == "optimal"


def test_the_document_alone_on_standard_output(capsys):
    code, out, err = run(capsys, *BITS, "--rate", "0.7", "--json", "-", "--quiet")
    assert code == 0
    assert json.loads(out)["units"] == "bits"
    assert "I(X;Y)" in err


def test_a_file_and_a_limit(capsys, tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text("p_x = ['1/3', '1/3', '1/3']\np_y = ['1/3', '1/3', '1/3']\nrate = 1.2\n")
    code, out, _ = run(capsys, str(path), "--node-limit", "1")
    assert code == 3
    assert "node limit" in out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "no problem is given"),
        ((*BITS, "--rate", "-1"), "--rate is -1"),
        ((*BITS, "--gap", "0"), "--gap is 0"),
        ((*BITS, "--time-limit", "0"), "--time-limit is 0"),
        ((*BITS, "--distortion", "0,1;1,0"), "--distortion is given"),
        ((*BITS, "--min-agreement", "0.5"), "constraints"),
        ((*EQUAL, "--ps-given-x", "1,0;0,1;0,1", "--max-label-entropy", "0.5"), "--max-label-entropy is 0.5"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(capsys, arguments, word):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert not out
    assert word in err
    assert err.count("\n") == 1
