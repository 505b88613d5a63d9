"""The frozen model: weights, integer tables and settings in one safetensors file with a digest.

The digest is the model's identity.  Streams carry its first bytes and are refused by any other model.  A file
is laid beside the model that its settings describe, name by name and shape by shape, before that model takes
any memory: settings that describe another model than the weights are refused, whatever size they promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from mecbopt.coding.container import IDENTITY_BYTES
from mecbopt.coding.errors import TableError
from mecbopt.coding.tables import CodingTables
from mecbopt.neural.coding.tensor_file import read_tensors, write_tensors
from mecbopt.neural.config import Config
from mecbopt.neural.data.degradations import Degradation, degradation
from mecbopt.neural.data.images import Shape
from mecbopt.neural.devices import device_named
from mecbopt.neural.errors import ModelFileError, NeuralError
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
#: Largest side of an image, and largest setting of a network: no loop over a setting of a file runs long.
_LARGEST_SIDE = 4096
_LARGEST_SETTING = 2**16
_MOST_MEMBERS = 64
#: Gains that a calibration can give, with room to spare; the decoder divides by them.
_GAINS = (1e-3, 1e3)

Module = TypeVar("Module", bound=torch.nn.Module)


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

    def expects(self) -> str:
        """What the model takes and makes, in one line."""
        (c, h, w), (d, m, n) = self.degraded_shape, self.clean_shape
        return (
            f"takes images of {c} x {h} x {w} (channels, height, width) degraded by "
            f"{self.config.data.degradation}, as bytes or floats in [0, 1]; makes images of {d} x {m} x {n}; "
            "with --degrade it takes clean images of that size"
        )

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


def load_model(path: str | Path, device: str | torch.device = "cpu") -> FrozenModel:
    """Read a model file.

    Raises
    ------
    ModelFileError
        Damaged, of another kind, version or degradation version, or not the model that its settings describe;
        the message says which.
    """
    place = device_named(str(device))
    tensors, record, digest = read_tensors(path, _KIND)
    try:
        config = Config.from_dict(record["config"])
        clean, degraded = _shape(record["clean_shape"]), _shape(record["degraded_shape"])
        known = degradation(config.data.degradation)
        version, training = record["degradation_version"], record["record"]
        expected = known.output_shape(clean)
        low, counts = tensors.pop("tables.low"), tensors.pop("tables.counts")
    except (KeyError, TypeError, ValueError, AttributeError, NeuralError) as error:
        raise ModelFileError(f"{path}: the record is not that of a model ({_reason(error)}).") from error
    if version != known.version:
        raise ModelFileError(
            f"{path} was trained for version {version} of {known.name}; this program has {known.version}."
        )
    if not isinstance(training, dict):
        raise ModelFileError(
            f"{path}: the record of the training is missing: it is no model of 'neural train'."
        )
    for key in ("reached", "dataset"):
        if not isinstance(training.get(key, {}), dict):
            raise ModelFileError(f"{path}: the record's {key} is {training[key]!r}: it is damaged.")
    if degraded != expected:
        raise ModelFileError(
            f"{path}: {known.name} makes {expected} of {clean}, but the model takes {degraded}."
        )
    for item in fields(config.model):
        value = getattr(config.model, item.name)
        if isinstance(value, int) and value > _LARGEST_SETTING:
            raise ModelFileError(
                f"{path}: model.{item.name} is {value}, over {_LARGEST_SETTING}: it is damaged."
            )
    foreign = [name for name in tensors if not name.startswith("model.")]
    if foreign:
        raise ModelFileError(f"{path} holds {foreign[0]!r}, which no model has: it is damaged.")
    weights = {name.removeprefix("model."): value for name, value in tensors.items()}
    model = _filled(path, lambda: image_model(config, clean, degraded), weights)
    if not _GAINS[0] <= float(model.gain) <= _GAINS[1]:
        raise ModelFileError(f"{path}: the gain is {float(model.gain)}: it must lie between 1e-3 and 1e3.")
    tables = _tables(path, low, counts)
    if (tables.dimensions, tables.levels) != (config.model.latents, model.dither_level_count):
        raise ModelFileError(
            f"{path}: tables for {tables.dimensions} latents and {tables.levels} dither levels, but the "
            f"model has {config.model.latents} and {model.dither_level_count}."
        )
    return FrozenModel(config, frozen(model).to(place), tables, clean, degraded, training, digest)


def _tables(path: str | Path, low: torch.Tensor, counts: torch.Tensor) -> CodingTables:
    if (low.dtype, counts.dtype) != (torch.int64, torch.int32):
        raise ModelFileError(
            f"{path}: the tables are of types {low.dtype} and {counts.dtype}: it is damaged."
        )
    try:
        return CodingTables(low.numpy(), counts.numpy().astype(np.uint32))
    except TableError as error:
        raise ModelFileError(f"{path}: {error}") from error


def frozen(module: Module) -> Module:
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
        shape, classes = _shape(record["shape"]), _count(record["classes"])
        members = _count(record["members"], _MOST_MEMBERS)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the record is not that of classifiers ({_reason(error)}).") from error
    return frozen(_filled(path, lambda: Ensemble(shape, classes, members), tensors)), record


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
        shape, classes, names = _shape(record["shape"]), _count(record["classes"]), record["judges"]
        if not isinstance(names, list) or not 0 < len(names) <= _MOST_MEMBERS:
            raise TypeError(f"judges is {names!r}")
        owned: dict[str, dict[str, torch.Tensor]] = {str(name): {} for name in names}
        for key, value in tensors.items():
            owner, _, own = key.partition("/")
            owned[owner][own] = value
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: the record is not that of judges ({_reason(error)}).") from error
    judges = {
        name: frozen(_filled(path, lambda: Judge(shape, classes), weights)) for name, weights in owned.items()
    }
    return judges, record


def _shape(values: Any) -> Shape:
    """(C, H, W) of a record: three positive integers that an image can have."""
    if not isinstance(values, list) or len(values) != 3:
        raise TypeError(f"a shape is {values!r}: it must be [channels, height, width]")
    channels, height, width = (_count(value, _LARGEST_SIDE) for value in values)
    return channels, height, width


def _count(value: Any, largest: int = _LARGEST_SETTING) -> int:
    if type(value) is not int or not 0 < value <= largest:
        raise TypeError(f"a size is {value!r}: it must be an integer from 1 to {largest}")
    return value


def _reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error).rstrip(".")


def _filled(path: str | Path, build: Callable[[], Module], weights: Mapping[str, torch.Tensor]) -> Module:
    """The module that `build` makes, with these weights; nothing is allocated before they fit."""
    try:
        with torch.device("meta"):
            wanted = {name: (item.shape, item.dtype) for name, item in build().state_dict().items()}
    except (RuntimeError, TypeError, ValueError, OverflowError, ZeroDivisionError, NeuralError) as error:
        first = " ".join(str(error).split())[:200]
        raise ModelFileError(f"{path}: no model can be made of its settings: {first}") from error
    given = {name: (item.shape, item.dtype) for name, item in weights.items()}
    for name in sorted({*wanted, *given}):
        if wanted.get(name) != given.get(name):
            expected = "none" if name not in wanted else f"{tuple(wanted[name][0])} {wanted[name][1]}"
            found = "none" if name not in given else f"{tuple(given[name][0])} {given[name][1]}"
            raise ModelFileError(
                f"{path}: the weights do not fit the recorded settings: {name} is {found}, "
                f"expected {expected}."
            )
    # Initial values are drawn and overwritten; the caller's generator stays where it was.
    with torch.random.fork_rng(devices=[]):
        module = build()
    module.load_state_dict(dict(weights), strict=True)
    return module
