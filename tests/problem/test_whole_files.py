"""Files are whole or as they were, whatever they are."""

from __future__ import annotations

import os
import stat

import pytest

import mecbopt as mb
from mecbopt.problem.whole_files import written_whole


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "result"
    path.write_bytes(b"as it was")
    with pytest.raises(TypeError), written_whole(path) as file:
        file.writelines([b"half", "no bytes"])
    assert path.read_bytes() == b"as it was"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="rights and links of POSIX")
def test_rights_and_links_stay(tmp_path):
    path, link = tmp_path / "result", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    for target in (path, link):
        with written_whole(target) as file:
            file.write(str(target).encode())
        assert path.read_bytes() == str(target).encode()
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path):
    path = tmp_path / ("a" * 250)
    with written_whole(path) as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


def test_results_are_written_whole(tmp_path, monkeypatch):
    """A write that breaks off leaves the result of yesterday."""
    problem = mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5)
    solution, proof, curve = mb.solve(problem), mb.certify(problem), mb.rate_curve(problem, [0.1])
    path = tmp_path / "result.json"
    path.write_text("as it was")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    for write, kind in (
        (solution.to_json, mb.SolutionError),
        (proof.to_json, mb.CertificateError),
        (curve.to_csv, mb.ProblemError),
        (lambda target: mb.plots.save(solution.plot(), target.with_suffix(".png")), OSError),
    ):
        with pytest.raises(kind, match="No space left"):
            write(path)
        assert path.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [path]
