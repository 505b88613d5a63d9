"""The frozen model: weights, integer tables and settings in one safetensors file with a digest.

The digest is the model's identity.  Streams carry its first bytes and are refused by any other model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mecbopt.coding.container import IDENTITY_BYTES
from mecbopt.coding.errors import TableError
from mecbopt.coding.tables import CodingTables
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors
from mecbopt.neural.config import Config
from mecbopt.neural.data.degradations import Degradation, degradation
from mecbopt.neural.data.images import Shape
from mecbopt.neural.errors import ConfigError, ModelFileError
from mecbopt.neural.model.classifiers import Ensemble, Judge
from mecbopt.neural.model.coupling import CouplingModel, image_model

__all__ = [
    "FrozenModel",
    "load_classifiers",
    "load_judge",
    "load_model",
    "save_classifiers",
    "save_judge",
]

_KIND = "mecbopt-image-model"
_CLASSIFIERS = "mecbopt-loop-classifiers"
_JUDGE = "mecbopt-judge"


@dataclass(frozen=True, eq=False)
class FrozenModel:
    """A trained model with its tables.

    Attributes
    ----------
    config : Config
    model : CouplingModel
        In evaluation mode, without gradients.
    tables : CodingTables
    clean_shape, degraded_shape : (C, H, W)
    record : dict
        Data set record, degradation with version, what was reached in training, software versions.
    digest : str
        SHA-256 of the file's content; empty before the first `save`.
    """

    config: Config
    model: CouplingModel
    tables: CodingTables
    clean_shape: Shape
    degraded_shape: Shape
    record: dict[str, Any]
    digest: str = ""

    @property
    def identity(self) -> bytes:
        """What streams carry."""
        if not self.digest:
            raise ModelFileError("the model has not been saved yet, so it has no identity: save it first.")
        return bytes.fromhex(self.digest)[:IDENTITY_BYTES]

    @property
    def degradation(self) -> Degradation:
        """The degradation that the model was trained for."""
        return degradation(self.config.data.degradation)

    def save(self, path: str | Path) -> FrozenModel:
        """Write the model file; returns the model with its digest."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors["tables.low"] = torch.from_numpy(self.tables.low)
        # safetensors of every version holds int32; counts are at most 2**24.
        tensors["tables.counts"] = torch.from_numpy(self.tables.counts.astype(np.int32))
        record = {
            "config": self.config.to_dict(),
            "clean_shape": list(self.clean_shape),
            "degraded_shape": list(self.degraded_shape),
            "degradation_version": self.degradation.version,
            "record": self.record,
        }
        digest = write_tensors(path, _KIND, tensors, record)
        return FrozenModel(
            self.config, self.model, self.tables, self.clean_shape, self.degraded_shape, self.record, digest
        )


def load_model(path: str | Path, device: str = "cpu") -> FrozenModel:
    """Read a model file.

    Raises
    ------
    ModelFileError
        Damaged, of another kind, version or degradation version; the message says which.
    """
    tensors, record, digest = read_tensors(path, _KIND)
    try:
        config = Config.from_dict(record["config"])
        clean, degraded = _shape(record["clean_shape"]), _shape(record["degraded_shape"])
        version = record["degradation_version"]
        weights = {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}
        low = tensors["tables.low"].numpy()
        counts = tensors["tables.counts"].numpy().astype(np.uint32)
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise ModelFileError(f"{path}: the record is not that of a model ({error}).") from error
    known = degradation(config.data.degradation)
    if version != known.version:
        raise ModelFileError(
            f"{path} was trained for version {version} of {known.name}; this program has {known.version}."
        )
    model = image_model(config, clean, degraded)
    _load_weights(path, model, weights)
    try:
        tables = CodingTables(low, counts)
    except TableError as error:
        raise ModelFileError(f"{path}: {error}") from error
    if (tables.dimensions, tables.levels) != (config.model.latents, model.dither_level_count):
        raise ModelFileError(
            f"{path}: tables for {tables.dimensions} latents and {tables.levels} dither levels, but the "
            f"model has {config.model.latents} and {model.dither_level_count}."
        )
    return FrozenModel(
        config, frozen(model).to(device), tables, clean, degraded, dict(record["record"]), digest
    )


def frozen(module: Any) -> Any:
    """The module in evaluation mode, without gradients."""
    module.eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def save_classifiers(path: str | Path, ensemble: Ensemble, record: dict[str, Any]) -> None:
    """Write the classifiers of the loop; `record` has shape, classes, members and how they were trained."""
    write_tensors(path, _CLASSIFIERS, ensemble.state_dict(), record)


def load_classifiers(path: str | Path) -> tuple[Ensemble, dict[str, Any]]:
    """Read the classifiers of the loop, frozen."""
    tensors, record, _ = read_tensors(path, _CLASSIFIERS)
    try:
        ensemble = Ensemble(_shape(record["shape"]), int(record["classes"]), int(record["members"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the record is not that of classifiers ({error}).") from error
    _load_weights(path, ensemble, tensors)
    return frozen(ensemble), record


def save_judge(path: str | Path, judges: dict[str, Judge], record: dict[str, Any]) -> None:
    """Write the judges (by name) with their record."""
    tensors = {
        f"{name}/{key}": value for name, judge in judges.items() for key, value in judge.state_dict().items()
    }
    write_tensors(path, _JUDGE, tensors, {**record, "judges": sorted(judges)})


def load_judge(path: str | Path) -> tuple[dict[str, Judge], dict[str, Any]]:
    """Read the judges, frozen."""
    tensors, record, _ = read_tensors(path, _JUDGE)
    try:
        shape, classes, names = _shape(record["shape"]), int(record["classes"]), list(record["judges"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the record is not that of judges ({error}).") from error
    judges = {}
    for name in names:
        judge = Judge(shape, classes)
        own = {key.split("/", 1)[1]: value for key, value in tensors.items() if key.split("/", 1)[0] == name}
        _load_weights(path, judge, own)
        judges[name] = frozen(judge)
    return judges, record


def _shape(values: Any) -> Shape:
    channels, height, width = (int(value) for value in values)
    return channels, height, width


def _load_weights(path: str | Path, module: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    try:
        module.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise ModelFileError(f"{path}: the weights do not fit the recorded settings: {first}") from error
