"""The exported proofs in the documentation are those that run."""

from __future__ import annotations

import re
from pathlib import Path

import proofs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "theory" / "proofs.md"


def without_digits_of_balls(text):
    """Enclosures may print differently from one version of Arb to the next."""
    return re.sub(r"\[-?[\d.]+ \+/- [\d.e-]+\]", "[ball]", text)


def test_the_page_of_proofs_is_up_to_date(results):
    """Otherwise: mecbopt prove --format markdown --out docs/theory/proofs.md.

    The accounts of evidence hold the number of equations and every domain of a sign, so a proof that quietly
    proves less than before differs from the page.
    """
    written = PAGE.read_text(encoding="utf-8")
    assert without_digits_of_balls(written) == without_digits_of_balls(proofs.markdown(results))
