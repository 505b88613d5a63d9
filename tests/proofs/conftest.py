"""All proofs run once a process; several tests read the outcome."""

from __future__ import annotations

import pytest

import proofs


@pytest.fixture(scope="session")
def results():
    """The results of every lemma, in order."""
    return list(proofs.run_all())
