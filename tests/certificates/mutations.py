"""Changed certificates: entry by entry, in meaning, in the text, in the compressed file."""

from __future__ import annotations

import copy
import functools
import gzip
import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mecbopt as mb
from tests.certificates.builder import ONE, Builder
from tests.certificates.family import MEMBERS, combined_document, member

Document = dict[str, Any]

#: What an entry may be replaced by, whatever it was.
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 12, 10**8, 999_999_999, 10**9, 10**40, 1.0, 0.5, float("nan"),
    float("inf"), "", "0", "-0", "00", "1", "-1", "1/1", "1/0", "0/1", "-1/1", "1/-1", "+1", " 1", "1 ",
    "1\n", "1/2\n", "a", "A", "-a", "--1", "1_0", "1e3", "0x1", "1.5", "١", "½", "1/3/1", "/", "-",
    "9" * 4096, "9" * 4097, "f" * 40, "f" * 41, "1000000000000", "1000000000001", "value", "infeasible",
    "bound", "farkas", "row", "column", "lower", "upper", "split", "tighten", "close", "empty", "record",
    "order", "constraint", [], {}, [[]], [0, 0], {"kind": "infeasible"}, "\u0000", "\ud800",
)  # fmt: skip


#: The limits of a label that version 2 added, absent.
_UNSEEN = {"max_entropy_given_y": None, "min_entropy_given_y": None}


@functools.cache
def corpus() -> tuple[Document, ...]:
    """Valid certificates of at most 30 records: every kind of claim, limit, order and version."""
    channel = [["9/10", "1/10"], ["1/10", "9/10"]]
    problems = [
        (mb.Problem(["7/10", "3/10"], ["7/10", "3/10"], rate="0.378"), 1e-4),
        (mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], rate="1/2"), 1e-4),
        (mb.Problem(["1/4", "3/4"], ["1/3", "2/3"], rate="1/2"), 1e-3),
        (mb.Problem(["1/3", "1/3", "1/3"], ["1/3", "1/3", "1/3"], rate="1/2"), 1e-2),
        (mb.Problem(["1/2", "3/10", "1/5"], ["3/5", "3/10", "1/10"], rate="0.6"), 2e-2),
        (mb.Problem(["1/2", "0", "1/2"], ["2/5", "3/5", "0"], rate="0.9"), 1e-2),
        (mb.Problem(["1/3", "2/3"], ["1/6", "1/3", "1/2"], rate="0.05"), 1e-2),
        (
            mb.Problem(
                ["3/10", "7/10"], ["2/5", "3/5"], rate="1/2", p_s_given_x=channel, max_label_entropy="7/10"
            ),
            1e-2,
        ),
        (mb.Problem(["1/2", "1/2"], ["1/2", "1/2"], p_s_given_x=channel, max_label_entropy="2/5"), 1e-2),
    ]
    documents = [json.loads(mb.certify(problem, gap=gap).to_json()) for problem, gap in problems]
    # A label without a limit, which the writer leaves out.
    documents[2]["problem"]["label"] = {"p_s_given_x": channel, "max_entropy": None, **_UNSEEN}
    documents.append(slow_infeasible())
    documents += version_1()
    documents += [json.loads(mb.certify(problem, gap=gap).to_json()) for problem, gap in map(member, MEMBERS)]
    documents.append(combined_document())
    assert all(len(document["records"]) <= 30 for document in documents)
    return tuple(documents)


def version_1() -> list[Document]:
    """Certificates as the package wrote them when there was version 1 alone."""
    path = Path(__file__).with_name("version_1.json")
    documents: list[Document] = json.loads(path.read_text(encoding="utf-8"))
    return documents


def slow_infeasible() -> Document:
    """Infeasibility by one Farkas record, from the slow builder."""
    half = (Fraction(1, 2), Fraction(1, 2))
    rows = ((Fraction(9, 10), Fraction(1, 10)), (Fraction(1, 10), Fraction(9, 10)))
    builder = Builder(half, half, Fraction(1, 2), rows, Fraction(2, 5))
    _, record, _ = builder.relax(*builder.root(), farkas=True)
    builder.records, builder.tree = [record], [["close", 0]]
    return builder.document({"kind": "infeasible"})


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path] * bool(path) + [found for key, entry in entries for found in _paths(entry, (*path, key))]


def _holder(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def _field(document: Document, generator: random.Random) -> None:
    """One entry anywhere becomes something else, goes, or stands twice."""
    # A key of the top level first, so that long parts do not take all the changes.
    key = generator.choice(list(document))
    path = generator.choice([(key, *rest) for rest in [*_paths(document[key]), ()]])
    holder = _holder(document, path)
    old = holder[path[-1]]
    action = generator.random()
    if action < 0.35:
        holder[path[-1]] = copy.deepcopy(generator.choice(HOSTILE))
    elif action < 0.6 and isinstance(old, str) and old:
        at = generator.randrange(len(old))
        holder[path[-1]] = (
            old[:at] + generator.choice("0123456789abcdefA-/+ .") + old[at + generator.randrange(2) :]
        )
    elif action < 0.6 and isinstance(old, int) and not isinstance(old, bool):
        holder[path[-1]] = old + generator.choice((-1, 1, 2, 10))
    elif action < 0.75:
        del holder[path[-1]]
    elif isinstance(holder, list):
        holder.insert(generator.randrange(len(holder) + 1), copy.deepcopy(generator.choice(holder)))
    else:
        holder[generator.choice(["kind", "x", "", "lower", "order", "KIND"])] = copy.deepcopy(old)


def _number(text: str, change: int) -> str:
    value = int(text, 16) + change
    return format(value, "x")


def _grid_number(document: Document, generator: random.Random) -> None:
    """A number of a record moves by a unit, by much, or changes its sign."""
    record = generator.choice(document["records"])
    key = generator.choice([key for key in record if key != "kind" and record[key] != []])
    change = generator.choice((1, -1, 2, -2, 1 << 10, -(1 << 10), 1 << 30, -(1 << 30), 1 << 44, -(1 << 44)))
    if isinstance(record[key], str):
        record[key] = _number(record[key], change)
        return
    cell = generator.randrange(len(record[key]))
    value = int(record[key][cell], 16)
    record[key][cell] = format(generator.choice((-value, value + change, 0, ONE, 2 * value)), "x")


def _sliver(document: Document, generator: random.Random) -> None:
    """A record's box, or one side of a split, ends short of where it did, by a unit or by more."""
    splits = [node for node in document["tree"] if node[0] == "split"]
    change = generator.choice((1, -1, 1 << 8, -(1 << 8), 1 << 24, -(1 << 24)))
    if splits and generator.random() < 0.5:
        node = generator.choice(splits)
        node[2] = _number(node[2], change)
    else:
        record = generator.choice(document["records"])
        if not record["lower"]:
            # It had the box of its first node: now it states one, which may be the right one.
            count = len(record["cells"])
            record["lower"], record["upper"] = ["0"] * count, [format(ONE, "x")] * count
        cell = generator.randrange(len(record["lower"]))
        side = generator.choice(("lower", "upper"))
        record[side][cell] = _number(record[side][cell], abs(change) if side == "lower" else -abs(change))


def _node(document: Document, generator: random.Random) -> None:
    """A node goes, doubles, changes places with another, or says something else."""
    tree = document["tree"]
    index = generator.randrange(len(tree))
    action = generator.randrange(6)
    if action == 0:
        del tree[index]
    elif action == 1:
        tree.insert(index, list(generator.choice(tree)))
    elif action == 2:
        other = generator.randrange(len(tree))
        tree[index], tree[other] = tree[other], tree[index]
    elif action == 3:
        swaps = {"row": "column", "column": "row", "lower": "upper", "upper": "lower", "record": "order"}
        tree[index] = [swaps.get(entry, entry) if isinstance(entry, str) else entry for entry in tree[index]]
    elif action == 4:
        cells = len(document["records"][0]["cells"])
        tree[index] = generator.choice(
            [
                ["empty", generator.choice(("row", "column")), generator.randrange(4)],
                ["close", generator.randrange(len(document["records"]) + 1)],
                ["split", generator.randrange(cells), format(generator.randrange(ONE), "x")],
                ["tighten", "order", generator.randrange(cells), generator.choice(("lower", "upper")), 0],
                ["tighten", "record", generator.randrange(cells), generator.choice(("lower", "upper")), 0],
                ["tighten", "row", generator.randrange(cells), generator.choice(("lower", "upper"))],
                [
                    "tighten",
                    "constraint",
                    generator.randrange(cells),
                    generator.choice(("lower", "upper")),
                    0,
                ],
                ["empty", "constraint", 0],
            ]
        )
    else:
        closed = [i for i, node in enumerate(tree) if node[0] == "close"]
        if len(closed) > 1:
            one, other = generator.sample(closed, 2)
            tree[one], tree[other] = tree[other], tree[one]


def _claim(document: Document, generator: random.Random) -> None:
    """The claimed interval moves, by a hair or by much, or becomes another claim."""
    claim = document["claim"]
    if claim["kind"] == "infeasible" or generator.random() < 0.1:
        document["claim"] = generator.choice(
            ({"kind": "infeasible"}, {"kind": "value", "lower": "0", "upper": "1/100"}, {"kind": "value"})
        )
        if generator.random() < 0.5:
            document["witness"] = None
        return
    side = generator.choice(("lower", "upper"))
    size = generator.choice(
        (Fraction(1, 2**100), Fraction(1, 10**15), Fraction(1, 10**9), Fraction(1, 10**4), 1)
    )
    claim[side] = str(Fraction(claim[side]) + generator.choice((-1, 1)) * size)


def _weight(document: Document, generator: random.Random) -> None:
    """Weight moves from one mapping to another, by as little as 1e-15; or a mapping changes."""
    witness = document["witness"]
    if witness is None:
        return
    if generator.random() < 0.5 and len(witness["weights"]) > 1:
        one, other = generator.sample(range(len(witness["weights"])), 2)
        moved = generator.choice(
            (Fraction(1, 10**15), Fraction(1, 10**6), Fraction(1, 10), Fraction(1, 2**200))
        )
        witness["weights"][one] = str(Fraction(witness["weights"][one]) - moved)
        witness["weights"][other] = str(Fraction(witness["weights"][other]) + moved)
    else:
        mapping = generator.choice(witness["mappings"])
        mapping[generator.randrange(len(mapping))] = generator.randrange(len(document["problem"]["p_y"]) + 1)


def _problem(document: Document, generator: random.Random) -> None:
    """Limits and masses move; the problem may stay what it was, written otherwise."""
    problem = document["problem"]
    action = generator.randrange(5)
    if action == 0 and problem["rate"] is not None:
        change = generator.choice(
            (Fraction(1, 10**15), Fraction(1, 10**6), Fraction(1, 10), -Fraction(1, 10**15))
        )
        problem["rate"] = str(Fraction(problem["rate"]) + change)
    elif action == 1:
        problem["rate"] = generator.choice((None, "0", "5", "1"))
    elif action == 2:
        pmf = problem[generator.choice(("p_x", "p_y"))]
        one, other = generator.sample(range(len(pmf)), 2)
        moved = generator.choice((Fraction(1, 10**15), Fraction(1, 10), Fraction(pmf[one])))
        pmf[one], pmf[other] = str(Fraction(pmf[one]) - moved), str(Fraction(pmf[other]) + moved)
    elif action == 3:
        pmf = problem[generator.choice(("p_x", "p_y"))]
        index = generator.randrange(len(pmf))
        value = Fraction(pmf[index])
        pmf[index] = f"{value.numerator * 7}/{value.denominator * 7}"
    else:
        limits = (None, "1", "9/10", "1/2", "1/10", "-1")
        problem["label"] = generator.choice(
            (
                None,
                {
                    "p_s_given_x": [["1/2", "1/2"]] * len(problem["p_x"]),
                    "max_entropy": generator.choice(limits),
                    **(_UNSEEN if document["version"] == 2 else {}),
                },
                problem["label"] and {**problem["label"], "max_entropy": generator.choice(limits)},
            )
        )


def _family(document: Document, generator: random.Random) -> None:
    """A distortion, constraint, tolerance or label limit moves, goes or joins; or the version changes."""
    problem = document["problem"]
    n, m = len(problem["p_x"]), len(problem["p_y"])
    size = generator.choice((Fraction(1, 10**15), Fraction(1, 10**6), Fraction(1, 10), -Fraction(1, 10**15)))

    def moved(value: str | None) -> str:
        return str(Fraction(value or "0") + generator.choice((-1, 1)) * size)

    action = generator.randrange(7)
    matrices = [row["coefficients"] for row in problem["constraints"]]
    matrices += [problem["distortion"]] if problem["distortion"] else []
    if action == 0 and matrices:
        row = generator.choice(generator.choice(matrices))
        at = generator.randrange(len(row))
        row[at] = moved(row[at])
    elif action == 1 and problem["constraints"]:
        row = generator.choice(problem["constraints"])
        side = generator.choice(("lower", "upper"))
        row[side] = generator.choice((None, moved(row[side])))
    elif action == 2:
        problem["p_y_tolerance"] = generator.choice(("0", "1/100", "1", "2", moved(problem["p_y_tolerance"])))
    elif action == 3 and problem["label"]:
        key = generator.choice(("max_entropy_given_y", "min_entropy_given_y"))
        problem["label"][key] = generator.choice((None, "0", "1", "9/10", moved(problem["label"][key])))
    elif action == 4:
        problem["distortion"] = None if problem["distortion"] else [["0"] * m] * (n - 1) + [["1"] * m]
    elif action == 5:
        row = {"coefficients": [["1"] * m] * n, "lower": None, "upper": generator.choice(("1", "9/10"))}
        problem["constraints"].append(row)
        for record in document["records"]:
            record["constraints"].append(generator.choice(("0", "-1", "1000000")))
    else:
        document["version"] = 3 - document["version"]


def _another(document: Document, generator: random.Random) -> None:
    """A part comes from the certificate of another problem."""
    other = copy.deepcopy(generator.choice(corpus()))
    keys = generator.choice(
        (
            ["tree"],
            ["records"],
            ["witness"],
            ["problem"],
            ["claim"],
            ["order"],
            ["records", "tree"],
            ["claim", "witness"],
        )
    )
    for key in keys:
        document[key] = other[key]


def _order(document: Document, generator: random.Random) -> None:
    """An order is stated, changed or dropped, with the multipliers that it needs or others."""
    document["order"] = generator.choice(
        (None, [0, 0], [1, 0], [0, 1], [1, 1], [5, 0], [0], [0, 0, 0], {}, 0)
    )
    count = generator.randrange(10)
    for record in document["records"]:
        record["order"] = [generator.choice(("0", "1000000", "-1")) if count < 5 else "0"] * count


CHANGES: tuple[Callable[[Document, random.Random], None], ...] = (
    _field, _grid_number, _sliver, _node, _claim, _weight, _problem, _family, _another, _order,
)  # fmt: skip


def _text(text: str, generator: random.Random) -> bytes:
    """The bytes of the text with one changed, gone, repeated, or a key doubled."""
    data = bytearray(text.encode())
    at = generator.randrange(len(data))
    action = generator.randrange(8)
    if action == 0:
        data[at] = generator.randrange(256)
    elif action == 1:
        del data[at]
    elif action == 2:
        del data[at:]
    elif action == 3:
        data[at:at] = generator.choice(
            (b"\xef\xbb\xbf", b" ", b"\n", b"\x00", b",", b"[", b"{}", b"\\u0030", b"\xff", b"0")
        )
    elif action == 4:
        data += generator.choice((b" ", b"\n", b"\x00", b"{}", b"]", b"1"))
    elif action == 5:
        key = generator.choice(
            (b'"kind"', b'"rate"', b'"order"', b'"p_x"', b'"tree"', b'"claim"', b'"weights"')
        )
        data = bytearray(bytes(data).replace(key, key + b":null," + key, 1))
    elif action == 6:
        escaped = generator.choice((b'"\\u006bind"', b'"\\u006Bind"', b'"\\kind"', b'"kind" ', b'\t"kind"\r'))
        data = bytearray(bytes(data).replace(b'"kind"', escaped, 1))
    else:
        data = bytearray(generator.choice((b"\xef\xbb\xbf", b" \n\r\t", b"\x0b", b"\xa0")) + bytes(data))
    return bytes(data)


def _packed(data: bytes, generator: random.Random) -> bytes:
    """A compressed file with a byte changed, gone or added."""
    packed = bytearray(gzip.compress(data, generator.choice((0, 1, 6, 9)), mtime=0))
    action = generator.randrange(7)
    if action == 0:
        packed[generator.randrange(len(packed))] ^= 1 << generator.randrange(8)
    elif action == 1:
        del packed[generator.randrange(len(packed)) :]
    elif action == 2:
        packed += generator.choice((b"\x00", b"\x00" * 512, b"x", gzip.compress(b""), gzip.compress(b" ")))
    elif action == 3:
        packed[:0] = gzip.compress(b"")
    elif action == 4:
        packed[3] = 8
        packed[10:10] = b"name\x00"
    elif action == 5:
        packed[generator.randrange(10)] = generator.randrange(256)
    return bytes(packed)


def mutated(generator: random.Random) -> tuple[str, bytes]:
    """A changed certificate, singly or doubly: what was done to it, and the bytes of the file."""
    document = copy.deepcopy(generator.choice(corpus()))
    names = []
    for _ in range(generator.choice((0, 1, 1, 1, 1, 2, 2))):
        change = generator.choice(CHANGES)
        names.append(change.__name__.strip("_"))
        try:
            change(document, generator)
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            # A second change that finds no place in what the first one left.
            names[-1] += "*"
    text = json.dumps(document, separators=generator.choice(((",", ":"), (", ", ": "))))
    data = text.encode()
    if not names or generator.random() < 0.08:
        data = _text(text, generator)
        names.append("text")
    if generator.random() < 0.15:
        data = _packed(data, generator)
        names.append("packed")
    return "+".join(names), data
