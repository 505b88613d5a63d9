"""Training state as named tensors and a JSON record: optimisers, averaged weights, multipliers, history.

A checkpoint's digest finds accidents, but anyone can compute it: what the record claims is checked as a whole
before anything of a trainer is touched, so that one that is refused leaves the trainer as it was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mecbopt.neural.config import Config
from mecbopt.neural.errors import ConfigError, ModelFileError

__all__ = [
    "CHECKPOINT_KIND",
    "Standing",
    "check_optimiser",
    "check_weights",
    "optimiser_state",
    "restore_optimiser",
    "standing",
]

CHECKPOINT_KIND = "mecbopt-training-checkpoint"

#: No run has more steps than this; larger numbers are damage.
_MOST_STEPS = 2**53


@dataclass(frozen=True)
class Standing:
    """Where a run stood when its checkpoint was written.

    Attributes
    ----------
    config : Config
    stage : int
        Number of the stage, or of stages where the run was over.
    before : int
        Steps of the stages before.
    stage_step : int or None
        Steps of this stage; None between stages.
    multipliers : dict
        (value, running mean or None) of "rate" and "label"; empty between stages.
    reached : dict or None
    seconds : float
    history : list of dict
    """

    config: Config
    stage: int
    before: int
    stage_step: int | None
    multipliers: dict[str, list[float | None]]
    reached: dict[str, Any] | None
    seconds: float
    history: list[dict[str, Any]]


def standing(path: Path, record: Mapping[str, Any]) -> Standing:
    """The record of a checkpoint, every entry of the right type and within its bounds.

    Raises
    ------
    ModelFileError
        An entry is missing, of another type or out of bounds; the message names it.
    """
    absent = [key for key in Standing.__dataclass_fields__ if key not in record]
    if absent:
        raise ModelFileError(f"{path} is no checkpoint: its record has no {', '.join(absent)}.")
    try:
        config = Config.from_dict(record["config"])
    except (ConfigError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is no checkpoint: its settings are none ({error})") from error
    # Without stages all parts are trained in a single one.
    stage = _count(path, "stage", record["stage"], max(1, len(config.stages)))
    step = record["stage_step"]
    multipliers: dict[str, list[float | None]] = {}
    if step is not None:
        step = _count(path, "stage_step", step, _MOST_STEPS)
        found = record["multipliers"]
        for name in ("rate", "label"):
            pair = found.get(name) if isinstance(found, dict) else None
            if not (isinstance(pair, list) and len(pair) == 2 and _number(pair[0]) and pair[0] >= 0) or not (
                pair[1] is None or _number(pair[1])
            ):
                raise _wrong(path, f"multipliers.{name}", pair, "[a weight, a running mean or null]")
            multipliers[name] = list(pair)
    reached, history = record["reached"], record["history"]
    if not (reached is None or isinstance(reached, dict)):
        raise _wrong(path, "reached", reached, "a table or null")
    if not (isinstance(history, list) and all(isinstance(entry, dict) for entry in history)):
        raise _wrong(path, "history", history, "a list of tables")
    if not (_number(record["seconds"]) and record["seconds"] >= 0):
        raise _wrong(path, "seconds", record["seconds"], "a number that is not negative")
    before = _count(path, "before", record["before"], _MOST_STEPS)
    return Standing(
        config, stage, before, step, multipliers, reached, float(record["seconds"]), list(history)
    )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _count(path: Path, name: str, value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _wrong(path, name, value, f"a whole number from 0 to {most}")
    return value


def _wrong(path: Path, name: str, value: Any, wanted: str) -> ModelFileError:
    shown = repr(value)
    return ModelFileError(f"{path} is no checkpoint: {name} is {shown[:60]}, not {wanted}.")


def check_weights(path: Path, module: nn.Module, part: str, tensors: Mapping[str, Tensor]) -> None:
    """The tensors `part.*` are those of the module: the same names, shapes and types.

    Raises
    ------
    ModelFileError
        They are not; `load_state_dict` would load the ones that fit before it says so, and change types.
    """
    own = {f"{part}.{name}": value for name, value in module.state_dict().items()}
    found = {name: value for name, value in tensors.items() if name.startswith(f"{part}.")}
    for name in own.keys() | found.keys():
        left, right = own.get(name), found.get(name)
        if left is None or right is None or left.shape != right.shape or left.dtype != right.dtype:
            raise ModelFileError(f"{path}: the weights do not fit these settings (see {name}).")


def optimiser_state(name: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser as tensors `name.parameter.key`; every entry of Adam's state is a tensor."""
    tensors = {}
    for index, entries in optimiser.state_dict()["state"].items():
        for key, value in entries.items():
            tensors[f"{name}.{index}.{key}"] = torch.as_tensor(value)
    return tensors


def check_optimiser(
    path: Path, name: str, optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor], step: int
) -> None:
    """The saved state is one of this optimiser after `step` steps.

    Raises
    ------
    ModelFileError
        Moments are missing, or of another shape or type than their parameter.  Adam would take them all: a
        missing one as a fresh start, one of another shape by broadcasting.
    """
    parameters = [item for group in optimiser.param_groups for item in group["params"]]
    wanted = {f"{name}.{index}.{key}": value for index, value in enumerate(parameters)
              for key in ("exp_avg", "exp_avg_sq")} if step else {}  # fmt: skip
    counts = {f"{name}.{index}.step" for index in range(len(parameters))} if step else set()
    found = {full: value for full, value in tensors.items() if full.startswith(f"{name}.")}
    for full in wanted.keys() | counts | found.keys():
        value, like = found.get(full), wanted.get(full)
        if value is None or not (full in counts or like is not None):
            raise ModelFileError(
                f"{path}: the optimiser's state is not that of {len(parameters)} parameters after {step} "
                f"steps (see {full})."
            )
        if like is None:
            fits = value.numel() == 1 and float(value) >= 0
        else:
            fits = value.shape == like.shape and value.dtype == like.dtype
            fits = fits and not (full.endswith("_sq") and bool((value < 0).any()))
        if not fits:
            raise ModelFileError(f"{path}: the optimiser's {full} does not fit its parameter.")


def restore_optimiser(name: str, optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Put a checked state back; step sizes are functions of the step and need none."""
    state: dict[int, dict[str, Any]] = {}
    prefix = f"{name}."
    for full, value in tensors.items():
        if full.startswith(prefix):
            index, key = full[len(prefix) :].split(".", 1)
            state.setdefault(int(index), {})[key] = value
    current = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": current["param_groups"]})
