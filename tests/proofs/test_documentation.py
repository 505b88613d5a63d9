"""The exported proofs in the documentation are those that run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mecbopt import _proofs as proofs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "theory" / "proofs.md"


BALL = re.compile(r"\[(-?[\d.]+) \+/- [\d.e-]+\]")


def test_the_page_of_proofs_is_up_to_date(results):
    """Otherwise: mecbopt prove --format markdown --out docs/theory/proofs.md.

    The accounts of evidence hold the number of equations and every domain of a sign, so a proof that quietly
    proves less than before differs from the page.
    """
    written, found = PAGE.read_text(encoding="utf-8"), proofs.markdown(results)
    # Enclosures may print differently from one version of Arb to the next: compare their middles.
    assert BALL.sub("[ball]", written) == BALL.sub("[ball]", found)
    middles = [[float(middle) for middle in BALL.findall(text)] for text in (written, found)]
    assert len(middles[0]) > 10
    assert middles[0] == pytest.approx(middles[1], abs=1e-15)
