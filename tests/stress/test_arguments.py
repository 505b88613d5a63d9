"""Every argument of every public function in turn, replaced by every odd object: an answer or our error."""

from __future__ import annotations

import pytest

pytest.importorskip("pandas")
pytest.importorskip("torch")

from tests.stress.arguments import calls, outcome
from tests.stress.hostile import odd_arguments

_PLACES = [(name, argument) for name, (_, arguments) in calls().items() for argument in arguments]


@pytest.mark.parametrize(("name", "argument"), _PLACES)
def test_odd_objects_are_taken_or_refused(name: str, argument: str) -> None:
    # What the caller's own function does with a report of progress is the caller's.
    odd = [value for value in odd_arguments() if not (argument == "progress" and callable(value))]
    found = [outcome(name, {argument: value}, [argument]) for value in odd]
    assert [finding for finding in found if finding is not None] == []
