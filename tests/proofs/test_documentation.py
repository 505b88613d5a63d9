"""The pages on proofs are those that run, and every theorem that code or pages name has its lemma."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mecbopt import _proofs as proofs
from mecbopt._proofs.rests import PHRASES, RESTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "theory" / "proofs.md"
BALL = re.compile(r"\[(-?[\d.]+)(?:e-?\d+)? \+/- [\d.e-]+\]")


def test_the_page_of_proofs_is_up_to_date(results):
    """Otherwise: mecbopt prove --format markdown --out docs/theory/proofs.md."""
    written, found = PAGE.read_text(encoding="utf-8"), proofs.markdown(results)
    # Enclosures may print differently from one version of Arb to the next.
    assert BALL.sub("[ball]", written) == BALL.sub("[ball]", found)


def test_every_lemma_says_what_rests_on_it():
    assert set(RESTS) == set(proofs.NAMES)


@pytest.mark.parametrize("name", proofs.NAMES)
def test_what_rests_on_it_is_there(name):
    """A file that holds the words named, or another lemma."""
    assert RESTS[name]
    for place in RESTS[name]:
        if place in proofs.NAMES:
            assert f'"{place}"' in (ROOT / "proofs" / "runner.py").read_text(encoding="utf-8")
            continue
        path, _, words = place.partition(": ")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert words in text, place


PHRASE = re.compile(r"((?:[a-z][\w-]*)\s+(?:theorem|lemma)s?\b|(?:theorem|lemma)s?\s+\d)", re.IGNORECASE)
#: words before "theorem" or "lemma" that name none
PLAIN = {
    "s",
    "the",
    "a",
    "an",
    "this",
    "that",
    "every",
    "each",
    "its",
    "other",
    "another",
    "no",
    "and",
    "or",
    "of",
    "general",
    "printed",
    "named",
    "one",
    "those",
    "textbook",
    "see",
    "as",
    "by",
    "whose",
    "further",
    "which",
    "all",
    "these",
    "stated",
    "new",
    "what",
    "machine-checked",
    "own",
    "your",
}


def _texts() -> list[Path]:
    code = [path for ending in ("*.py", "*.c", "*.h") for path in (ROOT / "mecbopt").rglob(ending)]
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path != PAGE]
    return [path for path in (*code, *pages, ROOT / "README.md") if "_build" not in path.parts]


def test_theorems_that_are_named_have_lemmas():
    """Every "... theorem" and "... lemma" in code and pages belongs to a lemma, or says why it has none."""
    unknown = []
    for path in _texts():
        for found in PHRASE.findall(path.read_text(encoding="utf-8")):
            phrase = " ".join(found.lower().split())
            key = re.sub(r"^(theorem|lemma)s ", r"\1 ", phrase)
            if key not in PHRASES and phrase.split()[0] not in PLAIN:
                unknown.append(f"{path.relative_to(ROOT)}: {phrase}")
    assert unknown == []
    for phrase, name in PHRASES.items():
        assert name in proofs.NAMES or name.startswith("cited: "), phrase


def test_commands_name_lemmas_that_exist():
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        for found in re.findall(r"`mecbopt prove ((?:[a-z_0-9]+ ?)+)", path.read_text(encoding="utf-8")):
            for name in found.split():
                assert name in proofs.NAMES, f"{path.name}: {name}"
