"""Training state as named tensors and a JSON record: optimisers, averaged weights, multipliers, history."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mecbopt.neural.errors import ModelFileError

__all__ = ["CHECKPOINT_KIND", "optimiser_state", "restore_optimiser"]

CHECKPOINT_KIND = "mecbopt-training-checkpoint"


def optimiser_state(name: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an optimiser as tensors `name.parameter.key`; every entry of Adam's state is a tensor."""
    tensors = {}
    for index, entries in optimiser.state_dict()["state"].items():
        for key, value in entries.items():
            tensors[f"{name}.{index}.{key}"] = torch.as_tensor(value)
    return tensors


def restore_optimiser(name: str, optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put a saved state back; step sizes are functions of the step and need none."""
    state: dict[int, dict[str, Any]] = {}
    prefix = f"{name}."
    for full, value in tensors.items():
        if full.startswith(prefix):
            index, key = full[len(prefix) :].split(".", 1)
            state.setdefault(int(index), {})[key] = value
    expected = sum(len(group["params"]) for group in optimiser.param_groups)
    if state and set(state) != set(range(expected)):
        raise ModelFileError(
            f"the checkpoint's optimiser {name!r} has {len(state)} parameters, the model has {expected}."
        )
    current = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": current["param_groups"]})
