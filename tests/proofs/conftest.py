"""Each proof runs once a process; several tests read the outcome."""

from __future__ import annotations

import functools

import pytest

from mecbopt import _proofs as proofs


@pytest.fixture(scope="session")
def outcome():
    """The result of a lemma by its name."""
    return functools.cache(proofs.run)


@pytest.fixture(scope="session")
def results(outcome):
    """The results of every lemma, in order."""
    return [outcome(name) for name in proofs.NAMES]
