"""The checker in JavaScript: the verdicts of the first, on valid, hostile and changed certificates."""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from mecbopt._core import tree as compiled
from tests.certificates.builder import ONE
from tests.certificates.mutations import corpus, mutated, slow_infeasible
from tests.certificates.second import FOLDER, NODE, PROGRAM, SecondChecker, first_verdict
from tests.certificates.test_check import proved
from tests.certificates.truth import holds
from tests.stress.certificates import stated_problem

pytestmark = pytest.mark.skipif(NODE is None, reason="node, which runs the second checker, is not there")
needs_core = pytest.mark.skipif(not compiled.available(), reason="the compiled core was not built")

HALF = ["1/2", "1/2"]


@pytest.fixture(scope="module")
def second():
    with SecondChecker() as checker:
        yield checker


@pytest.fixture
def agreed(second, tmp_path):
    """Both checkers' verdict on bytes or a document, which must be one."""

    def verdict(content):
        path = tmp_path / "certificate"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        first, other = first_verdict(path), second(path)
        assert first.outcome == other.outcome, (first, other)
        return other

    return verdict


def record(n, m, kind="bound", **changes):
    """A record with the box [0, 1] and no multipliers."""
    cells, touching = ["0"] * (n * m), kind == "bound"
    return {
        "kind": kind, "lower": cells, "upper": [format(ONE, "x")] * (n * m),
        "from": cells * touching, "to": [format(ONE, "x")] * (n * m * touching), "theta": cells * touching,
        "cells": cells, "marginals": ["0"] * m, "rate": "0", "label": "0", "order": [], **changes,
    }  # fmt: skip


def statement(p_x, p_y, lower, upper, mappings, weights, **changes):
    """A certificate of a value whose tree is one record."""
    kept = [sum(p.strip("-") not in ("0",) for p in pmf) for pmf in (p_x, p_y)]
    document = {
        "format": "mecbopt-certificate", "version": 1,
        "problem": {"p_x": p_x, "p_y": p_y, "rate": changes.pop("rate", None), "label": None},
        "claim": {"kind": "value", "lower": lower, "upper": upper},
        "witness": {"mappings": mappings, "weights": weights},
        "order": None, "records": [record(*kept)], "tree": [["close", 0]],
    }  # fmt: skip
    return {**document, **changes}


@pytest.mark.parametrize(("seed", "size"), [(0, (2, 2)), (2, (3, 2)), (3, (2, 3))])
def test_certificates_of_the_slow_builder_are_accepted(seed, size, agreed):
    solution, document = proved(seed, size)
    verdict = agreed(document)
    assert verdict.accepted
    assert verdict.lower <= solution.mutual_information <= verdict.upper


@needs_core
@pytest.mark.parametrize("index", range(31))
def test_certificates_of_the_package_are_accepted(index, agreed):
    document = corpus()[index]
    verdict = agreed(document)
    assert verdict.accepted
    assert holds(document["problem"], verdict)
    assert agreed(gzip.compress(json.dumps(document).encode())) == verdict


@needs_core
@pytest.mark.parametrize("block", range(4))
def test_changed_certificates_get_one_verdict_and_prove_nothing_false(block, agreed):
    """400 changes, single and double; `python -m tests.stress.certificates` makes as many as one likes."""
    accepted = 0
    for number in range(100 * block, 100 * block + 100):
        name, data = mutated(random.Random(number))
        verdict = agreed(data)
        accepted += verdict.accepted
        if verdict.accepted:
            assert holds(stated_problem(data), verdict), (number, name, verdict)
    assert 5 <= accepted <= 50


def test_powers_of_two_are_exact(agreed):
    """H of fair bits is whole, so a limit may be met without slack: [2, 4] at four even letters and R = 2."""
    identity = statement(["1/4"] * 4, ["1/4"] * 4, "2", "4", [[0, 1, 2, 3]], ["1"], rate="2")
    assert agreed(identity).accepted
    identity["claim"]["lower"] = f"{2**161 + 1}/{2**160}"
    assert "claim.lower" in agreed(identity).reason
    identity["claim"] = {"kind": "value", "lower": "2", "upper": f"{2**162 - 1}/{2**160}"}
    assert not agreed(identity).accepted
    assert agreed(statement(["1"], HALF, "0", "3", [[0], [1]], HALF, rate="0")).accepted


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("1/2", True), ("0001/0002", True), ("50/100", True), ("1/2\n", False), (" 1/2", False),
        ("+1/2", False), ("1/+2", False), ("1/-2", False), ("-1/-2", False), ("1/0", False),
        ("0.5", False), ("1e-1", False), ("١/2", False), ("1_0/20", False), ("1/2/1", False), ("", False),
        ("-", False), ("0x1/2", False), ("1/2".rjust(4096, "0"), True), ("1/2".rjust(4097, "0"), False),
    ],
)  # fmt: skip
def test_what_a_rational_is(text, accepted, agreed):
    document = statement([text, "1/2"], HALF, "0", "2", [[0, 0], [1, 1]], HALF)
    assert agreed(document).accepted == accepted


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("0", True), ("-0", True), ("-0001", True), ("0".rjust(40, "0"), True),
        ("0".rjust(41, "0"), False), ("-A", False), ("0x1", False), ("", False), ("-", False),
        ("--1", False), ("1\n", False), ("١", False),
    ],
)  # fmt: skip
def test_what_a_grid_number_is(text, accepted, agreed):
    """A multiplier of the rate; without a limit it must be 0."""
    document = statement(HALF, HALF, "0", "3", [[0, 0], [1, 1]], HALF, rate="1")
    document["records"][0]["rate"] = text
    assert agreed(document).accepted == accepted
    document["problem"]["rate"] = None
    assert agreed(document).accepted == (accepted and text.strip("-0") == "")


@pytest.mark.parametrize(
    ("index", "accepted"),
    [
        ("0", True), ("-0", True), ("00", False), ("0.0", False), ("-0.0", False), ("0e0", False),
        ("1", False), ("-1", False), ("false", False), ('"0"', False), ("1234567890", False),
        ("NaN", False),
    ],
)  # fmt: skip
def test_what_an_index_is(index, accepted, agreed):
    text = json.dumps(statement(["1"], ["1"], "0", "0", [[0]], ["1"]))
    assert agreed(text.replace('["close", 0]', f'["close", {index}]').encode()).accepted == accepted


def test_letters_of_mass_zero(agreed):
    """They are removed; a kept letter needs a kept image even where the weight is 0."""
    document = statement(["1/2", "0", "1/2"], [*HALF, "-0"], "0", "2", [[0, 2, 0], [1, 0, 1]], HALF)
    assert agreed(document).accepted
    for mapping, accepted in (([0, 1, 1], True), ([2, 0, 0], False), ([0, 3, 0], False)):
        document["witness"] = {"mappings": [[0, 2, 0], [1, 0, 1], mapping], "weights": [*HALF, "0"]}
        assert agreed(document).accepted == accepted


@pytest.mark.parametrize(
    ("tree", "accepted"),
    [
        ([["split", 0, "0"], ["empty", "row", 0], ["close", 0]], True),
        ([["split", 0, format(ONE, "x")], ["close", 0], ["close", 0]], True),
        ([["split", 0, format(ONE + 1, "x")], ["close", 0], ["close", 0]], False),
        ([["split", 0, "-1"], ["close", 0], ["close", 0]], False),
        # Ends that crossed are an empty box; nothing lies in it, no point to split at either.
        ([["split", 0, "0"], ["tighten", "row", 0, "lower"], ["empty", "column", 0], ["close", 0]], True),
        ([["split", 0, "0"], ["tighten", "row", 0, "lower"], ["close", 0], ["close", 0]], True),
        ([["split", 0, "0"], ["tighten", "row", 0, "lower"], ["split", 0, "0"], ["empty", "row", 0],
          ["empty", "row", 0], ["close", 0]], False),
        ([["split", 0, "0"], ["empty", "row", 1], ["close", 0]], False),
        ([["split", 0, "0"], ["close", 0]], False),
        ([["empty", "row", 0]], False),
        ([["close", 0], ["close", 0]], False),
        ([["close", 0, 0]], False),
        ([["close"]], False),
        ([["tighten", "row", 0, "lower"]], False),
        ([["tighten", "row", 1, "lower"], ["close", 0]], False),
        ([["tighten", "order", 0, "lower", 0], ["close", 0]], False),
        ([["tighten", "record", 0, "upper", 0], ["close", 0]], False),
        ([], False),
    ],
)  # fmt: skip
def test_what_a_tree_is(tree, accepted, agreed):
    verdict = agreed(statement(["1"], ["1"], "0", "0", [[0]], ["1"], tree=tree))
    assert verdict.accepted == accepted
    assert accepted or verdict.reason.startswith("tree")


def test_infeasibility_rests_on_farkas_records_alone(agreed):
    document = slow_infeasible()
    assert agreed(document).accepted
    unused = {**document, "records": [*document["records"], record(2, 2)]}
    assert agreed(unused).accepted
    assert not agreed({**unused, "tree": [["close", 1]]}).accepted
    assert not agreed({**document, "witness": {"mappings": [], "weights": []}}).accepted
    below = copy.deepcopy(document)
    below["problem"]["label"]["max_entropy"] = "-1"
    assert "max_entropy" in agreed(below).reason


def test_order_counts_every_pair(agreed):
    """Twelve even letters on both sides: 143 + 10 + 10 pairs."""
    even, mappings = ["1/12"] * 12, [[y] * 12 for y in range(12)]
    for count in (163, 162):
        document = statement(even, even, "-1", "8", mappings, even, order=[0, 0])
        document["records"] = [record(12, 12, order=["0"] * count)]
        assert agreed(document).accepted == (count == 163)


def _packed(flags=0, extra=b""):
    packed = gzip.compress(json.dumps(statement(["1"], ["1"], "0", "0", [[0]], ["1"])).encode(), mtime=0)
    return packed[:3] + bytes([flags]) + packed[4:10] + extra + packed[10:]


HEADER = _packed(flags=2)[:10]


#: Names, so that the contents do not become names of tests.
FILES = {
    "plain gzip": (_packed(), True),
    "flag of text": (_packed(flags=1), True),
    "name": (_packed(flags=8, extra=b"name\0"), True),
    "comment": (_packed(flags=16, extra=b"words\0"), True),
    "extra field": (_packed(flags=4, extra=b"\x02\0ab"), True),
    "header checksum": (_packed(flags=2, extra=(zlib.crc32(HEADER) & 0xFFFF).to_bytes(2, "little")), True),
    "wrong header checksum": (_packed(flags=2, extra=b"\0\0"), False),
    "reserved flag": (_packed(flags=32), False),
    "name without end": (_packed(flags=8)[:18], False),
    "zeros behind": (_packed() + b"\0", False),
    "two members": (_packed() + _packed(), False),
    "empty member first": (gzip.compress(b"") + _packed(), False),
    "cut trailer": (_packed()[:-1], False),
    "wrong length": (_packed()[:-4] + b"\0\0\0\0", False),
    "wrong checksum": (_packed()[:-8] + b"\0" * 4 + _packed()[-4:], False),
    "cut header": (_packed()[:8], False),
    "magic alone": (b"\x1f\x8b", False),
    "byte order mark": (b"\xef\xbb\xbf{}", False),
    "nothing": (b"", False),
    "empty object": (b"{}", False),
    "deep arrays": (b"[" * 10**6, False),
    "deep objects": (b'{"format":' * 10**5, False),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name, agreed):
    content, accepted = FILES[name]
    assert agreed(content).accepted == accepted


def test_a_text_without_end_is_refused(agreed):
    """256 MiB of zeros in 256 kB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    content = b"".join([*(packer.compress(zeros) for _ in range(2**8 + 1)), packer.flush()])
    assert not agreed(content).accepted


def test_deflate_of_every_kind_is_read(agreed):
    """Stored, fixed and dynamic blocks, and a window of 2^15 bytes."""
    text = json.dumps(statement(["1"], ["1"], "0", "0", [[0]], ["1"]))
    blank = "".join(random.Random(1).choices(" \n\t\r", k=200_000))
    for level, strategy in (
        (0, 0),
        (1, 0),
        (9, 0),
        (9, zlib.Z_FIXED),
        (9, zlib.Z_HUFFMAN_ONLY),
        (9, zlib.Z_RLE),
    ):
        packer = zlib.compressobj(level, zlib.DEFLATED, 31, 9, strategy)
        assert agreed(packer.compress((text + blank * 2).encode()) + packer.flush()).accepted


def test_the_command_tells_what_it_found(tmp_path):
    """Exit code 0 for what is proved, 1 for what is not, 2 without a file."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(statement(HALF, HALF, "0", "2", [[0, 0], [1, 1]], HALF)))
    bad.write_text(good.read_text().replace('"upper": "2"', '"upper": "1/3"'))

    def run(*names):
        return subprocess.run([NODE, PROGRAM, *names], capture_output=True, text=True)

    proved_run = run(good)
    assert proved_run.returncode == 0
    assert "at least 0.000000000000 and at most 2.000000000000 bits" in proved_run.stdout
    refused = run(good, bad)
    assert refused.returncode == 1
    assert "bad.json: refused: tree[0]: record 0 lacks" in refused.stdout
    assert "cannot be read" in run(tmp_path / "absent").stdout
    assert "no regular file" in run(tmp_path).stdout
    assert run().returncode == 2


def test_no_decision_rests_on_a_float():
    """No literal with a point, no Math function beyond integers, no division of Numbers but of indices."""
    for path in sorted(FOLDER.glob("*.mjs")):
        code = re.sub(
            r"/\*.*?\*/|//[^\n]*|`[^`]*`|\"[^\"]*\"", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        assert not re.search(r"\d\.\d|parseFloat|Math\.(?!floor|min|max|clz32)", code), path.name


PAGE_RUN = """
const elements = new Map();
const node = () => ({ handlers: {}, children: [], classList: { toggle() {} },
  append(...parts) { this.children.push(...parts); }, prepend(part) { this.children.unshift(part); },
  addEventListener(kind, handler) { this.handlers[kind] = handler; } });
globalThis.document = { ...node(), createElement: node,
  getElementById(id) { if (!elements.has(id)) elements.set(id, node()); return elements.get(id); } };
await import(process.argv[1]);
const { readFileSync } = await import("node:fs");
const bytes = readFileSync(process.argv[2]);
const file = (name, data) => ({ name, size: data.length, arrayBuffer: async () => data });
const files = [file("good", bytes), file("bad", bytes.subarray(1))];
elements.get("file").handlers.change({ target: { files } });
const done = () => (elements.get("results")?.children.length ?? 0) === 2;
while (!done()) await new Promise((resume) => setTimeout(resume, 5));
const words = (part) =>
  typeof part === "string" ? part : part.textContent ?? part.children.map(words).join(" ");
console.log(elements.get("results").children.map(words).join("\\n"));
"""


def test_the_page_is_one_file_that_checks(tmp_path):
    """The single page loads nothing, and its script, run with a document of its own, gives the verdicts."""
    page = tmp_path / "checker.html"
    program = Path(__file__).parents[2] / "docs" / "single_page.py"
    subprocess.run([sys.executable, str(program), str(page)], check=True)
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?:", text)
    script = tmp_path / "page.mjs"
    script.write_text(
        re.search(r"<script type=\"module\">(.*)</script>", text, re.DOTALL)[1], encoding="utf-8"
    )
    certificate = tmp_path / "certificate"
    certificate.write_bytes(_packed())
    run = subprocess.run(
        [NODE, "--input-type=module", "-e", PAGE_RUN, str(script), str(certificate)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    bad, good = run.stdout.splitlines()
    assert good.startswith("Proved  good Interval 0.000000000000 ≤ I(X;Y) ≤ 0.000000000000 bits")
    assert bad.startswith("Refused  bad Place the top level Reason it must be an object")
