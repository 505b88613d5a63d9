"""Edits of proofs that leave a true theorem with a valid proof, each with the argument why."""

from __future__ import annotations

#: name of the edit -> why it changes nothing that is claimed, or proves as much
EQUIVALENT: dict[str, str] = {}
