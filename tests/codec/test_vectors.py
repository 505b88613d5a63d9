"""Streams written today decode tomorrow, on every machine, and are written alike: pinned byte for byte."""

from __future__ import annotations

import hashlib
import json

import pytest

import mecbopt as mb
from mecbopt.codec import Decoder, Scheme
from mecbopt.coding.counter import mapping_words
from tests.codec.reader import philox, read_stream
from tests.codec.vectors import CASES, PINNED, letters, made

STREAMS = json.loads(PINNED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_a_stream_is_what_it_was(name):
    blob, pinned = made(CASES[name]), STREAMS[name]
    assert (len(blob), hashlib.sha256(blob).hexdigest()) == (pinned["bytes"], pinned["sha256"])
    if "hex" in pinned:
        assert blob.hex() == pinned["hex"]


@pytest.mark.parametrize("name", [name for name in CASES if "hex" in STREAMS[name]])
def test_a_pinned_stream_decodes(name):
    """By the mappings alone: every letter is one that some mapping gives for the letter sent."""
    case = CASES[name]
    mixture = mb.Mixture(case["mappings"], case["weights"])
    y = Decoder(mixture, case["p_x"], seed=case.get("seed", 0)).decode(bytes.fromhex(STREAMS[name]["hex"]))
    x = letters(len(case["p_x"]), case["count"])
    assert (mixture.mappings[:, x] == y).any(axis=0).all()


def test_the_integers_of_a_scheme_are_pinned():
    """Where the streams differ, this says in which rule."""
    case = CASES["thirds"]
    scheme = Scheme(mb.Mixture(case["mappings"], case["weights"]), case["p_x"])
    assert scheme.thresholds.tolist() == [6148914691236517206, 12297829382473034411]
    assert [counts.tolist() for counts in scheme.counts] == [
        [1677722, 3355443, 11744051],
        [11744051, 5033165],
        [16777216],
    ]
    assert scheme.picked(7, 0, 12).tolist() == [1, 1, 2, 2, 0, 1, 0, 0, 0, 2, 1, 0]


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("long", "wide")])
def test_the_page_of_the_format_is_enough_to_read_it(name):
    """A reader that was written from the page alone gets the letters, checksums included."""
    case = CASES[name]
    blob = made(case)
    mixture = mb.Mixture(case["mappings"], case["weights"])
    y = Decoder(mixture, case["p_x"], seed=case.get("seed", 0)).decode(blob)
    assert read_stream(blob, case) == y.tolist()


def test_the_words_are_those_of_philox():
    words = mapping_words(seed=7, first=2, count=10)
    assert words.tolist() == [philox(i // 4 + 1, (7, 2))[i % 4] for i in range(2, 12)]
