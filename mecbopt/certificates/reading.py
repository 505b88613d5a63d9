"""Reading a certificate: everything is checked before it is used, whoever wrote the file.

Sizes, depth and the length of numbers are bounded before anything is built from them; duplicate keys, unknown
keys, floats and NaN are refused.  A message says where in the file and why.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

from mecbopt.certificates.arithmetic import GRID
from mecbopt.certificates.instance import ExactProblem, Limit, LinearRow, Matrix
from mecbopt.certificates.records import Record
from mecbopt.certificates.tree import order_pairs
from mecbopt.errors import CertificateError

__all__ = ["Document", "read_document"]

#: Bytes of a file, compressed and not.
MAX_FILE, MAX_TEXT = 1 << 26, 1 << 28
#: Nesting of the JSON text, characters of a rational and of a record's number.
MAX_DEPTH, MAX_RATIONAL, MAX_NUMBER = 8, 4096, 40
#: Letters a side, letters of the label, linear rows, mappings of the witness, records, nodes.
MAX_LETTERS, MAX_LABELS, MAX_ROWS, MAX_MAPPINGS, MAX_RECORDS, MAX_NODES = 12, 64, 64, 4096, 10**6, 10**7

#: What version 2 added to the objects of version 1, with what it is where version 1 does not have it.
_ADDED: dict[str, dict[str, Any]] = {
    "problem": {"p_y_tolerance": "0", "distortion": None, "constraints": []},
    "label": {"max_entropy_given_y": None, "min_entropy_given_y": None},
    "record": {"given_y": "0", "privacy": "0", "constraints": [], "channel": [], "laws": [], "columns": []},
}

_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9a-f]+", re.ASCII)


def _refuse(place: str, reason: str) -> NoReturn:
    raise CertificateError(f"{place}: {reason}")


class Document:
    """A certificate whose every field has the right type, shape and range.

    Attributes
    ----------
    problem : ExactProblem
        Without the letters of mass zero.
    kept_x, kept_y : tuple of int
        Indices of the letters that are kept.
    claim : tuple of Fraction, or None
        The interval (lower, upper) claimed for the value; None where infeasibility is claimed.
    mappings, weights : lists
        The witness, over the kept letters; empty for infeasibility.
    anchor : tuple of int, or None
        The cell (a, b) of the order.
    records : list of Record
    tree : list of lists
    """

    def __init__(self, data: Any) -> None:
        top = _object(data, "certificate", "format version problem claim witness order records tree")
        self._version = top["version"]
        if (
            top["format"] != "mecbopt-certificate"
            or type(self._version) is not int
            or self._version not in (1, 2)
        ):
            _refuse("format, version", "this checker reads mecbopt-certificate, versions 1 and 2.")
        self.problem = self._problem(top["problem"])
        n, m = self.problem.shape
        self.claim = _claim(top["claim"])
        self._read_witness(top["witness"])
        self.anchor: tuple[int, int] | None = None
        if top["order"] is not None:
            a, b = _list(top["order"], "order", 2)
            self.anchor = _index(a, "order[0]", n), _index(b, "order[1]", m)
        pairs = len(order_pairs(self.problem, self.anchor))
        self.records = [
            self._record(entry, f"records[{index}]", pairs)
            for index, entry in enumerate(_list(top["records"], "records", most=MAX_RECORDS))
        ]
        self.tree = [
            self._node(entry, f"tree[{index}]", n, m, pairs)
            for index, entry in enumerate(_list(top["tree"], "tree", most=MAX_NODES))
        ]

    def _entry(self, data: Any, place: str, kind: str, keys: str) -> dict[str, Any]:
        """An object with the keys of its version; those that version 1 does not have are added."""
        added = _ADDED[kind]
        entry = _object(data, place, " ".join([keys, *(added if self._version > 1 else ())]))
        return {**added, **entry}

    def _problem(self, data: Any) -> ExactProblem:
        entry = self._entry(data, "problem", "problem", "p_x p_y rate label")
        p_x = _pmf(entry["p_x"], "problem.p_x", MAX_LETTERS)
        p_y = _pmf(entry["p_y"], "problem.p_y", MAX_LETTERS)
        tolerance = _limit(entry["p_y_tolerance"], "problem.p_y_tolerance") or Fraction(0)
        self.letters = len(p_x), len(p_y)
        self.kept_x = tuple(x for x, mass in enumerate(p_x) if mass > 0)
        self.kept_y = tuple(y for y, mass in enumerate(p_y) if mass > 0 or tolerance)
        rows: Matrix | None = None
        limits: tuple[Limit, Limit, Limit] = (None, None, None)
        if entry["label"] is not None:
            rows, limits = self._label(entry["label"], "problem.label")
        given = _list(entry["constraints"], "problem.constraints", most=MAX_ROWS)
        return ExactProblem(
            tuple(p_x[x] for x in self.kept_x),
            tuple(p_y[y] for y in self.kept_y),
            _limit(entry["rate"], "problem.rate"),
            rows,
            *limits,
            tolerance,
            None if entry["distortion"] is None else self._matrix(entry["distortion"], "problem.distortion"),
            tuple(self._row(row, f"problem.constraints[{index}]") for index, row in enumerate(given)),
        )

    def _label(self, data: Any, place: str) -> tuple[Matrix, tuple[Limit, Limit, Limit]]:
        label = self._entry(data, place, "label", "p_s_given_x max_entropy")
        given = _list(label["p_s_given_x"], f"{place}.p_s_given_x", self.letters[0])
        rows = [_pmf(row, f"{place}.p_s_given_x[{x}]", MAX_LABELS) for x, row in enumerate(given)]
        if len({len(row) for row in rows}) != 1:
            _refuse(f"{place}.p_s_given_x", "the rows must have one length.")
        limits = ("max_entropy", "max_entropy_given_y", "min_entropy_given_y")
        first, second, third = (_limit(label[key], f"{place}.{key}") for key in limits)
        return tuple(tuple(rows[x]) for x in self.kept_x), (first, second, third)

    def _matrix(self, data: Any, place: str) -> Matrix:
        """A rational for each cell of the file; those of the kept cells."""
        n, m = self.letters
        rows = [_list(row, f"{place}[{x}]", m) for x, row in enumerate(_list(data, place, n))]
        matrix = [
            [_rational(entry, f"{place}[{x}][{y}]") for y, entry in enumerate(row)]
            for x, row in enumerate(rows)
        ]
        return tuple(tuple(matrix[x][y] for y in self.kept_y) for x in self.kept_x)

    def _row(self, data: Any, place: str) -> LinearRow:
        entry = _object(data, place, "coefficients lower upper")
        ends = (
            None if entry[key] is None else _rational(entry[key], f"{place}.{key}")
            for key in ("lower", "upper")
        )
        return LinearRow(self._matrix(entry["coefficients"], f"{place}.coefficients"), *ends)

    def _read_witness(self, data: Any) -> None:
        self.mappings: list[list[int]] = []
        self.weights: list[Fraction] = []
        if self.claim is None:
            if data is not None:
                _refuse("witness", "a claim of infeasibility has none: it must be null.")
            return
        entry = _object(data, "witness", "mappings weights")
        mappings = _list(entry["mappings"], "witness.mappings", most=MAX_MAPPINGS)
        weights = _list(entry["weights"], "witness.weights", len(mappings))
        place_of = {y: place for place, y in enumerate(self.kept_y)}
        for k, mapping in enumerate(mappings):
            letters = _list(mapping, f"witness.mappings[{k}]", self.letters[0])
            images = [
                _index(y, f"witness.mappings[{k}][{x}]", self.letters[1]) for x, y in enumerate(letters)
            ]
            kept = [images[x] for x in self.kept_x]
            if not place_of.keys() >= set(kept):
                _refuse(f"witness.mappings[{k}]", "it sends mass to a letter of Y that has none.")
            self.mappings.append([place_of[y] for y in kept])
        self.weights = [_rational(w, f"witness.weights[{k}]") for k, w in enumerate(weights)]

    def _record(self, data: Any, place: str, pairs: int) -> Record:
        keys = "kind lower upper from to theta cells marginals rate label order"
        entry = self._entry(data, place, "record", keys)
        problem, one = self.problem, 1 << GRID
        (n, m), varies = problem.shape, problem.p_y_tolerance > 0
        if entry["kind"] not in ("bound", "farkas"):
            _refuse(f"{place}.kind", "it must be 'bound' or 'farkas'.")
        farkas = entry["kind"] == "farkas"
        box = 0 if self._version > 1 and entry["lower"] == [] == entry["upper"] else n * m
        touching = 0 if farkas or problem.distortion else n * m
        labels = 0 if problem.privacy is None else len((problem.p_s_given_x or ((),))[0])
        # Of every array: its length, and the range of its entries.
        shapes: dict[str, tuple[int, int | None, int | None]] = {
            "lower": (box, 0, one),
            "upper": (box, 0, one),
            "from": (touching, 0, one),
            "to": (touching, 0, one),
            "theta": (touching, 0, one),
            "cells": (n * m, None, None),
            "marginals": (m, None, None),
            "order": (pairs, 0, None),
            "channel": (labels * m, 1, one),
            "laws": (m if varies else 0, 1, one),
            "columns": (m if varies and touching else 0, 0, one),
        }
        arrays = {key: _numbers(entry[key], f"{place}.{key}", *shape) for key, shape in shapes.items()}
        for low, high in (("lower", "upper"), ("from", "to")):
            for cell, (first, second) in enumerate(zip(arrays[low], arrays[high], strict=True)):
                if first > second:
                    _refuse(f"{place}.{low}[{cell}]", f"it lies above {high}.")
        for y in range(m):
            if sum(arrays["channel"][y::m]) > one:
                _refuse(f"{place}.channel", f"its entries for letter {y} of Y sum to more than 1.")
        limits = {
            "rate": (None, problem.rate),
            "label": (None, problem.seen_limit),
            "given_y": (None, problem.given_y_limit),
            "privacy": (problem.privacy, None),
        }
        rows = _list(entry["constraints"], f"{place}.constraints", len(problem.constraints))
        parts: dict[str, Any] = {
            key: _multiplier(entry[key], f"{place}.{key}", *ends) for key, ends in limits.items()
        }
        parts |= arrays
        return Record(
            farkas=farkas,
            touch_from=parts.pop("from"),
            touch_to=parts.pop("to"),
            constraints=[
                _multiplier(each, f"{place}.constraints[{at}]", row.lower, row.upper)
                for at, (each, row) in enumerate(zip(rows, problem.constraints, strict=True))
            ],
            **parts,
        )

    def _node(self, data: Any, place: str, n: int, m: int, pairs: int) -> list[Any]:
        node = _list(data, place, most=5)
        kind = node[0] if node else None
        if kind == "close":
            _list(node, place, 2)
            return [kind, _index(node[1], f"{place}[1]", len(self.records))]
        if kind == "split":
            _list(node, place, 3)
            return [
                kind,
                _index(node[1], f"{place}[1]", n * m),
                _number(node[2], f"{place}[2]", 0, 1 << GRID),
            ]
        bounds = {"order": pairs, "record": len(self.records), "row": n, "column": m}
        if self._version > 1:
            bounds["constraint"] = len(self.problem.constraints)
        if kind == "empty":
            _list(node, place, 3)
            line = _choice(node[1], f"{place}[1]", [key for key in bounds if key not in ("order", "record")])
            return [kind, line, _index(node[2], f"{place}[2]", bounds[line])]
        if kind == "tighten":
            reason = _choice(node[1] if len(node) > 1 else None, f"{place}[1]", list(bounds))
            sized = reason not in ("row", "column")
            _list(node, place, 5 if sized else 4)
            cell = _index(node[2], f"{place}[2]", n * m)
            side = _choice(node[3], f"{place}[3]", ("lower", "upper"))
            return [
                kind,
                reason,
                cell,
                side,
                *([_index(node[4], f"{place}[4]", bounds[reason])] if sized else []),
            ]
        _refuse(f"{place}[0]", "it must be 'split', 'tighten', 'close' or 'empty'.")


def read_document(path: str | Path) -> Document:
    """Read and validate a file; CertificateError names the place and the reason."""
    text = _text(Path(path))
    # Brackets outside strings: the parser must not recurse deeper than the format does.
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', text, re.DOTALL):
        bracket = token[0]
        if bracket in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                _refuse("file", f"it nests deeper than {MAX_DEPTH}.")
        elif bracket in (b"]", b"}"):
            depth -= 1
    try:
        data = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_small_int,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except (ValueError, RecursionError) as error:
        _refuse("file", f"it is no JSON text of the format: {error}")
    return Document(data)


def _text(path: Path) -> bytes:
    """The bytes of the JSON text; a gzip file is expanded up to the limit."""
    try:
        if not path.is_file():
            _refuse(str(path), "it is no regular file.")
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        _refuse(str(path), f"it cannot be read: {error.strerror}.")
    if len(data) > MAX_FILE:
        _refuse("file", f"it is larger than {MAX_FILE} bytes.")
    if data[:2] != b"\x1f\x8b":
        return data
    expander = zlib.decompressobj(wbits=31)
    try:
        text = expander.decompress(data, MAX_TEXT + 1)
    except zlib.error as error:
        _refuse("file", f"it is damaged: {error}.")
    if len(text) > MAX_TEXT:
        _refuse("file", f"it expands to more than {MAX_TEXT} bytes.")
    if not expander.eof or expander.unused_data:
        _refuse("file", "the compressed data are cut short, or bytes follow them.")
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _small_int(digits: str) -> int:
    if len(digits) > 9:
        raise ValueError("a plain integer has more than nine digits")
    return int(digits)


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is a float; numbers of the format are integers and strings")


def _object(data: Any, place: str, keys: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        _refuse(place, "it must be an object.")
    if set(data) != set(keys.split()):
        _refuse(place, f"its keys must be {', '.join(keys.split())}.")
    return data


def _list(data: Any, place: str, length: int | None = None, most: int | None = None) -> list[Any]:
    if not isinstance(data, list):
        _refuse(place, "it must be an array.")
    if length is not None and len(data) != length:
        _refuse(place, f"it has {len(data)} entries, not {length}.")
    if most is not None and len(data) > most:
        _refuse(place, f"it has more than {most} entries.")
    return data


def _index(data: Any, place: str, count: int) -> int:
    if type(data) is not int or not 0 <= data < count:
        _refuse(place, f"it must be an index below {count}.")
    return data


def _choice(data: Any, place: str, choices: Sequence[str]) -> str:
    if not isinstance(data, str) or data not in choices:
        _refuse(place, f"it must be one of {', '.join(choices)}.")
    return data


def _rational(data: Any, place: str) -> Fraction:
    if not isinstance(data, str) or len(data) > MAX_RATIONAL or not _RATIONAL.fullmatch(data):
        _refuse(place, f"it must be a string 'a' or 'a/b' of at most {MAX_RATIONAL} characters.")
    numerator, _, denominator = data.partition("/")
    if denominator and int(denominator) == 0:
        _refuse(place, "its denominator is 0.")
    return Fraction(int(numerator), int(denominator or "1"))


def _limit(data: Any, place: str) -> Limit:
    if data is None:
        return None
    value = _rational(data, place)
    if value < 0:
        _refuse(place, "a limit must be 0 or more.")
    return value


def _pmf(data: Any, place: str, most: int) -> list[Fraction]:
    masses = [
        _rational(entry, f"{place}[{index}]") for index, entry in enumerate(_list(data, place, most=most))
    ]
    if any(mass < 0 for mass in masses) or sum(masses) != 1:
        _refuse(place, "it must hold masses of 0 or more that sum to exactly 1.")
    return masses


def _claim(data: Any) -> tuple[Fraction, Fraction] | None:
    if data == {"kind": "infeasible"}:
        return None
    entry = _object(data, "claim", "kind lower upper")
    if entry["kind"] != "value":
        _refuse("claim.kind", "it must be 'value' or 'infeasible'.")
    lower, upper = _rational(entry["lower"], "claim.lower"), _rational(entry["upper"], "claim.upper")
    if lower > upper:
        _refuse("claim", "its lower end lies above its upper end.")
    return lower, upper


def _number(data: Any, place: str, low: int | None = None, high: int | None = None) -> int:
    """A record's number: a hexadecimal integer over 2^GRID."""
    if not isinstance(data, str) or len(data) > MAX_NUMBER or not _NUMBER.fullmatch(data):
        _refuse(place, f"it must be a string of at most {MAX_NUMBER} hexadecimal digits.")
    value = int(data, 16)
    if (low is not None and value < low) or (high is not None and value > high):
        _refuse(place, "it lies outside its range.")
    return value


def _numbers(data: Any, place: str, length: int, low: int | None, high: int | None) -> list[int]:
    entries = _list(data, place, length)
    return [_number(entry, f"{place}[{index}]", low, high) for index, entry in enumerate(entries)]


def _multiplier(data: Any, place: str, lower: Limit, upper: Limit) -> int:
    """Of a row between two ends, of which either may be absent."""
    value = _number(data, place)
    if (value > 0 and lower is None) or (value < 0 and upper is None):
        _refuse(place, "the multiplier has the sign of a limit that the problem does not state.")
    return value
