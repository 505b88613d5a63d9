"""Damaged problem files, solution files and CSV files: our own errors, in bounded time and memory."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

import mecbopt as mb
from mecbopt.cli.main import entry_point
from tests.stress.examples import first_finding, within
from tests.stress.findings import Finding
from tests.stress.group import Group, trying
from tests.stress.hostile import damaged_documents, hostile_json, mutated, write_json

__all__ = [
    "GROUPS",
    "check_csv",
    "check_problem_text",
    "check_solution_text",
    "solution_document",
    "write_toml",
]

Random = np.random.Generator
#: Processor seconds for one file; the files are tiny.
_SECONDS = 10.0
MEMORY_BYTES = 3 << 30

PROBLEM = {
    "p_x": [0.5, 0.3, "1/5"],
    "p_y": [0.6, 0.4],
    "rate": 0.5,
    "normalize": True,
    "label": {"p_s_given_x": [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], "max_entropy": 0.9, "sees_seed": True},
    "x_letters": ["a", "b", "c"],
    "smoothing": 0.5,
}


def _tried(claim: str, shown: str, function: Callable[[], Any]) -> Finding | None:
    """Nothing but our own errors, in time."""
    try:
        with within(_SECONDS):
            function()
    except mb.MecboptError:
        return None
    except Exception as error:  # whatever comes is what the suite is here to see
        return Finding(claim, f"{type(error).__name__}: {error}", shown)
    return None


def check_problem_text(text: bytes, suffix: str) -> Finding | None:
    """`load_problem` reads it or says why not; what it read can be written, printed and solved."""

    def load() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"problem{suffix}"
            path.write_bytes(text)
            problem = mb.load_problem(path)
            repr(problem)
            if suffix == ".json":
                json.loads(text.decode("utf-8-sig"), object_pairs_hook=_without_twins)
            json.dumps(problem.to_document(), allow_nan=False)
            if problem.p_x.size * problem.p_y.size <= 100:
                mb.solve(problem, method="greedy", time_limit=1.0).check(1e-9)

    return _tried("a problem file gives a problem or our error", f"{suffix}: {text!r}", load)


def _toml_value(value: Any) -> str:
    """A TOML value, or something close to one."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(entry)}" for key, entry in value.items()) + "}"
        )
    return json.dumps(value) if isinstance(value, str) else "" if value is None else str(value)


def write_toml(document: Any) -> bytes:
    if not isinstance(document, dict):
        return _toml_value(document).encode("utf-8", errors="surrogatepass")
    lines = (f"{json.dumps(key)} = {_toml_value(value)}" for key, value in document.items())
    return "\n".join(lines).encode("utf-8", errors="surrogatepass")


@st.composite
def _mangled(draw: Any, text: Any) -> bytes:
    """Text with bytes cut, repeated or replaced."""
    content = bytearray(draw(text))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 6))
        piece = draw(
            st.sampled_from([b"", b"\xff", b"\x00", b"[" * 2000, b"9" * 5000, b"e400", b'"', b"\xef\xbb\xbf"])
        )
        content[place : place + length] = piece
    return bytes(content)


def _many(
    draw: Callable[[], bytes], check: Callable[[bytes], Finding | None], random: Random, examples: int = 300
) -> list[Finding]:
    """Of some hundred texts the first that fails in each manner."""
    found: dict[str, Finding] = {}
    for _ in range(examples):
        text = draw()
        trying(repr(text))
        finding = check(text)
        if finding is not None:
            found.setdefault(finding.detail[:30], finding)
    return list(found.values())


def problem_files(random: Random) -> list[Finding]:
    """JSON and TOML: a valid problem that was damaged as data, as text, or both."""
    suffix = str(random.choice([".json", ".toml"]))
    write = write_json if suffix == ".json" else write_toml
    if random.random() < 0.8:
        return _many(
            lambda: write(mutated(random, PROBLEM)), lambda text: check_problem_text(text, suffix), random
        )
    texts = damaged_documents(PROBLEM).map(write)
    if random.random() < 0.4:
        texts = _mangled(texts)
    return first_finding(texts, lambda text: check_problem_text(text, suffix), random)


def solution_document(random: Random) -> dict[str, Any]:
    label = random.random() < 0.5
    document = {**PROBLEM} if label else {key: value for key, value in PROBLEM.items() if key != "label"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problem.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        solution = mb.solve(mb.load_problem(path), method="greedy")
        written = Path(folder) / "solution.json"
        solution.to_json(written)
        result: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return result


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise AssertionError(f"a key stands twice among {[key for key, _ in pairs]} and was read")
    return dict(pairs)


def check_solution_text(text: bytes) -> Finding | None:
    """`Solution.from_json` reads what is written there, no more and no less, or says why not."""

    def load() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "solution.json"
            path.write_bytes(text)
            solution = mb.Solution.from_json(path)
            repr(solution)
            document = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_without_twins)
            if solution.mixture is not None:
                read, written = solution.mixture.mappings.tolist(), document["mixture"]["mappings"]
                if read != written or [type(f) for row in written for f in row] != [
                    int for row in read for _ in row
                ]:
                    raise AssertionError(f"mappings {written} were read as {read}")
            if type(document["nodes"]) is not int or document["nodes"] != solution.nodes:
                raise AssertionError(f"nodes {document['nodes']!r} were read as {solution.nodes!r}")
            solution.check(1e-6)
            for name in ("coupling", "posterior", "rate", "log_loss", "gap", "mutual_information"):
                getattr(solution, name)
            solution.to_json(path)

    return _tried("a solution file gives a solution or our error", repr(text), load)


def solution_files(random: Random) -> list[Finding]:
    """A valid solution file that was tampered with."""
    document = solution_document(random)
    if random.random() < 0.8:
        return _many(lambda: write_json(mutated(random, document)), check_solution_text, random)
    texts = damaged_documents(document).map(write_json)
    if random.random() < 0.3:
        texts = _mangled(texts)
    return first_finding(texts, check_solution_text, random)


def check_csv(text: bytes, arguments: list[str]) -> Finding | None:
    """`mecbopt solve --samples`: exit code 0 to 3, one line of error, no traceback."""

    def call() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "samples.csv"
            path.write_bytes(text)
            call_command(["solve", "--samples", str(path), *arguments])

    return _tried("a CSV file is solved or refused", f"{arguments} {text!r}", call)


def call_command(words: list[str]) -> int:
    """The exit code of a command in this process; AssertionError unless it is one of ours, with its line."""
    out, errors = io.StringIO(), io.StringIO()
    code: Any = None
    # A mutated option may name any file: it is written where nobody misses it.
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        redirect_stdout(out),
        redirect_stderr(errors),
    ):
        try:
            entry_point(words)
        except SystemExit as request:
            code = request.code
    if code not in (0, 1, 2, 3):
        raise AssertionError(f"exit code {code!r}")
    lines = errors.getvalue().splitlines()
    if code == 2 and not any(lines):
        raise AssertionError("refused without a word")
    return int(code)


_CELLS = st.sampled_from(
    ["a", "b", "1", "2", "1.0", "", " ", "nan", "inf", "1e400", "-1", "1_0", '"', '"a,b"', '"a\nb"',
    "\u0663", "a" * 300,
     "9" * 5000, "\x00", "NA", "None", "0x1", "1e5", "\ufeff"]
) | st.text(max_size=3)  # fmt: skip


@st.composite
def _tables(draw: Any) -> bytes:
    header = draw(
        st.sampled_from(["x,y,s", "x,s", "x, y, s", "x,x,s", "", "\ufeffx,y,s", '"x",y,s', "x;y;s"])
    )
    rows = draw(st.lists(st.lists(_CELLS, min_size=0, max_size=4), max_size=6))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text: str = end.join([header, *(",".join(row) for row in rows)])
    return text.encode(
        draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"])), errors="replace"
    )


def csv_files(random: Random) -> list[Finding]:
    """Tables of samples, damaged."""
    arguments = [
        ["--x", "x", "--y", "y"],
        ["--x", "x", "--py", "0.5,0.5", "--rate", "0.3"],
        ["--x", "x", "--y", "y", "--label", "s", "--max-label-entropy", "0.5", "--time-limit", "0.5"],
        ["--x", "x", "--y", "y", "--smoothing", "1", "--method", "greedy"],
        ["--x", "x", "--y", "y", "--smoothing", "1e300", "--time-limit", "0.2"],
    ][random.integers(5)]
    if random.random() < 0.2:
        return first_finding(
            hostile_json().map(write_json), lambda text: check_problem_text(text, ".json"), random
        )
    return first_finding(_mangled(_tables()), lambda text: check_csv(text, arguments), random, examples=30)


GROUPS = (
    Group("problem-files", problem_files, memory_bytes=MEMORY_BYTES),
    Group("solution-files", solution_files, memory_bytes=MEMORY_BYTES),
    Group("csv-files", csv_files, memory_bytes=MEMORY_BYTES),
)
