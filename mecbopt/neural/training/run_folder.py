"""The folder of a run: what lies in it, when a training may write there, and what goes stale.

A folder holds one run.  A second training in it either goes on from its checkpoint or replaces it whole; what
was measured on a model that is no longer there is removed, so that no report speaks of another model.
"""

from __future__ import annotations

import json
from pathlib import Path

from mecbopt.errors import Name
from mecbopt.neural.errors import ConfigError

__all__ = ["RunFolder"]

_OWN = (
    "config.toml", "classifiers.safetensors", "checkpoint.safetensors", "history.json", "model.safetensors",
    "evaluation.json", "judge.safetensors",
)  # fmt: skip


class RunFolder:
    """Paths of a run.

    Parameters
    ----------
    path : path
        Need not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config, self.classifiers = self.path / "config.toml", self.path / "classifiers.safetensors"
        self.checkpoint, self.history = self.path / "checkpoint.safetensors", self.path / "history.json"
        self.model, self.evaluation = self.path / "model.safetensors", self.path / "evaluation.json"
        self.judge = self.path / "judge.safetensors"

    def prepare(self, resume: bool, overwrite: bool, keep: str | Path | None = None) -> bool:
        """Make the folder ready for a training; returns whether it goes on from a checkpoint.

        Nothing that is there is touched unless `overwrite` says so; then all files of the former run go, but
        for `keep` (shared classifiers may lie there).

        Raises
        ------
        ConfigError
            The folder cannot be made, or holds a run and neither flag is given.
        """
        if resume and overwrite:
            raise ConfigError("resume and overwrite exclude each other: go on with a run or replace it.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"output folder {self.path} cannot be made: {error.strerror}.") from error
        present = self.checkpoint.is_file() or self.model.is_file()
        if present and not (resume or overwrite):
            raise ConfigError(
                argument="out",
                value=str(self.path),
                found=f"{self.path} holds a run",
                remedy=("name another folder, or pass ", Name("resume=True"), " to go on with it or ",
                        Name("overwrite=True"), " to replace it"),
            )  # fmt: skip
        if overwrite:
            kept = None if keep is None else Path(keep).resolve()
            for path in (self.path / name for name in _OWN):
                if path.resolve() != kept:
                    path.unlink(missing_ok=True)
        return resume and self.checkpoint.is_file()

    def remove_stale(self, digest: str) -> None:
        """Remove the evaluation of another model than the one with this digest."""
        if self.evaluation.is_file() and self.evaluated_model() != digest:
            self.evaluation.unlink()

    def evaluated_model(self) -> str | None:
        """Digest of the model that the evaluation in the folder speaks of; None where it says none."""
        try:
            record = json.loads(self.evaluation.read_text(encoding="utf-8"))["record"]
            return str(record["model"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
