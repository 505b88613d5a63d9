"""`mecbopt bernoulli`."""

from __future__ import annotations

import json

import pytest

from mecbopt.cli.main import entry_point


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as leaving:
        entry_point(["bernoulli", *arguments])
    captured = capsys.readouterr()
    return leaving.value.code, captured.out, captured.err


def test_the_erratum_on_the_command_line(capsys, tmp_path):
    path = tmp_path / "bits.json"
    code, out, _ = run(capsys, "--qx", "0.3", "--qy", "3/10", "--rate", "0.378", "--json", str(path))
    assert code == 0
    for text in ("0.191631", "0.127539", "antitone", "reconstructed", "0.461628566"):
        assert text in out
    assert json.loads(path.read_text())["weights"]["flip"] == pytest.approx(3 / 7)


def test_a_label_is_reported(capsys):
    code, out, _ = run(
        capsys,
        "--qx",
        "0.3",
        "--qy",
        "0.4",
        "--rate",
        "1",
        "--crossover",
        "0.1",
        "--max-label-entropy",
        "0.514578",
    )
    assert code == 0
    assert "H(S|Y,U)" in out
    assert "marginal+label" in out


def test_ties_have_no_crossover_rate(capsys):
    code, out, _ = run(capsys, "--qx", "0.5", "--qy", "0.4")
    assert code == 0
    assert "tie at every rate" in out


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["--qx", "1.5", "--qy", "0.3"], 2, "--qx is 1.5"),
        (["--qx", "0.5"], 2, "--qy"),
        (["--qx", "0.5", "--qy", "0.3", "--max-label-entropy", "0.5"], 2, "give --crossover"),
        (
            [
                "--qx",
                "0.3",
                "--qy",
                "0.4",
                "--rate",
                "0.1",
                "--crossover",
                "0.1",
                "--max-label-entropy",
                "0.5",
            ],
            1,
            "0.873",
        ),
    ],
)
def test_errors_are_one_line(capsys, arguments, code, word):
    found, out, err = run(capsys, *arguments)
    assert found == code
    assert out == ""
    assert word in err
    assert err.count("\n") == 1
