"""The image model: constrained minimum entropy coupling on images, with real bitstreams (theory, section 7).

PyTorch lives here and nowhere else in the package.  Names load on first use, so that importing this module
without PyTorch succeeds and only using it asks for the `neural` extra.  This wing imports floors 0 to 2.
"""

from __future__ import annotations

import importlib
from typing import Any

from mecbopt.neural.errors import (
    ConfigError,
    DatasetError,
    MissingDependencyError,
    ModelFileError,
    NeuralError,
    StreamError,
    TrainingError,
)

# public name -> module that holds it
_LAZY = {
    "Config": "config",
    "CouplingModel": "model.coupling",
    "EvaluationReport": "evaluation",
    "FrozenModel": "coding.model_file",
    "ImageCodec": "coding.codec",
    "Trainer": "training.trainer",
    "evaluate": "evaluation",
    "load_dataset": "data.datasets",
    "load_model": "coding.model_file",
    "preset": "presets",
    "train": "training.pipeline",
    "train_discrete": "discrete.schemes",
}

__all__ = [
    "ConfigError",
    "DatasetError",
    "MissingDependencyError",
    "ModelFileError",
    "NeuralError",
    "StreamError",
    "TrainingError",
    *_LAZY,
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'mecbopt.neural' has no attribute {name!r}")
    try:
        module = importlib.import_module(f"mecbopt.neural.{_LAZY[name]}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing in {"torch", "torchvision", "constriction", "safetensors", "sklearn"}:
            raise MissingDependencyError(
                f"the image model needs {missing}, which is not installed: pip install 'mecbopt[neural]'"
            ) from error
        raise
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names alone, for tab completion."""
    return sorted(__all__)
