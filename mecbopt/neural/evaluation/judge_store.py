"""Judges kept one by one while they are trained: what is stopped goes on with the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mecbopt.neural.coding.model_file import load_judge, save_judge
from mecbopt.neural.data.datasets import ImageDataset
from mecbopt.neural.data.degradations import Degradation
from mecbopt.neural.errors import ModelFileError
from mecbopt.neural.model.classifiers import Judge

__all__ = ["JudgeStore"]


class JudgeStore:
    """A folder with a file for each judge that is trained.

    Parameters
    ----------
    folder : Path
        Made when the first is kept.
    dataset, degraded_by, seed
        What the judges are trained on and with: those of other data, or of another seed, do not count.
    """

    def __init__(self, folder: Path, dataset: ImageDataset, degraded_by: Degradation, seed: int) -> None:
        self._folder = folder
        self._of: dict[str, Any] = {
            "shape": list(dataset.shape),
            "classes": dataset.classes,
            "dataset": dataset.record,
            "degradation": [degraded_by.name, degraded_by.version],
            "seed": seed,
        }

    def load(self, name: str, epochs: float) -> Judge | None:
        """The judge of that name after so many epochs, frozen; None where it is not there."""
        judge, record = self._read(name)
        return judge if record.get("epochs") == epochs else None

    def keep(self, name: str, epochs: float, judge: Judge, doublings: list[list[float]]) -> None:
        """Write a judge, and the doublings that settled its epochs, in the place of what it had before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        record = {**self._of, "epochs": epochs, "doublings": doublings}
        save_judge(self._path(name), {name: judge}, record)

    def doublings(self, name: str) -> list[list[float]]:
        """Epochs and held-out accuracies so far; empty where there are none."""
        found: list[list[float]] = self._read(name)[1].get("doublings", [])
        return found

    def clear(self) -> None:
        """Remove what is kept."""
        for path in self._folder.glob("*.safetensors"):
            path.unlink()
        if self._folder.is_dir():
            self._folder.rmdir()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"

    def _read(self, name: str) -> tuple[Judge | None, dict[str, Any]]:
        if not self._path(name).is_file():
            return None, {}
        try:
            judges, record = load_judge(self._path(name))
        except ModelFileError:  # cut off while it was written: trained anew
            return None, {}
        if any(record.get(key) != value for key, value in self._of.items()):
            return None, {}
        return judges[name], record
