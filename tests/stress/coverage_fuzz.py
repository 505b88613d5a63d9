"""Fuzzing led by coverage (atheris, where it is installed).

By hand: python -m tests.stress.coverage_fuzz TARGET SECONDS SEED.
Each failing input is printed as a line of JSON, one for each kind of failure; the search goes on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.stress.findings import Finding
from tests.stress.group import Group, trying

__all__ = ["GROUPS", "TARGETS"]

Random = np.random.Generator
TARGETS = ("problem.json", "problem.toml", "solution.json", "samples.csv", "stream.mbsy", "certificate.json")
_SECONDS = 40
_READERS = [
    *("mecbopt.problem", "mecbopt._validate", "mecbopt.cli", "mecbopt.coding", "mecbopt.codec"),
    "mecbopt.certificates",
]
#: Longest inputs, bytes, where 4,000 are too few for a whole file.
_LENGTHS = {"certificate.json": 30_000}
_DICTIONARY = (
    *(
        "p_x",
        "p_y",
        "rate",
        "label",
        "p_s_given_x",
        "max_entropy",
        "sees_seed",
        "normalize",
        "x_letters",
        "smoothing",
    ),
    *(
        "mixture",
        "mappings",
        "weights",
        "status",
        "nodes",
        "upper_bound",
        "gap_tolerance",
        "1e400",
        "-1e-17",
        "1/3",
    ),
    *("1/0", "inf", "nan", "true", "false", "null", "[[", "]]", "Infinity", "NaN"),
)


def guided(random: Random) -> list[Finding]:
    """One target for some seconds, in a process of its own."""
    if importlib.util.find_spec("atheris") is None:
        return []
    target = TARGETS[random.integers(len(TARGETS))]
    seed = int(random.integers(1, 1 << 30))
    code = f"python -m tests.stress.coverage_fuzz {target} {_SECONDS} {seed}"
    trying(code)
    done = subprocess.run(
        [sys.executable, *code.split()[1:]], capture_output=True, text=True, errors="replace", check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"claim"')]
    findings = [Finding(**json.loads(line)) for line in lines]
    if done.returncode != 0:
        findings.append(Finding("the fuzzed process survives", done.stderr[-1500:], code))
    return findings


def _check(target: str) -> Callable[[bytes], Finding | None]:
    from tests.stress.fuzz_files import check_csv, check_problem_text, check_solution_text

    if target == "stream.mbsy":
        return _without_checksums()
    if target.startswith("problem"):
        return lambda text: check_problem_text(text, Path(target).suffix)
    if target == "solution.json":
        return check_solution_text
    if target == "certificate.json":
        return _check_certificate
    words = ["--x", "x", "--y", "y", "--label", "s", "--max-label-entropy", "0.5", "--method", "greedy"]
    return lambda text: check_csv(text, words)


def _check_certificate(text: bytes) -> Finding | None:
    """A refusal, or a claim that holds."""
    from tests.certificates.second import first_verdict
    from tests.certificates.truth import holds

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        path.write_bytes(text)
        try:
            verdict = first_verdict(path)
        except Exception as error:  # whatever comes is what the suite is here to see
            detail = f"{type(error).__name__}: {error}"
            return Finding("a certificate is checked or refused", detail, repr(text))
    if verdict.accepted and not holds(json.loads(text)["problem"], verdict):
        return Finding("no false certificate is accepted", str(verdict), repr(text))
    return None


def _without_checksums() -> Callable[[bytes], Finding | None]:
    """Streams whose checksums are read and believed: no search led by coverage gets past them."""
    from mecbopt.coding.symbol_stream import StreamReader
    from tests.stress.symbol_streams import check_forged, victims

    def believe(reader: StreamReader, body: bytes, name: str) -> None:
        reader._take(4, name)

    StreamReader._compare = believe  # type: ignore[method-assign]

    def check(blob: bytes) -> Finding | None:
        for victim in victims()[9:12]:  # of three mixtures
            outcome = check_forged(victim, blob)
            if isinstance(outcome, Finding):
                return outcome
        return None

    return check


def _examples(target: str) -> list[bytes]:
    from tests.stress import fuzz_files
    from tests.stress.hostile import write_json

    if target == "stream.mbsy":
        from tests.stress.symbol_streams import victims

        return [victim.blob for victim in victims()[9:12]]
    if target == "certificate.json":
        from tests.certificates.mutations import corpus

        return sorted((json.dumps(document).encode() for document in corpus()), key=len)[:12]
    if target == "samples.csv":
        return [b"x,y,s\na,1,0\nb,2,1\na,1,1\n", b'x,y,s\n"a,b",1.5,0\n']
    if target == "solution.json":
        return [write_json(fuzz_files.solution_document(np.random.default_rng(k))) for k in range(2)]
    write = write_json if target.endswith("json") else fuzz_files.write_toml
    plain = {key: fuzz_files.PROBLEM[key] for key in ("p_x", "p_y", "rate")}
    return [write(fuzz_files.PROBLEM), write(plain)]


def fuzz(target: str, seconds: int, seed: int) -> None:
    """Fuzz one reader; does not return."""
    import atheris

    with atheris.instrument_imports(include=_READERS):
        import mecbopt.certificates.check
        import mecbopt.cli.main
        import mecbopt.cli.solve
        import mecbopt.codec
        import mecbopt.problem.files
        import mecbopt.problem.solution  # noqa: F401
    check = _check(target)
    kinds: set[str] = set()

    def one_input(text: bytes) -> None:
        finding = check(text)
        if finding is not None and finding.detail[:30] not in kinds:
            kinds.add(finding.detail[:30])
            # The readers' own output goes to a text buffer, this line to the file itself.
            os.write(1, (json.dumps(finding.document()) + "\n").encode())

    with tempfile.TemporaryDirectory() as folder:
        for number, example in enumerate(_examples(target)):
            (Path(folder) / f"example-{number}").write_bytes(example)
        words = Path(folder) / "words.dict"
        words.write_text("".join(f'"{word}"\n' for word in _DICTIONARY), encoding="utf-8")
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        options = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            "-rss_limit_mb=3000",
            "-timeout=20",
            f"-max_len={_LENGTHS.get(target, 4000)}",
        ]
        options += [f"-dict={words}", f"-artifact_prefix={folder}/"]
        atheris.Setup([sys.argv[0], *options, str(corpus), folder], one_input)
        atheris.Fuzz()


GROUPS = (Group("coverage-fuzz", guided, 400.0),)

if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
