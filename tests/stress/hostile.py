"""Values that nobody expects, for arguments and for files."""

from __future__ import annotations

import decimal
import json
import math
import re
from collections import Counter
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

__all__ = [
    "damaged_documents",
    "hostile_arguments",
    "hostile_json",
    "hostile_words",
    "mutated",
    "odd_arguments",
    "write_json",
]


@cache
def odd_arguments() -> list[Any]:
    """Python objects in place of numbers, pmfs, channels and options."""
    import pandas
    import torch

    return [
        None, True, False, 0, 1, -1, 10**400, -(10**400), 10**5000, math.nan, math.inf, -math.inf, 1e308,
        5e-324, -1e-17, -0.0, 0.5, 1 + 2j, "", "0.5", "1/3", "1/0", "inf", "nan", "1e400", "\udcff", b"0.5",
        bytearray(b"1"), [], {}, set(), (), object(), object, len, range(3), iter([0.5, 0.5]), Fraction(1, 3),
        Fraction(10**400, 3), decimal.Decimal("0.5"), decimal.Decimal("NaN"), decimal.Decimal("sNaN"),
        decimal.Decimal("Infinity"), decimal.Decimal("1e999999"), Counter("abc"), {"a": 0.5, "b": 0.5},
        memoryview(b"ab"), np.array(0.5), np.array([]), np.array([[0.5, 0.5]]), np.array([0.5, 0.5],
        dtype=object),
        np.array(["0.5", "0.5"]), np.array([True, False]), np.float16(0.5), np.float32(0.1),
        np.longdouble(0.5),
        np.int64(1), np.bool_(True), np.datetime64("NaT"), np.array([1, 2], dtype="datetime64[s]"),
        np.zeros((0, 2)), np.zeros((2, 0)), np.ma.masked, np.ma.array([0.5, 0.5], mask=[False, True]),
        pandas.NA,
        pandas.NaT, pandas.Series([0.5, 0.5]), pandas.Series([0.5, None]), pandas.DataFrame([[0.5, 0.5]]),
        torch.tensor(0.5), torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.5], requires_grad=True),
        torch.tensor([0.5, math.nan]), np.array([0.5, 0.5], dtype=np.float32), np.array([0.1, 0.9],
        np.float16),
        np.array([1, 2], dtype=[("a", int)]), [0.5, [0.5]], [[0.5], [0.5, 0.5]], [0.5, 0.5, None],
    ]  # fmt: skip


@cache
def hostile_arguments() -> Any:
    """The same and lists of them, for Hypothesis."""
    scalars = st.sampled_from(odd_arguments()) | st.floats() | st.integers(-3, 3) | st.fractions(0, 2)
    return scalars | st.lists(scalars, max_size=4) | st.lists(st.lists(scalars, max_size=3), max_size=3)


#: "@" begins a token that `write_json` writes without quotes.
_ODD_JSON: list[Any] = [
    0, 1, -1, 0.5, 0.30000000000000004, 1e308, -1e-17, 5e-324, math.nan, math.inf, -math.inf, 1e30, 10**10,
    10**30,
    10**400, True, False, None, "", "inf", "nan", "1/3", "1/0", "-1/3", "1e400", "a", "\u0000",
    "9" * 400 + "/7", [],
    {}, [[]], [None], "@1e400", "@-1e400", "@1e-400", "@1E5", "@1.0", "@0.99", "@2.5", "@" + "9" * 5000,
    "@" + "[" * 900 + "]" * 900, "@" + "[" * 90000 + "]" * 90000, "@00", "@1.", "@'a'", "@",
    "9" * 5000 + "/7",
    "1/" + "9" * 5000, "\ud800", "a" * 100_000, "optimal", "exact", [0.5, 0.5], [[0, 1]], 1e-9, 1 + 1e-9,
]  # fmt: skip


def write_json(document: Any) -> bytes:
    """JSON text; bare tokens as they are, and keys that end in "@" a second time under the plain key."""
    text = json.dumps(document)
    text = re.sub(r'"@((?:[^"\\\\]|\\\\.)*)"(?!:)', lambda found: found[1], text)
    return text.replace('@":', '":').encode("utf-8", errors="surrogatepass")


def mutated(random: np.random.Generator, document: Any) -> Any:
    """A document with one change, seldom more: many a second, where Hypothesis shrinks but is slow."""
    damaged = document
    for _ in range(1 + int(random.geometric(0.75)) - 1):
        places = _places(damaged)
        if not places:
            break
        path = places[random.integers(len(places))]
        kind = random.integers(10)
        if kind < 7:
            change: Any = ("set", _ODD_JSON[random.integers(len(_ODD_JSON))])
        elif kind == 7:
            change = ("drop",)
        elif kind == 8:
            change = ("twice",)
        else:
            change = ("add", str(path[-1]) + "@", _ODD_JSON[random.integers(len(_ODD_JSON))])
        damaged = _changed(damaged, path, change)
    return damaged


@cache
def hostile_json() -> Any:
    """Anything that JSON can hold, with what its readers stumble over."""
    leaves = st.sampled_from(_ODD_JSON) | st.floats() | st.integers() | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    )


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every key and entry of a document stands."""
    found = [path] if path else []
    entries = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, value in entries:
        found += _places(value, (*path, key))
    return found


def _changed(document: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy with `change` at a place: ("set", value), ("drop",), ("twice",) or ("rename", key)."""
    copy = dict(document) if isinstance(document, dict) else list(document)
    key, *rest = path
    if rest:
        copy[key] = _changed(document[key], tuple(rest), change)
    elif change[0] == "set":
        copy[key] = change[1]
    elif change[0] == "drop":
        del copy[key]
    elif change[0] == "twice" and isinstance(copy, list):
        copy.insert(key, copy[key])
    elif change[0] == "add" and isinstance(copy, dict):
        copy[change[1]] = change[2]
    elif change[0] == "rename" and isinstance(copy, dict):
        copy[change[1]] = copy.pop(key)
    return copy


@cache
def _changes() -> Any:
    return st.one_of(
        st.tuples(st.just("set"), hostile_json()),
        st.tuples(st.just("set"), hostile_json()),
        st.just(("drop",)),
        st.just(("twice",)),
        st.tuples(st.just("rename"), st.text(max_size=5)),
    )


@st.composite
def damaged_documents(draw: Any, document: dict[str, Any]) -> Any:
    """A valid document with one to three changes."""
    damaged: Any = document
    for _ in range(draw(st.integers(1, 3))):
        places = _places(damaged)
        if not places:
            break
        path = draw(st.sampled_from(places))
        damaged = _changed(damaged, path, draw(_changes()))
    return damaged


@cache
def hostile_words() -> Any:
    """Words for a command line."""
    odd = [
        "", "0", "1", "-1", "0.5", "1/3", "1/0", "nan", "inf", "-inf", "1e400", "1e-400", "9" * 5000,
        "0.5,0.5",
        "0.3,0.3,0.4", "1,", ",", ";", "0.5,0.5;", "a", "0x10", "1_0", "1e9", "1e12", "0:1:3", "0:1:1e9",
        "0:1:1e12",
        "0:1:nan", "1:0:3", "0:1:3.5", "::", "0:1", "0:inf:3", "-", "--", "\u0663", "0,5", "1e5", "0.5, 0.5",
    ]  # fmt: skip
    return st.sampled_from(odd) | st.text("0123456789.,;:/-e inf", max_size=8)
