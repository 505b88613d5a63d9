"""Errors of the image model, each with its cause and remedy in the message."""

from __future__ import annotations

from mecbopt.coding.errors import StreamError
from mecbopt.errors import CodecError, MecboptError, NotSupportedError, ProblemError

__all__ = [
    "ConfigError",
    "DatasetError",
    "MissingDependencyError",
    "ModelFileError",
    "NeuralError",
    "StreamError",
    "TrainingError",
]


class NeuralError(MecboptError):
    """Base class of what only the image model can raise."""


class ConfigError(NeuralError, ProblemError):
    """A setting has a value, a type or a name that the image model does not take."""


class DatasetError(NeuralError, ProblemError):
    """A data set is absent, unreadable, or not of the shape that was promised."""


class MissingDependencyError(NeuralError, NotSupportedError):
    """A package of the `neural` extra is not installed."""


class ModelFileError(NeuralError, CodecError):
    """A model, classifier or checkpoint file is damaged, of another version, or of another kind."""


class TrainingError(NeuralError):
    """A training run diverged: a loss or a rate is not a finite number."""
